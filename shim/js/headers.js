// Headers, and the header lists below them (Fetch Standard, section 2.2.2 and 5.1 "Headers class").
//
// As other server runtimes have it, the guards "request" and "response" forbid no names: a function sets Cookie, Host
// or Set-Cookie as it likes. Only the guard "immutable" refuses changes.

import { asciiLower, isToken, strip } from "./mime.js";
import { primordials } from "./primordials.js";
import { showAs } from "./show_as.js";
import { registerPlatform } from "./structured_clone.js";
import {
    ByteString, callback, defineInterface, isObject, iterateBy, needs, record, sequence,
} from "./webidl.js";

const {
    ArrayPrototypePush, ArrayPrototypeSort, Iterator, ObjectDefineProperty, ObjectSetPrototypeOf, ReflectApply, SafeMap,
    StringPrototypeCharCodeAt, SymbolIterator, SymbolToStringTag, TypeError,
} = primordials;

/**
 * A header list: `items` are {key, name, value} in the order in which they came, `key` the name in lower case.
 * `sorted` holds the sorted and combined pairs until a change.
 */
export const newHeaderList = (guard = "none") => ({ items: [], sorted: null, guard });

/** Appends without a check: the name and the value are good. */
export const appendHeader = (list, name, value) => {
    ArrayPrototypePush(list.items, { key: asciiLower(name), name, value });
    list.sorted = null;
};

/** The combined value of a name in lower case, or null. */
export const headerOf = (list, key) => {
    const { items } = list;
    let combined = null;
    for (let at = 0; at < items.length; at++) {
        if (items[at].key === key) combined = combined === null ? items[at].value : `${combined}, ${items[at].value}`;
    }
    return combined;
};

export const hasHeader = (list, key) => {
    const { items } = list;
    for (let at = 0; at < items.length; at++) if (items[at].key === key) return true;
    return false;
};

export const deleteHeader = (list, key) => {
    const kept = [];
    for (let at = 0; at < list.items.length; at++) {
        if (list.items[at].key !== key) ArrayPrototypePush(kept, list.items[at]);
    }
    list.items = kept;
    list.sorted = null;
};

/** Sets the first of a name and removes its others. */
export const setHeader = (list, name, value) => {
    const key = asciiLower(name);
    const kept = [];
    let isSet = false;
    for (let at = 0; at < list.items.length; at++) {
        const item = list.items[at];
        if (item.key !== key) {
            ArrayPrototypePush(kept, item);
        } else if (!isSet) {
            ArrayPrototypePush(kept, { key, name: item.name, value });
            isSet = true;
        }
    }
    if (!isSet) ArrayPrototypePush(kept, { key, name, value });
    list.items = kept;
    list.sorted = null;
};

export const copyHeaderList = (list, guard = list.guard) => {
    const copy = newHeaderList(guard);
    for (let at = 0; at < list.items.length; at++) ArrayPrototypePush(copy.items, list.items[at]);
    return copy;
};

/** Every header as [name, value], in order and with repetitions. */
export const headerPairs = (list) => {
    const pairs = [];
    for (let at = 0; at < list.items.length; at++) {
        const { name, value } = list.items[at];
        ArrayPrototypePush(pairs, [name, value]);
    }
    return pairs;
};

const byKey = (a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);

/** "Sort and combine": [key, value] by name; each Set-Cookie stays by itself. */
export const sortAndCombine = (list) => {
    if (list.sorted !== null) return list.sorted;
    const places = new SafeMap();
    const pairs = [];
    for (let at = 0; at < list.items.length; at++) {
        const { key, value } = list.items[at];
        const place = key === "set-cookie" ? undefined : places.get(key);
        if (place !== undefined) {
            pairs[place][1] = `${pairs[place][1]}, ${value}`;
            continue;
        }
        places.set(key, pairs.length);
        ArrayPrototypePush(pairs, [key, value]);
    }
    // The sort keeps the order of equal names, so cookies stay as they came.
    list.sorted = ArrayPrototypeSort(pairs, byKey);
    return list.sorted;
};

export const normalizeValue = (value) => strip(value);

const isHeaderValue = (value) => {
    for (let at = 0; at < value.length; at++) {
        const code = StringPrototypeCharCodeAt(value, at);
        if (code === 0 || code === 0x0a || code === 0x0d) return false;
    }
    return true;
};

const checkValue = (name, value) => {
    if (!isHeaderValue(value)) throw new TypeError(`The value of the header "${name}" has a line break or a NUL.`);
};

const checkName = (name) => {
    if (!isToken(name)) throw new TypeError(`"${name}" is no header name.`);
};

/** Throws a TypeError unless each of the pairs is a good name with a good value. */
export const checkPairs = (pairs) => {
    for (let at = 0; at < pairs.length; at++) {
        checkName(pairs[at][0]);
        checkValue(pairs[at][0], pairs[at][1]);
    }
};

const checkWritable = (list) => {
    if (list.guard === "immutable") throw new TypeError("These headers are immutable.");
};

/** Checks a name and a value and appends them. */
export const appendChecked = (list, name, value) => {
    const normalized = normalizeValue(value);
    checkName(name);
    checkValue(name, normalized);
    checkWritable(list);
    appendHeader(list, name, normalized);
};

const toRecord = record(ByteString, ByteString);

/** Converts a HeadersInit to pairs. */
export const toHeadersInit = (init, what) => {
    if (!isObject(init)) throw new TypeError(`${what} is neither a list of pairs nor an object.`);
    const method = init[SymbolIterator];
    if (method === undefined || method === null) return toRecord(init, what);
    if (typeof method !== "function") throw new TypeError(`${what} is not iterable.`);
    if (method === entries && isHeaders(init)) return sortAndCombine(headerListOf(init));
    const pairs = [];
    iterateBy(init, method, what, (item) => {
        ArrayPrototypePush(pairs, toPair(item, `${what}: item ${pairs.length}`));
    });
    return pairs;
};

const toPair = (item, what) => {
    const pair = sequence(ByteString)(item, what);
    if (pair.length !== 2) throw new TypeError(`${what} is no pair of name and value.`);
    return pair;
};

/** Appends every pair of a converted HeadersInit. */
export const fillHeaders = (list, pairs) => {
    for (let at = 0; at < pairs.length; at++) appendChecked(list, pairs[at][0], pairs[at][1]);
};

// Only the scripts here have it: a constructor that gets it takes over the list that comes with it.
const INTERNAL = { __proto__: null };

let listOf;
let wrap;
let isHeaders;

export class Headers {
    #list;

    constructor(init = undefined, list = undefined) {
        if (init === INTERNAL) {
            this.#list = list;
            return;
        }
        this.#list = newHeaderList();
        if (init !== undefined) fillHeaders(this.#list, toHeadersInit(init, "The argument of Headers"));
    }

    append(name, value) {
        const list = this.#list;
        needs(arguments.length, 2, "Headers.append");
        const key = ByteString(name, "The name of a header");
        appendChecked(list, key, ByteString(value, "The value of a header"));
    }

    delete(name) {
        const list = this.#list;
        needs(arguments.length, 1, "Headers.delete");
        const given = ByteString(name, "The name of a header");
        checkName(given);
        checkWritable(list);
        const key = asciiLower(given);
        if (hasHeader(list, key)) deleteHeader(list, key);
    }

    get(name) {
        const list = this.#list;
        needs(arguments.length, 1, "Headers.get");
        const given = ByteString(name, "The name of a header");
        checkName(given);
        return headerOf(list, asciiLower(given));
    }

    getSetCookie() {
        const { items } = this.#list;
        const cookies = [];
        for (let at = 0; at < items.length; at++) {
            if (items[at].key === "set-cookie") ArrayPrototypePush(cookies, items[at].value);
        }
        return cookies;
    }

    has(name) {
        const list = this.#list;
        needs(arguments.length, 1, "Headers.has");
        const given = ByteString(name, "The name of a header");
        checkName(given);
        return hasHeader(list, asciiLower(given));
    }

    set(name, value) {
        const list = this.#list;
        needs(arguments.length, 2, "Headers.set");
        const key = ByteString(name, "The name of a header");
        const normalized = normalizeValue(ByteString(value, "The value of a header"));
        checkName(key);
        checkValue(key, normalized);
        checkWritable(list);
        setHeader(list, key, normalized);
    }

    forEach(each, thisArgument = undefined) {
        const list = this.#list;
        needs(arguments.length, 1, "Headers.forEach");
        callback(each, "The argument of Headers.forEach");
        // The pairs are looked up anew after each call, which may change them.
        for (let at = 0; at < sortAndCombine(list).length; at++) {
            const pair = sortAndCombine(list)[at];
            ReflectApply(each, thisArgument, [pair[1], pair[0], this]);
        }
    }

    entries() {
        return newIterator(this.#list, "both");
    }

    keys() {
        return newIterator(this.#list, "key");
    }

    values() {
        return newIterator(this.#list, "value");
    }

    static {
        listOf = (headers) => headers.#list;
        isHeaders = (value) => isObject(value) && #list in value;
        wrap = (list) => new Headers(INTERNAL, list);
    }
}

defineInterface(Headers);
const { entries } = Headers.prototype;
ObjectDefineProperty(Headers.prototype, SymbolIterator, {
    __proto__: null, value: entries, writable: true, enumerable: false, configurable: true,
});

showAs(Headers, (headers) => {
    const shown = {};
    const pairs = sortAndCombine(listOf(headers));
    for (let at = 0; at < pairs.length; at++) {
        const name = pairs[at][0];
        const value = pairs[at][1];
        // Only `set-cookie` comes more than once.
        if (shown[name] === undefined) shown[name] = value;
        else if (typeof shown[name] === "string") shown[name] = [shown[name], value];
        else ArrayPrototypePush(shown[name], value);
    }
    return shown;
});

export { isHeaders };
/** The header list of a Headers object. */
export const headerListOf = (headers) => listOf(headers);
/** A Headers object over a list. */
export const wrapHeaderList = (list) => wrap(list);

// Web IDL, section 3.7.10 "Asynchronous and synchronous iterator objects": the pairs are looked up at each step, so a
// change of the headers is seen by an iteration that is on its way.
let newIterator;

class HeadersIterator {
    #list;
    #kind;
    #index = 0;

    next() {
        const pairs = sortAndCombine(this.#list);
        if (pairs.length <= this.#index) return { value: undefined, done: true };
        const pair = pairs[this.#index];
        this.#index++;
        const value = this.#kind === "key" ? pair[0] : this.#kind === "value" ? pair[1] : [pair[0], pair[1]];
        return { value, done: false };
    }

    static {
        newIterator = (list, kind) => {
            const iterator = new HeadersIterator();
            iterator.#list = list;
            iterator.#kind = kind;
            return iterator;
        };
    }
}

const { next } = HeadersIterator.prototype;
delete HeadersIterator.prototype.constructor;
ObjectSetPrototypeOf(HeadersIterator.prototype, Iterator.prototype);
ObjectDefineProperty(HeadersIterator.prototype, "next", {
    __proto__: null, value: next, writable: true, enumerable: true, configurable: true,
});
ObjectDefineProperty(HeadersIterator.prototype, SymbolToStringTag, {
    __proto__: null, value: "Headers Iterator", configurable: true,
});

registerPlatform(Headers);

export const globals = { Headers };
