// What a call comes to, as the Rust side reads it.

import { bytesOfResult } from "./bytes.js";
import { answerOfResponse, payloadOfAnswer } from "./http.js";
import { isResponse } from "../response.js";
import { isObject } from "../webidl.js";

/** The kinds of an outcome. */
export const VALUE = 0;
export const PAYLOAD = 1;
export const HTTP = 2;
export const MISSING = 3;

let partsOf;

/** An outcome, which no code of an app ever has. */
export class Outcome {
    #kind;
    #value;

    constructor(kind, value) {
        this.#kind = kind;
        this.#value = value;
    }

    static {
        partsOf = (value) => (#kind in value ? [value.#kind, value.#value] : undefined);
    }
}

const flat = (headers) => {
    const list = [];
    for (let at = 0; at < headers.length; at++) {
        list[2 * at] = headers[at][0];
        list[2 * at + 1] = headers[at][1];
    }
    return list;
};

const ofPayload = ({ payload, encoding, http: { status, headers } }) =>
    [PAYLOAD, payload, encoding === "json", status, flat(headers)];

const ofResponse = async (response) => new Outcome(PAYLOAD, payloadOfAnswer(await answerOfResponse(response)));

/**
 * What a settled call gave:
 * undefined                              the value itself, which is JSON;
 * [VALUE, value]                         this value, which is JSON;
 * [PAYLOAD, bytes, isJson, status, headers]   these bytes; status and headers are undefined where no answer of HTTP is
 *                                        behind them, else `headers` is a flat list of names and values;
 * [HTTP, body, status, headers]          an answer of an HTTP-shaped call;
 * [MISSING, text]                        there is no such function;
 * a promise of a value for this function again.
 */
export const outcomeOf = (value) => {
    if (!isObject(value)) return undefined;
    const parts = partsOf(value);
    if (parts !== undefined) {
        const kind = parts[0];
        const inner = parts[1];
        if (kind === PAYLOAD) return ofPayload(inner);
        if (kind === HTTP) return [HTTP, inner.body, inner.status, flat(inner.headers)];
        if (kind === MISSING) return [MISSING, inner];
        return ofValue(inner.value) ?? [VALUE, inner.value];
    }
    return ofValue(value);
};

const ofValue = (value) => {
    if (!isObject(value)) return undefined;
    if (isResponse(value)) return ofResponse(value);
    const bytes = bytesOfResult(value);
    return bytes === undefined ? undefined : [PAYLOAD, bytes, false, undefined, undefined];
};
