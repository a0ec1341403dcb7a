//! Binding: an instance gets the limits of a version and loads it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use skep_core::{Cause, Ceiling, FunctionName, life::State, name::NAME_BYTES};
use skep_link::frame::{MAX_EXCEPTION_NAME, Stop, ToDaemon, ToShim, cut};
use tokio::{sync::SemaphorePermit, time::timeout_at};

use super::{Limits, Pool, start::OVERTAKEN};
use crate::{
    config::LogBounds,
    exit::Chain,
    instance::Instance,
    link::{Link, LinkError},
    logs::Source,
    registry::{Content, Function, Made, Version},
};

/// How long compiling and evaluating a version may take at most, wall time, whatever its app's limits are.
const BIND_TIME: Duration = Duration::from_secs(5);
/// How much longer the shim may need to say that it stopped.
const BIND_MARGIN: Duration = Duration::from_secs(1);

/// How much more than its budget an instance may use until that is noticed.
const GRACE: Duration = Duration::from_millis(10);

/// Why an instance does not serve a version.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// A limit does not hold.
    #[error(transparent)]
    Limit(#[from] crate::cgroup::LimitError),
    /// The link broke.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The source was refused.
    #[error("{path}:{line}:{column}: {name}: {message}")]
    Source {
        /// The module.
        path: String,
        /// From 1; 0 if unknown.
        line: u32,
        /// From 1; 0 if unknown.
        column: u32,
        /// The error's name.
        name: String,
        /// Its message.
        message: String,
    },
    /// It took too much of something.
    #[error("{}", .0)]
    Stopped(Cause),
}

impl BindError {
    /// For the operator's log: text of tenants is only in their own.
    pub fn without_text(&self) -> String {
        match self {
            Self::Source { .. } => "the source was refused; the log of the app has more".to_owned(),
            error => Chain(error).to_string(),
        }
    }

    /// What whoever waited is told; no cause where the kernel knows better.
    pub fn told(&self) -> (Option<Cause>, Option<String>) {
        match self {
            Self::Stopped(cause) => (Some(*cause), None),
            Self::Source { .. } => (Some(Cause::SpawnFailed), Some(self.to_string())),
            Self::Limit(_) => (Some(Cause::SpawnFailed), None),
            Self::Link(LinkError::Closed) => (None, None),
            Self::Link(error) => (Some(Cause::BadFrame), Some(error.to_string())),
        }
    }
}

/// The functions of a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exports {
    /// Those that can be called, sorted.
    pub functions: Vec<Function>,
    /// How many there are beside those, under names by which nothing can be called.
    pub skipped: u32,
    /// The first of those names.
    pub named: Vec<String>,
}

impl Pool {
    /// Writes the app's limits and has the shim load the version; its functions.
    pub(super) async fn bind(
        self: &Arc<Self>,
        version: &Version,
        instance: &Instance,
        link: &mut Link,
    ) -> Result<Exports, BindError> {
        self.bind_with(version, instance, link, None).await
    }

    /// Writes the limits of a version; again where the tenant's was changed meanwhile, which may have come between
    /// what the books said and the kernel.
    fn limit_to(&self, version: &Version, instance: &Instance) -> Result<(), BindError> {
        let mut tries = 1;
        loop {
            let mut asked = None;
            let written = instance.limit(|_| {
                let mut books = self.lock();
                // Who dies is left alone, and its link breaks.
                let seat = books.seats.get_mut(&instance.id)?;
                if seat.state == State::Doomed {
                    return None;
                }
                seat.cpu = Ceiling::At(version.limits.cpu);
                let memory = Ceiling::At(seat.memory);
                asked = Some(books.quota_changes);
                Some((Limits { memory, ..books.limits_of(version) }, books.quota_changes))
            });
            let Err(error) = written else { return Ok(()) };
            let overtaken = asked.is_some_and(|changes| changes != self.lock().quota_changes);
            if !overtaken || OVERTAKEN <= tries {
                return Err(error.into());
            }
            tries += 1;
        }
    }

    /// What a version runs. Where it is on disk alone, another thread waits for that; then it comes with the
    /// tenant's turn for such a version, to be held until it was sent.
    async fn content(
        &self,
        version: &Version,
    ) -> Result<(Arc<Content>, Option<SemaphorePermit<'_>>), BindError> {
        if let Some(content) = version.content.get() {
            return Ok((content, None));
        }
        let turn = self.fetches.acquire().await.ok();
        let read = self.shared.kept.read().await;
        let lost = || BindError::Stopped(Cause::InstanceLost);
        let live = self.version(&version.app).map(|(live, ..)| live);
        let live = live.filter(|live| live.id == version.id).ok_or_else(lost)?;
        let kept = Arc::clone(&self.shared.kept);
        match tokio::task::spawn_blocking(move || {
            // Also where nobody waits for it any more.
            let _read = read;
            kept.fetch(&live)
        })
        .await
        {
            Ok(Ok(content)) => Ok((content.ok_or_else(lost)?, turn)),
            Ok(Err(error)) => {
                tracing::error!(
                    tenant = %self.tenant, app = %version.app, error = %Chain(&error),
                    "the code of an app cannot be read again",
                );
                Err(lost())
            }
            Err(_) => Err(lost()),
        }
    }

    /// The same, and sends a call that the shim takes once it has loaded the version.
    pub(super) async fn bind_with(
        self: &Arc<Self>,
        version: &Version,
        instance: &Instance,
        link: &mut Link,
        call: Option<&ToShim<'_>>,
    ) -> Result<Exports, BindError> {
        self.remake(version).await?;
        self.bind_here(version, instance, link, call).await
    }

    /// Has a version compiled whose bytecode is not there, such as after a restart, if that takes more memory than an
    /// instance of it has: in a sandbox as at its deploy. Where that fails the instance tries by itself.
    async fn remake(self: &Arc<Self>, version: &Version) -> Result<(), BindError> {
        let memory = version.limits.memory;
        let is_missing =
            |content: &Content| !content.is_made() && memory < content.deploy_memory(memory);
        if !is_missing(&self.content(version).await?.0) {
            return Ok(());
        }
        let _turn = self.remakers.acquire().await;
        if is_missing(&self.content(version).await?.0)
            && let Err(error) = self.compile(version).await
        {
            tracing::warn!(tenant = %self.tenant, app = %version.app, ?error, "not compiled anew");
        }
        Ok(())
    }

    /// Binds without a look at whether something else should be compiled first.
    pub(super) async fn bind_here(
        self: &Arc<Self>,
        version: &Version,
        instance: &Instance,
        link: &mut Link,
        call: Option<&ToShim<'_>>,
    ) -> Result<Exports, BindError> {
        self.limit_to(version, instance)?;
        let begun = instance.cpu_time();
        let wall = u64::try_from(wall_time(version).as_nanos()).unwrap_or(u64::MAX);
        let (content, turn) = self.content(version).await?;
        // The first one makes what the others are sent; how long they wait does not count as their load.
        let mut maker = match content.is_made() {
            true => None,
            false => self.makers.acquire().await.ok().filter(|_| !content.is_made()),
        };
        let answer = async move {
            let mut made = {
                let bind = content.bind(version, self.shared.max_reply, self.shared.logs, wall);
                let made =
                    (0 < bind.max_bytecode_bytes).then(|| Made::begin(instance.build, &content));
                let bind = ToShim::Bind(bind);
                let parts = content.parts(instance.build).map(ToShim::Part);
                let frames: Vec<ToShim<'_>> = parts.chain([bind]).chain(call.cloned()).collect();
                match link.send_all(&frames).await {
                    // What it said before it closed is still there.
                    Ok(()) | Err(LinkError::Closed) => {}
                    Err(error) => return Err(error.into()),
                }
                made
            };
            // A version that is not live yet has no place for lines.
            let logs = self.live(&version.app).map(|(_, logs)| logs);
            let mut taken = Taken::default();
            // Loading may take long: code that is to leave memory meanwhile does.
            let mut content = made.is_some().then_some(content);
            drop(turn);
            loop {
                match link.receive().await? {
                    ToDaemon::Made { form, path, bytes } => {
                        let taken = content.as_ref().zip(made.as_mut());
                        if !taken
                            .is_some_and(|(content, made)| made.take(content, form, path, bytes))
                        {
                            return Err(BindError::Stopped(Cause::BadFrame));
                        }
                    }
                    ToDaemon::MadeAll => {
                        let Some((content, made)) = content.take().zip(made.take()) else {
                            return Err(BindError::Stopped(Cause::BadFrame));
                        };
                        content.keep_made(made);
                        drop((content, maker.take()));
                        self.shared.kept.settle();
                    }
                    ToDaemon::Log { level, text } => {
                        if !taken.takes(text, self.shared.logs) {
                            return Err(BindError::Stopped(Cause::BadFrame));
                        }
                        if let Some(logs) = &logs {
                            logs.push(Source { invocation: None, level }, text);
                        }
                    }
                    // By then the app has run, and whatever comes could be its own.
                    ToDaemon::Bound { .. } if made.is_some() => {
                        return Err(BindError::Stopped(Cause::BadFrame));
                    }
                    frame => {
                        if let (ToDaemon::Bound { dropped, .. }, Some(logs)) = (&frame, &logs) {
                            logs.tell_dropped(None, *dropped);
                        }
                        return loaded(&frame);
                    }
                }
            }
        };
        within_budget(version, instance, begun, answer).await
    }
}

/// Console lines that have come: a shim keeps to the bounds, hostile code in its place does not.
#[derive(Default)]
struct Taken {
    lines: u32,
    bytes: u64,
}

impl Taken {
    fn takes(&mut self, text: &str, bounds: LogBounds) -> bool {
        self.lines += 1;
        self.bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.lines <= bounds.lines_per_call && self.bytes <= bounds.bytes_per_call.bytes()
    }
}

/// How long loading a version may take, wall time: as long as a call of it.
fn wall_time(version: &Version) -> Duration {
    (version.limits.timeout + GRACE).min(BIND_TIME)
}

/// Waits for `answer`, for as long as loading may take: the clock that counts is that of the instance.
async fn within_budget<T>(
    version: &Version,
    instance: &Instance,
    begun: Duration,
    answer: impl Future<Output = Result<T, BindError>>,
) -> Result<T, BindError> {
    tokio::pin!(answer);
    let end = Instant::now() + wall_time(version) + BIND_MARGIN;
    let budget = version.limits.load_budget();
    let cause = match version.limits.cpu_budget {
        Ceiling::At(own) if own == budget => Cause::CpuBudget,
        Ceiling::At(_) | Ceiling::Open => Cause::Deadline,
    };
    loop {
        // One thread uses at most as much CPU time as time passes.
        let used = instance.cpu_time().saturating_sub(begun);
        let Some(left) = (budget + GRACE).checked_sub(used).filter(|left| !left.is_zero()) else {
            return Err(BindError::Stopped(cause));
        };
        let until = end.min(Instant::now() + left);
        match timeout_at(until.into(), &mut answer).await {
            Ok(answer) => return answer,
            Err(_) if end <= Instant::now() => return Err(BindError::Stopped(Cause::Deadline)),
            Err(_) => {}
        }
    }
}

/// How loading a version ended; its functions. A shim that keeps to the protocol names none by which
/// nothing can be called, and cuts the names of the others.
fn loaded(frame: &ToDaemon<'_>) -> Result<Exports, BindError> {
    match frame {
        ToDaemon::Bound { functions, skipped, named, dropped: _ } => {
            let callable = functions.iter().all(|function| {
                let short = function.event.len().max(function.http.len()) <= NAME_BYTES;
                short && function.name.parse::<FunctionName>().is_ok()
            });
            if !callable || named.iter().any(|name| NAME_BYTES < name.len()) {
                return Err(BindError::Stopped(Cause::BadFrame));
            }
            let functions = functions.iter().map(|function| Function {
                name: function.name.to_owned(),
                event: function.event.to_owned(),
                http: function.http.to_owned(),
            });
            let named = named.iter().map(ToString::to_string).collect();
            let functions = functions.collect();
            Ok(Exports { functions, skipped: *skipped, named })
        }
        ToDaemon::BindFailed { path, line, column, exception } => {
            let exception = exception.cut();
            Err(BindError::Source {
                path: cut(path, MAX_EXCEPTION_NAME).to_owned(),
                line: *line,
                column: *column,
                name: exception.name.to_owned(),
                message: exception.message.to_owned(),
            })
        }
        ToDaemon::Stopped { why: Stop::Heap, .. } => Err(BindError::Stopped(Cause::OomHeap)),
        ToDaemon::Stopped { why: Stop::Exit(code), .. } => {
            Err(BindError::Stopped(Cause::ExitedEarly { code: *code }))
        }
        ToDaemon::Stopped { .. } => Err(BindError::Stopped(Cause::Deadline)),
        _ => Err(BindError::Stopped(Cause::BadFrame)),
    }
}
