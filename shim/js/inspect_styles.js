// Colours of the inspector: the numbers of ECMA-48's SGR that begin and end each, and which kind of value has which.
// Node's documentation of util.inspect ("Customizing util.inspect colors") lists both.

import { primordials } from "./primordials.js";

const { ObjectDefineProperty } = primordials;

const FOREGROUND = 39;
const BACKGROUND = 49;

export const colors = {
    __proto__: null,
    reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], blink: [5, 25], inverse: [7, 27],
    hidden: [8, 28], strikethrough: [9, 29], doubleunderline: [21, 24],
};
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
for (let at = 0; at < 8; at++) colors[NAMES[at]] = [30 + at, FOREGROUND];
for (let at = 0; at < 8; at++) colors[`bg${NAMES[at][0].toUpperCase()}${NAMES[at].slice(1)}`] = [40 + at, BACKGROUND];
colors.framed = [51, 54];
colors.overlined = [53, 55];
colors.gray = [90, FOREGROUND];
for (let at = 1; at < 8; at++) colors[`${NAMES[at]}Bright`] = [90 + at, FOREGROUND];
colors.bgGray = [100, BACKGROUND];
for (let at = 1; at < 8; at++) {
    colors[`bg${NAMES[at][0].toUpperCase()}${NAMES[at].slice(1)}Bright`] = [100 + at, BACKGROUND];
}

const ALIASES = [
    "grey", "gray", "blackBright", "gray", "bgGrey", "bgGray", "bgBlackBright", "bgGray", "faint", "dim",
    "crossedout", "strikethrough", "strikeThrough", "strikethrough", "crossedOut", "strikethrough",
    "conceal", "hidden", "swapColors", "inverse", "swapcolors", "inverse", "doubleUnderline", "doubleunderline",
];
for (let at = 0; at < ALIASES.length; at += 2) {
    const target = ALIASES[at + 1];
    ObjectDefineProperty(colors, ALIASES[at], {
        __proto__: null,
        get: () => colors[target],
        set: (value) => {
            colors[target] = value;
        },
        enumerable: false,
        configurable: true,
    });
}

export const styles = {
    __proto__: null,
    special: "cyan", number: "yellow", bigint: "yellow", boolean: "yellow", undefined: "grey", null: "bold",
    string: "green", symbol: "green", date: "magenta", regexp: "red", module: "underline",
};

export const plain = (text) => text;

export const coloured = (text, style) => {
    const color = colors[styles[style]];
    return color === undefined ? text : `\x1b[${color[0]}m${text}\x1b[${color[1]}m`;
};
