//! The natives in an engine of their own, called as the runtime's scripts call them: from JavaScript, by contract.

mod brotli;
mod bytes;
mod compression;
mod digests;
mod hostile;
mod values;

use std::rc::Rc;

use rquickjs::{CatchResultExt as _, Context, Object, Runtime};

use super::install;
use crate::sys::{Heap, Meter};

/// Enough for every test that does not look at memory.
const ROOMY: usize = 256 << 20;

/// An engine with the natives as the global `n`.
struct Sandbox {
    // Before the runtime, which waits for it.
    context: Context,
    runtime: Runtime,
    meter: Rc<Meter>,
}

/// What tests write bytes with.
const WRITING: &str = r#"
const bytes = (...list) => new Uint8Array(list);
const text = (string) => n.bufferFromText(string, "utf8");
const unhex = (string) => n.bufferFromText(string, "hex");
const hex = (list) => n.bufferToText(list, "hex");
const utf8 = (list) => n.bufferToText(list, "utf8");
const filled = (length, byte) => new Uint8Array(length).fill(byte);
const units = (string) => string.split("").map((unit) => unit.charCodeAt(0).toString(16)).join(" ");
const joined = (list) => {
    const whole = new Uint8Array(list.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of list) {
        whole.set(part, at);
        at += part.length;
    }
    return whole;
};
const detached = () => {
    const list = bytes(1, 2, 3);
    list.buffer.transfer();
    return list;
};
const outOfBounds = () => {
    const buffer = new ArrayBuffer(8, { maxByteLength: 8 });
    const list = new Uint8Array(buffer, 4, 4);
    buffer.resize(5);
    return list;
};
const name = (work) => {
    try {
        return String(work());
    } catch (error) {
        return error === null ? "null" : error.name;
    }
};
"#;

impl Sandbox {
    fn new() -> Self {
        Self::with_limit(ROOMY)
    }

    fn with_limit(bytes: usize) -> Self {
        let (heap, meter) = Heap::new();
        let runtime = Runtime::new_with_alloc(heap).unwrap();
        let context = Context::full(&runtime).unwrap();
        context.with(|ctx| {
            let natives = Object::new(ctx.clone()).unwrap();
            install(&ctx, &natives, &meter).unwrap();
            ctx.globals().set("n", natives).unwrap();
            ctx.eval::<(), _>(WRITING).unwrap();
        });
        meter.set_limit(bytes);
        Self { context, runtime, meter }
    }

    /// The value of `source` as a string, or the name of what it throws.
    fn value(&self, source: &str) -> String {
        let source = format!("name(() => {source})");
        self.context.with(|ctx| ctx.eval::<String, _>(source).unwrap())
    }

    #[track_caller]
    fn run(&self, source: &str) {
        self.context.with(|ctx| {
            let done = ctx.eval::<(), _>(source).catch(&ctx);
            assert!(done.is_ok(), "{done:?}");
        });
    }

    /// Runs it to its end or to whatever it throws, and then the jobs that are left.
    fn attempt(&self, source: &str) {
        self.context.with(|ctx| {
            let _ = ctx.eval::<(), _>(source).catch(&ctx);
            while ctx.execute_pending_job() {}
        });
    }

    #[track_caller]
    fn check(&self, source: &str, expected: &str) {
        assert_eq!(self.value(source), expected, "{source}");
    }
}
