// Errors that streams give, with the codes of nodejs.org/api/errors.html.

import { primordials } from "../../primordials.js";
import { nodeError } from "../../node_errors.js";

const { AggregateError, ArrayIsArray, ArrayPrototypePush, Error, TypeError } = primordials;

export const prematureClose = () => nodeError(Error, "ERR_STREAM_PREMATURE_CLOSE", "Premature close");

export const streamDestroyed = (method) =>
    nodeError(Error, "ERR_STREAM_DESTROYED", `Cannot call ${method} after a stream was destroyed`);

export const alreadyFinished = (method) =>
    nodeError(Error, "ERR_STREAM_ALREADY_FINISHED", `Cannot call ${method} after a stream was finished`);

export const writeAfterEnd = () => nodeError(Error, "ERR_STREAM_WRITE_AFTER_END", "write after end");

export const nullValues = () => nodeError(TypeError, "ERR_STREAM_NULL_VALUES", "May not write null values to stream");

export const pushAfterEnd = () => nodeError(Error, "ERR_STREAM_PUSH_AFTER_EOF", "stream.push() after EOF");

export const unshiftAfterEnd = () =>
    nodeError(Error, "ERR_STREAM_UNSHIFT_AFTER_END_EVENT", "stream.unshift() after end event");

export const cannotPipe = () => nodeError(Error, "ERR_STREAM_CANNOT_PIPE", "Cannot pipe, not readable");

export const streamUnableToPipe = () =>
    nodeError(Error, "ERR_STREAM_UNABLE_TO_PIPE", "Cannot pipe to a closed or destroyed stream");

export const multipleCallback = () => nodeError(Error, "ERR_MULTIPLE_CALLBACK", "Callback called multiple times");

/** Two errors that came one after the other: the first one, or both as one AggregateError. */
export const bothErrors = (inner, outer) => {
    if (!inner || !outer || inner === outer) return inner || outer;
    if (ArrayIsArray(outer.errors)) {
        ArrayPrototypePush(outer.errors, inner);
        return outer;
    }
    const both = new AggregateError([outer, inner], outer.message);
    both.code = outer.code;
    return both;
};
