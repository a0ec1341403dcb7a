//! Why a command did not do what was asked: for a person, for a script, and as an exit code.
//!
//! Every failure becomes a [`Failure`] where it happens, is passed up untouched, and is reported once,
//! by `main`. What it says comes from the status details that the daemon sent; what to do next comes
//! from the table in [`advice`].
//!
//! Always true: the exit code depends on gRPC code and reason alone, never on a text.

mod advice;

use std::{collections::BTreeMap, process::ExitCode, time::Duration};

use prost::Message as _;
use serde::Serialize;
use skep_proto::v1::Usage;
use tonic::{Code, Status};
use tonic_types::{QuotaViolation, StatusExt as _, pb};

use crate::{
    bill,
    screen::{self, escaped},
};

/// How `skep` ends. Stable: scripts depend on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It was answered.
    Answered = 0,
    /// The function threw, or ended its process.
    Threw = 1,
    /// What was asked for is malformed, or is not there. Asking again will not help.
    Usage = 2,
    /// A quota or a budget refused it. Asking later may help.
    Quota = 3,
    /// A limit or the deadline ended the call.
    Killed = 4,
    /// The daemon cannot be reached, does not let us, or failed.
    Failed = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        // The variants carry their numbers.
        Self::from(exit as u8)
    }
}

/// The reasons with which a limit of the sandbox ends a call.
const LIMITS: [&str; 7] =
    ["OOM_HEAP", "OOM_CGROUP", "CPU_BUDGET", "DEADLINE", "PIDS", "SECCOMP", "TOO_LARGE"];

/// The reasons for which a call has no answer because its app's code ended it.
const ENDED: [&str; 4] = ["CRASHED", "EXITED_EARLY", "BAD_FRAME", "EGRESS_DENIED"];

/// The exit code of a status, see [`Exit`].
fn exit_of(code: Code, reason: Option<&str>) -> Exit {
    match (code, reason) {
        (Code::ResourceExhausted, Some("QUOTA" | "BUDGET")) => Exit::Quota,
        (_, Some(reason)) if LIMITS.contains(&reason) => Exit::Killed,
        (_, Some(reason)) if ENDED.contains(&reason) => Exit::Threw,
        (Code::DeadlineExceeded, _) => Exit::Killed,
        (Code::InvalidArgument | Code::NotFound, _) => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// The reason with which the daemon ends the connection of a stranger.
pub(crate) const STRANGER: &str = "UNKNOWN_CALLER";

/// How advice begins that sends to the log of an app.
const SEE_LOGS: &str = "see what the code did";

/// What to do about a daemon that does not answer.
const SILENT: &str = "see how the host is: skep doctor, or journalctl -u skepd";

/// What stopped a command.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    /// `None` when nobody is left to read it.
    report: Option<Box<Report>>,
}

/// What there is to say; as JSON the value of `error`.
#[derive(Debug, Serialize)]
struct Report {
    /// The gRPC code by its name in the specification.
    code: &'static str,
    reason: Option<String>,
    message: String,
    retry_after_ms: Option<u64>,
    quota: Option<Quota>,
    fields: Vec<Field>,
    /// What is wrong in files that were not sent: for a script, and the lines for a person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<serde_json::Value>,
    #[serde(skip)]
    problem_lines: Vec<String>,
    /// What else the daemon said, such as the level or the signal.
    metadata: BTreeMap<String, String>,
    /// What a call cost that has no answer.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_json")]
    usage: Option<Usage>,
    next: Option<String>,
}

/// The quota that refused.
#[derive(Debug, Serialize)]
struct Quota {
    subject: String,
    description: String,
    metric: Option<String>,
    value: Option<i64>,
}

/// A field of the request that broke a rule.
#[derive(Debug, Serialize)]
struct Field {
    field: String,
    rule: String,
}

impl Failure {
    /// The arguments ask for what cannot be.
    pub(crate) fn usage(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self::local(Exit::Usage, (Code::InvalidArgument, "USAGE"), message, Some(next.into()))
    }

    /// With what is wrong in files: for a script, and a line for a person.
    pub(crate) fn with_problems(
        mut self,
        problems: impl Iterator<Item = (serde_json::Value, String)>,
    ) -> Self {
        if let Some(report) = &mut self.report {
            (report.problems, report.problem_lines) = problems.unzip();
            let more = report.problem_lines.len().saturating_sub(SHOWN_PROBLEMS);
            if 0 < more {
                report.problem_lines.truncate(SHOWN_PROBLEMS);
                report.problem_lines.push(format!("and {more} more; --json has them all"));
            }
        }
        self
    }

    /// With the names that the command was given in the place of those that the advice has for them.
    pub(crate) fn of_command(mut self, command: &str, app: Option<&str>, tenant: &str) -> Self {
        if let Some(next) = self.report.as_mut().and_then(|report| report.next.as_mut()) {
            if let Some(app) = app {
                *next = next.replace(" APP", &format!(" {app}"));
            }
            // A deploy that failed has no log.
            if command == "deploy" && next.starts_with(SEE_LOGS) {
                *next = "its code ended while it was loaded: see with node why".to_owned();
            }
            *next = next.replace("skep COMMAND", &format!("skep {command}"));
            *next = next.replace("--tenant TENANT", &format!("--tenant {tenant}"));
        }
        self
    }

    /// With paths of an upload as the user sees them, as far as `shown` knows them.
    pub(crate) fn with_paths(mut self, shown: impl Fn(&str) -> Option<String>) -> Self {
        let placed = |text: &mut String| {
            if let Some((path, rest)) = text.split_once(':')
                && let Some(path) = shown(path)
            {
                *text = format!("{path}:{rest}");
            }
        };
        if let Some(report) = &mut self.report {
            placed(&mut report.message);
            for bad in &mut report.fields {
                placed(&mut bad.rule);
                let path = bad.field.strip_prefix("files[").and_then(|it| it.strip_suffix(']'));
                if let Some(path) = path.and_then(&shown) {
                    bad.field = format!("files[{path}]");
                }
            }
        }
        self
    }

    /// There is no connection to the daemon.
    pub(crate) fn unreachable(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self::local(Exit::Failed, (Code::Unavailable, "UNREACHABLE"), message, Some(next.into()))
    }

    /// The daemon knows no caller like us, and said so before it heard anything.
    pub(crate) fn stranger() -> Self {
        let known = advice::Known {
            code: Code::PermissionDenied,
            reason: Some(STRANGER),
            level: None,
            missing: None,
            metric: None,
            retry_after: None,
        };
        let (message, next) = ("this daemon does not know you", advice::next(known));
        Self::local(Exit::Failed, (Code::PermissionDenied, STRANGER), message, next)
    }

    /// The daemon did not answer in the time that this client waits.
    pub(crate) fn no_answer(message: String) -> Self {
        let next = Some(SILENT.to_owned());
        Self::local(Exit::Failed, (Code::Unavailable, "NO_ANSWER"), message, next)
    }

    /// The same where a function was called: its time is over, whatever became of it.
    pub(crate) fn no_outcome(message: String) -> Self {
        let next = Some(SILENT.to_owned());
        Self::local(Exit::Killed, (Code::DeadlineExceeded, "NO_ANSWER"), message, next)
    }

    /// Something on this side failed.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::local(Exit::Failed, (Code::Internal, "CLIENT"), message, None)
    }

    /// Whoever read our output closed it: no failure of ours, and nothing to say.
    pub(crate) fn reader_left() -> Self {
        Self { exit: Exit::Answered, report: None }
    }

    fn local(
        exit: Exit,
        (code, reason): (Code, &str),
        message: impl Into<String>,
        next: Option<String>,
    ) -> Self {
        let report = Report {
            code: name_of(code),
            reason: Some(reason.to_owned()),
            message: message.into(),
            retry_after_ms: None,
            quota: None,
            fields: Vec::new(),
            problems: Vec::new(),
            problem_lines: Vec::new(),
            metadata: BTreeMap::new(),
            usage: None,
            next,
        };
        Self { exit, report: Some(Box::new(report)) }
    }

    /// What the call cost that failed, and its id, where the daemon said so.
    pub(crate) fn bill(&self) -> Option<(Usage, &str)> {
        let report = self.report.as_ref()?;
        let invocation = report.metadata.get("invocation").map_or("-", String::as_str);
        Some((report.usage?, invocation))
    }

    /// Tells the person on standard error, or the script on standard output.
    pub(crate) fn report(self, json: bool) -> Exit {
        match self.report {
            Some(report) if json => {
                // Where standard output is gone too, the exit code is all that is left.
                let _ = screen::json(&serde_json::json!({ "error": report }));
            }
            Some(report) => screen::note(&report.text()),
            None => {}
        }
        self.exit
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == skep_proto::ERROR_DOMAIN);
        let reason = info.map(|info| info.reason.clone()).filter(|reason| !reason.is_empty());
        let mut metadata: BTreeMap<String, String> =
            info.map(|info| info.metadata.clone().into_iter().collect()).unwrap_or_default();
        if let Some(request) = details.request_info() {
            metadata.insert("request_id".to_owned(), request.request_id.clone());
        }
        let quota = details.quota_failure().and_then(|failure| failure.violations.first());
        let fields = details.bad_request().map(|bad| bad.field_violations.as_slice());
        let retry_after = details.retry_info().and_then(|retry| retry.retry_delay);
        let quota = quota.map(|violation| Quota {
            subject: violation.subject.clone(),
            description: violation.description.clone(),
            metric: metric_of(violation),
            value: Some(violation.quota_value)
                .filter(|value| *value != 0 || !violation.quota_metric.is_empty()),
        });
        let next = advice::next(advice::Known {
            code: status.code(),
            reason: reason.as_deref(),
            level: metadata.get("level").map(String::as_str),
            missing: metadata.get("missing").map(String::as_str),
            metric: quota.as_ref().and_then(|quota| quota.metric.as_deref()),
            retry_after,
        });
        let report = Report {
            code: name_of(status.code()),
            message: match status.message() {
                "" => "the daemon gave no message".to_owned(),
                message => message.to_owned(),
            },
            retry_after_ms: retry_after.map(millis_up),
            quota,
            fields: fields
                .unwrap_or_default()
                .iter()
                .map(|bad| Field { field: bad.field.clone(), rule: bad.description.clone() })
                .collect(),
            problems: Vec::new(),
            problem_lines: Vec::new(),
            metadata,
            usage: usage_of(&status),
            next,
            reason,
        };
        Self { exit: exit_of(status.code(), report.reason.as_deref()), report: Some(report.into()) }
    }
}

/// The bill among the details of a status.
fn usage_of(status: &Status) -> Option<Usage> {
    let details = pb::Status::decode(status.details()).ok()?.details;
    let bill = details.into_iter().find(|detail| detail.type_url.ends_with("/skep.v1.Usage"))?;
    Usage::decode(bill.value.as_slice()).ok()
}

fn as_json<S: serde::Serializer>(usage: &Option<Usage>, to: S) -> Result<S::Ok, S::Error> {
    usage.as_ref().map(bill::json).serialize(to)
}

/// What a quota meters. It is also the end of the subject: `app:concurrency`.
fn metric_of(violation: &QuotaViolation) -> Option<String> {
    let in_subject = || violation.subject.split_once(':').map(|(_, metric)| metric);
    let metric = Some(violation.quota_metric.as_str()).filter(|metric| !metric.is_empty());
    metric.or_else(in_subject).map(str::to_owned)
}

/// Whole milliseconds, rounded up: who comes back then is not too early.
fn millis_up(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// Problems that a person is shown.
const SHOWN_PROBLEMS: usize = 20;

impl Report {
    /// What failed, why, and what to do next: the first line says it all, the others have labels.
    fn text(&self) -> String {
        let mut lines = vec![format!("skep: {}", escaped_block(&self.message))];
        lines.extend(self.problem_lines.iter().cloned());
        lines.extend(self.reason.iter().map(|reason| format!("reason: {reason} ({})", self.code)));
        if self.reason.is_none() {
            lines.push(format!("code:   {}", self.code));
        }
        lines.extend(self.quota.iter().map(|quota| format!("quota:  {}", quota.text())));
        // What the first line says is not said twice.
        let field = |bad: &Field| match self.message.contains(&bad.rule) {
            true => format!("field:  {}", bad.field),
            false => format!("field:  {}: {}", bad.field, bad.rule),
        };
        lines.extend(self.fields.iter().map(field));
        if !self.metadata.is_empty() {
            let detail: Vec<String> =
                self.metadata.iter().map(|(key, value)| format!("{key}={value}")).collect();
            lines.push(format!("detail: {}", detail.join(", ")));
        }
        lines.extend(self.next.iter().map(|next| format!("next:   {next}")));
        let (first, rest) = lines.split_at(1);
        let rest = rest.iter().map(|line| format!("  {}", escaped(line)));
        first.iter().cloned().chain(rest).collect::<Vec<String>>().join("\n")
    }
}

/// A compile error has several lines; the ones after the first are indented below it.
fn escaped_block(message: &str) -> String {
    screen::escaped_lines(message, "    ").trim_start().to_owned()
}

impl Quota {
    fn text(&self) -> String {
        let number = match (&self.metric, self.value) {
            (Some(metric), Some(value)) => format!(" ({metric}: {value})"),
            (None, Some(value)) => format!(" ({value})"),
            // The subject names it.
            (_, None) => String::new(),
        };
        format!("{}: {}{number}", self.subject, self.description)
    }
}

/// Shows an error followed by each of its causes; one that only repeats the last is left out.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        next = cause.source();
    }
    texts.join(": ")
}

/// The name of a code in the gRPC specification.
fn name_of(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests;
