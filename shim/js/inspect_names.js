// What the inspector calls an object: the name of its constructor, its tag, and how functions and classes are shown.

import * as classes from "./class_of.js";
import { primordials } from "./primordials.js";

const {
    ArrayIsArray, FunctionPrototypeToString, ObjectGetPrototypeOf, ReflectGetOwnPropertyDescriptor,
    String, StringPrototypeStartsWith, SymbolToStringTag,
} = primordials;

const { classOf, typedArrayName } = classes;

const NAMES = {
    __proto__: null,
    1: "Error", 2: "Boolean", 3: "Number", 4: "String", 5: "Symbol", 6: "BigInt", 7: "Arguments", 8: "Date",
    9: "RegExp", 10: "Map", 11: "Set", 12: "WeakMap", 13: "WeakSet", 14: "WeakRef", 15: "Map Iterator",
    16: "Set Iterator", 18: "Generator", 19: "AsyncGenerator", 20: "Promise", 22: "Module", 23: "ArrayBuffer",
    24: "SharedArrayBuffer", 25: "DataView", 30: "FinalizationRegistry",
};

/** The name of the engine's class. */
export const className = (value) => {
    if (ArrayIsArray(value)) return "Array";
    if (typeof value === "function") return "Function";
    return typedArrayName(value) ?? NAMES[classOf(value)] ?? "Object";
};

const isInstance = (value, constructor) => {
    try {
        return value instanceof constructor;
    } catch {
        return false;
    }
};

/**
 * The name of the nearest constructor that made the value; null if its prototype is null. `describe` shows a prototype
 * that has no constructor. For `showHidden`, `found` gets the constructor, the object that names it and the first
 * prototype.
 */
export const constructorName = (value, describe, found = undefined) => {
    let holder = value;
    let first;
    while (holder !== null && holder !== undefined) {
        const described = ReflectGetOwnPropertyDescriptor(holder, "constructor");
        if (described !== undefined && typeof described.value === "function") {
            const own = ReflectGetOwnPropertyDescriptor(described.value, "name");
            const name = own === undefined ? described.value.name : own.value;
            if (typeof name === "string" && name !== "" && isInstance(value, described.value)) {
                if (found !== undefined) {
                    found.constructor = described.value;
                    found.holder = holder;
                    found.first = first ?? holder;
                }
                return name;
            }
        }
        holder = ObjectGetPrototypeOf(holder);
        if (first === undefined) first = holder;
    }
    if (first === null) return null;
    return `${className(value)} <${describe(first)}>`;
};

/** `Symbol.toStringTag` of the value where it is a text that its properties do not show. */
export const tagOf = (value, showHidden) => {
    let tag;
    try {
        tag = value[SymbolToStringTag];
    } catch {
        return "";
    }
    if (typeof tag !== "string" || tag === "") return "";
    const own = ReflectGetOwnPropertyDescriptor(value, SymbolToStringTag);
    return own !== undefined && (showHidden || own.enumerable) ? "" : tag;
};

/** "Foo(2) [tag] ", with `fallback` as the name of an object without a prototype. */
export const prefixOf = (constructor, tag, fallback, size = "") => {
    if (constructor === null) {
        const isTagged = tag !== "" && fallback !== tag;
        return `[${fallback}${size}: null prototype] ${isTagged ? `[${tag}] ` : ""}`;
    }
    return tag !== "" && constructor !== tag ? `${constructor}${size} [${tag}] ` : `${constructor}${size} `;
};

/** Whether the function is a class, told by its source where there is one. */
const isClass = (source) => {
    if (!StringPrototypeStartsWith(source, "class")) return false;
    const next = source[5];
    return next === " " || next === "{" || next === "\n" || next === "\t" || next === "\r" || next === "/";
};

const classText = (value, constructor, tag) => {
    const own = ReflectGetOwnPropertyDescriptor(value, "name");
    const name = own !== undefined && typeof own.value === "string" ? own.value : "";
    let text = `class ${own === undefined || name === "" ? "(anonymous)" : name}`;
    if (constructor !== "Function" && constructor !== null) text += ` [${constructor}]`;
    if (tag !== "" && constructor !== tag) text += ` [${tag}]`;
    if (constructor === null) return `[${text} extends [null prototype]]`;
    const { name: parent } = ObjectGetPrototypeOf(value);
    return `[${text}${parent ? ` extends ${String(parent)}` : ""}]`;
};

export const functionText = (value, constructor, tag) => {
    const kind = classOf(value);
    let type = "Function";
    if (kind === classes.GENERATOR_FUNCTION) type = "GeneratorFunction";
    else if (kind === classes.ASYNC_FUNCTION) type = "AsyncFunction";
    else if (kind === classes.ASYNC_GENERATOR_FUNCTION) type = "AsyncGeneratorFunction";
    else if (isClass(FunctionPrototypeToString(value))) return classText(value, constructor, tag);
    let text = `[${type}`;
    if (constructor === null) text += " (null prototype)";
    let name;
    try {
        ({ name } = value);
    } catch {
        name = "";
    }
    text += name === "" || name === undefined ? " (anonymous)" : `: ${nameText(name)}`;
    text += "]";
    if (constructor !== type && constructor !== null && constructor !== "Function") text += ` ${constructor}`;
    if (tag !== "" && constructor !== tag && tag !== type) text += ` [${tag}]`;
    return text;
};

const nameText = (name) => {
    try {
        return String(name);
    } catch {
        return "(anonymous)";
    }
};
