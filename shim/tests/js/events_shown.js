// How objects of the platform are shown: what their inspection functions give.

const shown = (value) => {
    const custom = Symbol.for("nodejs.util.inspect.custom");
    const inspect = (inner) => (typeof inner === "object" && inner !== null && custom in inner
        ? inner[custom](2, { depth: 2 }, inspect)
        : JSON.stringify(inner));
    return value[custom](2, { depth: 2 }, inspect);
};

export const cases = [
    ["a URL is shown with its members", () =>
        shown(new URL("http://u@h:81/a#f")).startsWith('URL {"href":"http://u@h:81/a#f",'), true],
    ["parameters are shown as pairs", () => [shown(new URLSearchParams("a=1&b=")), shown(new URLSearchParams())],
        ['URLSearchParams { "a" => "1", "b" => "" }', "URLSearchParams {}"]],
    ["headers are shown with their values", () => shown(new Headers([["a", "b"], ["Set-Cookie", "1"], ["set-cookie", "2"]])),
        'Headers {"a":"b","set-cookie":["1","2"]}'],
    ["an event of a class of the app has its name", () => {
        class Mine extends Event {}
        const start = 'Mine {"type":"x","defaultPrevented":false,"cancelable":false,"timeStamp":';
        return shown(new Mine("x")).startsWith(start);
    }, true],
    ["a signal is shown with its state", () => shown(AbortSignal.abort()), 'AbortSignal {"aborted":true}'],
    ["the prototype itself is shown as any object", () => {
        const custom = Symbol.for("nodejs.util.inspect.custom");
        return URL.prototype[custom](2, { depth: 2 }, () => "never") === URL.prototype;
    }, true],
];
