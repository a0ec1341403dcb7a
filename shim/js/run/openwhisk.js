// OpenWhisk: `main(params)` gives an object (OpenWhisk's documentation, "JavaScript actions" and "Web actions").

import { isError } from "../inspect_error.js";
import { isJsonMimeType, isTextualMimeType } from "../mime.js";
import { base64Encode, forgivingBase64Decode, lengthOf, utf8Decode } from "../octets.js";
import { primordials } from "../primordials.js";
import { isResponse } from "../response.js";
import { isObject } from "../webidl.js";
import {
    answerOf, answerOfValue, headersObject, isTextBody, locationOfCall, mergeOnto, mimeTypeOf, pairsOfObject,
    parsedBody, queryObject, queryPairs,
} from "./http.js";

const { ReflectApply, StringPrototypeToLowerCase } = primordials;

// An action without a result has answered with an empty object.
const run = async ({ fn, self }, params) => (await ReflectApply(fn, self, [params])) ?? {};

// A web action gets the query's and the body's members as parameters, and the request itself under names of __ow_.
const paramsOf = ({ http }) => {
    const { path, query } = locationOfCall(http);
    const params = queryObject(queryPairs(query));
    const mimeType = mimeTypeOf(http.headers);
    const isForm = mimeType !== null && mimeType.subtype === "x-www-form-urlencoded";
    if (0 < lengthOf(http.body)) {
        const body = isJsonMimeType(mimeType) || isForm ? parsedBody(http) : undefined;
        if (isObject(body)) mergeOnto(params, body);
        else params.__ow_body = isTextBody(http) ? utf8Decode(http.body) : base64Encode(http.body);
    }
    params.__ow_method = StringPrototypeToLowerCase(http.method);
    params.__ow_headers = headersObject(http.headers);
    params.__ow_path = path === "/" ? "" : path;
    if (query !== "") params.__ow_query = query;
    return params;
};

// Whether a value is an answer of HTTP: what is returned, rejected with, or the member `error` of what is returned. An
// error of a library may have such members too, and stays an error.
const isAnswer = (value) => isObject(value) && !isError(value)
    && (value.statusCode !== undefined || value.headers !== undefined || value.body !== undefined);

export const openwhisk = {
    async event(call) {
        return { value: await run(call, call.event ?? {}) };
    },
    async http(call) {
        let result;
        try {
            result = await run(call, paramsOf(call));
        } catch (error) {
            if (!isAnswer(error)) throw error;
            result = error;
        }
        if (isResponse(result)) return answerOfValue(result);
        if (isObject(result) && isAnswer(result.error)) result = result.error;
        if (!isAnswer(result)) return answerOfValue(result);
        const { statusCode, headers, body } = result;
        const status = statusCode ?? (body === undefined || body === "" ? 204 : 200);
        const pairs = pairsOfObject(headers);
        const mimeType = mimeTypeOf(pairs);
        // Bytes are written as base64 there.
        const mayBeBase64 = typeof body === "string" && mimeType !== null && !isTextualMimeType(mimeType);
        const bytes = mayBeBase64 ? forgivingBase64Decode(body) ?? body : body;
        return answerOf(status, pairs, bytes, "text/html; charset=utf-8");
    },
};
