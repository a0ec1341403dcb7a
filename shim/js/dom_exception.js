// DOMException: the errors of the web's interfaces (Web IDL, section "DOMException").
//
// Its objects are errors of the engine too (they have a stack and are errors for `Error.isError`); name and message
// live in private fields, where no code of an app can change them.

import { primordials } from "./primordials.js";
import { DOMString, defineConstants, defineInterface } from "./webidl.js";

const { Error, ObjectDefineProperty, ObjectSetPrototypeOf, ReflectConstruct } = primordials;

// The names with a legacy code, which is the place in this list; an empty one names a code that has no name any more.
const NAMES = [
    "", "IndexSizeError", "", "HierarchyRequestError", "WrongDocumentError", "InvalidCharacterError", "",
    "NoModificationAllowedError", "NotFoundError", "NotSupportedError", "InUseAttributeError", "InvalidStateError",
    "SyntaxError", "InvalidModificationError", "NamespaceError", "InvalidAccessError", "", "TypeMismatchError",
    "SecurityError", "NetworkError", "AbortError", "URLMismatchError", "QuotaExceededError", "TimeoutError",
    "InvalidNodeTypeError", "DataCloneError",
];

const CONSTANTS = {
    __proto__: null,
    INDEX_SIZE_ERR: 1, DOMSTRING_SIZE_ERR: 2, HIERARCHY_REQUEST_ERR: 3, WRONG_DOCUMENT_ERR: 4, INVALID_CHARACTER_ERR: 5,
    NO_DATA_ALLOWED_ERR: 6, NO_MODIFICATION_ALLOWED_ERR: 7, NOT_FOUND_ERR: 8, NOT_SUPPORTED_ERR: 9,
    INUSE_ATTRIBUTE_ERR: 10, INVALID_STATE_ERR: 11, SYNTAX_ERR: 12, INVALID_MODIFICATION_ERR: 13, NAMESPACE_ERR: 14,
    INVALID_ACCESS_ERR: 15, VALIDATION_ERR: 16, TYPE_MISMATCH_ERR: 17, SECURITY_ERR: 18, NETWORK_ERR: 19, ABORT_ERR: 20,
    URL_MISMATCH_ERR: 21, QUOTA_EXCEEDED_ERR: 22, TIMEOUT_ERR: 23, INVALID_NODE_TYPE_ERR: 24, DATA_CLONE_ERR: 25,
};

class Identity {
    constructor(object) {
        return object;
    }
}

// Puts the private fields onto an error that the engine made.
class Slots extends Identity {
    #message;
    #name;

    constructor(error, message, name) {
        super(error);
        this.#message = message;
        this.#name = name;
    }

    static has(value) {
        return #name in value;
    }

    static message(error) {
        return error.#message;
    }

    static name(error) {
        return error.#name;
    }
}

const { has, message: messageOf, name: nameOf } = Slots;

export class DOMException {
    constructor(message = "", name = "Error") {
        const text = DOMString(message, "Argument 1 of DOMException");
        const kind = DOMString(name, "Argument 2 of DOMException");
        const error = ReflectConstruct(Error, [], new.target);
        new Slots(error, text, kind);
        return error;
    }

    get name() {
        return nameOf(this);
    }

    get message() {
        return messageOf(this);
    }

    get code() {
        const name = nameOf(this);
        if (name === "") return 0;
        for (let code = 1; code < NAMES.length; code++) if (NAMES[code] === name) return code;
        return 0;
    }
}

ObjectSetPrototypeOf(DOMException.prototype, Error.prototype);
defineInterface(DOMException);
defineConstants(DOMException, CONSTANTS);

export const isDOMException = (value) => typeof value === "object" && value !== null && has(value);

/** What the fields hold, whatever was done to the properties of the object or its prototype. */
export const domExceptionParts = (error) => ({ __proto__: null, message: messageOf(error), name: nameOf(error) });

/** A DOMException with a `cause`, as `new Error(message, { cause })` has it. */
export const domExceptionWithCause = (message, name, cause) => {
    const error = new DOMException(message, name);
    ObjectDefineProperty(error, "cause", {
        __proto__: null, value: cause, writable: true, enumerable: false, configurable: true,
    });
    return error;
};

export const globals = { DOMException };
