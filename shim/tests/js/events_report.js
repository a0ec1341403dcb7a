// Errors that no code of an app caught. The cases need the global object as an event target.

const heard = (type, run) => new Promise((resolve) => {
    addEventListener(type, (event) => {
        event.preventDefault();
        resolve(event);
    }, { once: true });
    run();
});

export const cases = [
    ["reportError fires an error event with what was given", async () => {
        const event = await heard("error", () => reportError({ a: 1 }));
        return [event.constructor.name, event.type, event.cancelable, event.error, event.isTrusted];
    }, ["ErrorEvent", "error", true, { a: 1 }, true]],
    ["an error event tells message, line and column", async () => {
        const event = await heard("error", () => reportError(new RangeError("m")));
        return [event.message, 0 < event.lineno, 0 < event.colno, event.filename !== ""];
    }, ["Uncaught RangeError: m", true, true, true]],
    ["onerror gets message, file, line, column and error; true cancels", async () => {
        const seen = [];
        const listener = (event) => seen.push(event.defaultPrevented);
        globalThis.onerror = (message, filename, line, column, error) => {
            seen.push(message, typeof filename, typeof line, typeof column, error.name);
            return true;
        };
        addEventListener("error", listener);
        reportError(new TypeError("m"));
        removeEventListener("error", listener);
        globalThis.onerror = null;
        return [seen, globalThis.onerror];
    }, [["Uncaught TypeError: m", "string", "number", "number", "TypeError", true], null]],
    ["the error of a listener does not stop the others", async () => {
        const target = new EventTarget();
        let second = false;
        target.addEventListener("x", () => { throw "first"; });
        target.addEventListener("x", () => { second = true; });
        const event = await heard("error", () => target.dispatchEvent(new Event("x")));
        return [event.error, second];
    }, ["first", true]],
    ["errors of timers, immediates and microtasks are reported", async () => {
        const reasons = [];
        for (const run of [setTimeout, setImmediate, queueMicrotask]) {
            reasons.push((await heard("error", () => run(() => { throw run.name; }))).error);
        }
        return reasons;
    }, ["setTimeout", "setImmediate", "queueMicrotask"]],
    ["a rejection that nobody handles is an event", async () => {
        const event = await heard("unhandledrejection", () => { Promise.reject("why"); });
        return [event.constructor.name, event.reason, event.promise instanceof Promise, event.cancelable];
    }, ["PromiseRejectionEvent", "why", true, true]],
    ["a rejection that is handled in the same turn is none", async () => {
        let count = 0;
        const listener = (event) => {
            event.preventDefault();
            count++;
        };
        addEventListener("unhandledrejection", listener);
        const promise = Promise.reject("handled");
        queueMicrotask(() => promise.catch(() => {}));
        await new Promise((resolve) => setTimeout(resolve, 10));
        removeEventListener("unhandledrejection", listener);
        return count;
    }, 0],
    ["a handler that comes later is told of", async () => {
        let promise;
        await heard("unhandledrejection", () => { promise = Promise.reject("late"); });
        const event = await heard("rejectionhandled", () => { promise.catch(() => {}); });
        return [event.reason, event.promise === promise, event.cancelable];
    }, ["late", true, false]],
];
