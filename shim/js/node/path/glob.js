// Patterns of path.matchesGlob: `*`, `?`, `**`, `[...]` and `{a,b}` (Node's documentation, "path.matchesGlob").

import { primordials } from "../../primordials.js";

const { RegExp, StringPrototypeIncludes, StringPrototypeIndexOf, StringPrototypeSlice } = primordials;

const SPECIAL = "\\^$.*+?()[]{}|/";

const literal = (character) => (StringPrototypeIncludes(SPECIAL, character) ? `\\${character}` : character);

/** A regular expression that the whole path has to match. */
export const globToRegExp = (pattern, isWindows) => {
    const separator = isWindows ? "[\\\\/]" : "\\/";
    const other = isWindows ? "[^\\\\/]" : "[^/]";
    let source = "";
    let depth = 0;
    let atStart = true;
    for (let at = 0; at < pattern.length; at++) {
        const character = pattern[at];
        const begins = atStart;
        atStart = false;
        if (character === "*" && pattern[at + 1] === "*" && begins
            && (at + 2 === pattern.length || pattern[at + 2] === "/")) {
            // "**" alone is any number of segments; none of them begins with a point.
            if (at + 2 === pattern.length) {
                source += `(?:(?!\\.)${other}*(?:${separator}(?!\\.)${other}*)*)`;
                at++;
            } else {
                source += `(?:(?!\\.)${other}+${separator})*`;
                at += 2;
                atStart = true;
            }
        } else if (character === "*") {
            while (pattern[at + 1] === "*") at++;
            source += begins ? `(?!\\.)(?=${other})${other}*` : `${other}*`;
        } else if (character === "?") {
            source += begins ? `(?!\\.)${other}` : other;
        } else if (character === "[" && StringPrototypeIndexOf(pattern, "]", at + 2) !== -1) {
            const end = StringPrototypeIndexOf(pattern, "]", at + 2);
            let inside = StringPrototypeSlice(pattern, at + 1, end);
            const isNegated = inside[0] === "!" || inside[0] === "^";
            if (isNegated) inside = StringPrototypeSlice(inside, 1);
            let escaped = "";
            for (let index = 0; index < inside.length; index++) {
                escaped += StringPrototypeIncludes("\\[]^", inside[index]) ? `\\${inside[index]}` : inside[index];
            }
            source += `[${isNegated ? "^" : ""}${escaped}]`;
            at = end;
        } else if (character === "{" && StringPrototypeIndexOf(pattern, "}", at) !== -1) {
            depth++;
            source += "(?:";
            atStart = begins;
        } else if (character === "}" && 0 < depth) {
            depth--;
            source += ")";
        } else if (character === "," && 0 < depth) {
            source += "|";
        } else if (character === "/" || (isWindows && character === "\\")) {
            source += separator;
            atStart = true;
        } else if (character === "\\" && at + 1 < pattern.length) {
            at++;
            source += literal(pattern[at]);
        } else {
            source += literal(character);
        }
    }
    while (0 < depth--) source += ")";
    return new RegExp(`^(?:${source})$`, isWindows ? "i" : "");
};
