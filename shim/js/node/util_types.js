// node:util/types: which class of the engine an object has, whatever its prototype says (Node's documentation,
// "util.types").

import * as classes from "../class_of.js";
import { isCryptoKey as isKey } from "../web_crypto.js";
import { primordials } from "../primordials.js";

const { ArrayBufferIsView } = primordials;
const { classOf, typedArrayName } = classes;

let isKeyObjectOf = () => false;

/** node:crypto says what a KeyObject is. */
export const setKeyObjectCheck = (check) => {
    isKeyObjectOf = check;
};

const isExternal = (value) => classOf(value) === classes.EXTERNAL;
const isDate = (value) => classOf(value) === classes.DATE;
const isArgumentsObject = (value) => classOf(value) === classes.ARGUMENTS;
const isBigIntObject = (value) => classOf(value) === classes.BIGINT;
const isBooleanObject = (value) => classOf(value) === classes.BOOLEAN;
const isNumberObject = (value) => classOf(value) === classes.NUMBER;
const isStringObject = (value) => classOf(value) === classes.STRING;
const isSymbolObject = (value) => classOf(value) === classes.SYMBOL;
const isBoxedPrimitive = (value) => classes.isBoxed(classOf(value));
const isNativeError = (value) => classOf(value) === classes.ERROR;
const isRegExp = (value) => classOf(value) === classes.REGEXP;
const isAsyncFunction = (value) => {
    const number = classOf(value);
    return number === classes.ASYNC_FUNCTION || number === classes.ASYNC_GENERATOR_FUNCTION;
};
const isGeneratorFunction = (value) => {
    const number = classOf(value);
    return number === classes.GENERATOR_FUNCTION || number === classes.ASYNC_GENERATOR_FUNCTION;
};
const isGeneratorObject = (value) => {
    const number = classOf(value);
    return number === classes.GENERATOR || number === classes.ASYNC_GENERATOR;
};
const isPromise = (value) => classOf(value) === classes.PROMISE;
const isMap = (value) => classOf(value) === classes.MAP;
const isSet = (value) => classOf(value) === classes.SET;
const isMapIterator = (value) => classOf(value) === classes.MAP_ITERATOR;
const isSetIterator = (value) => classOf(value) === classes.SET_ITERATOR;
const isWeakMap = (value) => classOf(value) === classes.WEAK_MAP;
const isWeakSet = (value) => classOf(value) === classes.WEAK_SET;
const isArrayBuffer = (value) => classOf(value) === classes.ARRAY_BUFFER;
const isSharedArrayBuffer = (value) => classOf(value) === classes.SHARED_ARRAY_BUFFER;
const isAnyArrayBuffer = (value) => isArrayBuffer(value) || isSharedArrayBuffer(value);
const isDataView = (value) => classOf(value) === classes.DATA_VIEW;
const isProxy = (value) => classOf(value) === classes.PROXY;
const isModuleNamespaceObject = (value) => classOf(value) === classes.MODULE_NAMESPACE;
const isArrayBufferView = (value) => ArrayBufferIsView(value);
const isTypedArray = (value) => typedArrayName(value) !== undefined;
const isUint8Array = (value) => typedArrayName(value) === "Uint8Array";
const isUint8ClampedArray = (value) => typedArrayName(value) === "Uint8ClampedArray";
const isUint16Array = (value) => typedArrayName(value) === "Uint16Array";
const isUint32Array = (value) => typedArrayName(value) === "Uint32Array";
const isInt8Array = (value) => typedArrayName(value) === "Int8Array";
const isInt16Array = (value) => typedArrayName(value) === "Int16Array";
const isInt32Array = (value) => typedArrayName(value) === "Int32Array";
const isFloat16Array = (value) => typedArrayName(value) === "Float16Array";
const isFloat32Array = (value) => typedArrayName(value) === "Float32Array";
const isFloat64Array = (value) => typedArrayName(value) === "Float64Array";
const isBigInt64Array = (value) => typedArrayName(value) === "BigInt64Array";
const isBigUint64Array = (value) => typedArrayName(value) === "BigUint64Array";
const isKeyObject = (value) => isKeyObjectOf(value);
const isCryptoKey = (value) => isKey(value);

export default {
    isExternal, isDate, isArgumentsObject, isBigIntObject, isBooleanObject, isNumberObject, isStringObject,
    isSymbolObject, isBoxedPrimitive, isNativeError, isRegExp, isAsyncFunction, isGeneratorFunction,
    isGeneratorObject, isPromise, isMap, isSet, isMapIterator, isSetIterator, isWeakMap, isWeakSet, isArrayBuffer,
    isDataView, isSharedArrayBuffer, isProxy, isModuleNamespaceObject, isAnyArrayBuffer, isCryptoKey, isKeyObject,
    isArrayBufferView, isTypedArray, isUint8Array, isUint8ClampedArray, isUint16Array, isUint32Array, isInt8Array,
    isInt16Array, isInt32Array, isFloat16Array, isFloat32Array, isFloat64Array, isBigInt64Array, isBigUint64Array,
};
