// Event, EventTarget and the events that carry something.

const log = (run) => {
    const seen = [];
    run((entry) => seen.push(entry));
    return seen;
};

const thrown = (run) => {
    try {
        run();
        return "nothing";
    } catch (error) {
        return error.name;
    }
};

export const cases = [
    ["an event has the defaults of its dictionary", () => {
        const event = new Event("x");
        const { type, bubbles, cancelable, composed, eventPhase, target, isTrusted } = event;
        return [type, bubbles, cancelable, composed, eventPhase, target, isTrusted];
    }, ["x", false, false, false, 0, null, false]],
    ["isTrusted is an own property that cannot be changed", () => {
        const { configurable, enumerable, set } = Object.getOwnPropertyDescriptor(new Event("x"), "isTrusted");
        return [configurable, enumerable, set === undefined];
    }, [false, true, true]],
    ["two events share one getter of isTrusted", () =>
        Object.getOwnPropertyDescriptor(new Event("x"), "isTrusted").get ===
            Object.getOwnPropertyDescriptor(new Event("y"), "isTrusted").get, true],
    ["capturing listeners run first, each kind in its order", () => log((say) => {
        const target = new EventTarget();
        target.addEventListener("x", () => say("bubble 1"));
        target.addEventListener("x", () => say("capture 1"), true);
        target.addEventListener("x", () => say("bubble 2"));
        target.addEventListener("x", () => say("capture 2"), { capture: true });
        target.dispatchEvent(new Event("x"));
    }), ["capture 1", "capture 2", "bubble 1", "bubble 2"]],
    ["stopPropagation in a capturing listener ends the dispatch before the others", () => log((say) => {
        const target = new EventTarget();
        target.addEventListener("x", () => say("bubble"));
        target.addEventListener("x", (event) => { event.stopPropagation(); say("capture"); }, true);
        target.addEventListener("x", () => say("capture too"), true);
        target.dispatchEvent(new Event("x"));
    }), ["capture", "capture too"]],
    ["a listener is there once for each capture", () => log((say) => {
        const target = new EventTarget();
        const listener = () => say("heard");
        target.addEventListener("x", listener);
        target.addEventListener("x", listener, { once: true });
        target.addEventListener("x", listener, true);
        target.dispatchEvent(new Event("x"));
    }), ["heard", "heard"]],
    ["a listener added during the dispatch does not run, a removed one neither", () => log((say) => {
        const target = new EventTarget();
        const second = () => say("second");
        target.addEventListener("x", () => {
            say("first");
            target.removeEventListener("x", second);
            target.addEventListener("x", () => say("third"));
        }, { once: true });
        target.addEventListener("x", second);
        target.dispatchEvent(new Event("x"));
        say("again");
        target.dispatchEvent(new Event("x"));
    }), ["first", "again", "third"]],
    ["an object with handleEvent is looked at each time", () => log((say) => {
        const target = new EventTarget();
        const listener = { handleEvent() { say(this === listener ? "its own" : "another"); } };
        target.addEventListener("x", listener);
        target.dispatchEvent(new Event("x"));
        listener.handleEvent = () => say("changed");
        target.dispatchEvent(new Event("x"));
    }), ["its own", "changed"]],
    ["a passive listener cannot cancel", () => {
        const target = new EventTarget();
        target.addEventListener("x", (event) => event.preventDefault(), { passive: true });
        return target.dispatchEvent(new Event("x", { cancelable: true }));
    }, true],
    ["preventDefault makes dispatchEvent false", () => {
        const target = new EventTarget();
        target.addEventListener("x", (event) => event.preventDefault());
        return [target.dispatchEvent(new Event("x", { cancelable: true })), target.dispatchEvent(new Event("x"))];
    }, [false, true]],
    ["an aborted signal removes the listener", () => log((say) => {
        const target = new EventTarget();
        const controller = new AbortController();
        target.addEventListener("x", () => say("heard"), { signal: controller.signal });
        target.dispatchEvent(new Event("x"));
        controller.abort();
        target.dispatchEvent(new Event("x"));
        target.addEventListener("x", () => say("late"), { signal: controller.signal });
        target.dispatchEvent(new Event("x"));
    }), ["heard"]],
    ["an event cannot be dispatched while it is", () => {
        const target = new EventTarget();
        let name;
        target.addEventListener("x", (event) => { name = thrown(() => target.dispatchEvent(event)); });
        target.dispatchEvent(new Event("x"));
        return name;
    }, "InvalidStateError"],
    ["what is no event, no listener and no signal is refused", () => [
        thrown(() => new EventTarget().dispatchEvent({ type: "x" })),
        thrown(() => new EventTarget().addEventListener("x", 1)),
        thrown(() => new EventTarget().addEventListener("x", () => {}, { signal: null })),
        thrown(() => new EventTarget().addEventListener("x")),
        thrown(() => new Event()),
    ], ["TypeError", "TypeError", "TypeError", "TypeError", "TypeError"]],
    ["a null listener is no listener", () => new EventTarget().addEventListener("x", null) === undefined, true],
    ["after the dispatch the event has a target and no current target", () => {
        const target = new EventTarget();
        const event = new Event("x");
        let path;
        target.addEventListener("x", () => { path = event.composedPath(); });
        target.dispatchEvent(event);
        return [event.target === target, event.currentTarget, event.composedPath(), path[0] === target];
    }, [true, null, [], true]],
    ["cancelBubble and returnValue are as they were in the past", () => {
        const event = new Event("x", { cancelable: true });
        event.cancelBubble = true;
        event.cancelBubble = false;
        event.returnValue = false;
        event.returnValue = true;
        return [event.cancelBubble, event.returnValue, event.defaultPrevented];
    }, [true, false, true]],
    ["initEvent starts an event anew", () => {
        const event = new Event("x", { cancelable: true });
        event.preventDefault();
        event.initEvent("y", true);
        return [event.type, event.bubbles, event.cancelable, event.defaultPrevented];
    }, ["y", true, false, false]],
    ["CustomEvent has a detail", () => [new CustomEvent("x").detail, new CustomEvent("x", { detail: [1] }).detail],
        [null, [1]]],
    ["a dictionary is not asked of the prototype of all objects when there is none", () => {
        Object.prototype.bubbles = true;
        try {
            return new Event("x").bubbles;
        } finally {
            delete Object.prototype.bubbles;
        }
    }, false],
    ["PromiseRejectionEvent needs a promise", () => [
        thrown(() => new PromiseRejectionEvent("x")), thrown(() => new PromiseRejectionEvent("x", {})),
        new PromiseRejectionEvent("x", { promise: Promise.resolve(), reason: 5 }).reason,
    ], ["TypeError", "TypeError", 5]],
    ["CloseEvent, ErrorEvent, ProgressEvent and MessageEvent convert", () => [
        new CloseEvent("x", { code: "65537", wasClean: 1 }).code,
        new ErrorEvent("x", { lineno: -1, message: null }).lineno,
        new ProgressEvent("x", { loaded: "5" }).loaded,
        new MessageEvent("x", { origin: "\ud800" }).origin.charCodeAt(0),
        Object.isFrozen(new MessageEvent("x").ports),
    ], [1, 4294967295, 5, 0xfffd, true]],
    ["patched prototypes change no dispatch", () => {
        const { push } = Array.prototype;
        const { get } = Map.prototype;
        Array.prototype.push = () => { throw new Error("push"); };
        Map.prototype.get = () => { throw new Error("get"); };
        try {
            return log((say) => {
                const seen = { count: 0 };
                const target = new EventTarget();
                target.addEventListener("x", () => { seen.count++; });
                target.dispatchEvent(new Event("x"));
                Array.prototype.push = push;
                say(seen.count);
            });
        } finally {
            Array.prototype.push = push;
            Map.prototype.get = get;
        }
    }, [1]],
    ["DOMException has name, message, code and a stack, and is an error", () => {
        const error = new DOMException("m", "DataCloneError");
        return [error.name, error.message, error.code, typeof error.stack, error instanceof Error, `${error}`,
            DOMException.DATA_CLONE_ERR, new DOMException().name, new DOMException("m", "Unheard").code];
    }, ["DataCloneError", "m", 25, "string", true, "DataCloneError: m", 25, "Error", 0]],
    ["DOMException can be extended", () => {
        class Mine extends DOMException {}
        const error = new Mine("m", "AbortError");
        return [error instanceof Mine, error instanceof DOMException, error.code];
    }, [true, true, 20]],
    ["DOMException's getters refuse other objects", () => thrown(() => DOMException.prototype.name), "TypeError"],
];
