//! `skep logs`: the console lines of an app, which its code wrote and nobody checked.
//!
//! Following asks again and again for what came after the last line seen; the daemon keeps a bounded
//! number of lines, so a line may be gone before it was asked for.

use std::time::Duration;

use serde::Serialize;
use skep_proto::v1::{LogLine, LogsRequest};

use super::Session;
use crate::{
    args::Logs,
    connect::{Daemon, QUICK},
    errors::{Exit, Failure},
    screen::{self, escaped, short},
    units::utc,
};

/// How long to wait before asking again.
const POLL: Duration = Duration::from_millis(500);

/// What is said where lines are missing.
const TRUNCATED: &str = "older lines are left out: together they are too large for one answer";

/// How many lines at most are asked for at once while following.
const POLL_LINES: u32 = 1000;

/// A line for a script: one JSON object on a line of its own.
#[derive(Serialize)]
struct Line<'a> {
    sequence: u64,
    time_us: u64,
    time: String,
    invocation: &'a str,
    level: &'a str,
    text: &'a str,
}

/// Prints the last lines, and goes on with new ones until interrupted if asked to.
pub(super) async fn run(session: &Session, args: Logs) -> Result<Exit, Failure> {
    let daemon = session.connect().await?;
    if args.follow {
        tokio::select! {
            ended = follow(session, &daemon, &args) => ended?,
            interrupted = tokio::signal::ctrl_c() => interrupted
                .map_err(|error| Failure::internal(format!("cannot wait for Ctrl-C: {error}")))?,
        }
        return Ok(Exit::Answered);
    }
    let (lines, truncated) = after(session, &daemon, &args.app, 0, args.lines).await?;
    if truncated {
        screen::note(TRUNCATED);
    }
    if lines.is_empty() && !session.json {
        screen::note("no lines yet; console.log() in a function writes one: skep invoke APP");
    }
    print(session, &lines)?;
    Ok(Exit::Answered)
}

async fn follow(session: &Session, daemon: &Daemon, args: &Logs) -> Result<(), Failure> {
    // Only what was there before is cut to the number that was asked for.
    let (mut seen, mut limit) = (0, args.lines);
    loop {
        let (lines, truncated) = after(session, daemon, &args.app, seen, limit).await?;
        if truncated {
            screen::note(TRUNCATED);
        }
        print(session, &lines)?;
        seen = lines.last().map_or(seen, |last| last.sequence);
        limit = POLL_LINES;
        tokio::time::sleep(POLL).await;
    }
}

async fn after(
    session: &Session,
    daemon: &Daemon,
    app: &str,
    after: u64,
    limit: u32,
) -> Result<(Vec<LogLine>, bool), Failure> {
    let request = LogsRequest { tenant: session.tenant.clone(), app: app.to_owned(), after, limit };
    let answer = daemon.answer(QUICK, daemon.apps().logs(request)).await?;
    Ok((answer.lines, answer.truncated))
}

fn print(session: &Session, lines: &[LogLine]) -> Result<(), Failure> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&if session.json { json(line)? } else { plain(line) });
        text.push('\n');
    }
    screen::write(text.as_bytes())
}

fn plain(line: &LogLine) -> String {
    let (time, level) = (utc(line.time_us), escaped(&line.level));
    // What no call has written is the daemon's word on the app.
    let invocation = match line.invocation.as_str() {
        "" => "--------",
        invocation => &short(invocation, 8),
    };
    format!("{time} {level:<5} {invocation} {}", escaped(&line.text))
}

fn json(line: &LogLine) -> Result<String, Failure> {
    screen::to_json(&Line {
        sequence: line.sequence,
        time_us: line.time_us,
        time: utc(line.time_us),
        invocation: &line.invocation,
        level: &line.level,
        text: &line.text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forged() -> LogLine {
        LogLine {
            sequence: 7,
            time_us: 1_767_225_600_000_000,
            invocation: "0123456789abcdef".to_owned(),
            level: "warn".to_owned(),
            text: "paid\n2026-01-01T00:00:00.000Z error ffffffff forged \x1b[2K".to_owned(),
        }
    }

    #[test]
    fn a_line_cannot_forge_another() {
        assert_eq!(
            plain(&forged()),
            "2026-01-01T00:00:00.000Z warn  01234567 paid\\n2026-01-01T00:00:00.000Z error ffffffff \
             forged \\u{1b}[2K"
        );
    }

    #[test]
    fn a_line_of_no_call_says_so() {
        let line = LogLine { invocation: String::new(), text: "late".to_owned(), ..forged() };
        assert_eq!(plain(&line), "2026-01-01T00:00:00.000Z warn  -------- late");
    }

    #[test]
    fn a_line_for_a_script_is_one_object_on_one_line() {
        let text = json(&forged()).unwrap();
        assert!(!text.contains('\n') && !text.contains('\x1b'), "{text}");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&value["sequence"], &value["text"]), (&7.into(), &forged().text.into()));
    }
}
