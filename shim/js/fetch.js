// fetch (Fetch Standard, sections 4.2 "Scheme fetch" and 5.6 "Fetch method"), without a network: data: and blob: URLs
// are answered, everything else is refused by name.

import { blobBytes, blobType } from "./blob.js";
import { bodyOfBytes, cancelBody } from "./body.js";
import { processDataUrl } from "./data_url.js";
import { appendHeader, headerOf, newHeaderList } from "./headers.js";
import { fitsIntegrity } from "./integrity.js";
import { lengthOf, part } from "./octets.js";
import { primordials } from "./primordials.js";
import { Request, requestAborted, requestRecord, requestSignal } from "./request.js";
import { makeResponse } from "./response.js";
import { needs } from "./webidl.js";

const {
    MathMax, MathMin, Number, PromiseResolve, RegExpPrototypeExec, StringPrototypeStartsWith, TypeError,
} = primordials;

// What the answer to a request has as its body: that of HEAD has none, and bytes must be those that were asked for.
const bodyFor = (request, bytes, shared = false) => {
    const { integrity, method } = requestRecord(request);
    if (!fitsIntegrity(bytes, integrity)) throw new TypeError("The answer does not match the integrity of the request.");
    return method === "HEAD" ? null : bodyOfBytes(bytes, shared, requestSignal(request));
};

const answerData = (request) => {
    const { url } = requestRecord(request);
    const found = processDataUrl(url);
    if (found === null) throw new TypeError("The data: URL is malformed.");
    const headers = newHeaderList("immutable");
    appendHeader(headers, "Content-Type", found.contentType);
    return makeResponse({ type: "basic", url, statusText: "OK", headers, body: bodyFor(request, found.bytes) });
};

const answerBlob = (request) => {
    const { blob, method, url } = requestRecord(request);
    if (method !== "GET") throw new TypeError("A blob: URL is fetched with GET only.");
    if (blob === undefined) throw new TypeError("The blob: URL leads to nothing; it was revoked or never made.");
    const whole = blobBytes(blob);
    const range = headerOf(requestRecord(request).headers, "range");
    const headers = newHeaderList("immutable");
    const [start, end] = range === null ? [0, lengthOf(whole)] : boundsOf(range, lengthOf(whole));
    const bytes = range === null ? whole : part(whole, start, end);
    appendHeader(headers, "Content-Length", `${end - start}`);
    appendHeader(headers, "Content-Type", blobType(blob));
    const body = bodyFor(request, bytes, true);
    if (range === null) return makeResponse({ type: "basic", url, statusText: "OK", headers, body });
    appendHeader(headers, "Content-Range", `bytes ${start}-${end - 1}/${lengthOf(whole)}`);
    return makeResponse({ type: "basic", url, status: 206, statusText: "Partial Content", headers, body });
};

const RANGE = /^bytes[\t ]*=[\t ]*(\d*)[\t ]*-[\t ]*(\d*)$/;

// Where the bytes of a "single range header value" begin, and where they end, of `size` bytes.
const boundsOf = (range, size) => {
    const found = RegExpPrototypeExec(RANGE, range);
    const first = found === null || found[1] === "" ? undefined : Number(found[1]);
    const last = found === null || found[2] === "" ? undefined : Number(found[2]);
    const bounds = first === undefined ? [MathMax(0, size - last), size] : [first, MathMin(last ?? size - 1, size - 1) + 1];
    const isNone = first === undefined && last === undefined || last < first || size <= first;
    if (isNone || bounds[0] === bounds[1]) {
        throw new TypeError(`fetch failed: the blob: URL has no bytes of the range "${range}".`);
    }
    return bounds;
};

const answer = (request) => {
    const { method, url } = requestRecord(request);
    if (StringPrototypeStartsWith(url, "data:")) return answerData(request);
    if (StringPrototypeStartsWith(url, "blob:")) return answerBlob(request);
    throw new TypeError(`fetch failed: egress is not granted to this app (${method} ${url})`);
};

// "Abort a fetch() call" before there is an answer.
const throwIfAborted = (request) => {
    const aborted = requestAborted(request);
    if (aborted === null) return;
    cancelBody(requestRecord(request).body, aborted.reason);
    throw aborted.reason;
};

/**
 * Rejects with the reason of the signal when it is aborted before the answer is there; later the answer's body does,
 * if it was not read until then.
 */
export const fetch = async function fetch(input, init = undefined) {
    needs(arguments.length, 1, "fetch");
    const request = new Request(input, init);
    throwIfAborted(request);
    // The answer comes later than the call returns, as everywhere; an abort in between counts.
    await PromiseResolve(undefined);
    throwIfAborted(request);
    return answer(request);
};

export const globalFunctions = { fetch };
