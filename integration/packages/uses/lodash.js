// skep invoke APP --data null
// answers {"groups":{"fruit":[{"of":"fruit","name":"fig"},{"of":"fruit","name":"plum"}],"nut":[{"of":"nut","name":"oak"}]},"merged":{"a":{"b":[1,3],"c":4}},"text":"&lt;a&gt;;b;","chained":[4,6]}
const _ = require("lodash");

exports.handler = async () => ({
    groups: _.groupBy([{ of: "fruit", name: "fig" }, { of: "nut", name: "oak" }, { of: "fruit", name: "plum" }], "of"),
    merged: _.merge({ a: { b: [1, 2] } }, { a: { b: [undefined, 3], c: 4 } }),
    text: _.template("<% each.forEach((n) => { %><%- n %>;<% }) %>")({ each: ["<a>", "b"] }),
    chained: _([3, 1, 2]).sortBy().map((n) => n * 2).takeRight(2).value(),
});
