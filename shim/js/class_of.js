// Which class of the engine an object has, whatever its prototype and `Symbol.toStringTag` say. The numbers are those
// of the native `objectClass`.

import natives from "./natives.js";
import { primordials } from "./primordials.js";

const { TypedArrayPrototypeGetSymbolToStringTag } = primordials;

export const { objectClass: classOf } = natives;

export const ERROR = 1;
export const BOOLEAN = 2;
export const NUMBER = 3;
export const STRING = 4;
export const SYMBOL = 5;
export const BIGINT = 6;
export const ARGUMENTS = 7;
export const DATE = 8;
export const REGEXP = 9;
export const MAP = 10;
export const SET = 11;
export const WEAK_MAP = 12;
export const WEAK_SET = 13;
export const WEAK_REF = 14;
export const MAP_ITERATOR = 15;
export const SET_ITERATOR = 16;
export const GENERATOR = 18;
export const ASYNC_GENERATOR = 19;
export const PROMISE = 20;
export const PROXY = 21;
export const MODULE_NAMESPACE = 22;
export const ARRAY_BUFFER = 23;
export const SHARED_ARRAY_BUFFER = 24;
export const DATA_VIEW = 25;
export const TYPED_ARRAY = 26;
export const GENERATOR_FUNCTION = 27;
export const ASYNC_FUNCTION = 28;
export const ASYNC_GENERATOR_FUNCTION = 29;
export const FINALIZATION_REGISTRY = 30;
export const EXTERNAL = 31;

/** Whether the class is that of an object around a primitive. */
export const isBoxed = (number) => BOOLEAN <= number && number <= BIGINT;

/** The name of its class, such as "Uint8Array", or undefined. */
export const typedArrayName = (value) => TypedArrayPrototypeGetSymbolToStringTag(value);
