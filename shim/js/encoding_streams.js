// TextEncoderStream and TextDecoderStream (Encoding standard, sections 7.5 and 7.6, November 2026).

import { allowSharedBytes, decodeWith, newDecoder, textDecoderOptions, utf8Encode } from "./encoding.js";
import { primordials } from "./primordials.js";
import { illegal } from "./streams/promises.js";
import { readableObject } from "./streams/readable_classes.js";
import { createTransform, transformEnqueue } from "./streams/transform.js";
import { writableObject } from "./streams/writable_classes.js";
import { registerPlatform } from "./structured_clone.js";
import { DOMString, defineInterface, isObject } from "./webidl.js";

const { StringPrototypeCharCodeAt, StringPrototypeSlice, Uint8Array } = primordials;

const NO_BYTES = new Uint8Array(0);

const isLeading = (code) => 0xd800 <= code && code <= 0xdbff;

let encoderStreamOf;

export class TextEncoderStream {
    #stream;

    constructor() {
        // The leading surrogate at the end of a chunk waits for its other half.
        let leading = "";
        this.#stream = createTransform(
            (chunk, controller) => {
                let text = leading + DOMString(chunk, "A chunk");
                leading = "";
                const last = text.length - 1;
                if (0 <= last && isLeading(StringPrototypeCharCodeAt(text, last))) {
                    leading = text[last];
                    text = StringPrototypeSlice(text, 0, last);
                }
                if (text !== "") transformEnqueue(controller, utf8Encode(text));
            },
            (controller) => {
                if (leading !== "") transformEnqueue(controller, utf8Encode(leading));
            },
        );
    }

    get encoding() {
        if (encoderStreamOf(this) === undefined) illegal("TextEncoderStream");
        return "utf-8";
    }

    get readable() {
        return readableObject((encoderStreamOf(this) ?? illegal("TextEncoderStream")).readable);
    }

    get writable() {
        return writableObject((encoderStreamOf(this) ?? illegal("TextEncoderStream")).writable);
    }

    static {
        encoderStreamOf = (value) => (isObject(value) && #stream in value ? value.#stream : undefined);
    }
}
defineInterface(TextEncoderStream);

/** A transform stream's record that decodes bytes by a decoder's record. */
export const decodingTransform = (decoder) =>
    createTransform(
        (chunk, controller) => {
            const text = decodeWith(decoder, allowSharedBytes(chunk, "A chunk"), true);
            if (text !== "") transformEnqueue(controller, text);
        },
        (controller) => {
            const text = decodeWith(decoder, NO_BYTES, false);
            if (text !== "") transformEnqueue(controller, text);
        },
    );

let decoderStreamOf;

export class TextDecoderStream {
    #slots;

    constructor(label = "utf-8", options = {}) {
        const name = DOMString(label, "Argument 1");
        const decoder = newDecoder(name, textDecoderOptions(options, "Argument 2"));
        this.#slots = { __proto__: null, decoder, stream: decodingTransform(decoder) };
    }

    get encoding() {
        return (decoderStreamOf(this) ?? illegal("TextDecoderStream")).decoder.encoding;
    }

    get fatal() {
        return (decoderStreamOf(this) ?? illegal("TextDecoderStream")).decoder.fatal;
    }

    get ignoreBOM() {
        return (decoderStreamOf(this) ?? illegal("TextDecoderStream")).decoder.ignoreBOM;
    }

    get readable() {
        return readableObject((decoderStreamOf(this) ?? illegal("TextDecoderStream")).stream.readable);
    }

    get writable() {
        return writableObject((decoderStreamOf(this) ?? illegal("TextDecoderStream")).stream.writable);
    }

    static {
        decoderStreamOf = (value) => (isObject(value) && #slots in value ? value.#slots : undefined);
    }
}
defineInterface(TextDecoderStream);

registerPlatform(TextDecoderStream);
registerPlatform(TextEncoderStream);

export const globals = { TextDecoderStream, TextEncoderStream };
