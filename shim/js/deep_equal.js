// Whether two values are equal in depth, as Node's documentation of assert.deepStrictEqual, assert.deepEqual and
// assert.partialDeepStrictEqual describes it.
//
// Getters of the values run; deep values end in a RangeError of the engine.

import * as classes from "./class_of.js";
import { isError } from "./inspect_error.js";
import { primordials } from "./primordials.js";

const {
    ArrayIsArray, ArrayPrototypePop, ArrayPrototypePush, ArrayPrototypeSplice, BigIntPrototypeValueOf,
    BooleanPrototypeValueOf, DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength, DataViewPrototypeGetByteOffset,
    DatePrototypeGetTime, MapIteratorPrototypeNext, MapPrototypeEntries, MapPrototypeGet, MapPrototypeGetSize,
    MapPrototypeHas, NumberIsNaN, NumberPrototypeValueOf, ObjectGetOwnPropertySymbols, ObjectGetPrototypeOf, ObjectIs,
    ObjectKeys, ObjectPrototypeHasOwnProperty, ObjectPrototypePropertyIsEnumerable, ObjectPrototypeToString,
    RegExpPrototypeGetFlags, RegExpPrototypeGetSource, SafeMap, SetIteratorPrototypeNext, SetPrototypeGetSize,
    SetPrototypeHas, SetPrototypeValues, StringPrototypeValueOf, SymbolPrototypeValueOf, TypedArrayPrototypeGetBuffer,
    TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset, Uint8Array,
} = primordials;

const { classOf } = classes;

const STRICT = 0;
const LOOSE = 1;
/** Strict, but the first value may have more than the second. */
const PARTIAL = 2;

const isObject = (value) => typeof value === "object" && value !== null;

const bytesOf = (view) => {
    if (classes.typedArrayName(view) === undefined) {
        const length = DataViewPrototypeGetByteLength(view);
        return new Uint8Array(DataViewPrototypeGetBuffer(view), DataViewPrototypeGetByteOffset(view), length);
    }
    const length = TypedArrayPrototypeGetByteLength(view);
    return new Uint8Array(TypedArrayPrototypeGetBuffer(view), TypedArrayPrototypeGetByteOffset(view), length);
};

const sameBytes = (a, b) => {
    if (a.length !== b.length) return false;
    for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
    return true;
};

const isIndex = (key, length) => {
    const number = +key;
    return number >>> 0 === number && number < length && `${number}` === key;
};

/** Own enumerable keys; symbols too unless the comparison is loose; without the elements of a list of `length`. */
const keysOf = (value, mode, length = 0) => {
    const all = ObjectKeys(value);
    const keys = [];
    for (let at = 0; at < all.length; at++) if (!isIndex(all[at], length)) ArrayPrototypePush(keys, all[at]);
    if (mode === LOOSE) return keys;
    const symbols = ObjectGetOwnPropertySymbols(value);
    for (let at = 0; at < symbols.length; at++) {
        if (ObjectPrototypePropertyIsEnumerable(value, symbols[at])) ArrayPrototypePush(keys, symbols[at]);
    }
    return keys;
};

const UNBOX = { __proto__: null };
UNBOX[classes.NUMBER] = NumberPrototypeValueOf;
UNBOX[classes.STRING] = StringPrototypeValueOf;
UNBOX[classes.BOOLEAN] = BooleanPrototypeValueOf;
UNBOX[classes.BIGINT] = BigIntPrototypeValueOf;
UNBOX[classes.SYMBOL] = SymbolPrototypeValueOf;

/** The first element at `at` or behind it; holes are passed over. */
const nextElement = (list, at) => {
    let next = at;
    while (next < list.length && !ObjectPrototypeHasOwnProperty(list, next)) next++;
    return next;
};

/** One comparison: its mode, and what is being compared, for cycles. */
class Comparison {
    #mode;
    // The objects of the first side that are being compared, each with its partners of the second side.
    #compared = new SafeMap();

    constructor(mode) {
        this.#mode = mode;
    }

    equal(a, b) {
        const mode = this.#mode;
        if (a === b) return a !== 0 || mode === LOOSE || ObjectIs(a, b);
        if (mode === LOOSE) {
            if (!isObject(a)) return !isObject(b) && (a == b || (NumberIsNaN(a) && NumberIsNaN(b)));
            if (!isObject(b)) return false;
        } else {
            if (!isObject(a)) return typeof a === "number" && NumberIsNaN(a) && NumberIsNaN(b);
            if (!isObject(b)) return false;
            if (ObjectGetPrototypeOf(a) !== ObjectGetPrototypeOf(b)) return false;
        }
        if (ObjectPrototypeToString(a) !== ObjectPrototypeToString(b)) return false;
        if (ArrayIsArray(a) !== ArrayIsArray(b)) return false;
        const number = classOf(a);
        if (number !== classOf(b)) return false;
        return this.#sameSlots(a, b, number) && this.#inCycle(a, b, number);
    }

    /** What is not in properties: times, sources, bytes, primitives, messages. */
    #sameSlots(a, b, number) {
        switch (number) {
            case classes.DATE: return DatePrototypeGetTime(a) === DatePrototypeGetTime(b);
            case classes.REGEXP: return RegExpPrototypeGetSource(a) === RegExpPrototypeGetSource(b)
                && RegExpPrototypeGetFlags(a) === RegExpPrototypeGetFlags(b) && a.lastIndex === b.lastIndex;
            case classes.ARRAY_BUFFER:
            case classes.SHARED_ARRAY_BUFFER: return sameBytes(new Uint8Array(a), new Uint8Array(b));
            case classes.DATA_VIEW: return sameBytes(bytesOf(a), bytesOf(b));
            case classes.TYPED_ARRAY: return this.#sameElements(a, b);
            case classes.SET: return this.#sameSize(SetPrototypeGetSize(a), SetPrototypeGetSize(b));
            case classes.MAP: return this.#sameSize(MapPrototypeGetSize(a), MapPrototypeGetSize(b));
            default:
        }
        if (classes.isBoxed(number)) return ObjectIs(UNBOX[number](a), UNBOX[number](b));
        if (isError(a) || isError(b)) return isError(a) && isError(b) && this.#sameError(a, b);
        return true;
    }

    #sameSize(a, b) {
        return this.#mode === PARTIAL ? b <= a : a === b;
    }

    #sameElements(a, b) {
        const name = classes.typedArrayName(a);
        if (name !== classes.typedArrayName(b)) return false;
        if (this.#mode === PARTIAL) return this.#hasInOrder(a, b);
        if (a.length !== b.length) return false;
        // Loosely 0 and -0 are one, which bytes are not.
        if (this.#mode === LOOSE && (name === "Float32Array" || name === "Float64Array" || name === "Float16Array")) {
            for (let at = 0; at < a.length; at++) {
                if (a[at] !== b[at] && !(NumberIsNaN(a[at]) && NumberIsNaN(b[at]))) return false;
            }
            return true;
        }
        return sameBytes(bytesOf(a), bytesOf(b));
    }

    /** Message, name, cause and errors count even where they are not enumerable. */
    #sameError(a, b) {
        if (!this.#sameMember(a, b, "message") || !this.#sameMember(a, b, "name")) return false;
        return this.#sameHidden(a, b, "cause") && this.#sameHidden(a, b, "errors");
    }

    #sameMember(a, b, key) {
        return a[key] === b[key] || (this.#mode === PARTIAL && !ObjectPrototypeHasOwnProperty(b, key));
    }

    #sameHidden(a, b, key) {
        const hasFirst = ObjectPrototypeHasOwnProperty(a, key);
        const hasSecond = ObjectPrototypeHasOwnProperty(b, key);
        if (!hasSecond) return !hasFirst || this.#mode === PARTIAL;
        return hasFirst && this.equal(a[key], b[key]);
    }

    /** Two objects that are being compared with each other already close a cycle; what is around it decides. */
    #inCycle(a, b, number) {
        let partners = this.#compared.get(a);
        if (partners === undefined) {
            partners = [];
            this.#compared.set(a, partners);
        }
        for (let at = 0; at < partners.length; at++) if (partners[at] === b) return true;
        ArrayPrototypePush(partners, b);
        const result = this.#sameParts(a, b, number);
        ArrayPrototypePop(partners);
        if (partners.length === 0) this.#compared.delete(a);
        return result;
    }

    #sameParts(a, b, number) {
        if (ArrayIsArray(a)) {
            if (this.#mode === PARTIAL) return this.#hasInOrder(a, b) && this.#sameKeys(a, b, a.length, b.length);
            return a.length === b.length && this.#sameKeys(a, b, a.length, b.length) && this.#sameItems(a, b);
        }
        const isView = number === classes.TYPED_ARRAY;
        if (!this.#sameKeys(a, b, isView ? a.length : 0, isView ? b.length : 0)) return false;
        if (number === classes.SET) return this.#sameSets(a, b);
        return number !== classes.MAP || this.#sameMaps(a, b);
    }

    #sameKeys(a, b, lengthOfA, lengthOfB) {
        const keys = keysOf(b, this.#mode, lengthOfB);
        if (this.#mode !== PARTIAL && keys.length !== keysOf(a, this.#mode, lengthOfA).length) return false;
        for (let at = 0; at < keys.length; at++) {
            if (!ObjectPrototypePropertyIsEnumerable(a, keys[at])) return false;
        }
        for (let at = 0; at < keys.length; at++) if (!this.equal(a[keys[at]], b[keys[at]])) return false;
        return true;
    }

    #sameItems(a, b) {
        for (let at = 0; at < a.length; at++) {
            const isThere = ObjectPrototypeHasOwnProperty(a, at);
            if (isThere !== ObjectPrototypeHasOwnProperty(b, at)) return false;
            if (isThere && !this.equal(a[at], b[at])) return false;
        }
        return true;
    }

    /** Whether the elements of `b` are in `a` in their order, with others between them. */
    #hasInOrder(a, b) {
        if (a.length < b.length) return false;
        let next = nextElement(b, 0);
        for (let at = nextElement(a, 0); at < a.length && next < b.length; at = nextElement(a, at + 1)) {
            if (this.equal(a[at], b[next])) next = nextElement(b, next + 1);
        }
        return b.length <= next;
    }

    #sameSets(a, b) {
        const left = [];
        const values = SetPrototypeValues(a);
        for (let step = SetIteratorPrototypeNext(values); !step.done; step = SetIteratorPrototypeNext(values)) {
            if (!SetPrototypeHas(b, step.value)) ArrayPrototypePush(left, step.value);
        }
        const wanted = SetPrototypeValues(b);
        for (let step = SetIteratorPrototypeNext(wanted); !step.done; step = SetIteratorPrototypeNext(wanted)) {
            if (SetPrototypeHas(a, step.value)) continue;
            if (!this.#takeEqual(left, step.value, (item) => item)) return false;
        }
        return this.#mode === PARTIAL || left.length === 0;
    }

    #sameMaps(a, b) {
        const left = [];
        const entries = MapPrototypeEntries(a);
        for (let step = MapIteratorPrototypeNext(entries); !step.done; step = MapIteratorPrototypeNext(entries)) {
            if (!this.#hasEntry(b, step.value, true)) ArrayPrototypePush(left, step.value);
        }
        const wanted = MapPrototypeEntries(b);
        for (let step = MapIteratorPrototypeNext(wanted); !step.done; step = MapIteratorPrototypeNext(wanted)) {
            const entry = step.value;
            if (this.#hasEntry(a, entry, false)) continue;
            const isEqual = (other) => this.equal(other[1], entry[1]);
            if (!this.#takeEqual(left, entry[0], (other) => other[0], isEqual)) return false;
        }
        return this.#mode === PARTIAL || left.length === 0;
    }

    /** Whether the map has the same key with an equal value; `isFirst` tells on which side the entry stands. */
    #hasEntry(map, entry, isFirst) {
        if (!MapPrototypeHas(map, entry[0])) return false;
        const other = MapPrototypeGet(map, entry[0]);
        return isFirst ? this.equal(entry[1], other) : this.equal(other, entry[1]);
    }

    /** Takes the first item that is equal in depth out of the list; false if there is none. */
    #takeEqual(list, wanted, keyOf, isEqual = () => true) {
        if (this.#mode !== LOOSE && !isObject(wanted)) return false;
        for (let at = 0; at < list.length; at++) {
            if (!this.equal(keyOf(list[at]), wanted) || !isEqual(list[at])) continue;
            ArrayPrototypeSplice(list, at, 1);
            return true;
        }
        return false;
    }
}

export const isDeepStrictEqual = (a, b) => new Comparison(STRICT).equal(a, b);
export const isDeepEqual = (a, b) => new Comparison(LOOSE).equal(a, b);

/** Whether everything of `expected` is in `actual`. */
export const isPartialDeepStrictEqual = (actual, expected) => new Comparison(PARTIAL).equal(actual, expected);
