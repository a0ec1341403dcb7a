// util.parseArgs (Node's documentation): options and positional arguments of a command line.

import {
    nodeError, validateArray, validateBoolean, validateObject, validateString, invalidArgType,
    invalidArgValue,
} from "../node_errors.js";
import { primordials } from "../primordials.js";

const {
    ArrayPrototypePush, JSONStringify, ObjectKeys, ObjectPrototypeHasOwnProperty, StringPrototypeIndexOf,
    StringPrototypeSlice, StringPrototypeStartsWith, TypeError,
} = primordials;

const own = (object, key) => (ObjectPrototypeHasOwnProperty(object, key) ? object[key] : undefined);

const validateDefault = (option, name) => {
    const { default: value, type, multiple } = option;
    const what = `options.${name}.default`;
    const validate = type === "boolean" ? validateBoolean : validateString;
    if (!multiple) {
        validate(value, what);
        return;
    }
    validateArray(value, what);
    for (let at = 0; at < value.length; at++) validate(value[at], `${what}[${at}]`);
};

const validateOptions = (options) => {
    validateObject(options, "options");
    const names = ObjectKeys(options);
    for (let at = 0; at < names.length; at++) {
        const name = names[at];
        const option = options[name];
        validateObject(option, `options.${name}`);
        const type = own(option, "type");
        if (type !== "string" && type !== "boolean") {
            throw invalidArgType(`options.${name}.type`, "('string|boolean')", type);
        }
        const short = own(option, "short");
        if (ObjectPrototypeHasOwnProperty(option, "short")) {
            validateString(short, `options.${name}.short`);
            if (short.length !== 1) throw invalidArgValue(`options.${name}.short`, short, "must be a single character");
        }
        const multiple = own(option, "multiple");
        if (ObjectPrototypeHasOwnProperty(option, "multiple")) validateBoolean(multiple, `options.${name}.multiple`);
        if (own(option, "default") !== undefined) validateDefault(option, name);
    }
};

const nameOfShort = (short, options) => {
    const names = ObjectKeys(options);
    for (let at = 0; at < names.length; at++) if (own(options[names[at]], "short") === short) return names[at];
    return short;
};

const typeOf = (name, options) => own(own(options, name) ?? {}, "type");

const isOptionLike = (text) => text !== undefined && 1 < text.length && text[0] === "-";

/** The command line as a list of tokens, without a judgement. */
const tokenize = (args, options) => {
    const tokens = [];
    let isRest = false;
    const option = (name, rawName, index, value, inlineValue) =>
        ArrayPrototypePush(tokens, { kind: "option", name, rawName, index, value, inlineValue });
    for (let at = 0; at < args.length; at++) {
        const text = args[at];
        const next = args[at + 1];
        if (isRest) {
            ArrayPrototypePush(tokens, { kind: "positional", index: at, value: text });
        } else if (text === "--") {
            isRest = true;
            ArrayPrototypePush(tokens, { kind: "option-terminator", index: at });
        } else if (StringPrototypeStartsWith(text, "--")) {
            const equals = StringPrototypeIndexOf(text, "=", 3);
            if (equals !== -1) {
                const rawName = StringPrototypeSlice(text, 0, equals);
                option(StringPrototypeSlice(rawName, 2), rawName, at, StringPrototypeSlice(text, equals + 1), true);
                continue;
            }
            const name = StringPrototypeSlice(text, 2);
            const takesNext = typeOf(name, options) === "string" && next !== undefined;
            option(name, text, at, takesNext ? next : undefined, takesNext ? false : undefined);
            if (takesNext) at++;
        } else if (text[0] === "-" && 1 < text.length) {
            // A group of short options: only the last may take a value, or the rest of the group is one.
            for (let position = 1; position < text.length; position++) {
                const name = nameOfShort(text[position], options);
                const rawName = `-${text[position]}`;
                if (typeOf(name, options) !== "string") {
                    option(name, rawName, at, undefined, undefined);
                    continue;
                }
                if (position + 1 < text.length) {
                    option(name, rawName, at, StringPrototypeSlice(text, position + 1), true);
                } else if (next !== undefined) {
                    option(name, rawName, at, next, false);
                    at++;
                } else {
                    option(name, rawName, at, undefined, undefined);
                }
                break;
            }
        } else {
            ArrayPrototypePush(tokens, { kind: "positional", index: at, value: text });
        }
    }
    return tokens;
};

const shown = (name, option) => `${own(option, "short") === undefined ? "" : `-${option.short}, `}--${name}`;

const badValue = (message) => nodeError(TypeError, "ERR_PARSE_ARGS_INVALID_OPTION_VALUE", message);

const checkOption = (token, options, allowPositionals, allowNegative) => {
    let { name } = token;
    if (allowNegative && StringPrototypeStartsWith(name, "no-") && own(options, name) === undefined
        && typeOf(StringPrototypeSlice(name, 3), options) === "boolean") {
        name = StringPrototypeSlice(name, 3);
    }
    const option = own(options, name);
    if (option === undefined) {
        const hint = allowPositionals ? ". To specify a positional argument starting with a '-', place it at the end "
            + `of the command after '--', as in '-- ${JSONStringify(token.rawName)}` : "";
        throw nodeError(TypeError, "ERR_PARSE_ARGS_UNKNOWN_OPTION", `Unknown option '${token.rawName}'${hint}`);
    }
    if (option.type === "string" && typeof token.value !== "string") {
        throw badValue(`Option '${shown(name, option)} <value>' argument missing`);
    }
    if (option.type === "boolean" && token.value !== undefined && token.value !== null) {
        throw badValue(`Option '${shown(name, option)}' does not take an argument`);
    }
};

/** "--file --other": a value that looks like an option is one that was forgotten. */
const checkAmbiguity = (token) => {
    if (token.inlineValue !== false || !isOptionLike(token.value)) return;
    const example = StringPrototypeStartsWith(token.rawName, "--")
        ? `'${token.rawName}=-XYZ'`
        : `'--${token.name}=-XYZ' or '${token.rawName}-XYZ'`;
    throw badValue(`Option '${token.rawName}' argument is ambiguous.
Did you forget to specify the option argument for '${token.rawName}'?
To specify an option argument starting with a dash use ${example}.`);
};

const store = (token, options, values, allowNegative) => {
    let { name } = token;
    let value = token.value ?? true;
    if (name === "__proto__") return;
    if (allowNegative && token.value === undefined && StringPrototypeStartsWith(name, "no-")
        && own(options, name) === undefined) {
        name = StringPrototypeSlice(name, 3);
        value = false;
    }
    if (own(own(options, name) ?? {}, "multiple")) {
        if (values[name] === undefined) values[name] = [value];
        else ArrayPrototypePush(values[name], value);
    } else {
        values[name] = value;
    }
};

export const parseArgs = (config = { __proto__: null }) => {
    const args = own(config, "args") ?? [];
    const strict = own(config, "strict") ?? true;
    const allowPositionals = own(config, "allowPositionals") ?? !strict;
    const returnTokens = own(config, "tokens") ?? false;
    const allowNegative = own(config, "allowNegative") ?? false;
    const options = own(config, "options") ?? { __proto__: null };
    validateArray(args, "args");
    validateBoolean(strict, "strict");
    validateBoolean(allowPositionals, "allowPositionals");
    validateBoolean(returnTokens, "tokens");
    validateBoolean(allowNegative, "allowNegative");
    validateOptions(options);
    const tokens = tokenize(args, options);
    const result = { values: { __proto__: null }, positionals: [] };
    if (returnTokens) result.tokens = tokens;
    for (let at = 0; at < tokens.length; at++) {
        const token = tokens[at];
        if (token.kind === "option") {
            if (strict) {
                checkOption(token, options, allowPositionals, allowNegative);
                checkAmbiguity(token);
            }
            store(token, options, result.values, allowNegative);
        } else if (token.kind === "positional") {
            if (!allowPositionals) {
                throw nodeError(
                    TypeError, "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL",
                    `Unexpected argument '${token.value}'. This command does not take positional arguments`,
                );
            }
            ArrayPrototypePush(result.positionals, token.value);
        }
    }
    const names = ObjectKeys(options);
    for (let at = 0; at < names.length; at++) {
        const value = own(options[names[at]], "default");
        if (value !== undefined && result.values[names[at]] === undefined) result.values[names[at]] = value;
    }
    return result;
};
