//! One invocation, from its admission to its bill.
//!
//! The call runs to its end: a client that hangs up cancels it in the shim, it does not drop the lease. A
//! clean reply gives the instance back; a timeout, a broken frame or a surprise condemns it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use skep_core::{
    AppId, ByteCount, Cause, Ceiling, Deadline, FunctionName, InvocationId, unit::DurationText,
};
use skep_link::frame::{
    self, Encoding, Invoke, Level, MAX_EXCEPTION_NAME, Stop, ToDaemon, ToShim, cut,
};
use tokio::{
    sync::oneshot,
    time::{timeout, timeout_at},
};

use crate::{
    config::{LogBounds, Sizes},
    instance::Instance,
    link::LinkError,
    logs::{Logs, Source},
    pool::{BindError, Lease, Pool, Start, Turned},
    registry::Version,
};

/// How long the shim may take to stop a call by itself before it is killed.
const GRACE: Duration = Duration::from_millis(10);
/// Bytes of an event that is sent together with its app, at most: a socket's buffer has room for it.
const EARLY: usize = 64 << 10;
/// How long it may take after the client hung up: nobody waits for it.
const CANCEL_GRACE: Duration = Duration::from_millis(100);

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its number.
    pub id: InvocationId,
    /// Which app.
    pub app: AppId,
    /// Which function; none for the one that the app offers first.
    pub function: Option<FunctionName>,
    /// The event, or the body.
    pub payload: Bytes,
    /// How to read it.
    pub encoding: Encoding,
    /// What makes it a call of HTTP.
    pub http: Option<HttpCall>,
    /// What the caller's platform knows about it: a JSON object, or nothing.
    pub context: String,
    /// The earliest of the caller's and the host's; the app's own is added here.
    pub deadline: Deadline,
    /// When it arrived.
    pub arrived: Instant,
}

/// The head of a call of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCall {
    /// The method.
    pub method: String,
    /// Absolute, or a path.
    pub url: String,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
}

/// The head of an answer of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpHead {
    /// 200 to 599.
    pub status: u16,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
}

fn borrowed(pairs: &[(String, String)]) -> frame::Pairs<'_> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// What a call cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Waiting for an instance.
    pub queue: Duration,
    /// Making one ready.
    pub start_time: Duration,
    /// Running.
    pub run: Duration,
    /// CPU time of the instance meanwhile, by the kernel.
    pub cpu: Duration,
    /// The most memory that the instance ever had.
    pub memory_peak: ByteCount,
    /// Bytes of the event.
    pub bytes_in: u64,
    /// Bytes of the answer.
    pub bytes_out: u64,
    /// How the instance was obtained.
    pub start: Option<Start>,
    /// Console lines taken.
    pub log_lines: u32,
    /// Console lines beyond the bound.
    pub log_dropped: u32,
}

/// What a function answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A value.
    Reply {
        /// How to read it.
        encoding: Encoding,
        /// The head of an answer of HTTP, where the function gave one.
        http: Option<HttpHead>,
        /// The value.
        payload: Vec<u8>,
    },
    /// It threw: it worked, and this is its answer.
    Thrown {
        /// The error's name.
        name: String,
        /// Its message.
        message: String,
        /// Where.
        stack: String,
    },
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No such app.
    NotFound,
    /// The app has no such function; those that it has.
    NoFunction {
        /// What was asked for; none if the call names none.
        asked: Option<String>,
        /// What there is.
        has: Vec<String>,
    },
    /// The event is not what its encoding says, as this text tells; the function was not called.
    BadPayload(String),
    /// The typed cause; whether the instance's end is proven; what more to tell the tenant.
    Cause {
        /// The cause.
        cause: Cause,
        /// Whether the death that came with it is proven.
        confirmed: bool,
        /// More, for people.
        detail: Option<String>,
    },
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The answer, or why there is none.
    pub answer: Result<Answer, Failure>,
    /// What it cost, whatever became of it.
    pub usage: Usage,
    /// Whether it got an instance: what did not is only counted.
    pub ran: bool,
}

impl From<Turned> for Failure {
    fn from(turned: Turned) -> Self {
        match turned {
            Turned::NoApp => Self::NotFound,
            Turned::Cause(cause, detail) => Self::Cause { cause, confirmed: true, detail },
        }
    }
}

/// Bounds that hold for every call.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Of messages.
    pub sizes: Sizes,
    /// Of console text.
    pub logs: LogBounds,
}

/// Runs one call to its end. `hung_up` resolves when nobody waits for the answer any more. Whatever becomes
/// of it, no lease and no charge is left behind.
pub async fn run(
    pool: Arc<Pool>,
    call: Call,
    bounds: Bounds,
    hung_up: oneshot::Receiver<()>,
) -> Outcome {
    let mut usage = Usage {
        bytes_in: u64::try_from(call.payload.len()).unwrap_or(u64::MAX),
        ..Usage::default()
    };
    let answer = attempt(&pool, &call, bounds, hung_up, &mut usage).await;
    Outcome { answer, ran: usage.start.is_some(), usage }
}

async fn attempt(
    pool: &Arc<Pool>,
    call: &Call,
    bounds: Bounds,
    mut hung_up: oneshot::Receiver<()>,
    usage: &mut Usage,
) -> Result<Answer, Failure> {
    let (version, logs) = pool.live(&call.app).ok_or(Failure::NotFound)?;
    let method = call.http.as_ref().map(|http| http.method.as_str());
    let Some(function) = version.function_for(call.function.as_ref(), method) else {
        return Err(no_function(call, &version));
    };
    pool.called(&version, call.arrived);
    let deadline =
        call.deadline.no_later_than(Deadline::after(call.arrived, version.limits.timeout));
    if deadline.has_passed(Instant::now()) {
        return Err(Turned::from(Cause::Deadline).into());
    }
    let asked = Instant::now();
    // Given back when this ends, however it does.
    let (lease, _charge) = pool.lease(&call.app, deadline, &mut hung_up).await?;
    usage.queue = asked.elapsed().saturating_sub(lease.start_time);
    (usage.start_time, usage.start) = (lease.start_time, Some(lease.start));
    let mut running = Running {
        call,
        version: &version,
        function: &function,
        deadline,
        bounds,
        logs: &logs,
        log_bytes: 0,
        usage,
        asked,
        begun: Instant::now(),
        cpu_begun: lease.instance().cpu_time(),
        sent_with_app: None,
    };
    let answer = running.on(lease, hung_up).await;
    tell_app(call, &function, &answer, usage, &logs);
    answer
}

/// Bytes of what an exception or an error says of itself that are in the line about its call, at most.
const TOLD: usize = 256;

/// A call that threw or was ended has one line among those of its app, beside its own.
fn no_function(call: &Call, version: &Version) -> Failure {
    let asked = call.function.as_ref().map(|name| name.as_str().to_owned());
    Failure::NoFunction { asked, has: version.functions.iter().map(|it| it.name.clone()).collect() }
}

fn tell_app(
    call: &Call,
    function: &str,
    answer: &Result<Answer, Failure>,
    usage: &Usage,
    logs: &Logs,
) {
    let what = match answer {
        Ok(Answer::Reply { .. })
        | Err(Failure::NotFound | Failure::NoFunction { .. } | Failure::BadPayload(_)) => return,
        Ok(Answer::Thrown { name, message, .. }) => {
            format!("threw {}: {}", cut(name, TOLD), cut(message, TOLD))
        }
        Err(Failure::Cause { cause, detail: None, .. }) => {
            format!("was ended, {}: {cause}", cause.reason())
        }
        Err(Failure::Cause { cause, detail: Some(detail), .. }) => {
            format!("was ended, {}: {cause}: {}", cause.reason(), cut(detail, TOLD))
        }
    };
    let (run, cpu) = (DurationText::rounded_up(usage.run), DurationText::rounded_up(usage.cpu));
    let text = format!("the call of {function} {what} (run {run}, cpu {cpu})");
    logs.push(Source { invocation: Some(call.id), level: Level::Error }, &text);
}

struct Running<'a> {
    call: &'a Call,
    version: &'a Version,
    /// The name of the function that runs.
    function: &'a str,
    deadline: Deadline,
    bounds: Bounds,
    logs: &'a Logs,
    log_bytes: u64,
    usage: &'a mut Usage,
    /// When an instance was asked for.
    asked: Instant,
    /// When the instance could run the call: an app that it loads first is no part of that.
    begun: Instant,
    /// The CPU time of the instance then.
    cpu_begun: Duration,
    /// The time and CPU time when the call was sent, if that was together with its app. From outside nobody can
    /// tell where the loading ended and the call began: the bill is for both.
    sent_with_app: Option<(Instant, Duration)>,
}

/// How the conversation about one call ended.
enum Talk {
    Answer {
        answer: Answer,
        spent: bool,
    },
    NoFunction,
    BadPayload(String),
    TooLarge(ByteCount),
    /// The instance was not even told of the call.
    NotBegun(Cause),
    /// The instance could not load the app.
    NotLoaded(BindError),
    /// The shim stopped the call, or we must.
    Stop(Cause),
    Broken(LinkError),
}

impl Running<'_> {
    async fn on(
        &mut self,
        mut lease: Lease,
        hung_up: oneshot::Receiver<()>,
    ) -> Result<Answer, Failure> {
        let instance = Arc::clone(lease.instance());
        let talk = self.talk(&mut lease, hung_up).await;
        let (begun, cpu_begun) = self.sent_with_app.unwrap_or((self.begun, self.cpu_begun));
        self.usage.run = begun.elapsed();
        let clock = instance.cpu_time();
        self.usage.cpu = clock.saturating_sub(cpu_begun);
        self.usage.memory_peak = instance.memory_peak();
        lease.ended_at(clock);
        match talk {
            Talk::Answer { answer, spent } => {
                let bytes_out = match &answer {
                    Answer::Reply { payload, .. } => payload.len(),
                    Answer::Thrown { name, message, stack } => {
                        name.len() + message.len() + stack.len()
                    }
                };
                self.usage.bytes_out = u64::try_from(bytes_out).unwrap_or(u64::MAX);
                if spent {
                    // The answer stands; the instance is replaced off the caller's path.
                    tokio::spawn(lease.condemn(Some(Cause::InstanceLost)));
                } else {
                    lease.healthy();
                }
                Ok(answer)
            }
            Talk::NoFunction => {
                lease.healthy();
                Err(no_function(self.call, self.version))
            }
            Talk::BadPayload(message) => {
                lease.healthy();
                Err(Failure::BadPayload(message))
            }
            Talk::TooLarge(size) => {
                lease.healthy();
                let most = self.bounds.sizes.reply;
                Err(Turned::from(Cause::TooLarge { size, most }).into())
            }
            Talk::NotBegun(cause) => {
                lease.healthy();
                Err(Turned::from(cause).into())
            }
            Talk::NotLoaded(error) => {
                tracing::warn!(
                    app = %self.call.app, instance = %instance.id, error = error.without_text(),
                    "cannot load",
                );
                let (cause, detail) = error.told();
                Err(self.end(lease, cause, detail).await)
            }
            Talk::Stop(cause) => Err(self.end(lease, Some(cause), None).await),
            Talk::Broken(LinkError::Closed) => Err(self.end(lease, None, None).await),
            Talk::Broken(error) => {
                let detail = Some(error.to_string());
                Err(self.end(lease, Some(Cause::BadFrame), detail).await)
            }
        }
    }

    async fn end(&mut self, lease: Lease, why: Option<Cause>, detail: Option<String>) -> Failure {
        let instance = Arc::clone(lease.instance());
        let death = lease.condemn(why).await;
        // Its own clock is gone, or was read before its end.
        if let Some(total) = instance.cpu_total() {
            let (_, begun) = self.sent_with_app.unwrap_or((self.begun, self.cpu_begun));
            self.usage.cpu = total.saturating_sub(begun);
        }
        Failure::Cause { cause: death.cause, confirmed: death.confirmed, detail }
    }

    async fn talk(&mut self, lease: &mut Lease, mut hung_up: oneshot::Receiver<()>) -> Talk {
        let budget = lease.version().limits.cpu_budget;
        let instance = Arc::clone(lease.instance());
        let Some(left) = self.deadline.left(self.begun) else {
            return Talk::NotBegun(Cause::Deadline);
        };
        // The other end is dropped when nobody waits any more.
        if !matches!(hung_up.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
            return Talk::NotBegun(Cause::Cancelled);
        }
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let invoke = ToShim::Invoke(Invoke {
            id: self.call.id.bits().to_be_bytes(),
            function: self.function,
            encoding: self.call.encoding,
            wall_ns: nanoseconds(left),
            cpu_ns: budget.at().map(nanoseconds),
            log_lines: self.bounds.logs.lines_per_call,
            log_bytes: u32::try_from(self.bounds.logs.bytes_per_call.bytes()).unwrap_or(u32::MAX),
            http: self.call.http.as_ref().map(|http| frame::HttpCall {
                method: &http.method,
                url: &http.url,
                headers: borrowed(&http.headers),
            }),
            context: &self.call.context,
            payload: &self.call.payload,
        });
        let last = self.deadline.instant() + GRACE;
        // A larger one is sent when its app is loaded: both ends could wait for the other to read.
        let early = lease.is_fresh() && self.call.payload.len() <= EARLY;
        if lease.is_fresh() {
            let sent = (Instant::now(), instance.cpu_time());
            self.sent_with_app = early.then_some(sent);
            // Whoever gives up meanwhile ends the instance: it may have taken the call already.
            let loaded = tokio::select! {
                biased;
                loaded = lease.load_with(early.then_some(&invoke)) => loaded,
                () = tokio::time::sleep_until(last.into()) => return Talk::Stop(Cause::Deadline),
                _ = &mut hung_up => return Talk::Stop(Cause::Cancelled),
            };
            if let Err(error) = loaded {
                return Talk::NotLoaded(error);
            }
            let loading = if early { sent.0.elapsed() } else { Duration::ZERO };
            self.usage.start_time = lease.start_time.saturating_sub(loading);
            self.usage.queue = self.asked.elapsed().saturating_sub(lease.start_time);
            (self.begun, self.cpu_begun) = (Instant::now(), instance.cpu_time());
        }
        if !early {
            let Some(link) = lease.link() else { return Talk::Broken(LinkError::Closed) };
            match timeout_at(last.into(), link.send(&invoke)).await {
                Err(_) => return Talk::Stop(Cause::Deadline),
                Ok(Err(error)) => return Talk::Broken(error),
                Ok(Ok(())) => {}
            }
        }
        let Some(link) = lease.link() else { return Talk::Broken(LinkError::Closed) };
        let mut cancelled_at: Option<Instant> = None;
        loop {
            let (until, cause) = self.next_stop(last, cancelled_at, budget, &instance);
            tokio::select! {
                biased;
                frame = link.receive() => match frame {
                    Err(error) => return Talk::Broken(error),
                    Ok(frame) => if let Some(talk) = self.on_frame(&frame) { return talk },
                },
                () = tokio::time::sleep_until(until.into()) => {
                    let Some(cause) = cause else { continue };
                    return Talk::Stop(cause);
                }
                _ = &mut hung_up, if cancelled_at.is_none() => {
                    cancelled_at = Some(Instant::now());
                    match timeout(CANCEL_GRACE, link.send(&ToShim::Cancel)).await {
                        Err(_) => return Talk::Stop(Cause::Cancelled),
                        Ok(Err(error)) => return Talk::Broken(error),
                        Ok(Ok(())) => {}
                    }
                }
            }
        }
    }

    /// When to look next, and what has happened if nothing else did; `None` is to look again.
    fn next_stop(
        &self,
        last: Instant,
        cancelled_at: Option<Instant>,
        budget: Ceiling<Duration>,
        instance: &Instance,
    ) -> (Instant, Option<Cause>) {
        let mut next = (last, Some(Cause::Deadline));
        if let Some(at) = cancelled_at {
            let until = at + CANCEL_GRACE;
            if until < next.0 {
                next = (until, Some(Cause::Cancelled));
            }
        }
        if let Ceiling::At(budget) = budget {
            // One thread uses at most as much CPU time as wall time passes.
            let now = Instant::now();
            let soonest = self.begun + budget + GRACE;
            let (until, cause) = if now < soonest {
                (soonest, None)
            } else {
                let used = instance.cpu_time().saturating_sub(self.cpu_begun);
                match (budget + GRACE).checked_sub(used) {
                    Some(left) if !left.is_zero() => (now + left, None),
                    _ => (now, Some(Cause::CpuBudget)),
                }
            };
            if until < next.0 {
                next = (until, cause);
            }
        }
        next
    }

    fn on_frame(&mut self, frame: &ToDaemon<'_>) -> Option<Talk> {
        let (answer, dropped, spent) = match *frame {
            ToDaemon::Log { level, text } => {
                // The shim keeps to the bounds and counts what it drops; only hostile code in its place
                // does not.
                let bounds = self.bounds.logs;
                self.usage.log_lines += 1;
                self.log_bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
                if bounds.lines_per_call < self.usage.log_lines
                    || bounds.bytes_per_call.bytes() < self.log_bytes
                {
                    return Some(Talk::Stop(Cause::BadFrame));
                }
                self.logs.push(Source { invocation: Some(self.call.id), level }, text);
                return None;
            }
            ToDaemon::Reply { payload, .. }
                if self.bounds.sizes.reply.bytes()
                    < u64::try_from(payload.len()).unwrap_or(u64::MAX) =>
            {
                return Some(Talk::Stop(Cause::BadFrame));
            }
            ToDaemon::Reply { dropped, spent, encoding, ref http, payload } => {
                let http = http.as_ref().map(|head| {
                    let owned =
                        |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
                    HttpHead {
                        status: head.status,
                        headers: head.headers.iter().map(owned).collect(),
                    }
                });
                (Answer::Reply { encoding, http, payload: payload.to_vec() }, dropped, spent)
            }
            ToDaemon::Thrown { dropped, spent, exception } => {
                let exception = exception.cut();
                let thrown = Answer::Thrown {
                    name: exception.name.to_owned(),
                    message: exception.message.to_owned(),
                    stack: exception.stack.to_owned(),
                };
                (thrown, dropped, spent)
            }
            ToDaemon::NoFunction => return Some(Talk::NoFunction),
            ToDaemon::BadPayload { message } => {
                return Some(Talk::BadPayload(cut(message, MAX_EXCEPTION_NAME).to_owned()));
            }
            ToDaemon::ReplyTooLarge { bytes } => {
                return Some(Talk::TooLarge(ByteCount::from_bytes(bytes)));
            }
            ToDaemon::Stopped { why, dropped } => {
                self.usage.log_dropped = dropped;
                return Some(Talk::Stop(match why {
                    Stop::Heap => Cause::OomHeap,
                    Stop::Deadline => Cause::Deadline,
                    Stop::CpuBudget => Cause::CpuBudget,
                    Stop::Cancelled => Cause::Cancelled,
                    Stop::Exit(code) => Cause::ExitedEarly { code },
                }));
            }
            ToDaemon::Sealed { .. }
            | ToDaemon::Made { .. }
            | ToDaemon::MadeAll
            | ToDaemon::Bound { .. }
            | ToDaemon::BindFailed { .. }
            | ToDaemon::Pong => return Some(Talk::Stop(Cause::BadFrame)),
        };
        self.usage.log_dropped = self.usage.log_dropped.saturating_add(dropped);
        self.logs.tell_dropped(Some(self.call.id), dropped);
        Some(Talk::Answer { answer, spent })
    }
}
