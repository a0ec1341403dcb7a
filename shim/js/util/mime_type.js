// MIMEType and MIMEParams of node:util (Node's documentation) over the MIME Sniffing Standard's parser.

import { nodeError } from "../node_errors.js";
import { asciiLower, isToken, parseMimeType, serializeMimeType } from "../mime.js";
import { primordials } from "../primordials.js";

const {
    ArrayPrototypePush, ArrayPrototypeSplice, Iterator, ObjectDefineProperty, ObjectSetPrototypeOf, RegExpPrototypeExec,
    StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeTrim, SymbolIterator, TypeError,
} = primordials;

const badSyntax = (production, text, at = -1) => nodeError(
    TypeError, "ERR_INVALID_MIME_SYNTAX",
    `The MIME syntax for a ${production} in "${text}" is invalid${at === -1 ? "" : ` at ${at}`}`,
);

// "HTTP quoted-string token code points"
const QUOTABLE = /^[\t\x20-\x7E\x80-\xFF]*$/;

let listOf;

/** What `entries`, `keys` and `values` give. */
const iteratorOver = (pairs, pick) => {
    let at = 0;
    return ObjectSetPrototypeOf({
        next: () => (at < pairs.length ? { value: pick(pairs[at++]), done: false } : { value: undefined, done: true }),
    }, Iterator.prototype);
};

export class MIMEParams {
    #pairs = [];

    delete(name) {
        const at = this.#indexOf(`${name}`);
        if (at !== -1) ArrayPrototypeSplice(this.#pairs, at, 1);
    }

    get(name) {
        const at = this.#indexOf(`${name}`);
        return at === -1 ? null : this.#pairs[at][1];
    }

    has(name) {
        return this.#indexOf(`${name}`) !== -1;
    }

    set(name, value) {
        const key = `${name}`;
        const text = `${value}`;
        if (!isToken(key)) throw badSyntax("parameter name", key, firstBad(key));
        if (RegExpPrototypeExec(QUOTABLE, text) === null) {
            throw badSyntax("parameter value", text, firstUnquotable(text));
        }
        const at = this.#indexOf(key);
        if (at === -1) ArrayPrototypePush(this.#pairs, [key, text]);
        else this.#pairs[at][1] = text;
    }

    entries() {
        return iteratorOver(this.#pairs, (pair) => [pair[0], pair[1]]);
    }

    keys() {
        return iteratorOver(this.#pairs, (pair) => pair[0]);
    }

    values() {
        return iteratorOver(this.#pairs, (pair) => pair[1]);
    }

    toString() {
        const text = serializeMimeType({ type: "a", subtype: "b", parameters: this.#pairs });
        return text.length === 3 ? "" : StringPrototypeSlice(text, 4);
    }

    #indexOf(name) {
        for (let at = 0; at < this.#pairs.length; at++) if (this.#pairs[at][0] === name) return at;
        return -1;
    }

    static {
        listOf = (params) => params.#pairs;
    }
}

ObjectDefineProperty(MIMEParams.prototype, SymbolIterator, {
    __proto__: null, value: MIMEParams.prototype.entries, writable: true, configurable: true,
});
ObjectDefineProperty(MIMEParams.prototype, "toJSON", {
    __proto__: null, value: MIMEParams.prototype.toString, writable: true, configurable: true,
});

const firstBad = (text) => {
    for (let at = 0; at < text.length; at++) if (!isToken(text[at])) return at;
    return -1;
};

const firstUnquotable = (text) => {
    for (let at = 0; at < text.length; at++) if (RegExpPrototypeExec(QUOTABLE, text[at]) === null) return at;
    return -1;
};

export class MIMEType {
    #type;
    #subtype;
    #params = new MIMEParams();

    constructor(string) {
        const text = `${string}`;
        const parsed = parseMimeType(text);
        if (parsed === null) {
            const slash = StringPrototypeIndexOf(text, "/");
            const type = slash === -1 ? text : StringPrototypeSlice(text, 0, slash);
            if (slash === -1 || !isToken(StringPrototypeTrim(type))) throw badSyntax("type", text, firstBad(type));
            const rest = firstBad(StringPrototypeSlice(text, slash + 1));
            throw badSyntax("subtype", text, rest === -1 ? -1 : slash + 1 + rest);
        }
        this.#type = parsed.type;
        this.#subtype = parsed.subtype;
        const list = listOf(this.#params);
        for (let at = 0; at < parsed.parameters.length; at++) ArrayPrototypePush(list, parsed.parameters[at]);
    }

    get type() {
        return this.#type;
    }

    set type(value) {
        const text = `${value}`;
        if (!isToken(text)) throw badSyntax("type", text, firstBad(text));
        this.#type = asciiLower(text);
    }

    get subtype() {
        return this.#subtype;
    }

    set subtype(value) {
        const text = `${value}`;
        if (!isToken(text)) throw badSyntax("subtype", text, firstBad(text));
        this.#subtype = asciiLower(text);
    }

    get essence() {
        return `${this.#type}/${this.#subtype}`;
    }

    get params() {
        return this.#params;
    }

    toString() {
        return serializeMimeType({ type: this.#type, subtype: this.#subtype, parameters: listOf(this.#params) });
    }

    toJSON() {
        return `${this.toString()}`;
    }
}
