//! The least that a service does which has each call answered by another process: a bare server that asks one
//! of so many processes, each of which reads, writes and does nothing else. No walls, no limits, no engine.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream as Pair,
    process::{Child, Command},
    sync::{Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    sync::Semaphore,
};

/// Bytes of a question and of an answer, about as many as a call's and a reply's frame have.
const QUESTION: [u8; 64] = [0; 64];
const ANSWER: [u8; 16] = [0; 16];

/// Processes that answer.
pub(crate) struct Hops {
    free: Mutex<Vec<UnixStream>>,
    some: Semaphore,
    children: Vec<Child>,
}

impl Hops {
    pub(crate) fn new(count: usize) -> anyhow::Result<Self> {
        let (mut links, mut children) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (ours, theirs) = Pair::pair()?;
            ours.set_nonblocking(true)?;
            links.push(UnixStream::from_std(ours)?);
            let program = std::env::current_exe()?;
            let theirs = std::os::fd::OwnedFd::from(theirs);
            children.push(Command::new(program).arg("hop").stdin(theirs).spawn()?);
        }
        Ok(Self { free: Mutex::new(links), some: Semaphore::new(count), children })
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<UnixStream>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has one process answer, once one is free.
    pub(crate) async fn ask(&self) -> anyhow::Result<()> {
        let _permit = self.some.acquire().await?;
        let link = self.free().pop();
        let mut link = link.ok_or_else(|| anyhow::anyhow!("more permits than links"))?;
        link.write_all(&QUESTION).await?;
        link.read_exact(&mut ANSWER.clone()).await?;
        self.free().push(link);
        Ok(())
    }
}

impl Drop for Hops {
    fn drop(&mut self) {
        for child in &mut self.children {
            // It ends with its link as well.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The process that answers on its standard input, until that ends.
pub(crate) fn serve() -> anyhow::Result<()> {
    let link = std::io::stdin();
    let mut link = Pair::from(std::os::fd::AsFd::as_fd(&link).try_clone_to_owned()?);
    let mut question = QUESTION;
    while link.read_exact(&mut question).is_ok() {
        link.write_all(&ANSWER)?;
    }
    Ok(())
}
