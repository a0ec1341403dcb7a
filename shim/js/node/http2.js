// The module "http2": its names and numbers are there; connecting and serving throw at once.

import { absentOf } from "../absent.js";
import { IncomingMessage } from "../http/incoming.js";
import { ServerResponse } from "../http/response.js";
import { STATUS_CODES } from "../http/codes.js";
import { primordials } from "../primordials.js";

const { ObjectKeys, StringPrototypeReplaceAll, StringPrototypeToUpperCase, Symbol } = primordials;

// RFC 9113: error codes (section 7), settings (6.5.2), frame flags and sizes.
const NUMBERS = {
    NGHTTP2_ERR_FRAME_SIZE_ERROR: -522, NGHTTP2_SESSION_SERVER: 0, NGHTTP2_SESSION_CLIENT: 1,
    NGHTTP2_STREAM_STATE_IDLE: 1, NGHTTP2_STREAM_STATE_OPEN: 2, NGHTTP2_STREAM_STATE_RESERVED_LOCAL: 3,
    NGHTTP2_STREAM_STATE_RESERVED_REMOTE: 4, NGHTTP2_STREAM_STATE_HALF_CLOSED_LOCAL: 5,
    NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE: 6, NGHTTP2_STREAM_STATE_CLOSED: 7,
    NGHTTP2_FLAG_NONE: 0, NGHTTP2_FLAG_END_STREAM: 1, NGHTTP2_FLAG_END_HEADERS: 4, NGHTTP2_FLAG_ACK: 1,
    NGHTTP2_FLAG_PADDED: 8, NGHTTP2_FLAG_PRIORITY: 32,
    NGHTTP2_NO_ERROR: 0, NGHTTP2_PROTOCOL_ERROR: 1, NGHTTP2_INTERNAL_ERROR: 2, NGHTTP2_FLOW_CONTROL_ERROR: 3,
    NGHTTP2_SETTINGS_TIMEOUT: 4, NGHTTP2_STREAM_CLOSED: 5, NGHTTP2_FRAME_SIZE_ERROR: 6, NGHTTP2_REFUSED_STREAM: 7,
    NGHTTP2_CANCEL: 8, NGHTTP2_COMPRESSION_ERROR: 9, NGHTTP2_CONNECT_ERROR: 10, NGHTTP2_ENHANCE_YOUR_CALM: 11,
    NGHTTP2_INADEQUATE_SECURITY: 12, NGHTTP2_HTTP_1_1_REQUIRED: 13, NGHTTP2_DEFAULT_WEIGHT: 16,
    NGHTTP2_SETTINGS_HEADER_TABLE_SIZE: 1, NGHTTP2_SETTINGS_ENABLE_PUSH: 2, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS: 3,
    NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE: 4, NGHTTP2_SETTINGS_MAX_FRAME_SIZE: 5,
    NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE: 6, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL: 8,
    DEFAULT_SETTINGS_HEADER_TABLE_SIZE: 4096, DEFAULT_SETTINGS_ENABLE_PUSH: 1,
    DEFAULT_SETTINGS_MAX_CONCURRENT_STREAMS: 4294967295, DEFAULT_SETTINGS_INITIAL_WINDOW_SIZE: 65535,
    DEFAULT_SETTINGS_MAX_FRAME_SIZE: 16384, DEFAULT_SETTINGS_MAX_HEADER_LIST_SIZE: 65535,
    DEFAULT_SETTINGS_ENABLE_CONNECT_PROTOCOL: 0, MAX_MAX_FRAME_SIZE: 16777215, MIN_MAX_FRAME_SIZE: 16384,
    MAX_INITIAL_WINDOW_SIZE: 2147483647, PADDING_STRATEGY_NONE: 0, PADDING_STRATEGY_ALIGNED: 1,
    PADDING_STRATEGY_MAX: 2, PADDING_STRATEGY_CALLBACK: 1,
};

const PSEUDO = ["status", "method", "authority", "scheme", "path", "protocol"];

const FIELDS = [
    "accept-encoding", "accept-language", "accept-ranges", "accept", "access-control-allow-credentials",
    "access-control-allow-headers", "access-control-allow-methods", "access-control-allow-origin",
    "access-control-expose-headers", "access-control-request-headers", "access-control-request-method", "age",
    "authorization", "cache-control", "cc", "connection", "content-disposition", "content-encoding", "content-length",
    "content-type", "cookie", "date", "etag", "forwarded", "host", "if-modified-since", "if-none-match", "if-range",
    "last-modified", "link", "location", "range", "referer", "server", "set-cookie", "strict-transport-security",
    "trailer", "transfer-encoding", "te", "upgrade-insecure-requests", "upgrade", "user-agent", "vary",
    "x-content-type-options", "x-frame-options", "keep-alive", "proxy-connection", "x-xss-protection", "alt-svc",
    "content-security-policy", "early-data", "expect-ct", "origin", "purpose", "timing-allow-origin",
    "x-forwarded-for", "priority", "accept-charset", "access-control-max-age", "allow", "content-language",
    "content-location", "content-md5", "content-range", "dnt", "expect", "expires", "from", "http2-settings",
    "if-match", "if-unmodified-since", "max-forwards", "prefer", "proxy-authenticate", "proxy-authorization", "refresh",
    "retry-after", "tk", "via", "warning", "www-authenticate",
];

const METHODS = [
    "ACL", "BASELINE-CONTROL", "BIND", "CHECKIN", "CHECKOUT", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LABEL",
    "LINK", "LOCK", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF", "MKWORKSPACE", "MOVE", "OPTIONS",
    "ORDERPATCH", "PATCH", "POST", "PRI", "PROPFIND", "PROPPATCH", "PUT", "REBIND", "REPORT", "SEARCH", "TRACE",
    "UNBIND", "UNCHECKOUT", "UNLINK", "UNLOCK", "UPDATE", "UPDATEREDIRECTREF", "VERSION-CONTROL",
];

const nameOf = (prefix, text) => `${prefix}_${StringPrototypeReplaceAll(StringPrototypeToUpperCase(text), "-", "_")}`;

const makeConstants = () => {
    const constants = { ...NUMBERS };
    for (let at = 0; at < PSEUDO.length; at++) constants[nameOf("HTTP2_HEADER", PSEUDO[at])] = `:${PSEUDO[at]}`;
    for (let at = 0; at < FIELDS.length; at++) constants[nameOf("HTTP2_HEADER", FIELDS[at])] = FIELDS[at];
    for (let at = 0; at < METHODS.length; at++) constants[nameOf("HTTP2_METHOD", METHODS[at])] = METHODS[at];
    const codes = ObjectKeys(STATUS_CODES);
    for (let at = 0; at < codes.length; at++) {
        const plain = STATUS_CODES[codes[at]] === "I'm a Teapot" ? "TEAPOT" : STATUS_CODES[codes[at]];
        constants[nameOf("HTTP_STATUS", StringPrototypeReplaceAll(plain, " ", "_"))] = +codes[at];
    }
    return constants;
};

class Http2ServerRequest extends IncomingMessage {}
class Http2ServerResponse extends ServerResponse {}

const DEFAULTS = {
    headerTableSize: 4096, enablePush: true, initialWindowSize: 65535, maxFrameSize: 16384,
    maxConcurrentStreams: 4294967295, maxHeaderListSize: 65535, maxHeaderSize: 65535, enableConnectProtocol: false,
};

let constants;

export default {
    ...absentOf("http2"),
    Http2ServerRequest, Http2ServerResponse,
    // Made when they are first asked for.
    get constants() { return (constants ??= makeConstants()); },
    getDefaultSettings() { return { __proto__: null, ...DEFAULTS }; },
    sensitiveHeaders: Symbol("nodejs.http2.sensitiveHeaders"),
};
