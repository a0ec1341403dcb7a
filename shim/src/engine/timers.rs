//! `setTimeout`, `setInterval` and their ends, for tenant code.
//!
//! Can:    let a call wait, while it runs and within its deadline.
//! Cannot: run anything between calls: what is left at the reply is dropped.
//! At most [`MAX_TIMERS`] wait at the same time.

use std::{
    collections::BTreeMap,
    rc::Rc,
    time::{Duration, Instant},
};

use rquickjs::{
    Ctx, Exception, Function, Persistent, Value,
    function::{Args, Func, Opt, Rest},
};

use super::{Api, host::Host};

pub(super) const API: Api =
    Api { names: &["setTimeout", "clearTimeout", "setInterval", "clearInterval"], install };

/// Timers that wait at the same time, at most.
const MAX_TIMERS: usize = 10_000;
/// A repetition takes at least this long: no busy loop by accident.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);
/// The longest wait: beyond every deadline.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What waits, by due time and then by order of setting.
#[derive(Default)]
pub(super) struct Timers {
    waiting: BTreeMap<(Instant, u32), Waiting>,
    last: u32,
}

struct Waiting {
    function: Persistent<Function<'static>>,
    arguments: Vec<Persistent<Value<'static>>>,
    every: Option<Duration>,
}

/// A timer whose time has come.
pub(super) struct Fired<'js> {
    function: Function<'js>,
    arguments: Vec<Value<'js>>,
}

impl<'js> Fired<'js> {
    pub(super) fn call(self) -> rquickjs::Result<()> {
        let mut args = Args::new(self.function.ctx().clone(), self.arguments.len());
        args.push_args(self.arguments)?;
        self.function.call_arg::<Value<'js>>(args).map(drop)
    }
}

impl Timers {
    /// Forgets everything that waits.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    /// Takes the next one that is due at `now`, and sets it again if it repeats.
    pub(super) fn fire<'js>(&mut self, ctx: &Ctx<'js>, now: Instant) -> Option<Fired<'js>> {
        let first = self.waiting.first_entry()?;
        let (due, id) = *first.key();
        if now < due {
            return None;
        }
        let waiting = first.remove();
        let fired = Fired {
            function: waiting.function.clone().restore(ctx).ok()?,
            arguments: waiting
                .arguments
                .iter()
                .map(|argument| argument.clone().restore(ctx))
                .collect::<rquickjs::Result<_>>()
                .ok()?,
        };
        if let Some(every) = waiting.every {
            self.waiting.insert((now + every, id), waiting);
        }
        Some(fired)
    }

    fn set<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        function: Function<'js>,
        wait: Duration,
        every: Option<Duration>,
        arguments: &[Value<'js>],
    ) -> rquickjs::Result<u32> {
        if MAX_TIMERS <= self.waiting.len() {
            let most = format!("more than {MAX_TIMERS} timers at the same time");
            return Err(Exception::throw_range(ctx, &most));
        }
        self.last = self.last.wrapping_add(1).max(1);
        let waiting = Waiting {
            function: Persistent::save(ctx, function),
            arguments: arguments.iter().map(|value| Persistent::save(ctx, value.clone())).collect(),
            every,
        };
        self.waiting.insert((Instant::now() + wait, self.last), waiting);
        Ok(self.last)
    }

    fn remove(&mut self, id: u32) {
        self.waiting.retain(|(_, waiting), _| *waiting != id);
    }
}

fn install<'js>(ctx: &Ctx<'js>, host: &Rc<Host>) -> rquickjs::Result<()> {
    let globals = ctx.globals();
    for (name, repeats) in [("setTimeout", false), ("setInterval", true)] {
        let host = Rc::clone(host);
        let set = move |ctx: Ctx<'js>,
                        function: Function<'js>,
                        milliseconds: Opt<f64>,
                        arguments: Rest<Value<'js>>| {
            let wait = duration(milliseconds.0);
            let every = repeats.then_some(wait.max(SHORTEST_INTERVAL));
            host.timers().set(&ctx, function, wait, every, &arguments)
        };
        globals.set(name, Function::new(ctx.clone(), set)?)?;
    }
    for name in ["clearTimeout", "clearInterval"] {
        let host = Rc::clone(host);
        let clear = move |id: Opt<Value<'js>>| {
            if let Some(id) = id.0.and_then(|id| id.as_int()) {
                host.timers().remove(id.cast_unsigned());
            }
        };
        globals.set(name, Func::new(clear))?;
    }
    Ok(())
}

/// Nothing, nonsense and negative numbers are no wait at all, as everywhere.
fn duration(milliseconds: Option<f64>) -> Duration {
    let seconds = milliseconds.unwrap_or(0.0).max(0.0) / 1e3;
    Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(milliseconds: Option<f64>, expected: Duration) {
        assert_eq!(duration(milliseconds), expected, "for {milliseconds:?}");
    }

    #[test]
    fn waits_are_milliseconds_and_nonsense_is_none() {
        check(Some(1.5), Duration::from_micros(1500));
        check(None, Duration::ZERO);
        check(Some(-1.0), Duration::ZERO);
        check(Some(f64::NAN), Duration::ZERO);
        check(Some(f64::INFINITY), LONGEST);
        check(Some(1e300), LONGEST);
    }
}
