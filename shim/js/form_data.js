// FormData (XMLHttpRequest standard, section 5, November 2026). There are no form elements here, so none can be given
// to the constructor.
//
// The bytes of multipart/form-data are made and read in multipart.js, those of application/x-www-form-urlencoded in
// url_search_params.js.

import { fileOfBlob, isBlob, isFile } from "./blob.js";
import { primordials } from "./primordials.js";
import { illegal } from "./streams/promises.js";
import { registerPlatform } from "./structured_clone.js";
import { USVString, callback, defineInterface, fail, isObject, needs } from "./webidl.js";

const {
    ArrayPrototypePush, Iterator, ObjectDefineProperty, ObjectSetPrototypeOf, ReflectApply,
    ReflectDeleteProperty, SymbolIterator, SymbolToStringTag,
} = primordials;

// Only the scripts here have it.
const INTERNAL = { __proto__: null };

/** The list of entries of a FormData, {name, value} each, or undefined for what is none. It is the list itself. */
export let formDataEntries;

export const isFormData = (value) => formDataEntries(value) !== undefined;

/** A FormData over a list of entries {name, value}; a value is a string or a File. */
export const newFormData = (entries) => new FormData(INTERNAL, entries);

// "Create an entry", with the conversions of the two forms that append and set have.
const newEntry = (given, name, value, filename) => {
    const converted = USVString(name, "Argument 1");
    if (!isBlob(value)) {
        if (3 <= given) fail("Argument 2", "is no Blob, but a filename is given.");
        return { __proto__: null, name: converted, value: USVString(value, "Argument 2") };
    }
    const called = filename === undefined ? undefined : USVString(filename, "Argument 3");
    if (called === undefined && isFile(value)) return { __proto__: null, name: converted, value };
    return { __proto__: null, name: converted, value: fileOfBlob(value, called ?? "blob") };
};

const indexOf = (entries, name) => {
    for (let at = 0; at < entries.length; at++) if (entries[at].name === name) return at;
    return -1;
};

// Removes the entries of a name from an index on.
const removeFrom = (entries, start, name) => {
    let kept = start;
    for (let at = start; at < entries.length; at++) {
        if (entries[at].name === name) continue;
        entries[kept] = entries[at];
        kept++;
    }
    entries.length = kept;
};

export class FormData {
    #entries;

    constructor(form = undefined, submitter = null) {
        if (form === INTERNAL) {
            this.#entries = submitter;
            return;
        }
        if (form !== undefined) fail("Argument 1", "is no HTMLFormElement.");
        if (submitter !== null && submitter !== undefined) fail("Argument 2", "is no HTMLElement.");
        this.#entries = [];
    }

    append(name, value, filename = undefined) {
        const entries = formDataEntries(this) ?? illegal("FormData");
        needs(arguments.length, 2, "FormData.append");
        ArrayPrototypePush(entries, newEntry(arguments.length, name, value, filename));
    }

    delete(name) {
        const entries = formDataEntries(this) ?? illegal("FormData");
        needs(arguments.length, 1, "FormData.delete");
        removeFrom(entries, 0, USVString(name, "Argument 1"));
    }

    get(name) {
        const entries = formDataEntries(this) ?? illegal("FormData");
        needs(arguments.length, 1, "FormData.get");
        const at = indexOf(entries, USVString(name, "Argument 1"));
        return at < 0 ? null : entries[at].value;
    }

    getAll(name) {
        const entries = formDataEntries(this) ?? illegal("FormData");
        needs(arguments.length, 1, "FormData.getAll");
        const wanted = USVString(name, "Argument 1");
        const values = [];
        for (let at = 0; at < entries.length; at++) {
            if (entries[at].name === wanted) ArrayPrototypePush(values, entries[at].value);
        }
        return values;
    }

    has(name) {
        const entries = formDataEntries(this) ?? illegal("FormData");
        needs(arguments.length, 1, "FormData.has");
        return 0 <= indexOf(entries, USVString(name, "Argument 1"));
    }

    set(name, value, filename = undefined) {
        const entries = formDataEntries(this) ?? illegal("FormData");
        needs(arguments.length, 2, "FormData.set");
        const entry = newEntry(arguments.length, name, value, filename);
        const at = indexOf(entries, entry.name);
        if (at < 0) {
            ArrayPrototypePush(entries, entry);
            return;
        }
        entries[at] = entry;
        removeFrom(entries, at + 1, entry.name);
    }

    entries() {
        return new FormDataIterator(formDataEntries(this) ?? illegal("FormData"), "entries");
    }

    forEach(each, thisArgument = undefined) {
        const entries = formDataEntries(this) ?? illegal("FormData");
        needs(arguments.length, 1, "FormData.forEach");
        callback(each, "Argument 1");
        // The list may change while the function runs.
        for (let at = 0; at < entries.length; at++) {
            const { name, value } = entries[at];
            ReflectApply(each, thisArgument, [value, name, this]);
        }
    }

    keys() {
        return new FormDataIterator(formDataEntries(this) ?? illegal("FormData"), "keys");
    }

    values() {
        return new FormDataIterator(formDataEntries(this) ?? illegal("FormData"), "values");
    }

    static {
        formDataEntries = (value) => (isObject(value) && #entries in value ? value.#entries : undefined);
    }
}
defineInterface(FormData);
ObjectDefineProperty(FormData.prototype, SymbolIterator, {
    __proto__: null, value: FormData.prototype.entries, writable: true, configurable: true,
});

// Web IDL, section 3.7.9: a default iterator object sees changes of the list while it runs.
class FormDataIterator {
    #at = 0;
    #entries;
    #kind;

    constructor(entries, kind) {
        this.#entries = entries;
        this.#kind = kind;
    }

    next() {
        if (!isObject(this) || !(#entries in this)) illegal("FormData Iterator");
        const entries = this.#entries;
        if (entries.length <= this.#at) return { value: undefined, done: true };
        const { name, value } = entries[this.#at];
        this.#at++;
        if (this.#kind === "keys") return { value: name, done: false };
        return { value: this.#kind === "values" ? value : [name, value], done: false };
    }
}
ObjectSetPrototypeOf(FormDataIterator.prototype, Iterator.prototype);
ReflectDeleteProperty(FormDataIterator.prototype, "constructor");
ObjectDefineProperty(FormDataIterator.prototype, "next", { __proto__: null, enumerable: true });
ObjectDefineProperty(FormDataIterator.prototype, SymbolToStringTag, {
    __proto__: null, value: "FormData Iterator", configurable: true,
});

registerPlatform(FormData);

export const globals = { FormData };
