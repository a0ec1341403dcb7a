//! The daemon's end of a link: frames to and from one instance.
//!
//! What arrives was written by hostile code: lengths are checked before memory is taken, and every read
//! is inside somebody's deadline. A frame that makes no sense is an error, and the instance's end.

use std::{
    io,
    os::{fd::AsFd as _, unix::net::UnixStream},
};

use rustix::io::Errno;
use skep_core::ByteCount;
use skep_link::{
    Malformed,
    frame::{self, BadLength, MAX_PART, PREFIX, ToDaemon, ToShim},
};
use tokio::{io::AsyncReadExt as _, net::unix::pipe};

/// Why a link cannot be used any more.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The other end is closed: the process has ended, or is about to.
    #[error("the instance closed its link")]
    Closed,
    /// The kernel's answer.
    #[error("cannot use the link")]
    Io(#[source] io::Error),
    /// Bytes between calls.
    #[error("the instance spoke unasked")]
    Unasked,
    /// The length is none.
    #[error("the instance sent no frame")]
    Length(#[from] BadLength),
    /// Longer than any that we asked for.
    #[error("the instance sends a frame of {len} bytes, at most {most} are expected")]
    TooLong {
        /// Its length.
        len: usize,
        /// The bound.
        most: usize,
    },
    /// The frame is none.
    #[error("the instance sent a broken frame")]
    Frame(#[from] Malformed),
}

impl From<io::Error> for LinkError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

/// Buffers above this size are given back after a frame.
const KEEP: usize = 64 << 10;
/// Bytes asked for at once: memory grows with what really arrives, not with what a length promises.
const READ: usize = 16 << 10;
/// Bytes of frames that are put together before they are sent.
const AT_ONCE: usize = 256 << 10;
/// What a frame may have beside a reply: names, an exception with its stack, a console line.
const FRAME_SLACK: usize = 64 << 10;

/// One end of a link.
#[derive(Debug)]
pub struct Link {
    /// A socket, watched for input alone as pipes are: a stream of tokio's is watched for room too, and
    /// that wakes us whenever the instance takes what we sent.
    stream: pipe::Receiver,
    /// Bytes of a frame that are taken at most.
    most: usize,
    /// What has arrived and was not yet taken, from the start of a frame on.
    arrived: Vec<u8>,
    /// Bytes of the frame that was handed out last.
    taken: usize,
}

impl Link {
    /// A link over one end of a pair, for replies of at most `reply` bytes.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn new(stream: UnixStream, reply: ByteCount) -> io::Result<Self> {
        // That it is so already is up to the caller: a read or write that waited would stop its thread.
        stream.set_nonblocking(true)?;
        let stream = pipe::Receiver::from_owned_fd_unchecked(stream.into())?;
        let reply = usize::try_from(reply.bytes()).unwrap_or(usize::MAX);
        let most = reply.max(MAX_PART).saturating_add(FRAME_SLACK);
        Ok(Self { stream, most, arrived: Vec::new(), taken: 0 })
    }

    /// Sends one frame.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    pub async fn send(&mut self, frame: &ToShim<'_>) -> Result<(), LinkError> {
        let mut out = Vec::new();
        frame.encode(&mut out);
        self.write(&out).await
    }

    /// Sends frames, small ones in one write, if the kernel has room for them.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    pub async fn send_all(&mut self, frames: &[ToShim<'_>]) -> Result<(), LinkError> {
        let mut out = Vec::new();
        for frame in frames {
            frame.encode(&mut out);
            if AT_ONCE <= out.len() {
                self.write(&out).await?;
                out.clear();
            }
        }
        self.write(&out).await
    }

    async fn write(&mut self, mut rest: &[u8]) -> Result<(), LinkError> {
        while !rest.is_empty() {
            match rustix::io::write(&self.stream, rest) {
                Ok(sent) => rest = &rest[sent..],
                Err(Errno::AGAIN) => self.room().await?,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(io::Error::from(errno).into()),
            }
        }
        Ok(())
    }

    /// Waits until the instance has taken some of what was sent.
    async fn room(&self) -> Result<(), LinkError> {
        let same = self.stream.as_fd().try_clone_to_owned()?;
        Ok(pipe::Sender::from_owned_fd_unchecked(same)?.writable().await?)
    }

    /// Receives one frame, waiting as long as it takes. May be given up at any moment and called
    /// again: nothing is lost.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    pub async fn receive(&mut self) -> Result<ToDaemon<'_>, LinkError> {
        self.arrived.drain(..self.taken);
        self.taken = 0;
        let len = loop {
            if let Some((prefix, body)) = self.arrived.split_first_chunk() {
                let len = frame::body_len(*prefix)?;
                if self.most < len {
                    return Err(LinkError::TooLong { len, most: self.most });
                }
                if len <= body.len() {
                    break len;
                }
            }
            self.fill().await?;
        };
        self.taken = PREFIX + len;
        Ok(ToDaemon::decode(&self.arrived[PREFIX..self.taken])?)
    }

    async fn fill(&mut self) -> Result<(), LinkError> {
        self.arrived.reserve(READ);
        match self.stream.read_buf(&mut self.arrived).await? {
            0 => Err(LinkError::Closed),
            _ => Ok(()),
        }
    }

    /// Forgets the last frame, and gives memory back that a large one took.
    ///
    /// # Errors
    ///
    /// Something else has arrived: an instance does not speak unasked.
    pub fn rest(&mut self) -> Result<(), LinkError> {
        self.arrived.drain(..self.taken);
        self.taken = 0;
        if !self.arrived.is_empty() {
            return Err(LinkError::Unasked);
        }
        if KEEP < self.arrived.capacity() {
            self.arrived = Vec::new();
        }
        Ok(())
    }
}
