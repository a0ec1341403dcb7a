// URLSearchParams (URL Standard, section "URLSearchParams class"), and iteration over pairs as Web IDL defines it
// (section "Iterable declarations"), which FormData and others have too.

import { primordials } from "./primordials.js";
import { showAsPairs } from "./show_as.js";
import { registerPlatform } from "./structured_clone.js";
import { parseForm, serializeForm } from "./url_encoding.js";
import {
    USVString, callback as functionArgument, defineInterface, fail, isObject, iterate, iterateBy, needs, record,
} from "./webidl.js";

const {
    ArrayPrototypePush, ArrayPrototypeSort, Iterator, ObjectCreate, ObjectDefineProperties, ObjectDefineProperty,
    ObjectSetPrototypeOf, ReflectApply, StringPrototypeSlice, SymbolIterator, SymbolToStringTag,
} = primordials;

const pairRecord = record(USVString, USVString);

const sequenceOfPairs = (value, method, what) => {
    const pairs = [];
    iterateBy(value, method, what, (item) => {
        const name = `${what}: item ${pairs.length}`;
        if (!isObject(item)) fail(name, "is no pair of name and value.");
        const pair = [];
        iterate(item, name, (part) => ArrayPrototypePush(pair, USVString(part, `A part of ${name}`)));
        ArrayPrototypePush(pairs, pair);
    });
    for (let index = 0; index < pairs.length; index++) {
        if (pairs[index].length !== 2) fail(`${what}: item ${index}`, "is no pair of name and value.");
    }
    return pairs;
};

const initialPairs = (init, what) => {
    if (isObject(init)) {
        const method = init[SymbolIterator];
        if (method !== undefined && method !== null) {
            if (typeof method !== "function") fail(what, "has an iterator method that is not a function.");
            return sequenceOfPairs(init, method, what);
        }
        return pairRecord(init, what);
    }
    const text = USVString(init, what);
    return parseForm(text[0] === "?" ? StringPrototypeSlice(text, 1) : text);
};

let isParams;
let pairsOf;
let connected;
let replacePairs;

export class URLSearchParams {
    #pairs;
    // Of the parameters of a URL: writes the query of the URL.
    #update = undefined;

    constructor(init = "") {
        this.#pairs = initialPairs(init, "Argument 1 of URLSearchParams");
    }

    get size() {
        return this.#pairs.length;
    }

    append(name, value) {
        const pairs = this.#pairs;
        needs(arguments.length, 2, "append");
        const key = USVString(name, "Argument 1 of append");
        ArrayPrototypePush(pairs, [key, USVString(value, "Argument 2 of append")]);
        this.#changed();
    }

    delete(name, value = undefined) {
        const pairs = this.#pairs;
        needs(arguments.length, 1, "delete");
        const key = USVString(name, "Argument 1 of delete");
        const text = value === undefined ? undefined : USVString(value, "Argument 2 of delete");
        keepOnly(pairs, (pair) => pair[0] !== key || (text !== undefined && pair[1] !== text));
        this.#changed();
    }

    get(name) {
        const pairs = this.#pairs;
        needs(arguments.length, 1, "get");
        const key = USVString(name, "Argument 1 of get");
        for (let index = 0; index < pairs.length; index++) if (pairs[index][0] === key) return pairs[index][1];
        return null;
    }

    getAll(name) {
        const pairs = this.#pairs;
        needs(arguments.length, 1, "getAll");
        const key = USVString(name, "Argument 1 of getAll");
        const values = [];
        for (let index = 0; index < pairs.length; index++) {
            if (pairs[index][0] === key) ArrayPrototypePush(values, pairs[index][1]);
        }
        return values;
    }

    has(name, value = undefined) {
        const pairs = this.#pairs;
        needs(arguments.length, 1, "has");
        const key = USVString(name, "Argument 1 of has");
        const text = value === undefined ? undefined : USVString(value, "Argument 2 of has");
        for (let index = 0; index < pairs.length; index++) {
            if (pairs[index][0] === key && (text === undefined || pairs[index][1] === text)) return true;
        }
        return false;
    }

    set(name, value) {
        const pairs = this.#pairs;
        needs(arguments.length, 2, "set");
        const key = USVString(name, "Argument 1 of set");
        const text = USVString(value, "Argument 2 of set");
        let found = false;
        keepOnly(pairs, (pair) => {
            if (pair[0] !== key) return true;
            if (found) return false;
            found = true;
            pair[1] = text;
            return true;
        });
        if (!found) ArrayPrototypePush(pairs, [key, text]);
        this.#changed();
    }

    sort() {
        // The order of code units, which `<` has; the engine's sort is stable.
        ArrayPrototypeSort(this.#pairs, (a, b) => (a[0] < b[0] ? -1 : b[0] < a[0] ? 1 : 0));
        this.#changed();
    }

    toString() {
        return serializeForm(this.#pairs);
    }

    #changed() {
        if (this.#update !== undefined) this.#update(serializeForm(this.#pairs));
    }

    static {
        isParams = (value) => isObject(value) && #pairs in value;
        pairsOf = (params) => params.#pairs;
        connected = (query, update) => {
            const params = new URLSearchParams();
            params.#pairs = parseForm(query);
            params.#update = update;
            return params;
        };
        replacePairs = (params, query) => {
            const pairs = params.#pairs;
            const now = parseForm(query);
            pairs.length = 0;
            for (let index = 0; index < now.length; index++) ArrayPrototypePush(pairs, now[index]);
        };
    }
}

const keepOnly = (pairs, keeps) => {
    let kept = 0;
    for (let index = 0; index < pairs.length; index++) {
        const pair = pairs[index];
        if (keeps(pair)) pairs[kept++] = pair;
    }
    pairs.length = kept;
};

const method = (value) => ({ __proto__: null, value, writable: true, enumerable: true, configurable: true });

/**
 * Gives a class `entries`, `keys`, `values`, `forEach` and `Symbol.iterator`. `listOf(object)` is its list of pairs
 * (or throws for what is no such object); it is asked again at each step, so that changes during an iteration count.
 */
export const definePairIterable = (constructor, name, listOf) => {
    let step;

    class PairIterator {
        #object;
        #kind;
        #index = 0;

        constructor(object, kind) {
            this.#object = object;
            this.#kind = kind;
        }

        static {
            step = (iterator) => {
                const pairs = listOf(iterator.#object);
                if (pairs.length <= iterator.#index) return { value: undefined, done: true };
                const pair = pairs[iterator.#index++];
                const kind = iterator.#kind;
                const value = kind === "key" ? pair[0] : kind === "value" ? pair[1] : [pair[0], pair[1]];
                return { value, done: false };
            };
        }
    }

    const iteratorPrototype = ObjectCreate(Iterator.prototype);
    ObjectDefineProperty(iteratorPrototype, "next", method({ next() { return step(this); } }.next));
    ObjectDefineProperty(iteratorPrototype, SymbolToStringTag, {
        __proto__: null, value: `${name} Iterator`, configurable: true,
    });

    const make = (object, kind) => {
        listOf(object);
        return ObjectSetPrototypeOf(new PairIterator(object, kind), iteratorPrototype);
    };

    const { entries, keys, values, forEach } = {
        entries() { return make(this, "entry"); },
        keys() { return make(this, "key"); },
        values() { return make(this, "value"); },
        forEach(callback, thisArg = undefined) {
            listOf(this);
            needs(arguments.length, 1, "forEach");
            const each = functionArgument(callback, "Argument 1 of forEach");
            for (let index = 0; index < listOf(this).length; index++) {
                const pair = listOf(this)[index];
                ReflectApply(each, thisArg, [pair[1], pair[0], this]);
            }
        },
    };
    ObjectDefineProperties(constructor.prototype, {
        __proto__: null,
        entries: method(entries),
        forEach: method(forEach),
        keys: method(keys),
        values: method(values),
        [SymbolIterator]: { __proto__: null, value: entries, writable: true, enumerable: false, configurable: true },
    });
};

definePairIterable(URLSearchParams, "URLSearchParams", (params) => pairsOf(params));
defineInterface(URLSearchParams);

/** The parameters of a URL, read from its query; `update(query)` is told of each change. */
export { connected as connectedParams, isParams as isURLSearchParams, replacePairs };

/** The list of pairs of name and value, whatever an app did to the prototype. */
export const searchParamsPairs = (params) => pairsOf(params);

showAsPairs(URLSearchParams, (params) => pairsOf(params));
registerPlatform(URLSearchParams);

export const globals = { URLSearchParams };
