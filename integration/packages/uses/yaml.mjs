// skep invoke APP --data null
// answers [{"a":1,"b":1,"c":[{"d":null,"e":31},"two\nlines\n"]},"a:\n  - 1\n  - b: null\ns: \"x: y\"\nt: |-\n  yes\n  no\n",["BAD_INDENT"]]
import { parse, parseDocument, stringify } from "yaml";

export default () => [
    parse("a: &x 1\nb: *x\nc:\n  - {d: ~, e: 0x1F}\n  - |\n    two\n    lines\n"),
    stringify({ a: [1, { b: null }], s: "x: y", t: "yes\nno" }),
    parseDocument("a: [1, 2\nb: 3").errors.map((error) => error.code),
];
