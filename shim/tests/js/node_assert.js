// The modules "assert" and "assert/strict": what each function takes, what it throws, and with which words.

const assert = process.getBuiltinModule("assert");
const strict = process.getBuiltinModule("assert/strict");

/** What was thrown: of AssertionErrors the kind of message and the operator, of others name and code. */
const failure = (run) => {
    try {
        run();
        return "passes";
    } catch (error) {
        return error instanceof assert.AssertionError ? [error.operator, error.generatedMessage, error.message] : [error.name, error.code ?? error.message];
    }
};
const rejection = (promise) => promise.then((value) => ["gave", value], (error) => (error instanceof assert.AssertionError
    ? [error.operator, error.generatedMessage, error.message] : [error.name, error.code ?? error.message]));
const passes = (run) => failure(run) === "passes";
/** Which of the pairs a function lets pass. */
const which = (check, pairs) => pairs.map(([one, other]) => passes(() => check(one, other)));

const PRIMITIVES = [[1, 1], [1, "1"], [1, true], [0, -0], [NaN, NaN], [null, undefined], ["a", "a"], ["a", "b"], [1n, 1], [Symbol.iterator,
    Symbol.iterator], [{}, {}]];
const same = {};
const DEEP = [
    [{ a: 1 }, { a: 1 }], [{ a: 1 }, { a: "1" }], [{ a: 1, b: 2 }, { b: 2, a: 1 }], [{ a: 1 }, { a: 1, b: undefined }], [[1, 2], [1, 2]], [[1, 2], [2,
        1]], [[1, , 3], [1, undefined, 3]],
    [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]])], [new Map([[{}, 1]]), new Map([[{}, 1]])], [new Set([1, [2]]), new Set([[2], 1])],
        [new Set([1]), new Set(["1"])],
    [new Date(5), new Date(5)], [new Date(5), new Date(6)], [/a/g, /a/g], [/a/g, /a/i], [new Error("a"), new Error("a")], [new Error("a"),
        new Error("b")], [new Error("a"), new TypeError("a")],
    [Object(1), Object(1)], [Object(1), 1], [new Uint8Array([1]), new Uint8Array([1])], [new Uint8Array([1]), [1]], [new Float32Array([0]),
        new Float32Array([-0])], [-0, 0], [[NaN], [NaN]],
    [{ a: 1 }, Object.assign(Object.create({}), { a: 1 })], [{ [Symbol.for("a")]: 1 }, { [Symbol.for("a")]: 2 }], [[], {}], [same, same], [() => {},
        () => {}], [new WeakMap(), new WeakMap()],
    [null, {}], [1, {}], [new (class A {})(), new (class B {})()], [(function () {
        return arguments;
    })(1), [1]], [Object.create(null), {}], [new ArrayBuffer(2), new ArrayBuffer(2)], ["a", Object("a")],
];
const cycle = (depth) => {
    const one = { a: 1 };
    one.self = depth === 0 ? one : { a: 1, self: one };
    return one;
};
class Own extends Error {
    name = "Own";
    code = 7;
}

export const cases = [
    ["which is which", () => [assert.strict === strict, strict.strict === strict, assert.strict.equal === assert.strictEqual,
        strict.equal === strict.strictEqual, strict.deepEqual === assert.deepStrictEqual,
        strict.notEqual === assert.notStrictEqual, strict.notDeepEqual === assert.notDeepStrictEqual, strict.AssertionError === assert.AssertionError,
            assert.ok === assert, typeof strict], [
        true, true, true, true, true, true, true, true, true, "function",
    ]],
    ["a value that is true", () => [assert, assert.ok, strict, strict.ok].map((check) => [1, "a", {}, 0, "", null,
        NaN].map((value) => passes(() => check(value)))), [
        [true, true, true, false, false, false, false], [true, true, true, false, false, false, false],
        [true, true, true, false, false, false, false], [true, true, true, false, false, false, false],
    ]],
    ["ok with a message, an error, nothing", () => [failure(() => assert.ok(0, "own words")), failure(() => assert(0, new RangeError("own"))),
        failure(() => assert.ok()), failure(() => strict.ok()),
        failure(() => strict.ok(false, "own"))], [
        ["==", false, "own words"], ["RangeError", "own"], ["==", true, "No value argument passed to `assert.ok()`"],
        ["==", true, "No value argument passed to `assert.ok()`"], ["==", false, "own"],
    ]],
    ["equal and notEqual", () => [which(assert.equal, PRIMITIVES), which(assert.notEqual, PRIMITIVES), which(strict.equal, PRIMITIVES),
        which(strict.notEqual, PRIMITIVES)], [
        [true, true, true, true, true, true, true, false, true, true, false],
        [false, false, false, false, false, false, false, true, false, false, true],
        [true, false, false, false, true, false, true, false, false, true, false],
        [false, true, true, true, false, true, false, true, true, false, true],
    ]],
    ["strictEqual and notStrictEqual", () => [which(assert.strictEqual, PRIMITIVES), which(assert.notStrictEqual, PRIMITIVES),
        which(strict.strictEqual, PRIMITIVES),
        which(strict.notStrictEqual, PRIMITIVES)], [
        [true, false, false, false, true, false, true, false, false, true, false],
        [false, true, true, true, false, true, false, true, true, false, true],
        [true, false, false, false, true, false, true, false, false, true, false],
        [false, true, true, true, false, true, false, true, true, false, true],
    ]],
    ["deepEqual", () => [which(assert.deepEqual, DEEP), which(assert.notDeepEqual, DEEP)].map((each) => each.map(Number).join("")), [
        "11101001111101010010101111101010010110", "00010110000010101101010000010101101001",
    ]],
    ["deepStrictEqual", () => [which(assert.deepStrictEqual, DEEP), which(assert.notDeepStrictEqual, DEEP), which(strict.deepStrictEqual, DEEP),
        which(strict.notDeepStrictEqual, DEEP),
        which(strict.deepEqual, DEEP), which(strict.notDeepEqual, DEEP)].map((each) => each.map(Number).join("")), [
        "10101001110101010010100010001010000010", "01010110001010101101011101110101111101", "10101001110101010010100010001010000010",
        "01010110001010101101011101110101111101", "10101001110101010010100010001010000010", "01010110001010101101011101110101111101",
    ]],
    ["circles", () => [passes(() => assert.deepStrictEqual(cycle(0), cycle(0))), passes(() => assert.deepStrictEqual(cycle(0), cycle(1))),
        passes(() => assert.deepEqual(cycle(1), cycle(1)))], [
        true, true, true,
    ]],
    ["many objects, and one object many times", () => {
        const shared = { a: [1, { b: 2 }] };
        const make = (last) => Array.from({ length: 20_000 }, (_, at) => (at % 2 === 0 ? shared : { at: at === 19_999 ? last : at }));
        return [passes(() => assert.deepStrictEqual(make(1), make(1))), passes(() => assert.notDeepStrictEqual(make(1), make(2))),
            passes(() => assert.deepEqual([shared, shared], [shared, { a: [1, { b: "2" }] }]))];
    }, [true, true, true]],
    ["partialDeepStrictEqual", () => [assert, strict].map((own) => which(own.partialDeepStrictEqual, [[{ a: 1, b: 2 }, { a: 1 }], [{ a: 1 }, { a: 1,
        b: 2 }], [{ a: { b: 1, c: 2 } }, { a: { c: 2 } }],
        [[1, 2, 3], [1, 3]], [[1, 2], [2, 1]], [new Set([1, 2]), new Set([2])], [new Map([[1, 2], [3, 4]]), new Map([[3, 4]])], [{ a: 1 },
            { a: "1" }], [1, 1], [new Date(1), new Date(1)]])), [
        [true, false, true, true, false, true, true, false, true, true], [true, false, true, true, false, true, true, false, true, true],
    ]],
    ["what the messages say", () => [failure(() => assert.equal(1, 2)), failure(() => assert.strictEqual(1, 2)), failure(() => assert.notEqual(1, 1)),
        failure(() => assert.notStrictEqual("a", "a")),
        failure(() => assert.deepEqual({ a: 1 }, { a: 2 })), failure(() => assert.notDeepEqual([1], [1])), failure(() => strict.equal("a", "b")),
            failure(() => strict.notEqual(1, 1))], [
        ["==", true, "1 == 2"], ["strictEqual", true, "Expected values to be strictly equal:\n\n1 !== 2\n"], ["!=", true, "1 != 1"],
        ["notStrictEqual", true, "Expected \"actual\" to be strictly unequal to: 'a'"],
        ["deepEqual", true, "Expected values to be loosely deep-equal:\n\n{\n  a: 1\n}\n\nshould loosely deep-equal\n\n{\n  a: 2\n}"],
        ["notDeepEqual", true, "Expected \"actual\" not to be loosely deep-equal to:\n\n[\n  1\n]"],
        ["strictEqual", true, "Expected values to be strictly equal:\n\n'a' !== 'b'\n"],
        ["notStrictEqual", true, "Expected \"actual\" to be strictly unequal to: 1"],
    ]],
    ["the difference of objects", () => [failure(() => assert.deepStrictEqual({ a: 1, b: [1, 2] }, { a: 1, b: [1, 3] })),
        failure(() => strict.deepEqual([1, 2, 3], [1, 2, 3, 4])),
        failure(() => assert.strictEqual("a\nb", "a\nc")), failure(() => assert.notDeepStrictEqual({ a: 1 }, { a: 1 }))], [
        ["deepStrictEqual", true,
            "Expected values to be strictly deep-equal:\n+ actual - expected\n\n  {\n    a: 1,\n    b: [\n      1,\n+     2\n-     3\n    ]\n  }\n"],
        ["deepStrictEqual", true, "Expected values to be strictly deep-equal:\n+ actual - expected\n\n  [\n    1,\n    2,\n    3,\n-   4\n  ]\n"],
        ["strictEqual", true, "Expected values to be strictly equal:\n\n'a\\nb' !== 'a\\nc'\n"],
        ["notDeepStrictEqual", true, "Expected \"actual\" not to be strictly deep-equal to:\n\n{\n  a: 1\n}\n"],
    ]],
    ["own words and own errors", () => ["equal", "notEqual", "strictEqual", "deepStrictEqual", "deepEqual"].flatMap((name) => {
        const pair = name === "notEqual" ? [1, 1] : [1, 2];
        return [failure(() => assert[name](...pair, "own")), failure(() => strict[name](...pair, new TypeError("mine")))];
    }), [
        ["==", false, "own"], ["TypeError", "mine"], ["!=", false, "own"], ["TypeError", "mine"],
        ["strictEqual", false, "own\n\n1 !== 2\n"], ["TypeError", "mine"], ["deepStrictEqual", false, "own\n\n1 !== 2\n"],
        ["TypeError", "mine"], ["deepEqual", false, "own"], ["TypeError", "mine"],
    ]],
    ["one argument is too few", () => ["equal", "notEqual", "strictEqual", "notStrictEqual", "deepEqual", "notDeepEqual", "deepStrictEqual",
        "notDeepStrictEqual", "partialDeepStrictEqual"]
        .map((name) => [failure(() => assert[name](1)), failure(() => strict[name]())]), [
        [["TypeError", "ERR_MISSING_ARGS"], ["TypeError", "ERR_MISSING_ARGS"]],
        [["TypeError", "ERR_MISSING_ARGS"], ["TypeError", "ERR_MISSING_ARGS"]],
        [["TypeError", "ERR_MISSING_ARGS"], ["TypeError", "ERR_MISSING_ARGS"]],
        [["TypeError", "ERR_MISSING_ARGS"], ["TypeError", "ERR_MISSING_ARGS"]],
        [["TypeError", "ERR_MISSING_ARGS"], ["TypeError", "ERR_MISSING_ARGS"]],
        [["TypeError", "ERR_MISSING_ARGS"], ["TypeError", "ERR_MISSING_ARGS"]],
        [["TypeError", "ERR_MISSING_ARGS"], ["TypeError", "ERR_MISSING_ARGS"]],
        [["TypeError", "ERR_MISSING_ARGS"], ["TypeError", "ERR_MISSING_ARGS"]],
        [["TypeError", "ERR_MISSING_ARGS"], ["TypeError", "ERR_MISSING_ARGS"]],
    ]],
    ["fail", () => [failure(() => assert.fail()), failure(() => assert.fail("words")), failure(() => assert.fail(new RangeError("mine"))),
        failure(() => strict.fail("words"))], [
        ["fail", true, "Failed"], ["fail", false, "words"], ["RangeError", "mine"], ["fail", false, "words"],
    ]],
    ["ifError", () => [undefined, null, 0, "text", new Error("mine"), false, { message: "m" }].map((value) => [failure(() => assert.ifError(value)),
        passes(() => strict.ifError(value))]), [
        ["passes", true], ["passes", true], [["ifError", false, "ifError got unwanted exception: 0"], false],
        [["ifError", false, "ifError got unwanted exception: 'text'"], false],
        [["ifError", false, "ifError got unwanted exception: mine"], false],
        [["ifError", false, "ifError got unwanted exception: false"], false],
        [["ifError", false, "ifError got unwanted exception: m"], false],
    ]],
    ["ifError keeps the error and its stack", () => {
        const own = new Own("mine");
        try {
            assert.ifError(own);
            return "nothing";
        } catch (error) {
            return [error.actual === own, error.expected, error.operator, error.name, error.code];
        }
    }, [true, null, "ifError", "AssertionError", "ERR_ASSERTION"]],
    ["match and doesNotMatch", () => [failure(() => assert.match("abc", /b/)), failure(() => assert.match("abc", /x/)), failure(() => assert.match(5,
        /5/)), failure(() => assert.match("a", "a")),
        failure(() => strict.match("abc", /x/, "own")), failure(() => assert.doesNotMatch("abc", /x/)), failure(() => assert.doesNotMatch("abc",
            /b/)), failure(() => strict.doesNotMatch("abc", /b/)),
        failure(() => strict.match("abc", /c/)), failure(() => assert.doesNotMatch(5, /5/)), failure(() => assert.doesNotMatch("a", "a"))], [
        "passes", ["match", true, "The input did not match the regular expression /x/. Input:\n\n'abc'\n"],
        ["match", true, "The \"string\" argument must be of type string. Received type number (5)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE"], ["match", false, "own"], "passes",
        ["doesNotMatch", true, "The input was expected to not match the regular expression /b/. Input:\n\n'abc'\n"],
        ["doesNotMatch", true, "The input was expected to not match the regular expression /b/. Input:\n\n'abc'\n"], "passes",
        ["doesNotMatch", true, "The \"string\" argument must be of type string. Received type number (5)"],
        ["TypeError", "ERR_INVALID_ARG_TYPE"],
    ]],
    ["throws", () => [assert, strict].map((own) => {
        const boom = () => {
            throw new Own("boom");
        };
        return [failure(() => own.throws(boom)), failure(() => own.throws(boom, Own)), failure(() => own.throws(boom, RangeError)),
            failure(() => own.throws(boom, /boom/)), failure(() => own.throws(boom, /no/)),
            failure(() => own.throws(boom, { message: "boom", code: 7 })), failure(() => own.throws(boom, { code: 8 }))[0],
                failure(() => own.throws(boom, { name: /Ow/ })),
            failure(() => own.throws(boom, (error) => error.code === 7)), failure(() => own.throws(boom, () => false)), failure(() => own.throws(() => {})),
            failure(() => own.throws(() => {}, "own words")), failure(() => own.throws(5)), failure(() => own.throws(boom, "boom")),
                failure(() => own.throws(boom, 5)), failure(() => own.throws(boom, {}))];
    }), [
        ["passes", "passes", ["throws", true,
            "The error is expected to be an instance of \"RangeError\". Received \"Own\"\n\nError message:\n\nboom"], "passes", ["throws", true,
            "The input did not match the regular expression /no/. Input:\n\n'Own: boom'\n"], "passes", "throws", "passes", "passes", ["throws", true,
            "The validation function is expected to return \"true\". Received false\n\nCaught error:\n\nOwn: boom"], ["throws", false,
            "Missing expected exception."], ["throws", false, "Missing expected exception: own words"], ["TypeError", "ERR_INVALID_ARG_TYPE"],
            ["TypeError", "ERR_AMBIGUOUS_ARGUMENT"], ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_VALUE"]],
        ["passes", "passes", ["throws", true,
            "The error is expected to be an instance of \"RangeError\". Received \"Own\"\n\nError message:\n\nboom"], "passes", ["throws", true,
            "The input did not match the regular expression /no/. Input:\n\n'Own: boom'\n"], "passes", "throws", "passes", "passes", ["throws", true,
            "The validation function is expected to return \"true\". Received false\n\nCaught error:\n\nOwn: boom"], ["throws", false,
            "Missing expected exception."], ["throws", false, "Missing expected exception: own words"], ["TypeError", "ERR_INVALID_ARG_TYPE"],
            ["TypeError", "ERR_AMBIGUOUS_ARGUMENT"], ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_VALUE"]],
    ]],
    ["doesNotThrow", () => [assert, strict].map((own) => [failure(() => own.doesNotThrow(() => 1)), failure(() => own.doesNotThrow(() => {
        throw new Own("boom");
    })), failure(() => own.doesNotThrow(() => {
        throw new Own("boom");
    }, "own words")), failure(() => own.doesNotThrow(5)), failure(() => own.doesNotThrow(() => {
        throw new Own("boom");
    }, RangeError))]), [
        ["passes", ["doesNotThrow", false, "Got unwanted exception.\nActual message: \"boom\""], ["doesNotThrow", false,
            "Got unwanted exception: own words\nActual message: \"boom\""], ["TypeError", "ERR_INVALID_ARG_TYPE"], ["Own", 7]],
        ["passes", ["doesNotThrow", false, "Got unwanted exception.\nActual message: \"boom\""], ["doesNotThrow", false,
            "Got unwanted exception: own words\nActual message: \"boom\""], ["TypeError", "ERR_INVALID_ARG_TYPE"], ["Own", 7]],
    ]],
    ["rejects", async () => {
        const all = [];
        for (const own of [assert, strict]) {
            const bad = () => Promise.reject(new Own("boom"));
            all.push(await rejection(own.rejects(bad())), await rejection(own.rejects(bad, Own)), await rejection(own.rejects(bad(),
                { code: 8 })).then((each) => each[0]), await rejection(own.rejects(bad, /no/)),
                await rejection(own.rejects(Promise.resolve(1))), await rejection(own.rejects(async () => 1, "own words")),
                    await rejection(own.rejects(5)), await rejection(own.rejects(() => 5)),
                await rejection(own.rejects(() => {
                    throw new RangeError("at once");
                })));
        }
        return all;
    }, [
        ["gave", null], ["gave", null], "rejects",
        ["rejects", true, "The input did not match the regular expression /no/. Input:\n\n'Own: boom'\n"],
        ["rejects", false, "Missing expected rejection."], ["rejects", false, "Missing expected rejection: own words"],
        ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_RETURN_VALUE"], ["RangeError", "at once"], ["gave", null],
        ["gave", null], "rejects", ["rejects", true, "The input did not match the regular expression /no/. Input:\n\n'Own: boom'\n"],
        ["rejects", false, "Missing expected rejection."], ["rejects", false, "Missing expected rejection: own words"],
        ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_RETURN_VALUE"], ["RangeError", "at once"],
    ]],
    ["doesNotReject", async () => {
        const all = [];
        for (const own of [assert, strict]) {
            all.push(await rejection(own.doesNotReject(Promise.resolve(1))), await rejection(own.doesNotReject(async () => {
                throw new Own("boom");
            })), await rejection(own.doesNotReject(Promise.reject(new Own("boom")), "own words")), await rejection(own.doesNotReject(5)));
        }
        return all;
    }, [
        ["gave", null], ["doesNotReject", false, "Got unwanted rejection.\nActual message: \"boom\""],
        ["doesNotReject", false, "Got unwanted rejection: own words\nActual message: \"boom\""], ["TypeError", "ERR_INVALID_ARG_TYPE"],
        ["gave", null], ["doesNotReject", false, "Got unwanted rejection.\nActual message: \"boom\""],
        ["doesNotReject", false, "Got unwanted rejection: own words\nActual message: \"boom\""], ["TypeError", "ERR_INVALID_ARG_TYPE"],
    ]],
    ["AssertionError", () => {
        const error = new assert.AssertionError({ actual: 1, expected: 2, operator: "strictEqual" });
        const other = new strict.AssertionError({ message: "own" });
        return [error.name, error.code, error.message, error.generatedMessage, error.actual, error.expected, error.operator, error instanceof Error,
            Object.keys(error).sort(), other.message,
            other.generatedMessage, other.operator, `${other}`, failure(() => new assert.AssertionError()),
                failure(() => new assert.AssertionError("a")), error.toString()];
    }, [
        "AssertionError", "ERR_ASSERTION", "Expected values to be strictly equal:\n\n1 !== 2\n", true, 1, 2, "strictEqual", true,
        ["actual", "code", "expected", "generatedMessage", "operator"], "own", false, null,
        "AssertionError [ERR_ASSERTION]: own", ["TypeError", "ERR_INVALID_ARG_TYPE"], ["TypeError", "ERR_INVALID_ARG_TYPE"],
        "AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:\n\n1 !== 2\n",
    ]],
    ["AssertionError of other operators", () => ["equal", "notEqual", "deepEqual", "notDeepStrictEqual", "==", undefined].map((operator) =>
        new assert.AssertionError({ actual: "a", expected: "b", operator }).message), [
        "'a' equal 'b'", "'a' notEqual 'b'", "Expected values to be loosely deep-equal:\n\n'a'\n\nshould loosely deep-equal\n\n'b'",
        "Expected \"actual\" not to be strictly deep-equal to: 'a'", "'a' == 'b'", "'a' undefined 'b'",
    ]],
];
