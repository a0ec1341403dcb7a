// fetch (Fetch Standard, sections 4.2 "Scheme fetch" and 5.6 "Fetch method"), without a network: data: and blob: URLs
// are answered, everything else is refused by name.

import { blobBytes, blobType } from "./blob.js";
import { bodyOfBytes } from "./body.js";
import { processDataUrl } from "./data_url.js";
import { appendHeader, newHeaderList } from "./headers.js";
import { fitsIntegrity } from "./integrity.js";
import { lengthOf } from "./octets.js";
import { primordials } from "./primordials.js";
import { Request, requestAborted, requestRecord } from "./request.js";
import { makeResponse } from "./response.js";
import { needs } from "./webidl.js";

const { PromiseResolve, StringPrototypeStartsWith, TypeError } = primordials;

// What the answer to a request has as its body: that of HEAD has none, and bytes must be those that were asked for.
const bodyFor = ({ method, integrity }, bytes, shared) => {
    if (!fitsIntegrity(bytes, integrity)) throw new TypeError("The answer does not match the integrity of the request.");
    return method === "HEAD" ? null : bodyOfBytes(bytes, shared);
};

const answerData = (record) => {
    const { url } = record;
    const found = processDataUrl(url);
    if (found === null) throw new TypeError("The data: URL is malformed.");
    const headers = newHeaderList("immutable");
    appendHeader(headers, "Content-Type", found.contentType);
    return makeResponse({ type: "basic", url, statusText: "OK", headers, body: bodyFor(record, found.bytes, false) });
};

const answerBlob = (record) => {
    const { blob, method, url } = record;
    if (method !== "GET") throw new TypeError("A blob: URL is fetched with GET only.");
    if (blob === undefined) throw new TypeError("The blob: URL leads to nothing; it was revoked or never made.");
    const bytes = blobBytes(blob);
    const headers = newHeaderList("immutable");
    appendHeader(headers, "Content-Length", `${lengthOf(bytes)}`);
    appendHeader(headers, "Content-Type", blobType(blob));
    return makeResponse({ type: "basic", url, statusText: "OK", headers, body: bodyFor(record, bytes, true) });
};

const answer = (request) => {
    const record = requestRecord(request);
    const { method, url } = record;
    if (StringPrototypeStartsWith(url, "data:")) return answerData(record);
    if (StringPrototypeStartsWith(url, "blob:")) return answerBlob(record);
    throw new TypeError(`fetch failed: egress is not granted to this app (${method} ${url})`);
};

/** Rejects with the reason of the signal when it is aborted before the answer is there. */
export const fetch = async function fetch(input, init = undefined) {
    needs(arguments.length, 1, "fetch");
    const request = new Request(input, init);
    const before = requestAborted(request);
    if (before !== null) throw before.reason;
    // The answer comes later than the call returns, as everywhere; an abort in between counts.
    await PromiseResolve(undefined);
    const since = requestAborted(request);
    if (since !== null) throw since.reason;
    return answer(request);
};

export const globalFunctions = { fetch };
