// skep invoke APP --data '{"b":"y","c":{"d":[1,"1"]}}'
// answers {"valid":false,"errors":[" must have required property 'a'","/b must match pattern \"^x\"","/c/d/1 must be integer"]}
const Ajv = require("ajv");

const check = new Ajv({ allErrors: true }).compile({
    type: "object",
    required: ["a"],
    properties: {
        b: { type: "string", pattern: "^x" },
        c: { type: "object", properties: { d: { type: "array", items: { type: "integer" } } } },
    },
});

exports.handler = async (event) => ({ valid: check(event), errors: check.errors?.map((it) => `${it.instancePath} ${it.message}`) });
