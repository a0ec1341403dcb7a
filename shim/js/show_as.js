// How the inspector (`console.log`, `util.inspect`) shows an object of the platform, whose members are getters of its
// prototype: as its class and the members that its own code names (Node's documentation, "Custom inspection functions
// on objects").

import { primordials } from "./primordials.js";

const {
    ArrayPrototypeJoin, ArrayPrototypePush, ObjectDefineProperty, ObjectGetPrototypeOf, ReflectGetOwnPropertyDescriptor,
    SymbolFor,
} = primordials;

const CUSTOM = SymbolFor("nodejs.util.inspect.custom");

const ownText = (owner, key) => {
    const described = ReflectGetOwnPropertyDescriptor(owner, key);
    return described === undefined ? undefined : described.value;
};

// The name of the class that made an object, without running code of an app.
const classOf = (object, otherwise) => {
    const constructor = ownText(ObjectGetPrototypeOf(object), "constructor");
    const name = typeof constructor === "function" ? ownText(constructor, "name") : undefined;
    return typeof name === "string" && name !== "" ? name : otherwise;
};

const define = (prototype, show) => {
    const value = {
        [CUSTOM](depth, options, inspect) {
            if (typeof depth === "number" && depth < 0) return this;
            try {
                return show(this, options, inspect);
            } catch {
                // Such as the prototype itself, which has none of the members.
                return this;
            }
        },
    }[CUSTOM];
    ObjectDefineProperty(prototype, CUSTOM, { __proto__: null, value, writable: true, configurable: true });
};

/** Shows the objects of a class as the plain object that `partsOf(object)` gives. */
export const showAs = (constructor, partsOf) => {
    const { name, prototype } = constructor;
    define(prototype, (object, options, inspect) => {
        const parts = partsOf(object);
        const { depth } = options;
        const rest = { __proto__: null, ...options, depth: typeof depth === "number" ? depth - 1 : depth };
        return `${classOf(object, name)} ${inspect(parts, rest)}`;
    });
};

const LINE = 72;

/** Shows the objects of a class as the pairs of name and value that `pairsOf(object)` gives. */
export const showAsPairs = (constructor, pairsOf) => {
    const { name, prototype } = constructor;
    define(prototype, (object, options, inspect) => {
        const pairs = pairsOf(object);
        const shown = [];
        let length = 0;
        const { maxArrayLength: bound } = options;
        const most = typeof bound === "number" && bound < pairs.length ? bound : pairs.length;
        for (let index = 0; index < most; index++) {
            const text = `${inspect(pairs[index][0], options)} => ${inspect(pairs[index][1], options)}`;
            length += text.length + 2;
            ArrayPrototypePush(shown, text);
        }
        const more = pairs.length - most;
        if (more !== 0) ArrayPrototypePush(shown, `... ${more} more item${more === 1 ? "" : "s"}`);
        const title = classOf(object, name);
        if (shown.length === 0) return `${title} {}`;
        return LINE < length
            ? `${title} {\n  ${ArrayPrototypeJoin(shown, ",\n  ")} }`
            : `${title} { ${ArrayPrototypeJoin(shown, ", ")} }`;
    });
};
