/// Views of C structs: static accessors, named like the C fields, over memory that the caller owns and reuses. Each view
/// shows the C declaration that it stands for. Nothing here calls C or allocates, but for methods that copy out an array.
package io.github.fdsock.sys.struct;
