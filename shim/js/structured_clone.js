// structuredClone (HTML Standard, section "Safe passing of structured data": StructuredSerializeWithTransfer and
// StructuredDeserializeWithTransfer).
//
// A value is copied in one walk; nobody can see a copy before the walk has ended. What is transferred moves after the
// walk, as the standard has it: until then a `Pending` stands for it and for views of it, and what would hold it is
// filled in at the end. The walk is recursive, so a value that is nested too deep ends in a RangeError.

import {
    ARGUMENTS, ARRAY_BUFFER, BIGINT, BOOLEAN, DATA_VIEW, DATE, ERROR, MAP, NUMBER, PROXY, REGEXP, SET,
    SHARED_ARRAY_BUFFER, STRING, SYMBOL, TYPED_ARRAY, classOf,
} from "./class_of.js";
import { DOMException, domExceptionParts, isDOMException } from "./dom_exception.js";
import { primordials } from "./primordials.js";
import { stackOfError } from "./stack.js";
import { cloneBuffer, cloneView, describeView, makeView } from "./structured_buffers.js";
import { dictionary, needs, object, sequence } from "./webidl.js";

const {
    Array, ArrayBufferPrototypeGetDetached, ArrayBufferPrototypeTransfer, ArrayIsArray, ArrayPrototypePush,
    BigIntPrototypeValueOf, BooleanPrototypeValueOf, Date, DatePrototypeGetTime, Error,
    EvalError, Map, MapPrototypeForEach, MapPrototypeSet, NumberPrototypeValueOf, Object, ObjectDefineProperty,
    ObjectGetPrototypeOf, ObjectKeys, ObjectPrototypeHasOwnProperty, ObjectSetPrototypeOf, RangeError, ReferenceError,
    ReflectGetOwnPropertyDescriptor, RegExp, RegExpPrototypeGetDotAll, RegExpPrototypeGetGlobal,
    RegExpPrototypeGetHasIndices, RegExpPrototypeGetIgnoreCase, RegExpPrototypeGetMultiline, RegExpPrototypeGetSource,
    RegExpPrototypeGetSticky, RegExpPrototypeGetUnicode, RegExpPrototypeGetUnicodeSets, SafeMap, Set, SetPrototypeAdd,
    SetPrototypeForEach, String, StringPrototypeValueOf, SyntaxError, TypeError, URIError,
} = primordials;

const ObjectPrototype = Object.prototype;
const ArrayPrototype = Array.prototype;

const refuse = (what) => {
    throw new DOMException(`${what} could not be cloned.`, "DataCloneError");
};

// The classes of the platform, by prototype: {is, write, read, send, receive}. A class without `write` cannot be
// cloned, one without `send` cannot be transferred.
const platform = new SafeMap();

const entryOf = (constructor) => {
    let entry = platform.get(constructor.prototype);
    if (entry === undefined) {
        entry = {
            __proto__: null, is: undefined, write: undefined, read: undefined, send: undefined, receive: undefined,
        };
        platform.set(constructor.prototype, entry);
    }
    return entry;
};

/**
 * Makes objects of a class cloneable: `write(value)` gives the data that `read(data)` makes a new object of.
 * `is(value)` tells its objects from others that only have its prototype; without it, every object with that
 * prototype counts.
 */
export const registerCloneable = (constructor, { is, write, read }) => {
    const entry = entryOf(constructor);
    entry.is = is === undefined ? entry.is : is;
    entry.write = write;
    entry.read = read;
};

/**
 * Makes objects of a class transferable: `send(value)` takes everything out of the object (or throws a DataCloneError)
 * and `receive(data)` makes a new object of that.
 */
export const registerTransferable = (constructor, { is, send, receive }) => {
    const entry = entryOf(constructor);
    entry.is = is === undefined ? entry.is : is;
    entry.send = send;
    entry.receive = receive;
};

/** Says of a class of the platform that its objects cannot be cloned, unless one of the above says otherwise. */
export const registerPlatform = (constructor) => {
    entryOf(constructor);
};

// The class of the platform that made an object, or undefined.
const platformEntry = (value) => {
    let prototype = ObjectGetPrototypeOf(value);
    while (prototype !== null && prototype !== ObjectPrototype && classOf(prototype) !== PROXY) {
        const entry = platform.get(prototype);
        if (entry !== undefined && (entry.is === undefined || entry.is(value))) return entry;
        prototype = ObjectGetPrototypeOf(prototype);
    }
    return undefined;
};

// Stands for an object that exists only when the transfer is done.
class Pending {
    make;
    value = undefined;

    constructor(make) {
        this.make = make;
    }
}
ObjectSetPrototypeOf(Pending.prototype, null);

const isPending = (value) =>
    typeof value === "object" && value !== null && ObjectGetPrototypeOf(value) === Pending.prototype;

const ERRORS = { __proto__: null, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

const hidden = (owner, key, value) => {
    ObjectDefineProperty(owner, key, { __proto__: null, value, writable: true, enumerable: false, configurable: true });
};

const stackOf = (error) => {
    const described = ReflectGetOwnPropertyDescriptor(error, "stack");
    if (described !== undefined) return described.value;
    return stackOfError(error);
};

const flagsOf = (value) => {
    const has = (flag, getter) => (getter !== undefined && getter(value) ? flag : "");
    return has("d", RegExpPrototypeGetHasIndices) + has("g", RegExpPrototypeGetGlobal) +
        has("i", RegExpPrototypeGetIgnoreCase) + has("m", RegExpPrototypeGetMultiline) +
        has("s", RegExpPrototypeGetDotAll) + has("u", RegExpPrototypeGetUnicode) +
        has("v", RegExpPrototypeGetUnicodeSets) + has("y", RegExpPrototypeGetSticky);
};

const isPrimitive = (value) => (typeof value !== "object" || value === null) && typeof value !== "function";

/** One walk over a value. */
class Walk {
    // Whether something is transferred: without that there is no Pending.
    moves;
    // The copy of each object.
    memory = new SafeMap();
    // Views of transferred buffers.
    pendings = [];
    // What is done at the end, in order: functions without arguments.
    late = [];

    constructor(moves) {
        this.moves = moves;
    }

    clone(value) {
        if (isPrimitive(value)) {
            return typeof value === "symbol" ? refuse("A symbol") : value;
        }
        const known = this.memory.get(value);
        if (known !== undefined) return known;
        const kind = classOf(value);
        if (kind === 0) {
            if (typeof value === "function") return copyFunction(value);
            return ArrayIsArray(value) ? copyArray(this, value) : copyPlain(this, value);
        }
        const copy = COPIES[kind];
        return copy === undefined ? refuse(typeof value === "function" ? "A function" : UNKNOWN) : copy(this, value);
    }

    /** Sets a member of a copy, later if it does not exist yet. */
    set(owner, key, value) {
        if (this.moves && isPending(value)) {
            owner[key] = undefined;
            ArrayPrototypePush(this.late, () => {
                ObjectDefineProperty(owner, key, { __proto__: null, value: value.value });
            });
        } else {
            owner[key] = value;
        }
    }

    remember(value, copy) {
        this.memory.set(value, copy);
        return copy;
    }
}

// While members are set, a copy has no prototype: a setter that an app put into one is not called. Its own comes at
// the end.
const copyMembers = (walk, value, copy, keys) => {
    for (let index = 0; index < keys.length; index++) {
        const key = keys[index];
        if (ObjectPrototypeHasOwnProperty(value, key)) walk.set(copy, key, walk.clone(value[key]));
    }
};

const copyPlain = (walk, value) => {
    if (isDOMException(value)) return copyDOMException(walk, value);
    const entry = platformEntry(value);
    if (entry !== undefined) {
        if (entry.write === undefined) refuse("An object of the platform");
        return walk.remember(value, entry.read(entry.write(value)));
    }
    const copy = walk.remember(value, { __proto__: null });
    copyMembers(walk, value, copy, ObjectKeys(value));
    return ObjectSetPrototypeOf(copy, ObjectPrototype);
};

const copyArray = (walk, value) => {
    const copy = walk.remember(value, ObjectSetPrototypeOf([], null));
    const { length } = value;
    copyMembers(walk, value, copy, ObjectKeys(value));
    if (copy.length !== length) copy.length = length;
    return ObjectSetPrototypeOf(copy, ArrayPrototype);
};

const copyMap = (walk, value) => {
    const copy = walk.remember(value, new Map());
    const list = [];
    MapPrototypeForEach(value, (item, key) => {
        ArrayPrototypePush(list, key);
        ArrayPrototypePush(list, item);
    });
    for (let index = 0; index < list.length; index++) list[index] = walk.clone(list[index]);
    ArrayPrototypePush(walk.late, () => {
        for (let index = 0; index < list.length; index += 2) {
            MapPrototypeSet(copy, settled(list[index]), settled(list[index + 1]));
        }
    });
    return copy;
};

const copySet = (walk, value) => {
    const copy = walk.remember(value, new Set());
    const list = [];
    SetPrototypeForEach(value, (item) => ArrayPrototypePush(list, item));
    for (let index = 0; index < list.length; index++) list[index] = walk.clone(list[index]);
    ArrayPrototypePush(walk.late, () => {
        for (let index = 0; index < list.length; index++) SetPrototypeAdd(copy, settled(list[index]));
    });
    return copy;
};

const settled = (value) => (isPending(value) ? value.value : value);

const copyError = (walk, value) => {
    if (isDOMException(value)) return copyDOMException(walk, value);
    const name = value.name === undefined ? "Error" : String(value.name);
    const described = ReflectGetOwnPropertyDescriptor(value, "message");
    const message = described !== undefined && "value" in described ? String(described.value) : undefined;
    const kind = ERRORS[name] === undefined ? Error : ERRORS[name];
    const copy = walk.remember(value, message === undefined ? new kind() : new kind(message));
    copyStack(value, copy);
    copyCause(walk, value, copy);
    return copy;
};

const copyStack = (value, copy) => {
    const stack = stackOf(value);
    if (typeof stack === "string") hidden(copy, "stack", stack);
};

const copyCause = (walk, value, copy) => {
    const cause = ReflectGetOwnPropertyDescriptor(value, "cause");
    if (cause === undefined || !("value" in cause)) return;
    const member = walk.clone(cause.value);
    hidden(copy, "cause", undefined);
    walk.set(copy, "cause", member);
};

const copyDOMException = (walk, value) => {
    const { message, name } = domExceptionParts(value);
    const copy = walk.remember(value, new DOMException(message, name));
    copyStack(value, copy);
    return copy;
};

const copyBuffer = (walk, value) => walk.remember(value, cloneBuffer(value, refuse));

const copyView = (walk, value) => {
    const about = describeView(value, refuse);
    const buffer = walk.clone(about.buffer);
    if (!isPending(buffer)) return walk.remember(value, cloneView(about, buffer));
    const pending = new Pending(() => makeView(about, buffer.value, refuse));
    ArrayPrototypePush(walk.pendings, pending);
    return walk.remember(value, pending);
};

const boxed = (valueOf) => (walk, value) => walk.remember(value, Object(valueOf(value)));

const copyFunction = (value) => {
    const described = ReflectGetOwnPropertyDescriptor(value, "name");
    const name = described !== undefined && typeof described.value === "string" ? described.value : "";
    return refuse(name === "" ? "A function" : `The function ${name}`);
};

const UNKNOWN = "An object of a kind that holds no plain data";

// By the class of the engine. What is missing here cannot be cloned.
const COPIES = {
    __proto__: null,
    [ERROR]: copyError,
    [BOOLEAN]: boxed(BooleanPrototypeValueOf),
    [NUMBER]: boxed(NumberPrototypeValueOf),
    [STRING]: boxed(StringPrototypeValueOf),
    [BIGINT]: boxed(BigIntPrototypeValueOf),
    [SYMBOL]: () => refuse("A symbol"),
    [ARGUMENTS]: copyPlain,
    [DATE]: (walk, value) => walk.remember(value, new Date(DatePrototypeGetTime(value))),
    [REGEXP]: (walk, value) => walk.remember(value, new RegExp(RegExpPrototypeGetSource(value), flagsOf(value))),
    [MAP]: copyMap,
    [SET]: copySet,
    [ARRAY_BUFFER]: copyBuffer,
    [DATA_VIEW]: copyView,
    [TYPED_ARRAY]: copyView,
    [SHARED_ARRAY_BUFFER]: () => refuse("A SharedArrayBuffer"),
    [PROXY]: () => refuse("A proxy"),
};

// What stands for a transferred object during the walk; `make` moves it.
const pendingOf = (value) => {
    if (classOf(value) === ARRAY_BUFFER) {
        return new Pending(() => ArrayBufferPrototypeTransfer(value));
    }
    const entry = classOf(value) === 0 ? platformEntry(value) : undefined;
    if (entry === undefined || entry.send === undefined) {
        throw new DOMException("A value of the transfer list cannot be transferred.", "DataCloneError");
    }
    return new Pending(() => entry.receive(entry.send(value)));
};

const checkDetached = (value) => {
    if (classOf(value) === ARRAY_BUFFER && ArrayBufferPrototypeGetDetached(value)) {
        throw new DOMException("An ArrayBuffer of the transfer list is detached.", "DataCloneError");
    }
};

/** A copy of `value`, and what `transfer` (a list of objects) has become: {value, transferred}. */
export const cloneWithTransfer = (value, transfer) => {
    const walk = new Walk(transfer.length !== 0);
    for (let index = 0; index < transfer.length; index++) {
        if (walk.memory.has(transfer[index])) {
            throw new DOMException("A value is in the transfer list twice.", "DataCloneError");
        }
        walk.memory.set(transfer[index], pendingOf(transfer[index]));
    }
    const copy = walk.clone(value);
    for (let index = 0; index < transfer.length; index++) checkDetached(transfer[index]);
    const transferred = [];
    for (let index = 0; index < transfer.length; index++) {
        const pending = walk.memory.get(transfer[index]);
        pending.value = pending.make();
        ArrayPrototypePush(transferred, pending.value);
    }
    for (let index = 0; index < walk.pendings.length; index++) {
        walk.pendings[index].value = walk.pendings[index].make();
    }
    for (let index = 0; index < walk.late.length; index++) walk.late[index]();
    return { __proto__: null, value: settled(copy), transferred };
};

/** A copy of `value`, without a transfer. */
export const cloneValue = (value) => {
    if (isPrimitive(value) && typeof value !== "symbol") return value;
    return cloneWithTransfer(value, []).value;
};

export const serializeOptions = dictionary([
    { key: "transfer", converter: sequence(object), otherwise: () => [] },
]);

export function structuredClone(value, options = undefined) {
    needs(arguments.length, 1, "structuredClone");
    const { transfer } = serializeOptions(options, "Argument 2 of structuredClone");
    return transfer.length === 0 ? cloneValue(value) : cloneWithTransfer(value, transfer).value;
}

export const globalFunctions = { structuredClone };
