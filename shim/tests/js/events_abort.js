// AbortController and AbortSignal.

const reasonName = (signal) => signal.reason.name;

export const cases = [
    ["abort sets the reason once and tells once", () => {
        const controller = new AbortController();
        const seen = [];
        controller.signal.onabort = (event) => seen.push(`handler ${event.isTrusted}`);
        controller.signal.addEventListener("abort", () => seen.push("listener"));
        controller.abort("first");
        controller.abort("second");
        return [seen, controller.signal.reason, controller.signal.aborted];
    }, [["handler true", "listener"], "first", true]],
    ["without a reason it is an AbortError", () => {
        const controller = new AbortController();
        controller.abort();
        return [reasonName(controller.signal), controller.signal.reason.code, reasonName(AbortSignal.abort())];
    }, ["AbortError", 20, "AbortError"]],
    ["null is a reason", () => [AbortSignal.abort(null).reason, AbortSignal.abort(null).aborted], [null, true]],
    ["throwIfAborted throws the reason", () => {
        new AbortController().signal.throwIfAborted();
        try {
            AbortSignal.abort("why").throwIfAborted();
        } catch (error) {
            return error;
        }
        return "nothing";
    }, "why"],
    ["a signal cannot be constructed", () => {
        try {
            return new AbortSignal();
        } catch (error) {
            return error.name;
        }
    }, "TypeError"],
    ["timeout ends in a TimeoutError", async () => {
        const signal = AbortSignal.timeout(5);
        const before = signal.aborted;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return [before, signal.aborted, reasonName(signal)];
    }, [false, true, "TimeoutError"]],
    ["timeout refuses what is no time", () => {
        const results = [];
        for (const value of [-1, NaN, Infinity, "x", 2 ** 53]) {
            try {
                AbortSignal.timeout(value);
                results.push("taken");
            } catch (error) {
                results.push(error.name);
            }
        }
        return results;
    }, ["TypeError", "TypeError", "TypeError", "TypeError", "TypeError"]],
    ["any follows the first of its sources", () => {
        const [one, two] = [new AbortController(), new AbortController()];
        const signal = AbortSignal.any([one.signal, two.signal]);
        two.abort("two");
        one.abort("one");
        return signal.reason;
    }, "two"],
    ["any of an aborted signal is aborted with its reason", () => {
        const signal = AbortSignal.any([new AbortController().signal, AbortSignal.abort("gone")]);
        return [signal.aborted, signal.reason];
    }, [true, "gone"]],
    ["any of nothing never aborts", () => AbortSignal.any([]).aborted, false],
    ["any of any: all dependents are aborted before the first event", () => {
        const controller = new AbortController();
        const first = AbortSignal.any([controller.signal]);
        const second = AbortSignal.any([first]);
        const seen = [];
        controller.signal.addEventListener("abort", () => seen.push(["source", first.aborted, second.aborted]));
        second.addEventListener("abort", () => seen.push(["second"]));
        first.addEventListener("abort", () => seen.push(["first"]));
        controller.abort();
        return seen;
    }, [["source", true, true], ["first"], ["second"]]],
    ["any refuses what is no list of signals", () => {
        const names = [];
        for (const value of [undefined, 1, {}, [1], [null]]) {
            try {
                AbortSignal.any(value);
                names.push("taken");
            } catch (error) {
                names.push(error.name);
            }
        }
        return names;
    }, ["TypeError", "TypeError", "TypeError", "TypeError", "TypeError"]],
    ["a handler that is set again keeps its place; null removes it", () => {
        const controller = new AbortController();
        const { signal } = controller;
        const seen = [];
        signal.onabort = () => seen.push("old");
        signal.addEventListener("abort", () => seen.push("listener"));
        signal.onabort = () => seen.push("new");
        const other = new AbortController();
        other.signal.onabort = () => seen.push("never");
        other.signal.onabort = null;
        signal.onabort = signal.onabort;
        controller.abort();
        other.abort();
        return [seen, other.signal.onabort];
    }, [["new", "listener"], null]],
    ["a handler that is no object counts as null, an object without a call is kept", () => {
        const { signal } = new AbortController();
        signal.onabort = 5;
        const number = signal.onabort;
        const object = {};
        signal.onabort = object;
        return [number, signal.onabort === object];
    }, [null, true]],
];
