// skep invoke APP --data '{"a":0,"b":"x","extra":1}'
// answers [{"a":5,"c":null},["\"a\" must be greater than or equal to 1","\"b\" must be a valid email","\"extra\" is not allowed"]]
const Joi = require("joi");

const schema = Joi.object({ a: Joi.number().integer().min(1).required(), b: Joi.string().email(), c: Joi.date().default(null) });

exports.handler = async (event) => [
    schema.validate({ a: "5" }).value,
    schema.validate(event, { abortEarly: false }).error.details.map((detail) => detail.message),
];
