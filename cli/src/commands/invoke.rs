//! `skep invoke`: calls one function and hands its answer on.
//!
//! Always true: standard output holds the reply and nothing else, byte for byte, but with `--include`,
//! where the head of an HTTP answer stands before it; a JSON reply is followed by one newline. What the
//! function threw, which is text of a tenant, is escaped.

mod http;

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
    str,
    time::Duration,
};

use serde::{Serialize, de::IgnoredAny};
use serde_json::{json, value::RawValue};
use skep_proto::v1::{
    Encoding, HttpResponse, InvokeRequest, InvokeResponse, Reply, Thrown, invoke_response::Outcome,
};
use tonic::Request;

use super::Session;
use crate::{
    args::Invoke,
    bill,
    errors::{Exit, Failure},
    screen::{self, escaped, escaped_lines},
    units::Millis,
};

/// The longest that an app may let a call take, unless the operator allows more: who does not say how
/// long to wait waits for that.
const LONGEST: Duration = Duration::from_secs(300);

/// How much longer than the call may take its answer is waited for: the daemon proves that a call is
/// dead before it says so.
const GRACE: Duration = Duration::from_secs(5);

/// By how much the deadline that the daemon and tonic see is later than ours. Ours says what happened;
/// theirs would only say that a call was cancelled.
const AFTER_OURS: Duration = Duration::from_secs(1);

/// The least status that `--fail` takes for a failure.
const FAILED: u32 = 400;

/// What `--json` prints.
#[derive(Default, Serialize)]
struct Answer<'a> {
    /// Where the function answered as HTTP has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Vec<(&'a str, &'a str)>>,
    /// Of a call in the shape of HTTP, if it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    /// The same if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    /// What a function returned as JSON, as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<&'a RawValue>,
    /// What a function returned as bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thrown: Option<serde_json::Value>,
    usage: Option<serde_json::Value>,
    invocation: &'a str,
}

/// Calls the function and prints its answer.
pub(super) async fn run(session: &Session, args: Invoke) -> Result<Exit, Failure> {
    let bad = |bad: http::BadRequest| Failure::usage(bad.to_string(), bad.next());
    let context = args.context.as_deref().map(http::context).transpose().map_err(bad)?;
    let payload = payload(&args)?;
    let (request, payload) = match &args.http {
        Some(text) => (Some(http::request(text, &args.header, payload).map_err(bad)?), Vec::new()),
        None => (None, payload),
    };
    let by_http = request.is_some();
    let daemon = session.connect().await?;
    let mut request = Request::new(InvokeRequest {
        tenant: session.tenant.clone(),
        app: args.app,
        function: args.function.unwrap_or_default(),
        payload: payload.into(),
        encoding: if args.bytes { Encoding::Bytes } else { Encoding::Json }.into(),
        timeout_ms: args.timeout.map(|time| time.0),
        http: request,
        context: context.unwrap_or_default(),
    });
    let within = patience(args.timeout);
    if args.timeout.is_some() {
        request.set_timeout(within + AFTER_OURS);
    }
    let answer = daemon.outcome(within, daemon.invocations().invoke(request)).await;
    if let Err(failure) = &answer
        && let Some((usage, invocation)) = failure.bill().filter(|_| args.usage && !session.json)
    {
        screen::note(&bill::text(&usage, invocation));
    }
    let answer = answer?;
    let Some(outcome) = &answer.outcome else {
        return Err(Failure::internal("skepd answered neither with a reply nor with an error"));
    };
    if session.json {
        screen::json(&for_scripts(outcome, &answer, by_http))?;
    } else {
        show(outcome, by_http, args.include)?;
        if args.usage {
            screen::note(&bill::text(&answer.usage.unwrap_or_default(), &answer.invocation));
        }
    }
    Ok(match outcome {
        Outcome::Reply(Reply { http: Some(http), .. }) if args.fail && FAILED <= http.status => {
            Exit::Threw
        }
        Outcome::Reply(_) => Exit::Answered,
        Outcome::Thrown(_) => Exit::Threw,
    })
}

/// How long the answer is waited for.
fn patience(timeout: Option<Millis>) -> Duration {
    timeout.map_or(LONGEST, Millis::duration) + GRACE
}

/// What to send, checked as far as it can be checked here.
fn payload(args: &Invoke) -> Result<Vec<u8>, Failure> {
    let (source, payload) = match (&args.data, &args.data_file) {
        (Some(text), _) => ("--data", text.clone().into_bytes()),
        (None, Some(file)) => ("--data-file", read(file)?),
        (None, None) if args.bytes || args.http.is_some() => ("", Vec::new()),
        (None, None) => ("", b"null".to_vec()),
    };
    if !args.bytes && args.http.is_none() {
        is_json(&payload).map_err(|why| {
            let next = match (payload.strip_prefix(b"@"), source) {
                (Some(file), "--data") if !file.is_empty() => {
                    format!("to send a file: --data-file {}", String::from_utf8_lossy(file))
                }
                _ => "to send text as bytes add --bytes, to send a string write '\"hello\"'"
                    .to_owned(),
            };
            Failure::usage(format!("{source} is not JSON: {why}"), next)
        })?;
    }
    Ok(payload)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut payload = Vec::new();
    let result = if file.as_os_str() == "-" {
        io::stdin().lock().read_to_end(&mut payload)
    } else {
        fs::File::open(file).and_then(|mut file| file.read_to_end(&mut payload))
    };
    result.map(|_| payload).map_err(|error| {
        Failure::usage(
            format!("cannot read {}: {error}", file.display()),
            "name a file, or - for standard input",
        )
    })
}

/// Whether it is one JSON value, however deep: only the engine knows how deep it can go.
fn is_json(payload: &[u8]) -> Result<(), String> {
    let text = str::from_utf8(payload).map_err(|error| error.to_string())?;
    serde_json::from_str::<IgnoredAny>(text).map(drop).map_err(|error| error.to_string())
}

fn show(outcome: &Outcome, by_http: bool, include: bool) -> Result<(), Failure> {
    let reply = match outcome {
        Outcome::Reply(reply) => reply,
        Outcome::Thrown(thrown) => {
            screen::note(&thrown_text(thrown));
            return Ok(());
        }
    };
    if let Some(answer) = reply.http.as_ref().filter(|_| include) {
        screen::write(http::head(answer).as_bytes())?;
    }
    match &reply.http {
        Some(HttpResponse { body, .. }) if by_http => screen::write(body),
        Some(_) | None if reply.encoding() == Encoding::Bytes => screen::write(&reply.payload),
        Some(_) | None => screen::write(&[&reply.payload[..], b"\n"].concat()),
    }
}

/// `Name: message`, and the stack below it. Engines repeat the first line in the stack, or do not.
fn thrown_text(thrown: &Thrown) -> String {
    let name = if thrown.name.is_empty() { "Error" } else { &thrown.name };
    let first = format!("{name}: {}", thrown.message);
    let stack = thrown.stack.strip_prefix(&first).unwrap_or(&thrown.stack);
    match stack.trim_matches('\n') {
        "" => escaped(&first),
        stack => format!("{}\n{}", escaped(&first), escaped_lines(stack, "")),
    }
}

/// The answer for a script.
fn for_scripts<'a>(outcome: &'a Outcome, whole: &'a InvokeResponse, by_http: bool) -> Answer<'a> {
    let mut answer = Answer {
        usage: whole.usage.as_ref().map(bill::json),
        invocation: &whole.invocation,
        ..Answer::default()
    };
    let reply = match outcome {
        Outcome::Reply(reply) => reply,
        Outcome::Thrown(Thrown { name, message, stack }) => {
            answer.thrown = Some(json!({ "name": name, "message": message, "stack": stack }));
            return answer;
        }
    };
    if let Some(HttpResponse { status, headers, .. }) = &reply.http {
        answer.status = Some(*status);
        let pairs = headers.iter().map(|it| (it.name.as_str(), it.value.as_str()));
        answer.headers = Some(pairs.collect());
    }
    match &reply.http {
        Some(HttpResponse { body, .. }) if by_http => match str::from_utf8(body) {
            Ok(text) => answer.body = Some(text),
            Err(_) => answer.body_base64 = Some(base64(body)),
        },
        Some(_) | None => match raw_json(reply) {
            Some(raw) => answer.reply = Some(raw),
            None => answer.reply_base64 = Some(base64(&reply.payload)),
        },
    }
    answer
}

/// The reply as JSON, if that is what it is; an instance may claim what it likes.
fn raw_json(reply: &Reply) -> Option<&RawValue> {
    match reply.encoding() {
        Encoding::Bytes => None,
        Encoding::Json | Encoding::Unspecified => serde_json::from_slice(&reply.payload).ok(),
    }
}

/// Bytes as base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|at| group.get(at).copied().unwrap_or(0));
        let bits = u32::from_be_bytes([0, a, b, c]);
        let digits =
            [18, 12, 6, 0].map(|shift| char::from(ALPHABET[(bits >> shift & 63) as usize]));
        text.extend(&digits[..=group.len()]);
        text.extend(std::iter::repeat_n('=', 3 - group.len()));
    }
    text
}

#[cfg(test)]
mod tests;
