// The module "stream" (nodejs.org/api/stream.html, Node 20). Its parts are in the folder of that name.

import { primordials } from "../primordials.js";
import { Buffer } from "./buffer.js";
import { asBuffer, isUint8Array } from "./buffer/bytes.js";
import { addAbortSignal } from "./stream/abort.js";
import { compose } from "./stream/compose.js";
import { destroyer } from "./stream/destroy.js";
import { Duplex, PassThrough, Transform, duplexPair } from "./stream/duplex.js";
import { duplexFrom } from "./stream/duplexify.js";
import { finished, finishedPromise } from "./stream/finished.js";
import { from } from "./stream/from.js";
import { Stream } from "./stream/legacy.js";
import { composeWith, promiseOperators, streamOperators } from "./stream/operators.js";
import { pipeline } from "./stream/pipeline.js";
import { promises } from "./stream/promises.js";
import { Readable, wrapOld } from "./stream/readable.js";
import {
    getDefaultHighWaterMark, isDestroyed, isDisturbed, isErrored, isReadable, isWritable, setDefaultHighWaterMark,
} from "./stream/state.js";
import {
    duplexToWeb, newDuplexFromWeb, newReadableFromWeb, newWritableFromWeb, readableToWeb, writableToWeb,
} from "./stream/web.js";
import { Writable } from "./stream/writable.js";

const {
    ArrayBufferIsView, ObjectDefineProperty, ObjectKeys, ReflectApply, SymbolFor,
} = primordials;

const hidden = (owner, name, value) => {
    ObjectDefineProperty(owner, name, { __proto__: null, value, writable: true, configurable: true });
};

const streamKeys = ObjectKeys(streamOperators);
for (let at = 0; at < streamKeys.length; at++) {
    const operator = streamOperators[streamKeys[at]];
    const method = {
        [streamKeys[at]](...args) {
            return Readable.from(ReflectApply(operator, this, args));
        },
    }[streamKeys[at]];
    ObjectDefineProperty(method, "length", { __proto__: null, value: operator.length, configurable: true });
    hidden(Readable.prototype, streamKeys[at], method);
}

const promiseKeys = ObjectKeys(promiseOperators);
for (let at = 0; at < promiseKeys.length; at++) {
    hidden(Readable.prototype, promiseKeys[at], promiseOperators[promiseKeys[at]]);
}

hidden(Readable.prototype, "compose", composeWith);
ObjectDefineProperty(composeWith, "name", { __proto__: null, value: "compose", configurable: true });

Readable.from = function fromIterable(iterable, options) {
    return from(Readable, Buffer, iterable, options);
};
ObjectDefineProperty(Readable.from, "name", { __proto__: null, value: "from", configurable: true });
Readable.fromWeb = (readableStream, options) => newReadableFromWeb(readableStream, options);
Readable.toWeb = (streamReadable, options) => readableToWeb(streamReadable, options);
Readable.wrap = (source, options) => wrapOld(source, options);
Writable.fromWeb = (writableStream, options) => newWritableFromWeb(writableStream, options);
Writable.toWeb = (streamWritable) => writableToWeb(streamWritable);
Duplex.from = (body) => duplexFrom(body, "body");
Duplex.fromWeb = (pair, options) => newDuplexFromWeb(pair, options);
Duplex.toWeb = (duplex) => duplexToWeb(duplex);

Stream.isDestroyed = isDestroyed;
Stream.isDisturbed = isDisturbed;
Stream.isErrored = isErrored;
Stream.isReadable = isReadable;
Stream.isWritable = isWritable;
Stream.Readable = Readable;
Stream.Writable = Writable;
Stream.Duplex = Duplex;
Stream.Transform = Transform;
Stream.PassThrough = PassThrough;
Stream.duplexPair = duplexPair;
Stream.pipeline = pipeline;
Stream.addAbortSignal = addAbortSignal;
Stream.finished = finished;
// Destroyed with the error, or with what an unfinished stream gets.
Stream.destroy = destroyer;
Stream.compose = compose;
Stream.setDefaultHighWaterMark = setDefaultHighWaterMark;
Stream.getDefaultHighWaterMark = getDefaultHighWaterMark;
Stream.promises = promises;
// `util.promisify` gives the functions of stream/promises.
const promisified = SymbolFor("nodejs.util.promisify.custom");
ObjectDefineProperty(pipeline, promisified, { __proto__: null, value: promises.pipeline, configurable: true });
ObjectDefineProperty(finished, promisified, { __proto__: null, value: finishedPromise, configurable: true });
Stream.Stream = Stream;
Stream._isArrayBufferView = (value) => ArrayBufferIsView(value);
Stream._isUint8Array = isUint8Array;
Stream._uint8ArrayToBuffer = asBuffer;

export default Stream;
