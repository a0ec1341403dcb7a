//! What every request passes before it is decoded: its deadline is noted, its size is bounded.
//!
//! The deadline header is taken out, because the server would drop the request when it passes, without
//! a typed reason and without anybody stopping the work. The size is read off the message's own prefix
//! before its body is read.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::{Buf as _, Bytes};
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use tonic::Status;
use tower::{Layer, Service};

use super::status;

/// When a request arrived, and until when its caller waits.
#[derive(Clone, Copy, Debug)]
pub struct Accepted {
    /// Its arrival.
    pub at: Instant,
    /// What the client's deadline was then.
    pub patience: Option<Duration>,
}

/// The layer.
#[derive(Clone, Copy, Debug)]
pub struct Front {
    /// Bytes of a message, at most.
    pub most: u64,
    /// Bytes of a deployment, at most.
    pub most_deploy: u64,
}

impl<S> Layer<S> for Front {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, front: *self }
    }
}

/// A service behind the layer.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    inner: S,
    front: Front,
}

impl<S> Service<Request<tonic::body::Body>> for Guarded<S>
where
    S: Service<Request<tonic::body::Body>, Response = Response<tonic::body::Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> S::Future {
        let (mut head, body) = request.into_parts();
        let patience = patience(&head.headers);
        head.headers.remove("grpc-timeout");
        head.extensions.insert(Accepted { at: Instant::now(), patience });
        let deploys = head.uri.path().ends_with("/Deploy");
        let most = if deploys { self.front.most_deploy } else { self.front.most };
        let body =
            tonic::body::Body::new(Bounded { inner: body, most, seen: Vec::new(), checked: false });
        self.inner.call(Request::from_parts(head, body))
    }
}

/// `grpc-timeout`: up to eight digits and a unit. What is malformed is taken for "at once over": a
/// deadline that cannot be read must not become none.
fn patience(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get("grpc-timeout")?;
    Some(value.to_str().ok().and_then(parse_timeout).unwrap_or(Duration::ZERO))
}

fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || 8 < digits.len() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// A body whose one message may not be larger than `most`.
struct Bounded {
    inner: tonic::body::Body,
    most: u64,
    /// The first bytes: a flag and the message's length.
    seen: Vec<u8>,
    checked: bool,
}

/// A gRPC message is one byte of flags and four of length, then itself.
const PREFIX: usize = 5;

impl Bounded {
    fn check(&mut self, data: &Bytes) -> Result<(), Status> {
        if self.checked {
            return Ok(());
        }
        let missing = PREFIX - self.seen.len();
        self.seen.extend(data.iter().take(missing));
        if let [_, length @ ..] = self.seen.as_slice()
            && length.len() == PREFIX - 1
        {
            self.checked = true;
            let length =
                u64::from(length.iter().fold(0, |sum: u32, byte| (sum << 8) | u32::from(*byte)));
            if self.most < length {
                return Err(status::too_large(length, self.most));
            }
        }
        Ok(())
    }
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
            && data.has_remaining()
            && let Err(status) = self.check(&data.clone())
        {
            return Poll::Ready(Some(Err(status)));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Duration>) {
        assert_eq!(parse_timeout(text), expected, "for {text:?}");
    }

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        check("5S", Some(Duration::from_secs(5)));
        check("100m", Some(Duration::from_millis(100)));
        check("99999999H", Some(Duration::from_secs(99_999_999 * 3600)));
        check("0n", Some(Duration::ZERO));
    }

    #[test]
    fn nonsense_is_no_timeout() {
        for text in ["", "S", "5", "5s", "-5S", "123456789S", "5 S", "\u{e9}"] {
            check(text, None);
        }
    }
}
