//! An answer on its way out: its bytes are in the budgets until they have been sent.
//!
//! An answer of one message is encoded at once, so that its size is known and nothing but its bytes is
//! kept. Streams (health and reflection) are encoded message by message, when their reader asks.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame};
use tonic::Status;

use super::{
    line::{Line, Running, Untaken},
    status,
};
use crate::budget::{Charge, Permit};

/// Answers above this size are kept without room to spare, at the price of copying them.
const LARGE: usize = 64 << 10;

/// Bytes that are in the budgets until they are dropped: when the connection has sent them, or has ended.
#[derive(Debug)]
pub(super) struct Held {
    bytes: Bytes,
    _permit: Option<Arc<Permit>>,
    _charge: Option<Arc<Charge>>,
    _untaken: Untaken,
}

impl Buf for Held {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Held {
    /// An answer, which may have its room already.
    ///
    /// # Errors
    ///
    /// A budget is full.
    pub(super) fn new(
        bytes: Bytes,
        charge: &Charge,
        room: Option<Arc<Permit>>,
        line: &Arc<Line>,
    ) -> Result<Self, Status> {
        let room = match room {
            Some(room) => room,
            None => {
                let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                Arc::new(charge.answer(size).map_err(|full| status::full(&full))?)
            }
        };
        // It was encoded into a buffer that grew by doubling: half of that may be empty.
        let bytes = if LARGE < bytes.len() { Bytes::copy_from_slice(&bytes) } else { bytes };
        Ok(Self { bytes, _permit: Some(room), _charge: None, _untaken: line.untaken() })
    }

    /// The value of a header, which counts until it is sent as an answer does. What it holds beyond `charge`
    /// is in `room`.
    pub(super) fn header(
        value: &HeaderValue,
        charge: Option<&Arc<Charge>>,
        room: Option<Permit>,
        line: &Arc<Line>,
    ) -> Option<HeaderValue> {
        let held = Self {
            bytes: Bytes::copy_from_slice(value.as_bytes()),
            _permit: room.map(Arc::new),
            _charge: charge.cloned(),
            _untaken: line.untaken(),
        };
        let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(held)).ok()?;
        // Headers that are not sensitive may be kept for those that follow.
        value.set_sensitive(true);
        Some(value)
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// One message and its trailers; neither for a refusal.
    Whole {
        data: Option<Held>,
        trailers: Option<HeaderMap>,
        _charge: Option<Arc<Charge>>,
        _running: Running,
    },
    /// Messages, one after the other.
    Stream {
        /// Until it has ended.
        inner: Option<tonic::body::Body>,
        charge: Arc<Charge>,
        line: Arc<Line>,
        _running: Running,
    },
}

impl Body for Answer {
    type Data = Held;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Held>, Status>>> {
        match self.get_mut() {
            Self::Whole { data, trailers, .. } => {
                let frame = data.take().map(Frame::data);
                Poll::Ready(frame.or_else(|| trailers.take().map(Frame::trailers)).map(Ok))
            }
            Self::Stream { inner, charge, line, .. } => {
                let Some(body) = inner else { return Poll::Ready(None) };
                Pin::new(body).poll_frame(context).map(|polled| {
                    let sent = polled?.and_then(|frame| match frame.into_data() {
                        Ok(bytes) => Held::new(bytes, charge, None, line).map(Frame::data),
                        Err(frame) => {
                            let trailers = frame.into_trailers();
                            trailers.map(Frame::trailers).map_err(|_| status::no_frame())
                        }
                    });
                    // Its reader is told why it ends here.
                    Some(sent.or_else(|status| {
                        *inner = None;
                        let mut trailers = HeaderMap::new();
                        status.add_header(&mut trailers)?;
                        Ok(Frame::trailers(trailers))
                    }))
                })
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole { data, trailers, .. } => data.is_none() && trailers.is_none(),
            Self::Stream { inner, .. } => inner.as_ref().is_none_or(Body::is_end_stream),
        }
    }
}

/// The next frame of a body that is made already.
pub(super) async fn next_frame(
    body: &mut tonic::body::Body,
) -> Option<Result<Frame<Bytes>, Status>> {
    std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
}

/// Bytes of a header list as HTTP/2 counts them: of each name, of each value, and 32 for both.
pub(super) fn list_size(headers: &HeaderMap) -> usize {
    let one = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 32;
    headers.iter().map(one).sum()
}
