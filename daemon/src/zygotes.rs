//! The daemon's side of the zygotes: asks for clones, learns how they end.
//!
//! There is one current zygote; older ones live on until their children have ended. When one is lost
//! its children are lost with it, and whoever waits for it is told.

use std::{
    collections::HashMap,
    io,
    os::fd::{BorrowedFd, OwnedFd},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use skep_core::InstanceId;
use skep_link::{
    VERSION,
    zygote::{CloneStage, Exit, FromZygote, MAX_PACKET, Step, ToZygote},
};
use tokio::{
    io::Interest,
    net::UnixDatagram,
    sync::{Notify, oneshot, watch},
    time::timeout,
};

use crate::keeper::packets::{self, Wait};

/// How long a clone may take until the zygote says so.
const CLONE_PATIENCE: Duration = Duration::from_secs(10);

/// How an instance's process ended, as the zygote saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Reaped by its zygote.
    Reaped {
        /// Code or signal.
        exit: Exit,
        /// The last jail step that it began.
        step: Option<Step>,
    },
    /// Its zygote is gone: nobody will ever know.
    ZygoteLost,
}

/// Why there is no clone.
#[derive(Debug, thiserror::Error)]
pub enum CloneError {
    /// No zygote came in time.
    #[error("there is no zygote")]
    NoZygote,
    /// The zygote does not answer.
    #[error("the zygote does not answer")]
    Silent,
    /// The zygote ended meanwhile.
    #[error("the zygote was lost")]
    Lost,
    /// The request could not be sent.
    #[error("cannot ask the zygote")]
    Ask(#[source] io::Error),
    /// The zygote could not do it.
    #[error("the zygote failed at {}", .at.as_str())]
    Refused {
        /// What it was doing.
        at: CloneStage,
        /// The kernel's answer.
        source: io::Error,
    },
}

/// A child that exists.
#[derive(Debug)]
pub struct Clone {
    /// Its number on the host.
    pub pid: i32,
    /// Its pidfd.
    pub pidfd: OwnedFd,
    /// Its network namespace, which is there for as long as this is.
    pub network: Option<OwnedFd>,
    /// Set once, when it has ended.
    pub ended: watch::Receiver<Option<Ended>>,
}

type Answer = Result<(i32, OwnedFd, Option<OwnedFd>), CloneError>;

/// All zygotes of this daemon.
#[derive(Debug, Default)]
pub struct Zygotes {
    current: Mutex<Option<Arc<Zygote>>>,
    changed: Notify,
    /// A clone was made, or a zygote became the current one.
    counted: Notify,
}

#[derive(Debug)]
struct Zygote {
    /// Keeps packets apart, whatever its type is called.
    socket: UnixDatagram,
    waiting: Mutex<HashMap<InstanceId, oneshot::Sender<Answer>>>,
    living: Mutex<HashMap<InstanceId, watch::Sender<Option<Ended>>>>,
    clones: AtomicU64,
    retired: AtomicBool,
    idle: Notify,
}

/// Whether the error says that nobody is at the other end.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The data behind these locks is consistent at every moment, also after a panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Zygotes {
    /// Takes a new zygote's socket over: new instances come from it once it is ready.
    ///
    /// # Errors
    ///
    /// The socket cannot be used.
    pub fn install(self: &Arc<Self>, socket: OwnedFd) -> io::Result<()> {
        let socket = std::os::unix::net::UnixDatagram::from(socket);
        socket.set_nonblocking(true)?;
        let zygote = Arc::new(Zygote {
            socket: UnixDatagram::from_std(socket)?,
            waiting: Mutex::default(),
            living: Mutex::default(),
            clones: AtomicU64::new(0),
            retired: AtomicBool::new(false),
            idle: Notify::new(),
        });
        let all = Arc::clone(self);
        tokio::spawn(async move {
            all.follow(&zygote).await;
            zygote.lose();
            all.drop_current(&zygote);
            if !zygote.retired.load(Ordering::Relaxed) {
                tracing::warn!("the zygote was lost; its instances are gone with it");
            }
        });
        Ok(())
    }

    /// Asks `zygote` for nothing more, if it is still the one that would be asked.
    fn drop_current(&self, zygote: &Arc<Zygote>) {
        let mut current = lock(&self.current);
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, zygote)) {
            *current = None;
        }
    }

    async fn follow(&self, zygote: &Arc<Zygote>) {
        loop {
            let packet = tokio::select! {
                packet = zygote.packet() => packet,
                () = zygote.idle.notified() => {
                    if zygote.finished() { return }
                    continue
                }
            };
            match packet {
                Ok(Some((FromZygote::Ready { version: VERSION }, _))) => {
                    let earlier = lock(&self.current).replace(Arc::clone(zygote));
                    if let Some(earlier) = earlier {
                        earlier.retired.store(true, Ordering::Relaxed);
                        earlier.idle.notify_one();
                    }
                    self.changed.notify_waiters();
                    self.counted.notify_one();
                }
                Ok(Some((message, fds))) => {
                    if !zygote.on(message, fds) {
                        tracing::error!(?message, "the zygote broke the protocol");
                        return;
                    }
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "cannot read from the zygote");
                    return;
                }
            }
        }
    }

    /// Whether new instances can be made right now.
    pub fn ready(&self) -> bool {
        lock(&self.current).is_some()
    }

    /// Clones made by the current zygote.
    pub fn clones(&self) -> u64 {
        lock(&self.current).as_ref().map_or(0, |zygote| zygote.clones.load(Ordering::Relaxed))
    }

    /// Waits until the current zygote has made `most` clones.
    pub async fn used_up(&self, most: u64) {
        self.wait_until(|| most <= self.clones()).await;
    }

    /// Waits until a zygote with fewer clones than `most` is the current one.
    pub async fn renewed(&self, most: u64) {
        self.wait_until(|| self.ready() && self.clones() < most).await;
    }

    async fn wait_until(&self, done: impl Fn() -> bool) {
        loop {
            let counted = self.counted.notified();
            if done() {
                return;
            }
            counted.await;
        }
    }

    async fn current(&self) -> Result<Arc<Zygote>, CloneError> {
        let there = async {
            loop {
                let changed = self.changed.notified();
                if let Some(zygote) = lock(&self.current).clone() {
                    return zygote;
                }
                changed.await;
            }
        };
        timeout(CLONE_PATIENCE, there).await.map_err(|_| CloneError::NoZygote)
    }

    /// Has `instance` cloned with the host id `id` into the groups `leaf` (version 2 first), with
    /// `link` as the one descriptor that it keeps.
    ///
    /// # Errors
    ///
    /// [`CloneError`].
    pub async fn clone_instance(
        &self,
        instance: InstanceId,
        id: u32,
        link: BorrowedFd<'_>,
        leaf: &[OwnedFd],
    ) -> Result<Clone, CloneError> {
        let places = u8::try_from(leaf.len().saturating_sub(1)).unwrap_or(u8::MAX);
        let ask = ToZygote::Clone { instance: instance.number(), id, places }.encode();
        let mut fds = vec![link];
        fds.extend(leaf.iter().map(std::os::fd::AsFd::as_fd));
        let (zygote, told, ended, asked) = loop {
            let zygote = self.current().await?;
            let (tell, told) = oneshot::channel();
            let (end, ended) = watch::channel(None);
            lock(&zygote.waiting).insert(instance, tell);
            lock(&zygote.living).insert(instance, end);
            let asked = timeout(CLONE_PATIENCE, zygote.send(&ask, &fds)).await;
            if !asked.as_ref().is_ok_and(|sent| sent.as_ref().is_err_and(is_gone)) {
                break (zygote, told, ended, asked);
            }
            // It ended before it was asked: the next one can do it.
            self.drop_current(&zygote);
        };
        let answer = match asked {
            Err(_) => Err(CloneError::Silent),
            Ok(Err(error)) => Err(CloneError::Ask(error)),
            Ok(Ok(())) => match timeout(CLONE_PATIENCE, told).await {
                Err(_) => Err(CloneError::Silent),
                Ok(Err(_)) => Err(CloneError::Lost),
                Ok(Ok(answer)) => answer,
            },
        };
        lock(&zygote.waiting).remove(&instance);
        match answer {
            Ok((pid, pidfd, network)) => {
                zygote.clones.fetch_add(1, Ordering::Relaxed);
                self.counted.notify_one();
                Ok(Clone { pid, pidfd, network, ended })
            }
            Err(error) => {
                lock(&zygote.living).remove(&instance);
                Err(error)
            }
        }
    }
}

impl Zygote {
    async fn packet(&self) -> io::Result<Option<(FromZygote, Vec<OwnedFd>)>> {
        let mut bytes = [0; MAX_PACKET];
        let receive = || packets::receive(&self.socket, &mut bytes);
        let (len, fds) = self.socket.async_io(Interest::READABLE, receive).await?;
        if len == 0 {
            return Ok(None);
        }
        let message = FromZygote::decode(&bytes[..len])
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Some((message, fds)))
    }

    async fn send(&self, packet: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        let send = || packets::send(&self.socket, packet, fds, Wait::No);
        self.socket.async_io(Interest::WRITABLE, send).await
    }

    /// Whether the message made sense.
    fn on(&self, message: FromZygote, fds: Vec<OwnedFd>) -> bool {
        let mut fds = fds.into_iter();
        match (message, fds.next()) {
            (FromZygote::Cloned { instance, pid }, Some(pidfd)) => {
                let network = fds.next();
                fds.next().is_none() && self.answer(instance, Ok((pid, pidfd, network)))
            }
            (FromZygote::Refused { instance, at, errno }, None) => {
                let source = io::Error::from_raw_os_error(errno);
                self.answer(instance, Err(CloneError::Refused { at, source }))
            }
            (FromZygote::Exited { instance, exit, step }, None) => {
                if let Some(end) = lock(&self.living).remove(&InstanceId::new(instance)) {
                    end.send_replace(Some(Ended::Reaped { exit, step }));
                }
                if self.retired.load(Ordering::Relaxed) {
                    self.idle.notify_one();
                }
                true
            }
            _ => false,
        }
    }

    fn answer(&self, instance: u64, answer: Answer) -> bool {
        // Nobody waits any more after a time-out: the answer is dropped, and with it the descriptors.
        if let Some(tell) = lock(&self.waiting).remove(&InstanceId::new(instance)) {
            let _ = tell.send(answer);
        }
        true
    }

    /// Whether it was replaced and has no child left.
    fn finished(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
            && lock(&self.living).is_empty()
            && lock(&self.waiting).is_empty()
    }

    fn lose(&self) {
        lock(&self.waiting).clear();
        for (_, end) in lock(&self.living).drain() {
            end.send_replace(Some(Ended::ZygoteLost));
        }
    }
}
