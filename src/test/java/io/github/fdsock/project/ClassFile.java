package io.github.fdsock.project;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// One compiled class: its name, the classes it mentions and the members it calls or reads.
///
/// A constant that the compiler has copied is no mention: nothing of it is left in the class file.
///
/// @param name  the binary name, with dots
/// @param types the binary names of all classes mentioned, the JDK's included
/// @param members what is called or read, as `owner.name`
record ClassFile(String name, Set<String> types, Set<String> members) {

    private static final Pattern TYPE_IN_SIGNATURE = Pattern.compile("L([^;<]+)");

    /// Those who make the call sites of lambdas, switches, records and joined strings. A class that has such a site
    /// names their parameters without using them.
    private static final Set<String> BOOTSTRAPS = Set.of("java.lang.invoke.LambdaMetafactory",
            "java.lang.invoke.StringConcatFactory", "java.lang.runtime.ObjectMethods",
            "java.lang.runtime.SwitchBootstraps");

    /// The classes below a folder, without the descriptions of packages and modules.
    static List<ClassFile> below(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".class"))
                    .filter(file -> !file.getFileName().toString().endsWith("-info.class"))
                    .map(ClassFile::read)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ClassFile read(Path file) {
        ClassModel model;
        try {
            model = java.lang.classfile.ClassFile.of().parse(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Set<String> types = new TreeSet<>();
        Set<String> members = new TreeSet<>();
        for (PoolEntry entry : model.constantPool()) {
            switch (entry) {
                case ClassEntry type -> addTypes(type.asSymbol().descriptorString(), types);
                case MemberRefEntry member -> {
                    String owner = dotted(member.owner().asInternalName());
                    if (!BOOTSTRAPS.contains(owner)) {
                        addTypes(member.type().stringValue(), types);
                        members.add(owner + "." + member.name().stringValue());
                    }
                }
                default -> { }
            }
        }
        model.fields().forEach(field -> addDeclared(field.fieldType().stringValue(), field, types));
        model.methods().forEach(method -> addDeclared(method.methodType().stringValue(), method, types));
        addSignature(model, types);
        return new ClassFile(dotted(model.thisClass().asInternalName()), types, members);
    }

    String packageName() {
        return name.substring(0, name.lastIndexOf('.'));
    }

    String simpleName() {
        return name.substring(Math.max(name.lastIndexOf('.'), name.lastIndexOf('$')) + 1);
    }

    boolean topLevel() {
        return name.indexOf('$') < 0;
    }

    private static void addDeclared(String descriptor, AttributedElement element, Set<String> types) {
        addTypes(descriptor, types);
        addSignature(element, types);
    }

    private static void addSignature(AttributedElement element, Set<String> types) {
        element.findAttribute(Attributes.signature())
                .ifPresent(signature -> addTypes(signature.signature().stringValue(), types));
    }

    private static void addTypes(String descriptor, Set<String> types) {
        Matcher matcher = TYPE_IN_SIGNATURE.matcher(descriptor);
        while (matcher.find()) {
            types.add(dotted(matcher.group(1)));
        }
    }

    private static String dotted(String internalName) {
        return internalName.replace('/', '.');
    }
}
