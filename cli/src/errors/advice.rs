//! What to do after a failure: one line for each reason, in the words of this client's commands.
//!
//! A reason that is not in the table, of a newer daemon, gets the advice of its gRPC code.

use std::time::Duration;

use tonic::Code;

use crate::units::human_time;

/// What to do next, if anything is known to help.
pub(crate) fn next(
    code: Code,
    reason: Option<&str>,
    retry_after: Option<Duration>,
) -> Option<String> {
    let wait = retry_after.map(|wait| format!("try again in {}", human_time(wait)));
    let deed = reason.and_then(for_reason).or_else(|| for_code(code)).map(str::to_owned);
    match (wait, deed) {
        (Some(wait), Some(deed)) => Some(format!("{wait}; {deed}")),
        (wait, deed) => wait.or(deed),
    }
}

fn for_reason(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "QUOTA" => {
            "see the quotas with: skep quota get [--app APP]; raise one with: skep quota set"
        }
        "OOM_HEAP" | "OOM_CGROUP" => {
            "deploy the app again with more memory, such as --memory 128MiB"
        }
        "CPU_BUDGET" => "deploy the app again with a larger --cpu-budget, such as 5s",
        "DEADLINE" => {
            "give the call more time with --timeout; the app's own limit is deploy --timeout"
        }
        "PIDS" | "SECCOMP" | "EGRESS_DENIED" => {
            "the sandbox does not allow this; see what the code did: skep logs APP"
        }
        "TOO_LARGE" => "send or return less; large data is better split over several calls",
        "CRASHED" | "EXITED_EARLY" | "BAD_FRAME" => "see what the code did: skep logs APP",
        "ZYGOTE_LOST" | "INSTANCE_LOST" => "the host's fault, not the app's: try again",
        "BACK_OFF" => "instances of this app keep dying; see why: skep logs APP",
        "QUEUE_FULL" => "try again, or deploy the app again with more --max-instances",
        "DRAINING" => "call another host, or this one when it is back",
        "SPAWN_FAILED" => "see what the host lacks: skep doctor",
        _ => return None,
    })
}

fn for_code(code: Code) -> Option<&'static str> {
    match code {
        Code::InvalidArgument => Some("see what a command takes: skep COMMAND --help"),
        Code::NotFound => Some("see what is there, and whose: skep apps [--tenant TENANT]"),
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
