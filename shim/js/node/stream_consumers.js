// The module "stream/consumers" (nodejs.org/api/webstreams.html, "Utility Consumers", Node 22): everything that a
// stream of Node or of the web still gives, as one value.

import { Blob } from "../blob.js";
import bufferModule from "./buffer.js";
import { primordials } from "../primordials.js";
import { utf8Decode } from "../octets.js";

const { ArrayPrototypePush, JSONParse, Uint8Array } = primordials;
const { Buffer } = bufferModule;
const { concat, from } = Buffer;

const collect = async (stream) => {
    const chunks = [];
    for await (const chunk of stream) {
        ArrayPrototypePush(chunks, typeof chunk === "string" ? from(chunk, "utf8") : chunk);
    }
    return concat(chunks);
};

async function buffer(stream) {
    return await collect(stream);
}

async function arrayBuffer(stream) {
    return new Uint8Array(await collect(stream)).buffer;
}

async function text(stream) {
    return utf8Decode(await collect(stream));
}

async function json(stream) {
    return JSONParse(utf8Decode(await collect(stream)));
}

async function blob(stream) {
    return new Blob([await collect(stream)]);
}

export default { arrayBuffer, blob, buffer, json, text };
