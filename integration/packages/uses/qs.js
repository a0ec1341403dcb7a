// skep invoke APP --data null
// answers [{"a":{"b":{"c":"1"},"d":["2","3"]},"e":" x","f":"€"},"a%5Bb%5D=1&a%5Bb%5D=2&c=&d=%E2%82%AC%20%26"]
const qs = require("qs");

exports.handler = async () => [
    qs.parse("a[b][c]=1&a[d][]=2&a[d][]=3&e=%20x&f=%E2%82%AC", { depth: 3 }),
    qs.stringify({ a: { b: [1, 2] }, c: null, d: "\u20ac &" }, { arrayFormat: "repeat" }),
];
