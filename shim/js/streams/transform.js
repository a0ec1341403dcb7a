// Transform streams: the algorithms (Streams standard, section 6.4, November 2026), TransformStream and its controller.
//
// A transform of the scripts here is made by createTransform, whose algorithms get the controller's record.

import { primordials } from "../primordials.js";
import { any, callback, defineInterface, dictionary, isObject, object } from "../webidl.js";
import { Deferred, callForPromise, illegal, rejectedWith } from "./promises.js";
import {
    canCloseOrEnqueue, createReadable, defaultClose, defaultEnqueue, defaultError, hasBackpressure,
    readableDesiredSize,
} from "./readable.js";
import { readableObject } from "./readable_classes.js";
import { extractHighWaterMark, extractSizeAlgorithm, one, queuingStrategy } from "./strategies.js";
import { newWritable, setUpWritable, writableErrorIfNeeded } from "./writable.js";
import { writableObject } from "./writable_classes.js";

const { PromisePrototypeThen, PromiseResolve, RangeError, ReflectApply, TypeError } = primordials;

const newTransform = () => ({
    __proto__: null,
    backpressure: undefined,
    backpressureChange: undefined,
    controller: undefined,
    readable: undefined,
    writable: undefined,
});

// InitializeTransformStream
const initialize = (stream, startPromise, writableHWM, writableSize, readableHWM, readableSize) => {
    const start = () => startPromise;
    stream.writable = newWritable();
    setUpWritable(
        stream.writable,
        start,
        (chunk) => sinkWrite(stream, chunk),
        () => sinkClose(stream),
        (reason) => sinkAbort(stream, reason),
        writableHWM,
        writableSize,
    );
    stream.readable = createReadable(
        start,
        () => sourcePull(stream),
        (reason) => sourceCancel(stream, reason),
        readableHWM,
        readableSize,
    );
    setBackpressure(stream, true);
};

// SetUpTransformStreamDefaultController
const setUpController = (stream, transform, flush, cancel) => {
    stream.controller = {
        __proto__: null,
        object: undefined,
        cancelAlgorithm: cancel,
        finish: undefined,
        flushAlgorithm: flush,
        stream,
        transformAlgorithm: transform,
    };
    return stream.controller;
};

const resolved = () => PromiseResolve(undefined);

/**
 * A transform stream's record. `transform(chunk, controller)` and `flush(controller)` are synchronous and may throw;
 * `cancel()` is called when the stream ends before the flush. The controller is for `transformEnqueue`.
 */
export const createTransform = (transform, flush = undefined, cancel = undefined) => {
    const stream = newTransform();
    initialize(stream, resolved(), 1, one, 0, one);
    const settle = (algorithm) => {
        try {
            algorithm();
            return resolved();
        } catch (error) {
            return rejectedWith(error);
        }
    };
    setUpController(
        stream,
        (chunk) => settle(() => transform(chunk, stream.controller)),
        () => (flush === undefined ? resolved() : settle(() => flush(stream.controller))),
        () => (cancel === undefined ? resolved() : settle(cancel)),
    );
    return stream;
};

const transformError = (stream, error) => {
    defaultError(stream.readable.controller, error);
    errorWritableAndUnblockWrite(stream, error);
};

const errorWritableAndUnblockWrite = (stream, error) => {
    clearAlgorithms(stream.controller);
    writableErrorIfNeeded(stream.writable.controller, error);
    unblockWrite(stream);
};

const unblockWrite = (stream) => {
    if (stream.backpressure) setBackpressure(stream, false);
};

const setBackpressure = (stream, backpressure) => {
    if (stream.backpressureChange !== undefined) stream.backpressureChange.resolve(undefined);
    stream.backpressureChange = new Deferred();
    stream.backpressure = backpressure;
};

const clearAlgorithms = (controller) => {
    controller.transformAlgorithm = undefined;
    controller.flushAlgorithm = undefined;
    controller.cancelAlgorithm = undefined;
};

/** TransformStreamDefaultControllerEnqueue */
export const transformEnqueue = (controller, chunk) => {
    const { stream } = controller;
    const readableController = stream.readable.controller;
    if (!canCloseOrEnqueue(readableController)) {
        throw new TypeError("The readable side is closed or errored; it takes no more chunks.");
    }
    try {
        defaultEnqueue(readableController, chunk);
    } catch (error) {
        errorWritableAndUnblockWrite(stream, error);
        throw stream.readable.storedError;
    }
    if (hasBackpressure(readableController) !== stream.backpressure) setBackpressure(stream, true);
};

const transformTerminate = ({ stream }) => {
    defaultClose(stream.readable.controller);
    errorWritableAndUnblockWrite(stream, new TypeError("The transform was terminated."));
};

const performTransform = (controller, chunk) =>
    PromisePrototypeThen(controller.transformAlgorithm(chunk), undefined, (error) => {
        transformError(controller.stream, error);
        throw error;
    });

const sinkWrite = (stream, chunk) => {
    const { controller, writable } = stream;
    if (!stream.backpressure) return performTransform(controller, chunk);
    return PromisePrototypeThen(stream.backpressureChange.promise, () => {
        if (writable.state === "erroring") throw writable.storedError;
        return performTransform(controller, chunk);
    });
};

// The end of a stream, whichever side it came from: runs `algorithm` once, then `done`, which returns a failure or
// undefined, or `failed` with the error.
const finishBy = (controller, algorithm, done, failed) => {
    if (controller.finish !== undefined) return controller.finish.promise;
    const finish = new Deferred();
    controller.finish = finish;
    const ended = algorithm();
    clearAlgorithms(controller);
    PromisePrototypeThen(
        ended,
        () => {
            const failure = done();
            if (failure === undefined) finish.resolve(undefined);
            else finish.reject(failure.error);
        },
        (error) => {
            failed(error);
            finish.reject(error);
        },
    );
    return finish.promise;
};

const failureOf = (side) => (side.state === "errored" ? { __proto__: null, error: side.storedError } : undefined);

const sinkAbort = (stream, reason) => {
    const { controller, readable } = stream;
    return finishBy(
        controller,
        () => controller.cancelAlgorithm(reason),
        () => {
            const failure = failureOf(readable);
            if (failure === undefined) defaultError(readable.controller, reason);
            return failure;
        },
        (error) => defaultError(readable.controller, error),
    );
};

const sinkClose = (stream) => {
    const { controller, readable } = stream;
    return finishBy(
        controller,
        () => controller.flushAlgorithm(),
        () => {
            const failure = failureOf(readable);
            if (failure === undefined) defaultClose(readable.controller);
            return failure;
        },
        (error) => defaultError(readable.controller, error),
    );
};

const sourcePull = (stream) => {
    setBackpressure(stream, false);
    return stream.backpressureChange.promise;
};

const sourceCancel = (stream, reason) => {
    const { controller, writable } = stream;
    return finishBy(
        controller,
        () => controller.cancelAlgorithm(reason),
        () => {
            const failure = failureOf(writable);
            if (failure === undefined) {
                writableErrorIfNeeded(writable.controller, reason);
                unblockWrite(stream);
            }
            return failure;
        },
        (error) => {
            writableErrorIfNeeded(writable.controller, error);
            unblockWrite(stream);
        },
    );
};

// Only the scripts here have it: a constructor that gets it takes over the record that comes with it.
const INTERNAL = { __proto__: null };

const transformer = dictionary([
    { key: "cancel", converter: callback },
    { key: "flush", converter: callback },
    { key: "readableType", converter: any },
    { key: "start", converter: callback },
    { key: "transform", converter: callback },
    { key: "writableType", converter: any },
]);

let transformOf;
let controllerOf;

const controllerObject = (controller) =>
    (controller.object ??= new TransformStreamDefaultController(INTERNAL, controller));

export class TransformStream {
    #stream;

    constructor(transformerObject = undefined, writableStrategy = {}, readableStrategy = {}) {
        const source = transformerObject === undefined ? null : object(transformerObject, "Argument 1");
        const writableQueuing = queuingStrategy(writableStrategy, "Argument 2");
        const readableQueuing = queuingStrategy(readableStrategy, "Argument 3");
        const methods = transformer(source, "Argument 1");
        if (methods.readableType !== undefined) throw new RangeError('"readableType" of a transformer is reserved.');
        if (methods.writableType !== undefined) throw new RangeError('"writableType" of a transformer is reserved.');
        const { cancel, flush, start, transform } = methods;
        const readableHWM = extractHighWaterMark(readableQueuing, 0);
        const readableSize = extractSizeAlgorithm(readableQueuing);
        const writableHWM = extractHighWaterMark(writableQueuing, 1);
        const writableSize = extractSizeAlgorithm(writableQueuing);
        const stream = newTransform();
        this.#stream = stream;
        const started = new Deferred();
        initialize(stream, started.promise, writableHWM, writableSize, readableHWM, readableSize);
        const controller = setUpController(
            stream,
            (chunk) => {
                if (transform !== undefined) {
                    return callForPromise(transform, source, [chunk, controllerObject(controller)]);
                }
                try {
                    transformEnqueue(controller, chunk);
                    return resolved();
                } catch (error) {
                    return rejectedWith(error);
                }
            },
            () => (flush === undefined ? resolved() : callForPromise(flush, source, [controllerObject(controller)])),
            (reason) => (cancel === undefined ? resolved() : callForPromise(cancel, source, [reason])),
        );
        started.resolve(
            start === undefined ? undefined : ReflectApply(start, source, [controllerObject(controller)]),
        );
    }

    get readable() {
        return readableObject((transformOf(this) ?? illegal("TransformStream")).readable);
    }

    get writable() {
        return writableObject((transformOf(this) ?? illegal("TransformStream")).writable);
    }

    static {
        transformOf = (value) => (isObject(value) && #stream in value ? value.#stream : undefined);
    }
}
defineInterface(TransformStream);

export class TransformStreamDefaultController {
    #controller;

    constructor(secret = undefined, record = undefined) {
        if (secret !== INTERNAL) throw new TypeError("A TransformStreamDefaultController cannot be constructed.");
        this.#controller = record;
    }

    get desiredSize() {
        const { stream } = controllerOf(this) ?? illegal("TransformStreamDefaultController");
        return readableDesiredSize(stream.readable.controller);
    }

    enqueue(chunk = undefined) {
        transformEnqueue(controllerOf(this) ?? illegal("TransformStreamDefaultController"), chunk);
    }

    error(reason = undefined) {
        const { stream } = controllerOf(this) ?? illegal("TransformStreamDefaultController");
        transformError(stream, reason);
    }

    terminate() {
        transformTerminate(controllerOf(this) ?? illegal("TransformStreamDefaultController"));
    }

    static {
        controllerOf = (value) => (isObject(value) && #controller in value ? value.#controller : undefined);
    }
}
defineInterface(TransformStreamDefaultController);
