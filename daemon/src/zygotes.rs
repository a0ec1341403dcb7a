//! The daemon's side of the zygotes: asks for clones, learns how they end.
//!
//! There is one current zygote; older ones live on until their children have ended. When one is lost
//! its children are lost with it, and whoever waits for it is told. One that says nothing while it is asked
//! for something is given up: the keeper, which may signal it, is asked to replace it.

use std::{
    collections::{HashMap, VecDeque},
    fmt, io,
    os::fd::{BorrowedFd, OwnedFd},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use skep_link::{
    VERSION,
    zygote::{CloneStage, Exit, FromZygote, MAX_PACKET, Step, ToZygote},
};
use tokio::{
    io::Interest,
    net::UnixDatagram,
    sync::{Notify, oneshot, watch},
    time::{sleep_until, timeout},
};

use crate::keeper::packets::{self, Wait};

/// How long there may be no zygote until whoever needs one is told.
const NEXT_PATIENCE: Duration = Duration::from_secs(5);
/// How long a zygote that was asked for something may say nothing at all until it is given up.
const SILENCE: Duration = Duration::from_secs(5);
/// And a new one that loads the engine.
const LOADING: Duration = Duration::from_secs(20);
/// And how long until those whose time is over are told that it is the zygote that does not answer.
const SUSPECT: Duration = Duration::from_secs(1);
/// How often it is asked whether it lives when there is nothing else to ask for.
const PING_EVERY: Duration = Duration::from_secs(30);
/// How long a clone may take, with others in front of it that are made.
const CLONE_PATIENCE: Duration = Duration::from_secs(30);

/// Zygotes that are to be reported, at most.
const MOST_HUNG: usize = 64;

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
    #[error("there is no zygote: {0}")]
    NoZygote(String),
    /// The program of the zygotes is of another build.
    #[error(
        "the shim speaks wire version {theirs}, this daemon {VERSION}; install both from one build"
    )]
    Version {
        /// Its version.
        theirs: u32,
    },
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

/// Whether new instances can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Supply {
    /// There is a zygote.
    Ready,
    /// There is none, for this reason.
    None(String),
    /// There is none whose frames this daemon knows.
    Version(u32),
}

/// All zygotes of this daemon.
#[derive(Debug)]
pub struct Zygotes {
    current: Mutex<Option<Arc<Zygote>>>,
    supply: watch::Sender<Supply>,
    /// A clone was made, or a zygote became the current one.
    counted: Notify,
    /// Those that were given up and may still live.
    hung: Mutex<VecDeque<u32>>,
    hangs: Notify,
    /// What zygotes know instances by: a number for each clone that was asked for.
    next: AtomicU64,
    /// See [`PING_EVERY`].
    ping_every: Duration,
}

impl Default for Zygotes {
    fn default() -> Self {
        let none = Supply::None("none has started yet".to_owned());
        Self {
            current: Mutex::default(),
            supply: watch::Sender::new(none),
            counted: Notify::new(),
            hung: Mutex::default(),
            hangs: Notify::new(),
            next: AtomicU64::new(1),
            ping_every: PING_EVERY,
        }
    }
}

#[derive(Debug)]
struct Zygote {
    /// The keeper's number of it.
    number: u32,
    /// A SEQPACKET socket; tokio has no type for it.
    socket: UnixDatagram,
    /// When it was asked for what it has not answered yet, or said something while more was asked for.
    asked: Mutex<Option<Instant>>,
    /// It was asked for something, after a while without.
    begun: Notify,
    /// Counts what it said.
    heard: watch::Sender<u64>,
    /// Pings that are not answered.
    pings: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
    living: Mutex<HashMap<u64, watch::Sender<Option<Ended>>>>,
    clones: AtomicU64,
    retired: AtomicBool,
    idle: Notify,
}

/// How a zygote was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Lost {
    #[error("the last one has ended")]
    Ended,
    #[error("the last one did not answer for {} s", SILENCE.as_secs())]
    Silent,
    #[error("the last one said something unknown")]
    Broken,
    #[error("the shim speaks wire version {0}, this daemon {VERSION}")]
    Version(u32),
}

impl fmt::Display for Supply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::None(why) => f.write_str(why),
            Self::Version(theirs) => write!(f, "{}", Lost::Version(*theirs)),
        }
    }
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
    pub fn install(self: &Arc<Self>, number: u32, socket: OwnedFd) -> io::Result<()> {
        let socket = std::os::unix::net::UnixDatagram::from(socket);
        socket.set_nonblocking(true)?;
        let zygote = Arc::new(Zygote {
            number,
            socket: UnixDatagram::from_std(socket)?,
            asked: Mutex::default(),
            begun: Notify::new(),
            heard: watch::Sender::new(0),
            pings: AtomicU64::new(0),
            waiting: Mutex::default(),
            living: Mutex::default(),
            clones: AtomicU64::new(0),
            retired: AtomicBool::new(false),
            idle: Notify::new(),
        });
        // It has the engine to load before it says anything.
        zygote.begin();
        let all = Arc::clone(self);
        tokio::spawn(async move {
            let why = all.follow(&zygote).await;
            zygote.lose();
            all.drop_current(&zygote);
            if why == Lost::Silent {
                all.report_hang(zygote.number);
            }
            if !zygote.retired.load(Ordering::Relaxed) {
                tracing::warn!(reason = %why, "the zygote was lost; its instances are gone with it");
                all.supply.send_if_modified(|supply| {
                    let none = match why {
                        Lost::Version(theirs) => Supply::Version(theirs),
                        _ => Supply::None(why.to_string()),
                    };
                    let change = lock(&all.current).is_none() && *supply != none;
                    if change {
                        *supply = none;
                    }
                    change
                });
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

    /// Hears what a zygote says, until it is lost.
    async fn follow(&self, zygote: &Arc<Zygote>) -> Lost {
        loop {
            let asked = *lock(&zygote.asked);
            let silence = if *zygote.heard.borrow() == 0 { LOADING } else { SILENCE };
            let look =
                asked.map_or_else(|| Instant::now() + self.ping_every, |asked| asked + silence);
            let packet = tokio::select! {
                packet = zygote.packet() => packet,
                () = zygote.idle.notified() => {
                    if zygote.finished() { return Lost::Ended }
                    continue
                }
                () = zygote.begun.notified() => continue,
                () = sleep_until(look.into()) => {
                    // Looked at with the lock and decided upon without: a ping takes it again.
                    let asked = *lock(&zygote.asked);
                    match asked {
                        Some(asked) if silence <= asked.elapsed() => return Lost::Silent,
                        Some(_) => {}
                        // What cannot be sent now is noticed when it is read from.
                        None => drop(zygote.ping()),
                    }
                    continue;
                }
            };
            let (message, fds) = match packet {
                Ok(Some(packet)) => packet,
                Ok(None) => return Lost::Ended,
                Err(error) if is_gone(&error) => return Lost::Ended,
                Err(error) => {
                    tracing::error!(%error, "cannot read from the zygote");
                    return Lost::Broken;
                }
            };
            match message {
                FromZygote::Ready { version: VERSION } => {
                    let earlier = lock(&self.current).replace(Arc::clone(zygote));
                    if let Some(earlier) = earlier {
                        earlier.retired.store(true, Ordering::Relaxed);
                        earlier.idle.notify_one();
                    }
                    self.supply.send_replace(Supply::Ready);
                    self.counted.notify_one();
                }
                FromZygote::Ready { version } => return Lost::Version(version),
                message => {
                    if !zygote.on(message, fds) {
                        tracing::error!(?message, "the zygote broke the protocol");
                        return Lost::Broken;
                    }
                }
            }
            zygote.hear();
        }
    }

    /// Whether new instances can be had, and tells when that changes.
    pub fn supply(&self) -> watch::Receiver<Supply> {
        self.supply.subscribe()
    }

    /// Waits until a zygote was given up that may still live; the keeper's number of it.
    pub async fn hangs(&self) -> u32 {
        loop {
            let hangs = self.hangs.notified();
            if let Some(number) = lock(&self.hung).pop_front() {
                return number;
            }
            hangs.await;
        }
    }

    fn report_hang(&self, number: u32) {
        let mut hung = lock(&self.hung);
        // The keeper has no more of them.
        if hung.len() < MOST_HUNG {
            hung.push_back(number);
        }
        drop(hung);
        self.hangs.notify_one();
    }

    /// Whether the current zygote is there, and does not leave us waiting.
    pub fn answers(&self) -> bool {
        lock(&self.current)
            .as_ref()
            .is_some_and(|zygote| lock(&zygote.asked).is_none_or(|asked| asked.elapsed() < SUSPECT))
    }

    /// Asks the current zygote whether it lives.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    pub async fn ask(&self) -> Result<(), String> {
        let zygote = lock(&self.current).clone();
        let Some(zygote) = zygote else { return Err(self.supply.borrow().to_string()) };
        let mut heard = zygote.heard.subscribe();
        zygote.ping().map_err(|error| format!("it cannot be asked: {error}"))?;
        match timeout(SUSPECT, heard.changed()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Lost::Ended.to_string()),
            Err(_) => Err(format!("it has not answered for {} s", SUSPECT.as_secs())),
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
        let mut supply = self.supply.subscribe();
        let there = async {
            loop {
                if let Some(zygote) = lock(&self.current).clone() {
                    return Ok(zygote);
                }
                if let Supply::Version(theirs) = *supply.borrow_and_update() {
                    return Err(CloneError::Version { theirs });
                }
                // An error would mean that we are gone ourselves.
                let _ = supply.changed().await;
            }
        };
        match timeout(NEXT_PATIENCE, there).await {
            Ok(found) => found,
            Err(_) => Err(CloneError::NoZygote(self.supply.borrow().to_string())),
        }
    }

    /// Has an instance cloned with the host id `id` into the groups `leaf` (version 2 first), with
    /// `link` as the one descriptor that it keeps.
    ///
    /// # Errors
    ///
    /// [`CloneError`].
    pub async fn clone_instance(
        &self,
        id: u32,
        link: BorrowedFd<'_>,
        leaf: &[OwnedFd],
    ) -> Result<Clone, CloneError> {
        let places = u8::try_from(leaf.len().saturating_sub(1)).unwrap_or(u8::MAX);
        let instance = self.next.fetch_add(1, Ordering::Relaxed);
        let ask = ToZygote::Clone { instance, id, places }.encode();
        let mut fds = vec![link];
        fds.extend(leaf.iter().map(std::os::fd::AsFd::as_fd));
        let (zygote, told, ended, asked) = loop {
            let zygote = self.current().await?;
            let (tell, told) = oneshot::channel();
            let (end, ended) = watch::channel(None);
            lock(&zygote.waiting).insert(instance, tell);
            lock(&zygote.living).insert(instance, end);
            zygote.begin();
            let asked = timeout(SILENCE, zygote.send(&ask, &fds)).await;
            if !asked.as_ref().is_ok_and(|sent| sent.as_ref().is_err_and(is_gone)) {
                break (zygote, told, ended, asked);
            }
            // It ended before it was asked: the next one can do it.
            lock(&zygote.waiting).remove(&instance);
            lock(&zygote.living).remove(&instance);
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
        if matches!(answer, Err(CloneError::Ask(_))) {
            zygote.settle();
        }
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
    /// It is about to be asked for something.
    fn begin(&self) {
        let mut asked = lock(&self.asked);
        if asked.is_none() {
            *asked = Some(Instant::now());
            self.begun.notify_one();
        }
    }

    /// It said something: what it is still asked for counts from now.
    fn hear(&self) {
        self.heard.send_modify(|count| *count += 1);
        let more = self.is_asked();
        *lock(&self.asked) = more.then(Instant::now);
    }

    /// What could not be sent is not waited for.
    fn settle(&self) {
        if !self.is_asked() {
            *lock(&self.asked) = None;
        }
    }

    fn is_asked(&self) -> bool {
        !lock(&self.waiting).is_empty() || 0 < self.pings.load(Ordering::Relaxed)
    }

    /// Asks whether it lives. The answer is heard by whoever follows it.
    fn ping(&self) -> io::Result<()> {
        self.pings.fetch_add(1, Ordering::Relaxed);
        self.begin();
        let sent = packets::send(&self.socket, &ToZygote::Ping.encode(), &[], Wait::No);
        if sent.is_err() {
            self.pings.fetch_sub(1, Ordering::Relaxed);
            self.settle();
        }
        sent
    }

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
            (FromZygote::Pong, None) => {
                let one_less = |pings: u64| pings.checked_sub(1);
                self.pings.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
            }
            (FromZygote::Exited { instance, exit, step }, None) => {
                if let Some(end) = lock(&self.living).remove(&instance) {
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
        if let Some(tell) = lock(&self.waiting).remove(&instance) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keeper::spawn::packet_pair;

    /// What a zygote that does as it should says to what it is asked.
    async fn answer(socket: &UnixDatagram, message: FromZygote) {
        let send = || packets::send(socket, &message.encode(), &[], Wait::No);
        socket.async_io(Interest::WRITABLE, send).await.unwrap();
    }

    async fn asked(socket: &UnixDatagram) -> ToZygote {
        let mut bytes = [0; MAX_PACKET];
        let receive = || packets::receive(socket, &mut bytes);
        let (len, _) = socket.async_io(Interest::READABLE, receive).await.unwrap();
        ToZygote::decode(&bytes[..len]).unwrap()
    }

    #[tokio::test]
    async fn an_idle_zygote_is_asked_whether_it_lives_again_and_again() {
        let (ours, theirs) = packet_pair().unwrap();
        let theirs = std::os::unix::net::UnixDatagram::from(theirs);
        theirs.set_nonblocking(true).unwrap();
        let theirs = UnixDatagram::from_std(theirs).unwrap();
        let ping_every = Duration::from_millis(5);
        let zygotes = Arc::new(Zygotes { ping_every, ..Zygotes::default() });
        zygotes.install(1, ours).unwrap();
        answer(&theirs, FromZygote::Ready { version: VERSION }).await;
        for _ in 0..3 {
            assert_eq!(asked(&theirs).await, ToZygote::Ping);
            answer(&theirs, FromZygote::Pong).await;
        }
        assert!(zygotes.ready() && zygotes.answers());
        // And when somebody wants to know.
        let (told, ()) = tokio::join!(zygotes.ask(), async {
            assert_eq!(asked(&theirs).await, ToZygote::Ping);
            answer(&theirs, FromZygote::Pong).await;
        });
        assert_eq!(told, Ok(()));
    }

    #[tokio::test]
    async fn a_zygote_of_another_build_is_named_with_both_versions() {
        let (ours, theirs) = packet_pair().unwrap();
        let theirs = std::os::unix::net::UnixDatagram::from(theirs);
        theirs.set_nonblocking(true).unwrap();
        let theirs = UnixDatagram::from_std(theirs).unwrap();
        let zygotes = Arc::new(Zygotes::default());
        zygotes.install(1, ours).unwrap();
        answer(&theirs, FromZygote::Ready { version: 3 }).await;
        let mut supply = zygotes.supply();
        let found = supply.wait_for(|supply| matches!(supply, Supply::Version(_))).await.unwrap();
        let said = format!("the shim speaks wire version 3, this daemon {VERSION}");
        assert_eq!(found.to_string(), said);
    }
}
