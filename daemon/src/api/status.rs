//! The one table from our outcomes to gRPC codes, with reasons that machines can read.
//!
//! Each line is written for three readers: what the caller does, what the tenant learns, what the
//! operator sees. Texts are for people and may change; reasons are stable.

use std::{collections::HashMap, time::Duration};

use skep_core::{
    ByteCount, Cause, Denied, DurationText, InvocationId,
    budget::{Full, Holder},
    encoded::Unfit,
    paces::TooOften,
};
use skep_proto::ERROR_DOMAIN;
use tonic::{Code, Status};
use tonic_types::ErrorDetails;

use super::fit::{MOST_FIELDS, cut, fit, joined, shown};
use crate::{config::May, dispatch::Failure, exit::Chain, store::StoreError};

/// Bytes of a text that tenant code had a part in: it travels in headers, which clients bound.
const MOST_TEXT: usize = 768;
/// The same of a refused source, if no line of it is longer: it may say what each convention of functions looks like.
const MOST_SOURCE_TEXT: usize = 2048;
/// When to come back to a full budget: by then some answers have been taken.
const BUDGET_WAIT: Duration = Duration::from_millis(200);

/// A field of a request that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadField {
    /// Its path in the message.
    pub(super) field: String,
    /// The rule, and what was found.
    pub(super) what: String,
}

/// Why a request is not served, beside what becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No rule of the configuration fits the caller.
    Unknown,
    /// The caller may not do that.
    NotAdmin,
    /// It does not exist, or is not the caller's: one text for both.
    NotFound,
    /// Fields that cannot be: the first ones, and how many more there are.
    Fields(Vec<BadField>, usize),
    /// A budget of bytes is full.
    Full(Full),
    /// The caller may not do that to the tenant.
    MayNot(May),
    /// The caller makes a kind of call too often.
    TooOften { rpc: &'static str, too_often: TooOften },
    /// The caller has as many of them as one may have at the same time.
    Places { what: &'static str, most: usize },
    /// The source was refused.
    Source { path: String, line: u32, column: u32, message: String },
    /// A typed cause, and what more there is to say.
    Cause(Cause, Option<String>),
    /// The disk of the state has no room; the text is for the log.
    DiskFull(String),
    /// Ours; the text is for the log.
    Internal(String),
}

impl From<Cause> for Refusal {
    fn from(cause: Cause) -> Self {
        Self::Cause(cause, None)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let text = Chain(&error).to_string();
        if error.is_full() { Self::DiskFull(text) } else { Self::Internal(text) }
    }
}

impl From<Full> for Refusal {
    fn from(full: Full) -> Self {
        Self::Full(full)
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown => {
                let text = "this daemon does not know you";
                with_reason(Code::PermissionDenied, text, "UNKNOWN_CALLER", |_| ())
            }
            Refusal::NotAdmin => {
                let text = "only an admin may do that; see [[callers]] in the configuration";
                with_reason(Code::PermissionDenied, text, "NOT_ADMIN", |_| ())
            }
            Refusal::NotFound => {
                let text = "no such tenant, app or function";
                with_reason(Code::NotFound, text, "NOT_FOUND", |_| ())
            }
            Refusal::Fields(fields, more) => {
                let texts = fields.iter().map(|bad| format!("{}: {}", bad.field, bad.what));
                let text = joined(texts, more, MOST_TEXT);
                with_reason(Code::InvalidArgument, &text, "BAD_FIELD", |details| {
                    for bad in fields.into_iter().take(MOST_FIELDS) {
                        details.add_bad_request_violation(bad.field, bad.what);
                    }
                })
            }
            Refusal::MayNot(may) => {
                let text = format!(
                    "your [[callers]] rules do not let you do that: it needs may = [\"{}\"]",
                    may.as_str()
                );
                with_reason(Code::PermissionDenied, &text, "MAY_NOT", |_| ())
            }
            Refusal::TooOften { rpc, too_often } => often(rpc, too_often),
            Refusal::Full(full) => self::full(&full),
            Refusal::Places { what, most } => {
                let text = format!("{most} {what} of this caller are open already");
                budget(&text, Holder::Caller.as_str(), Some(BUDGET_WAIT))
            }
            Refusal::Source { path, line, column, message } => {
                let path = cut(&path, 200);
                let text = match line {
                    // Of the whole file.
                    0 => format!("{path}: {message}"),
                    _ => format!("{path}:{line}:{column}: {message}"),
                };
                let is_long = text.lines().any(|line| MOST_TEXT < line.len());
                let text = cut(&text, if is_long { MOST_TEXT } else { MOST_SOURCE_TEXT });
                // What it may look like instead is in the message alone.
                let first = text.lines().next().unwrap_or_default();
                with_reason(Code::InvalidArgument, text, "BAD_SOURCE", |details| {
                    details.add_bad_request_violation(format!("files[{path}]"), first);
                })
            }
            Refusal::Cause(cause, told) => of_cause(cause, true, told, None),
            Refusal::DiskFull(text) => {
                tracing::error!(error = %text, "the disk of the state is full");
                let text = "the disk of the daemon's state is full; nothing was changed";
                with_metadata(Code::Unavailable, text, "DISK_FULL", |_, metadata| {
                    metadata.insert("retriable".to_owned(), true.to_string());
                })
            }
            Refusal::Internal(text) => {
                tracing::error!(error = %text, "internal error");
                let text = "internal error; the daemon's log has more";
                with_reason(Code::Internal, text, "INTERNAL", |_| ())
            }
        }
    }
}

/// What becomes of a failed call.
pub(super) fn of_failure(failure: Failure, id: InvocationId) -> Status {
    match failure {
        Failure::NotFound => Refusal::NotFound.into(),
        Failure::NoFunction { asked, has } => {
            let what = match asked.as_deref() {
                Some(name) => format!("the app has no function {}", shown(name)),
                None => "the call names no function, and the app has no default one".to_owned(),
            };
            let has = joined(has.into_iter(), 0, MOST_TEXT / 2);
            let text = format!("{what}; it has: {has}");
            with_metadata(Code::NotFound, &text, "NOT_FOUND", |_, metadata| {
                metadata.insert("missing".to_owned(), "function".to_owned());
            })
        }
        Failure::BadPayload(message) => {
            let what = format!("is not what its encoding says: {message}");
            Refusal::Fields(vec![BadField { field: "payload".to_owned(), what }], 0).into()
        }
        Failure::Cause { cause, confirmed, detail } => of_cause(cause, confirmed, detail, Some(id)),
    }
}

/// The table.
fn code(cause: Cause) -> Code {
    match cause {
        // The tenant's own limits: the call as it is will not succeed, more of the same even less.
        Cause::OomHeap
        | Cause::OomCgroup { level: skep_core::Level::Process }
        | Cause::CpuBudget
        | Cause::Pids
        | Cause::Quota(_)
        | Cause::TooLarge { .. } => Code::ResourceExhausted,
        Cause::Deadline => Code::DeadlineExceeded,
        // The app's code did what it must not, or broke: the tenant mends it.
        Cause::Seccomp
        | Cause::EgressDenied
        | Cause::Crashed { .. }
        | Cause::ExitedEarly { .. } => Code::Aborted,
        // Nothing wrong with the call: again, a little later or elsewhere.
        Cause::OomCgroup { .. }
        | Cause::ZygoteLost
        | Cause::InstanceLost
        | Cause::Draining
        | Cause::SpawnFailed
        | Cause::QueueFull
        | Cause::BackOff { .. } => Code::Unavailable,
        Cause::Cancelled => Code::Cancelled,
        Cause::BadFrame => Code::Aborted,
    }
}

fn of_cause(
    cause: Cause,
    confirmed: bool,
    detail: Option<String>,
    id: Option<InvocationId>,
) -> Status {
    let mut text = cause.to_string();
    if let Some(detail) = detail {
        text = cut(&format!("{text}: {detail}"), MOST_TEXT).to_owned();
    }
    with_metadata(code(cause), &text, cause.reason(), |details, metadata| {
        metadata.insert("retriable".to_owned(), cause.retriable().to_string());
        if let Some(id) = id {
            metadata.insert("invocation".to_owned(), id.to_string());
        }
        if !confirmed {
            metadata.insert("confirmed".to_owned(), "false".to_owned());
        }
        if let Some(level) = cause.level() {
            metadata.insert("level".to_owned(), level.as_str().to_owned());
        }
        if let Cause::Crashed { signal } = cause {
            metadata.insert("signal".to_owned(), signal.to_string());
        }
        if let Cause::TooLarge { size, most } = cause {
            metadata.insert("size_bytes".to_owned(), size.bytes().to_string());
            metadata.insert("most_bytes".to_owned(), most.bytes().to_string());
        }
        if let Cause::Quota(denied) = cause {
            add_quota(details, denied);
        }
        if let Some(wait) = cause.retry_after() {
            // A client that comes back a moment too early is refused again.
            details.set_retry_info(Some(wait.max(Duration::from_millis(1))));
        }
    })
}

fn add_quota(details: &mut ErrorDetails, denied: Denied) {
    let subject = format!("{}:{}", denied.level.as_str(), denied.what.as_str());
    details.add_quota_failure_violation(subject, denied.to_string());
}

/// A payload that was not even read whole.
pub(super) fn too_large(size: u64, most: u64) -> Status {
    let (size, most) = (ByteCount::from_bytes(size), ByteCount::from_bytes(most));
    of_cause(Cause::TooLarge { size, most }, true, None, None)
}

/// A budget of bytes that has no room.
pub(super) fn full(full: &Full) -> Status {
    // What is larger than all of it never fits.
    let wait = (full.asked <= full.most).then_some(BUDGET_WAIT);
    budget(&full.to_string(), full.holder.as_str(), wait)
}

/// An answer that was built and finds no room. Its call has run: to call again is to run it again.
pub(super) fn unanswered(full: &Full, id: InvocationId) -> Status {
    let level = full.holder.as_str();
    let text = format!("the function ran, and its answer is lost: {full}");
    with_metadata(Code::ResourceExhausted, &text, "BUDGET", |_, metadata| {
        metadata.insert("level".to_owned(), level.to_owned());
        metadata.insert("retriable".to_owned(), false.to_string());
        metadata.insert("invocation".to_owned(), id.to_string());
    })
}

/// A caller that calls too often; like a quota of a tenant, but at the level of the caller.
fn often(rpc: &str, too_often: TooOften) -> Status {
    let TooOften { per_second, retry_after } = too_often;
    let text = match retry_after {
        Some(wait) => {
            let wait = DurationText::rounded_up(wait);
            format!(
                "caller's rate of {per_second} {rpc} calls per second is used up, retry in {wait}"
            )
        }
        None => format!("caller's rate of {rpc} calls is 0: it lets nothing in"),
    };
    let level = Holder::Caller.as_str();
    with_metadata(Code::ResourceExhausted, &text, "QUOTA", |details, metadata| {
        metadata.insert("level".to_owned(), level.to_owned());
        metadata.insert("retriable".to_owned(), retry_after.is_some().to_string());
        details.add_quota_failure_violation(format!("{level}:rate"), text.clone());
        // A client that comes back a moment too early is refused again.
        details.set_retry_info(retry_after.map(|wait| wait.max(Duration::from_millis(1))));
    })
}

fn budget(text: &str, level: &str, wait: Option<Duration>) -> Status {
    with_metadata(Code::ResourceExhausted, text, "BUDGET", |details, metadata| {
        metadata.insert("level".to_owned(), level.to_owned());
        metadata.insert("retriable".to_owned(), wait.is_some().to_string());
        details.set_retry_info(wait);
    })
}

/// A request of more than one message.
pub(super) fn one_message() -> Status {
    bad("a request is one message, and this one has more")
}

/// A request that ends before its message does.
pub(super) fn cut_short() -> Status {
    bad("the request ends before its message does")
}

/// A message that is not even decoded.
pub(super) fn unfit(unfit: &Unfit) -> Status {
    bad(&unfit.to_string())
}

fn bad(text: &str) -> Status {
    with_reason(Code::InvalidArgument, text, "BAD_FIELD", |_| ())
}

/// A request that did not arrive whole in time.
pub(super) fn too_slow() -> Status {
    with_reason(Code::DeadlineExceeded, "the request did not arrive in time", "DEADLINE", |_| ())
}

/// An answer that was not there when its caller's deadline passed.
pub(super) fn too_late() -> Status {
    let text = "the deadline passed; what was begun goes on to its end";
    with_reason(Code::DeadlineExceeded, text, "DEADLINE", |_| ())
}

/// A part of an answer that is none of HTTP.
pub(super) fn no_frame() -> Status {
    Refusal::Internal("an answer has a part that is neither data nor trailers".to_owned()).into()
}

/// What a refusal that we did not make is for the caller: with a reason, and cut. `None` if it was ours.
pub(super) fn ours(status: &Status) -> Option<Status> {
    if !status.details().is_empty() {
        return None;
    }
    let text = cut(status.message(), MOST_TEXT);
    Some(match status.code() {
        Code::Internal if text.starts_with("failed to decode") => {
            bad(&format!("the message cannot be read: {}", shown(text)))
        }
        Code::Unimplemented if text.is_empty() => {
            let text = "there is no such service or call";
            with_reason(Code::Unimplemented, text, "UNIMPLEMENTED", |_| ())
        }
        Code::Unimplemented => with_reason(Code::Unimplemented, text, "UNIMPLEMENTED", |_| ()),
        Code::NotFound => with_reason(Code::NotFound, text, "NOT_FOUND", |_| ()),
        Code::InvalidArgument => bad(text),
        code => with_reason(code, text, "INTERNAL", |_| ()),
    })
}

fn with_reason(
    code: Code,
    text: &str,
    reason: &str,
    more: impl FnOnce(&mut ErrorDetails),
) -> Status {
    with_metadata(code, text, reason, |details, _| more(details))
}

fn with_metadata(
    code: Code,
    text: &str,
    reason: &str,
    more: impl FnOnce(&mut ErrorDetails, &mut HashMap<String, String>),
) -> Status {
    let mut details = ErrorDetails::new();
    let mut metadata = HashMap::new();
    more(&mut details, &mut metadata);
    details.set_error_info(reason, ERROR_DOMAIN, metadata);
    fit(code, text, details)
}

#[cfg(test)]
mod tests {
    use skep_core::{Level, Metric};
    use tonic_types::StatusExt as _;

    use super::*;

    #[track_caller]
    fn check(cause: Cause, code: Code, reason: &str) {
        let status = of_cause(cause, true, None, None);
        assert_eq!(status.code(), code, "{cause:?}");
        let info = status.get_details_error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason, "skep.v1"));
    }

    #[test]
    fn causes_have_their_codes() {
        check(Cause::OomHeap, Code::ResourceExhausted, "OOM_HEAP");
        check(Cause::OomCgroup { level: Level::Process }, Code::ResourceExhausted, "OOM_CGROUP");
        check(Cause::OomCgroup { level: Level::Tenant }, Code::Unavailable, "OOM_CGROUP");
        check(Cause::Deadline, Code::DeadlineExceeded, "DEADLINE");
        check(Cause::Draining, Code::Unavailable, "DRAINING");
        check(Cause::Seccomp, Code::Aborted, "SECCOMP");
    }

    #[test]
    fn a_quota_says_which_level_and_when_to_come_back() {
        let denied = Denied {
            level: Level::App,
            what: Metric::Rate,
            limit: 5,
            retry_after: Some(Duration::from_millis(200)),
        };
        let status = of_cause(Cause::Quota(denied), true, None, None);
        assert_eq!(status.code(), Code::ResourceExhausted);
        let retry = status.get_details_retry_info().unwrap();
        assert_eq!(retry.retry_delay, Some(Duration::from_millis(200)));
        let violations = status.get_details_quota_failure().unwrap().violations;
        assert_eq!(violations[0].subject, "app:rate");
    }

    #[test]
    fn what_is_not_yours_reads_like_what_is_not_there() {
        let failure = of_failure(Failure::NotFound, InvocationId::from_bits(7));
        let (a, b): (Status, Status) = (Refusal::NotFound.into(), failure);
        assert_eq!((a.code(), a.message()), (b.code(), b.message()));
    }
}
