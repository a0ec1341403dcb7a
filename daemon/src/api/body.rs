//! The body of a request on its way in: one message, of which nothing is read that is too large, has no room
//! in the budgets, has too many fields or takes too long.
//!
//! The size is read off the message's own prefix before its body is read; fields are counted as they come,
//! before any of them is decoded.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use skep_core::encoded::Scan;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;

use super::status;
use crate::budget::Charge;

/// A gRPC message is one byte of flags and four of length, then itself.
const PREFIX: usize = 5;

/// A body of one message, which may not be larger than `most`.
pub(super) struct Bounded<B> {
    inner: B,
    most: u64,
    charge: Arc<Charge>,
    /// Of messages whose fields are known.
    scan: Option<Scan>,
    /// The first bytes: a flag and the message's length.
    seen: Vec<u8>,
    /// Bytes so far.
    arrived: u64,
    /// What the message's prefix says.
    length: Option<u64>,
    /// Until when all of it must have come.
    end: Instant,
    /// Set once something had to be waited for.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<B> Bounded<B> {
    pub(super) fn new(
        inner: B,
        most: u64,
        charge: Arc<Charge>,
        scan: Option<Scan>,
        patience: Duration,
    ) -> Self {
        let end = Instant::now() + patience;
        let (seen, arrived, length, waiting) = (Vec::new(), 0, None, None);
        Self { inner, most, charge, scan, seen, arrived, length, end, waiting }
    }

    fn check(&mut self, data: &[u8]) -> Result<(), Status> {
        self.arrived += u64::try_from(data.len()).unwrap_or(u64::MAX);
        let mut message = data;
        if self.length.is_none() {
            let (prefix, rest) = data.split_at((PREFIX - self.seen.len()).min(data.len()));
            self.seen.extend_from_slice(prefix);
            message = rest;
            if let [flags, length @ ..] = self.seen.as_slice()
                && length.len() == PREFIX - 1
            {
                let length = length.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
                if self.most < length {
                    return Err(status::too_large(length, self.most));
                }
                self.charge.more(length).map_err(|full| status::full(&full))?;
                self.length = Some(length);
                // What is compressed is refused by whoever decodes.
                self.scan = self.scan.take().filter(|_| *flags == 0);
            }
        }
        // Whatever follows would be decoded too: it must not even get there.
        match (self.length, &mut self.scan) {
            (Some(length), _) if PREFIX as u64 + length < self.arrived => {
                Err(status::one_message())
            }
            (Some(_), Some(scan)) => scan.take(message).map_err(|unfit| status::unfit(&unfit)),
            _ => Ok(()),
        }
    }

    /// Whether the message ended where it said.
    fn check_end(&self) -> Result<(), Status> {
        let Some(length) = self.length else {
            return if self.seen.is_empty() { Ok(()) } else { Err(status::cut_short()) };
        };
        if self.arrived < PREFIX as u64 + length {
            return Err(status::cut_short());
        }
        let end = self.scan.as_ref().map_or(Ok(()), Scan::end);
        end.map_err(|unfit| status::unfit(&unfit))
    }
}

impl<B> Body for Bounded<B>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let checked = frame.data_ref().map_or(Ok(()), |data| self.check(data));
                Poll::Ready(Some(checked.map(|()| frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                // The connection or the stream is gone: nobody is there to be told more.
                Poll::Ready(Some(Err(Status::from_error(error.into()))))
            }
            Poll::Ready(None) => Poll::Ready(self.check_end().err().map(Err)),
            Poll::Pending => {
                let end = self.end;
                let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep_until(end)));
                match waiting.as_mut().poll(context) {
                    Poll::Ready(()) => Poll::Ready(Some(Err(status::too_slow()))),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        // Whether it is complete is checked after its last frame.
        false
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use skep_core::{ByteCount, encoded::Shape};
    use tonic::Code;

    use super::*;
    use crate::{budget::Budgets, config::BudgetBounds};

    fn bounded(most: u64, budget: u64) -> Bounded<()> {
        let bytes = ByteCount::from_bytes(budget);
        let bounds = BudgetBounds { total: bytes, caller: bytes, tenant: bytes };
        let caller = Budgets::new(bounds, std::iter::empty()).new_caller();
        let charge = Charge::new(&caller, true, 0, None).unwrap();
        let scan = Scan::new(Shape { most: 2, inner: &[] });
        Bounded::new((), most, charge, Some(scan), Duration::ZERO)
    }

    #[tokio::test]
    async fn one_message_of_the_right_size_passes_in_any_pieces() {
        let message = b"\0\0\0\0\x03\x0a\x01c";
        for cut in 0..message.len() {
            let mut body = bounded(3, 100);
            for piece in [&message[..cut], &message[cut..]] {
                assert!(body.check(piece).is_ok());
            }
            assert!(body.check_end().is_ok());
        }
    }

    #[track_caller]
    fn refused(most: u64, budget: u64, bytes: &[u8], code: Code) {
        let mut body = bounded(most, budget);
        let checked = body.check(bytes).and_then(|()| body.check_end());
        assert_eq!(checked.unwrap_err().code(), code, "{bytes:?}");
    }

    #[tokio::test]
    async fn what_is_too_large_has_no_room_or_is_not_one_message_does_not_pass() {
        refused(2, 100, b"\0\0\0\0\x03", Code::ResourceExhausted);
        refused(9, 2, b"\0\0\0\0\x03", Code::ResourceExhausted);
        refused(9, 100, b"\0\0\0\0\0\0\xff\xff\xff\xff", Code::InvalidArgument);
        refused(9, 100, b"\0\0\0\0\x06\x0a\0\x0a\0\x0a\0", Code::InvalidArgument);
        refused(9, 100, b"\0\0\0\0\x03\x0a", Code::InvalidArgument);
        refused(9, 100, b"\0\0", Code::InvalidArgument);
        refused(9, 100, b"\0\0\0\0\x02\x0a\x01", Code::InvalidArgument);
    }
}
