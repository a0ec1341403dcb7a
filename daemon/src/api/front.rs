//! What every request passes before it is decoded: its caller is known, its deadline is noted, its size
//! and the time that it takes are bounded.
//!
//! The deadline header is taken out, because the server would drop the request when it passes, without
//! a typed reason and without anybody stopping the work. The size is read off the message's own prefix
//! before its body is read.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use tonic::Status;
use tower::{Layer, Service};

use super::{callers::Callers, status};

/// When a request arrived, and until when its caller waits.
#[derive(Clone, Copy, Debug)]
pub struct Accepted {
    /// Its arrival.
    pub at: Instant,
    /// What the client's deadline was then.
    pub patience: Option<Duration>,
}

/// How long the body of a request may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// The layer.
#[derive(Clone, Debug)]
pub struct Front {
    callers: Arc<Callers>,
    /// Bytes of a message, at most.
    most: u64,
    /// Bytes of a deployment, at most.
    most_deploy: u64,
}

impl Front {
    pub(super) fn new(callers: Arc<Callers>, most: u64, most_deploy: u64) -> Self {
        Self { callers, most, most_deploy }
    }
}

impl<S> Layer<S> for Front {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, front: self.clone() }
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
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        // Strangers learn nothing, and nothing of theirs is read.
        if let Err(refusal) = self.front.callers.rights(&head.extensions) {
            let response = Status::from(refusal).into_http();
            return Box::pin(std::future::ready(Ok(response)));
        }
        let patience = patience(&head.headers);
        head.headers.remove("grpc-timeout");
        head.extensions.insert(Accepted { at: Instant::now(), patience });
        let deploys = head.uri.path().ends_with("/Deploy");
        let most = if deploys { self.front.most_deploy } else { self.front.most };
        let body = tonic::body::Body::new(Bounded {
            inner: body,
            most,
            seen: Vec::new(),
            arrived: 0,
            length: None,
            patience: None,
        });
        Box::pin(self.inner.call(Request::from_parts(head, body)))
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

/// A body of one message, which may not be larger than `most`.
struct Bounded {
    inner: tonic::body::Body,
    most: u64,
    /// The first bytes: a flag and the message's length.
    seen: Vec<u8>,
    /// Bytes so far.
    arrived: u64,
    /// What the message's prefix says.
    length: Option<u64>,
    /// Set once something had to be waited for.
    patience: Option<Pin<Box<Sleep>>>,
}

/// A gRPC message is one byte of flags and four of length, then itself.
const PREFIX: usize = 5;

impl Bounded {
    fn check(&mut self, data: &Bytes) -> Result<(), Status> {
        self.arrived += u64::try_from(data.len()).unwrap_or(u64::MAX);
        if self.length.is_none() {
            let missing = PREFIX - self.seen.len();
            self.seen.extend(data.iter().take(missing));
            if let [_, length @ ..] = self.seen.as_slice()
                && length.len() == PREFIX - 1
            {
                let length = length.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
                if self.most < length {
                    return Err(status::too_large(length, self.most));
                }
                self.length = Some(length);
            }
        }
        // Whatever follows would be decoded too: it must not even get there.
        match self.length {
            Some(length) if PREFIX as u64 + length < self.arrived => Err(status::one_message()),
            _ => Ok(()),
        }
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
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref()
                    && let Err(status) = self.check(&data.clone())
                {
                    return Poll::Ready(Some(Err(status)));
                }
            }
            Poll::Pending => {
                let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(BODY_PATIENCE)));
                if patience.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Some(Err(status::too_slow())));
                }
            }
            Poll::Ready(_) => {}
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

    fn bounded(most: u64) -> Bounded {
        let inner = tonic::body::Body::empty();
        let seen = Vec::new();
        Bounded { inner, most, seen, arrived: 0, length: None, patience: None }
    }

    #[test]
    fn one_message_of_the_right_size_passes_in_any_pieces() {
        let message = b"\0\0\0\0\x03abc";
        for cut in 0..message.len() {
            let mut body = bounded(3);
            for piece in [&message[..cut], &message[cut..]] {
                assert!(body.check(&Bytes::copy_from_slice(piece)).is_ok());
            }
        }
    }

    #[test]
    fn a_larger_message_and_a_second_one_do_not_pass() {
        let check = |most, bytes: &'static [u8]| bounded(most).check(&Bytes::from_static(bytes));
        let code = |checked: Result<(), Status>| checked.unwrap_err().code();
        assert_eq!(code(check(2, b"\0\0\0\0\x03")), tonic::Code::ResourceExhausted);
        assert_eq!(code(check(9, b"\0\0\0\0\0\0\xff\xff\xff\xff")), tonic::Code::InvalidArgument);
    }

    #[test]
    fn nonsense_is_no_timeout() {
        for text in ["", "S", "5", "5s", "-5S", "123456789S", "5 S", "\u{e9}"] {
            check(text, None);
        }
    }
}
