// node:string_decoder: text from bytes that come in pieces (Node's documentation, "String decoder"). A character whose
// bytes have not all come waits for the next piece.

// The module gives the class of `asBuffer` its methods.
import "./buffer.js";
import { asBuffer, bytesOf } from "./buffer/bytes.js";
import { canonicalEncoding, decode, viewOf } from "./buffer/encodings.js";
import { unknownEncoding } from "./buffer/errors.js";
import { invalidArgType } from "../node_errors.js";
import { primordials } from "../primordials.js";

const {
    ArrayBufferIsView, ObjectDefineProperties, ObjectDefineProperty, Symbol, TypedArrayPrototypeSet, Uint8Array,
} = primordials;

const state = Symbol("state");

/** How many bytes the character of this first byte has in UTF-8; 0 if it is no first byte. */
const lengthByLead = (byte) => {
    if (0xC2 <= byte && byte <= 0xDF) return 2;
    if (0xE0 <= byte && byte <= 0xEF) return 3;
    return 0xF0 <= byte && byte <= 0xF4 ? 4 : 0;
};

/** `[held, total]`: so many bytes at the end belong to a character of `total` bytes that is not whole. */
const heldOf = (bytes, encoding) => {
    const { length } = bytes;
    if (encoding === "utf8") {
        for (let back = 1; back <= 3 && back <= length; back++) {
            const byte = bytes[length - back];
            if ((byte & 0xC0) === 0x80) continue;
            const total = lengthByLead(byte);
            return back < total ? [back, total] : [0, 0];
        }
        return [0, 0];
    }
    if (encoding === "utf16le") {
        if (length % 2 === 1) return [1, 2];
        const isLead = 2 <= length && (bytes[length - 1] & 0xFC) === 0xD8;
        return isLead ? [2, 4] : [0, 0];
    }
    if (encoding === "base64" || encoding === "base64url") return length % 3 === 0 ? [0, 0] : [length % 3, 3];
    return [0, 0];
};

const NOTHING = new Uint8Array(0);

const joined = (first, second) => {
    if (first.length === 0) return second;
    const all = new Uint8Array(first.length + second.length);
    TypedArrayPrototypeSet(all, first);
    TypedArrayPrototypeSet(all, second, first.length);
    return all;
};

export function StringDecoder(encoding) {
    const name = encoding === undefined || encoding === null || encoding === "" ? "utf8" : canonicalEncoding(encoding);
    if (name === undefined) throw unknownEncoding(encoding);
    this.encoding = name;
    ObjectDefineProperty(this, state, {
        __proto__: null, value: { encoding: name, held: NOTHING, total: 0 }, enumerable: false, configurable: true,
    });
}

const methods = {
    write(buf) {
        if (typeof buf === "string") return buf;
        if (!ArrayBufferIsView(buf)) throw invalidArgType("buf", ["Buffer", "TypedArray", "DataView"], buf);
        const slots = this[state];
        const bytes = joined(slots.held, bytesOf(buf));
        const found = heldOf(bytes, slots.encoding);
        const end = bytes.length - found[0];
        // A copy: the program may change its bytes before the rest comes.
        slots.held = found[0] === 0 ? NOTHING : new Uint8Array(viewOf(bytes, end, bytes.length));
        slots.total = found[1];
        return decode(viewOf(bytes, 0, end), slots.encoding);
    },

    end(buf) {
        const text = buf === undefined ? "" : this.write(buf);
        const slots = this[state];
        const { held } = slots;
        slots.held = NOTHING;
        slots.total = 0;
        return held.length === 0 ? text : text + decode(held, slots.encoding);
    },

    text(buf, offset) {
        const slots = this[state];
        slots.held = NOTHING;
        slots.total = 0;
        const bytes = bytesOf(buf);
        return this.write(viewOf(bytes, offset, bytes.length));
    },
};

for (const key of ["write", "end", "text"]) {
    ObjectDefineProperty(StringDecoder.prototype, key, {
        __proto__: null, value: methods[key], writable: true, enumerable: true, configurable: true,
    });
}

ObjectDefineProperties(StringDecoder.prototype, {
    lastChar: {
        __proto__: null,
        get() {
            const bytes = new Uint8Array(4);
            TypedArrayPrototypeSet(bytes, this[state].held);
            return asBuffer(bytes);
        },
        enumerable: true,
        configurable: true,
    },
    lastNeed: {
        __proto__: null,
        get() {
            return this[state].total - this[state].held.length;
        },
        enumerable: true,
        configurable: true,
    },
    lastTotal: {
        __proto__: null,
        get() {
            return this[state].total;
        },
        enumerable: true,
        configurable: true,
    },
});

export default { StringDecoder };
