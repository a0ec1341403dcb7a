//! Runs what a call or a load has begun: ticks, jobs of promises, timers, in the order of Node.

use std::time::Duration;

use rquickjs::{Promise, Value, promise::PromiseState};

use super::{call::Calls, exception::Caught};

/// Jobs that may still run after the answer is known, within the call's own limits.
const DRAINED_JOBS: u32 = 1_000;

/// What there was to do.
enum Step {
    /// Something ran.
    Ran,
    /// Nothing is left.
    Nothing,
}

impl<'js> Calls<'_, 'js> {
    /// The value of a promise, after all that it waits for has run; any other value as it is.
    pub(super) fn settle(&self, value: Value<'js>) -> Result<Value<'js>, Caught> {
        let Some(promise) = value.clone().into_promise() else {
            self.ticks();
            return Ok(value);
        };
        self.ticks();
        loop {
            if self.host.check().is_some() {
                return Err(Caught::stopped());
            }
            match promise.state() {
                PromiseState::Resolved => {
                    return self.result(&promise);
                }
                PromiseState::Rejected => {
                    // This one is told as the end of the call.
                    self.handled(&promise);
                    return self.result(&promise);
                }
                PromiseState::Pending => {}
            }
            if let Step::Nothing = self.step(true) {
                return Err(Caught::stuck());
            }
        }
    }

    fn result(&self, promise: &Promise<'js>) -> Result<Value<'js>, Caught> {
        let value = promise.result().unwrap_or_else(|| Ok(Value::new_undefined(self.ctx.clone())));
        value.map_err(|error| self.caught(error))
    }

    fn handled(&self, promise: &Promise<'js>) {
        let undefined = Value::new_undefined(self.ctx.clone());
        let _ =
            self.driver.track_rejection.call::<()>(self.ctx, (promise.clone(), undefined, true));
    }

    /// Runs the next timer, after a sleep if it must be; whether there was one.
    pub(super) fn wait(&self) -> bool {
        let fired = self.timer();
        self.rest();
        matches!(fired, Step::Ran)
    }

    /// Runs all ticks that wait. What one throws is told as an error that nobody caught.
    pub(super) fn ticks(&self) {
        while self.host.take_tick() {
            if let Err(error) = self.driver.run_ticks.call::<()>(self.ctx, ())
                && let rquickjs::Error::Exception = error
            {
                let thrown = self.ctx.catch();
                if self.host.check().is_some() {
                    return;
                }
                let _ = self.driver.report_exception.call::<()>(self.ctx, (thrown,));
            }
        }
    }

    /// One job of a promise, all ticks, or, with `timers`, one timer, after a sleep if it must be.
    fn step(&self, timers: bool) -> Step {
        if self.ctx.execute_pending_job() {
            return Step::Ran;
        }
        if self.host.take_tick() {
            self.host.tick_scheduled();
            self.ticks();
            return Step::Ran;
        }
        if self.host.take_rejection() {
            let _ = self.driver.notify_rejections.call::<bool>(self.ctx, ());
            self.ticks();
            return Step::Ran;
        }
        if !timers {
            return Step::Nothing;
        }
        match self.timer() {
            Step::Ran => Step::Ran,
            Step::Nothing => match self.driver.idle.call::<bool>(self.ctx, ()) {
                Ok(true) => Step::Ran,
                _ => Step::Nothing,
            },
        }
    }

    fn timer(&self) -> Step {
        match self.driver.next_delay.call::<f64>(self.ctx, ()) {
            Ok(delay) if 0.0 < delay => {
                self.host.sleep(Duration::try_from_secs_f64(delay / 1e3).unwrap_or(Duration::MAX));
                Step::Ran
            }
            Ok(0.0) => {
                let _ = self.driver.fire.call::<bool>(self.ctx, ());
                self.ticks();
                Step::Ran
            }
            _ => Step::Nothing,
        }
    }

    /// Runs what is left but timers that are not due, within the limits of the load.
    pub(super) fn rest(&self) {
        while self.host.check().is_none() && matches!(self.step(false), Step::Ran) {}
    }

    /// The end of a call or a load: what is only a few steps from its end comes to it, each step still watched;
    /// what is left is told and dropped. Whether something is left that cannot be dropped.
    pub(super) fn finish(&self) -> bool {
        let left = self.drain();
        if self.host.take_untidy() {
            let _ = self.driver.finish.call::<()>(self.ctx, ());
            self.host.take_untidy();
        }
        left
    }

    fn drain(&self) -> bool {
        for _ in 0..DRAINED_JOBS {
            if self.host.check().is_some() {
                return true;
            }
            if let Step::Nothing = self.step(false) {
                return false;
            }
        }
        true
    }
}
