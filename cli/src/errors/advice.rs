//! What to do after a failure: one line for each reason, in the words of this client's commands.
//!
//! A reason that is not in the table, of a newer daemon, gets the advice of its gRPC code.

use std::{fs, os::unix::fs::MetadataExt as _, time::Duration};

use tonic::Code;

use crate::units::human_time;

/// What the daemon said of a failure, as far as advice depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    pub(crate) code: Code,
    pub(crate) reason: Option<&'a str>,
    /// Whose quota or limit it was: that of the tenant, the app or the process.
    pub(crate) level: Option<&'a str>,
    /// What is not there, where it is no app: `function`.
    pub(crate) missing: Option<&'a str>,
    /// What the quota meters that refused.
    pub(crate) metric: Option<&'a str>,
    pub(crate) retry_after: Option<Duration>,
}

/// What to do next, if anything is known to help.
pub(crate) fn next(known: Known<'_>) -> Option<String> {
    let wait = known.retry_after.map(|wait| format!("try again in {}", human_time(wait)));
    let deed = match known.reason {
        Some("UNKNOWN_CALLER") => Some(introduction()),
        Some("NOT_FOUND") if known.missing == Some("function") => {
            Some("choose one of them with --function NAME".to_owned())
        }
        reason => reason
            .and_then(|reason| for_reason(reason, known.level, known.metric))
            .or_else(|| for_code(known.code))
            .map(str::to_owned),
    };
    match (wait, deed) {
        (Some(wait), Some(deed)) => Some(format!("{wait}; {deed}")),
        (wait, deed) => wait.or(deed),
    }
}

fn for_reason(reason: &str, level: Option<&str>, metric: Option<&str>) -> Option<&'static str> {
    Some(match (reason, level, metric) {
        ("QUOTA", Some("app"), Some("concurrency")) => {
            "let the app take more calls at once: deploy it again with a higher --concurrency, and \
             if its quota is lower: skep quota set --app APP --concurrency N"
        }
        ("QUOTA", Some("caller"), _) => {
            "you make this call too often; the operator's bounds are in [rates]"
        }
        ("MAY_NOT", ..) => {
            "ask the operator; what you may do is in skepd's configuration: [[callers]] with may = [...]"
        }
        ("QUOTA", Some("tenant"), _) => {
            "see the quotas with: skep quota get; raise one with: skep quota set"
        }
        ("QUOTA", ..) => {
            "see the quotas with: skep quota get --app APP; raise one with: skep quota set --app APP"
        }
        ("BUDGET", Some("tenant"), _) => {
            "other calls of the tenant hold much data; make fewer at once, or have the operator raise \
             [budget] tenant"
        }
        ("BUDGET", ..) => {
            "read your answers, and have fewer requests open at once; the operator's bounds are in [budget]"
        }
        ("OOM_CGROUP", Some("tenant"), _) => {
            "all instances of the tenant together reached its memory: try again, or have an admin \
             raise it: skep quota set --memory SIZE"
        }
        ("OOM_HEAP" | "OOM_CGROUP", ..) => {
            "deploy the app again with more memory, such as --memory 128MiB"
        }
        ("CPU_BUDGET", ..) => "deploy the app again with a larger --cpu-budget, such as 5s",
        ("DEADLINE", ..) => {
            "if it needs longer, deploy the app again with a longer --timeout, such as 10s; the --timeout \
             of a call only shortens that, and loading an app may take 5 s at most"
        }
        ("PIDS" | "SECCOMP" | "EGRESS_DENIED", ..) => {
            "the sandbox does not allow this; see what the code did: skep logs APP"
        }
        ("TOO_LARGE", ..) => "send or return less; large data is better split over several calls",
        ("BAD_SOURCE", ..) => "mend the file at that line and deploy it again; nothing has changed",
        ("NOT_ADMIN", ..) => {
            "ask the operator; who is admin is in skepd's configuration: [[callers]] with admin = true"
        }
        ("CRASHED" | "EXITED_EARLY" | "BAD_FRAME", ..) => "see what the code did: skep logs APP",
        ("ZYGOTE_LOST" | "INSTANCE_LOST", ..) => "the host's fault, not the app's: try again",
        ("BACK_OFF", ..) => "instances of this app keep dying; see why: skep logs APP",
        ("QUEUE_FULL", ..) => "try again, or deploy the app again with more --max-instances",
        ("DRAINING", ..) => "call another host, or this one when it is back",
        ("DISK_FULL", ..) => "the operator makes room where the daemon keeps its state",
        ("SPAWN_FAILED", ..) => "see what the host lacks: skep doctor",
        _ => return None,
    })
}

/// How a caller becomes known whom the daemon does not know.
fn introduction() -> String {
    let uid = own_uid().map_or("your number from `id -u`".to_owned(), |uid| uid.to_string());
    format!(
        "ask the operator for an entry in skepd's configuration: [[callers]] with uid = {uid} \
         (over http: tcp = true) and your tenants"
    )
}

/// Our effective uid, which is also what the daemon sees on the socket.
fn own_uid() -> Option<u32> {
    fs::metadata("/proc/self").ok().map(|own| own.uid())
}

fn for_code(code: Code) -> Option<&'static str> {
    match code {
        Code::InvalidArgument => Some("see what a command takes: skep COMMAND --help"),
        Code::NotFound => Some("see what is there, and whose: skep apps --tenant TENANT"),
        Code::PermissionDenied | Code::Unauthenticated => Some(
            "who may act for which tenant is decided by user id in skepd's configuration; \
             choose yours with --tenant, or ask the operator",
        ),
        Code::Unavailable => Some("try again; if it stays so: systemctl status skepd"),
        Code::Unimplemented => Some("skepd is of another version than this skep: update the older"),
        Code::Internal | Code::Unknown | Code::DataLoss => {
            Some("report it with the lines of skepd around it: journalctl -u skepd")
        }
        Code::Ok
        | Code::Cancelled
        | Code::DeadlineExceeded
        | Code::AlreadyExists
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange => None,
    }
}
