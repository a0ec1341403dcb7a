//! The engine without a runtime: what the references run, so that the rows also show what the runtime costs.
//!
//! One module, whose default function is called with JSON, and the promises that it waits for; nothing else.

use std::error::Error;

use rquickjs::{Context, Ctx, Function, Module, Object, Persistent, Runtime, Value};
use skep_link::frame::{Encoding, Exception, Function as Found, Invoke, ToDaemon, ToShim};
use skep_shim::{link::Link, sys::Heap};

/// As in the product.
const STACK_BYTES: usize = 512 << 10;

/// A bare engine.
pub(crate) struct Bare {
    context: Context,
    /// The text of the module that is to be bound, and what it became.
    source: Vec<u8>,
    namespace: Option<Persistent<Object<'static>>>,
}

impl Bare {
    pub(crate) fn new() -> rquickjs::Result<Self> {
        let (heap, meter) = Heap::new();
        let runtime = Runtime::new_with_alloc(heap)?;
        runtime.set_max_stack_size(STACK_BYTES);
        let context = Context::full(&runtime)?;
        runtime.run_gc();
        runtime.set_gc_threshold(2 * meter.used());
        Ok(Self { context, source: Vec::new(), namespace: None })
    }

    /// Serves the link until it ends.
    pub(crate) fn serve(&mut self, mut link: Link) -> Result<(), Box<dyn Error>> {
        let mut body = Vec::new();
        while link.receive(&mut body).is_ok() {
            match ToShim::decode(&body)? {
                ToShim::Part(part) => self.source.extend_from_slice(part.bytes),
                ToShim::Bind(bind) => {
                    self.bind(bind.entry)?;
                    let functions = vec![Found { name: "default", event: "", http: "" }];
                    link.send(&ToDaemon::Bound {
                        functions,
                        skipped: 0,
                        named: Vec::new(),
                        dropped: 0,
                    })?;
                }
                ToShim::Invoke(invoke) => match self.invoke(&invoke) {
                    Ok(payload) => link.send(&ToDaemon::Reply {
                        dropped: 0,
                        spent: false,
                        encoding: Encoding::Json,
                        http: None,
                        payload: payload.as_bytes(),
                    })?,
                    Err(error) => {
                        let text = error.to_string();
                        let exception = Exception { name: "Error", message: &text, stack: "" };
                        link.send(&ToDaemon::Thrown { dropped: 0, spent: false, exception })?;
                    }
                },
                ToShim::Ping => link.send(&ToDaemon::Pong)?,
                ToShim::Cancel => {}
            }
        }
        Ok(())
    }

    fn bind(&mut self, entry: &str) -> rquickjs::Result<()> {
        let source = std::mem::take(&mut self.source);
        self.namespace = Some(self.context.with(|ctx| {
            let (module, promise) = Module::declare(ctx.clone(), entry, source)?.eval()?;
            promise.finish::<Value<'_>>()?;
            Ok::<_, rquickjs::Error>(Persistent::save(&ctx, module.namespace()?))
        })?);
        Ok(())
    }

    fn invoke(&self, invoke: &Invoke<'_>) -> rquickjs::Result<String> {
        self.context.with(|ctx: Ctx<'_>| {
            let namespace =
                self.namespace.clone().ok_or(rquickjs::Error::Unknown)?.restore(&ctx)?;
            let function: Function<'_> = namespace.get(invoke.function)?;
            let event = ctx.json_parse(invoke.payload)?;
            let context = Object::new(ctx.clone())?;
            context.set("invocation", format!("{:032x}", u128::from_be_bytes(invoke.id)))?;
            let value: Value<'_> = function.call((event, context))?;
            let value = match value.clone().into_promise() {
                Some(promise) => promise.finish()?,
                None => value,
            };
            let text = ctx.json_stringify(value)?.ok_or(rquickjs::Error::Unknown)?;
            text.to_string()
        })
    }
}
