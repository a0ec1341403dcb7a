//! About the least that a service does which has each call answered by another process: a bare server that
//! asks one of so many processes, each of which reads, writes and does nothing else. No walls, no limits, no
//! engine; the links are used as the daemon and the shim use theirs.

use std::{
    io::{Read as _, Write as _},
    os::{fd::OwnedFd, unix::net::UnixStream as Pair},
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::Context as _;
use rustix::event::{PollFd, PollFlags, poll};
use tokio::{io::AsyncReadExt as _, net::unix::pipe, sync::Semaphore};

/// Bytes of a question and of an answer, about as many as a call's and a reply's frame have.
const QUESTION: [u8; 64] = [0; 64];
const ANSWER: [u8; 16] = [0; 16];

/// Processes that answer. They end with their links.
pub(crate) struct Hops {
    /// Watched for input alone.
    free: Mutex<Vec<pipe::Receiver>>,
    some: Semaphore,
}

impl Hops {
    pub(crate) fn new(count: usize) -> anyhow::Result<Self> {
        let mut links = Vec::new();
        for _ in 0..count {
            let (ours, theirs) = Pair::pair()?;
            ours.set_nonblocking(true)?;
            links.push(pipe::Receiver::from_owned_fd_unchecked(ours.into())?);
            let program = std::env::current_exe()?;
            Command::new(program).arg("hop").stdin(OwnedFd::from(theirs)).spawn()?;
        }
        Ok(Self { free: Mutex::new(links), some: Semaphore::new(count) })
    }

    fn free(&self) -> MutexGuard<'_, Vec<pipe::Receiver>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has one process answer, once one is free.
    pub(crate) async fn ask(&self) -> anyhow::Result<()> {
        let _permit = self.some.acquire().await?;
        let link = self.free().pop();
        let mut link = link.context("more permits than links")?;
        anyhow::ensure!(rustix::io::write(&link, &QUESTION)? == QUESTION.len(), "no room");
        link.read_exact(&mut ANSWER.clone()).await?;
        self.free().push(link);
        Ok(())
    }
}

/// The process that answers on its standard input, until that ends.
pub(crate) fn serve() -> anyhow::Result<()> {
    let input = std::io::stdin();
    let mut link = Pair::from(std::os::fd::AsFd::as_fd(&input).try_clone_to_owned()?);
    let mut question = QUESTION;
    loop {
        // A plain read is woken for nothing whenever the other end takes the answer.
        poll(&mut [PollFd::new(&link, PollFlags::IN)], None)?;
        if link.read_exact(&mut question).is_err() {
            return Ok(());
        }
        link.write_all(&ANSWER)?;
    }
}
