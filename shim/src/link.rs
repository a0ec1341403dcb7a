//! The child's end of the link: blocking frames over the one descriptor that is left.
//!
//! Reading is into one buffer that is reused; writing is one call per frame. The daemon's bytes are
//! trusted no more than needed: a malformed frame ends the instance.

use std::{
    fs::File,
    io::{self, BufReader, Read as _, Write as _},
    os::fd::{AsFd as _, OwnedFd},
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use skep_link::frame::{self, BadLength, PREFIX, ToDaemon};

/// Why the link ended.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The daemon closed it.
    #[error("the daemon closed the link")]
    Closed,
    /// The kernel's answer.
    #[error("cannot use the link")]
    Io(#[from] io::Error),
    /// The daemon's bytes are no frame.
    #[error(transparent)]
    Length(#[from] BadLength),
}

/// Buffers above this size are given back after a frame.
const KEEP: usize = 256 << 10;

/// Bytes asked for at once: a small frame comes in one call.
const READ: usize = 4 << 10;

/// One end of a link.
#[derive(Debug)]
pub struct Link {
    stream: BufReader<File>,
    out: Vec<u8>,
}

impl Link {
    /// A link over a connected stream socket.
    pub fn new(stream: OwnedFd) -> Self {
        Self { stream: BufReader::with_capacity(READ, stream.into()), out: Vec::new() }
    }

    /// Reads one frame's body into `body`, waiting as long as it takes.
    ///
    /// # Errors
    ///
    /// [`LinkError::Closed`] at the end of the link, also inside a frame.
    pub fn receive(&mut self, body: &mut Vec<u8>) -> Result<(), LinkError> {
        // A plain read is woken for nothing whenever the other end takes what we sent; this is not.
        self.has_input(PollTimeout::NONE);
        let mut prefix = [0; PREFIX];
        self.fill(&mut prefix)?;
        let len = frame::body_len(prefix)?;
        if KEEP < body.capacity() && len <= KEEP {
            *body = Vec::new();
        }
        body.clear();
        body.resize(len, 0);
        self.fill(body)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), LinkError> {
        self.stream.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => LinkError::Closed,
            _ => LinkError::Io(error),
        })
    }

    /// Sends one frame after all that were queued, in one call, waiting until the kernel has taken it.
    ///
    /// # Errors
    ///
    /// [`LinkError::Io`], also when the daemon is gone.
    pub fn send(&mut self, frame: &ToDaemon<'_>) -> Result<(), LinkError> {
        self.queue(frame);
        self.flush()
    }

    /// Keeps a frame for the next [`flush`](Self::flush). Whoever queues bounds how much.
    pub fn queue(&mut self, frame: &ToDaemon<'_>) {
        frame.encode(&mut self.out);
    }

    /// Sends what was queued.
    ///
    /// # Errors
    ///
    /// [`LinkError::Io`], also when the daemon is gone.
    pub fn flush(&mut self) -> Result<(), LinkError> {
        let sent = self.stream.get_mut().write_all(&self.out);
        self.out.clear();
        if KEEP < self.out.capacity() {
            self.out = Vec::new();
        }
        Ok(sent?)
    }

    /// Whether a small frame can be sent now without waiting.
    pub fn has_room(&self) -> bool {
        self.ready(PollFlags::POLLOUT, PollTimeout::ZERO)
    }

    /// Whether the daemon sent something (or closed), after waiting for it for at most `timeout`.
    pub fn has_input(&self, timeout: PollTimeout) -> bool {
        !self.stream.buffer().is_empty() || self.ready(PollFlags::POLLIN, timeout)
    }

    fn ready(&self, wanted: PollFlags, timeout: PollTimeout) -> bool {
        let mut this = [PollFd::new(self.stream.get_ref().as_fd(), wanted)];
        poll(&mut this, timeout).is_ok_and(|ready| 0 < ready)
    }
}
