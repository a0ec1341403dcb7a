//! Who may connect: as many as there may be, no more of one user than leave room for others, and places
//! that are kept for admins.
//!
//! Whoever has too many is disconnected at once. A stranger is told so in one fixed frame and is never
//! listened to. When the host has no descriptor left for another one, the next attempt waits a little.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::Semaphore,
    time::timeout,
};

/// Of all sockets together.
const MOST: u32 = 1024;
/// Of these, only admins have the last.
const FOR_ADMINS: u32 = 64;
/// Of one user; those of TCP count as one.
const MOST_OF_ONE: u32 = 256;
/// Requests of one connection at the same time: of the first connections of a user, and of the later ones. A
/// request has its task before it can be refused, so all of them together are bounded.
const STREAMS: u32 = 200;
const FIRST: u32 = 8;
const STREAMS_OF_LATER: u32 = 32;
/// After an attempt that failed.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// What a stranger is told: settings without any, then the end, with the reason as its text.
const STRANGER: &[u8] = b"\0\0\0\x04\0\0\0\0\0\
    \0\0\x16\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0bUNKNOWN_CALLER";
/// How long a stranger may take to read that.
const STRANGER_PATIENCE: Duration = Duration::from_secs(1);
/// Strangers that are told at the same time; more are disconnected at once.
const MOST_STRANGERS: usize = 16;

/// Who is connected how often; `None` is TCP, where nobody is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts(Arc<Mutex<HashMap<Option<u32>, u32>>>);

impl Counts {
    fn lock(&self) -> MutexGuard<'_, HashMap<Option<u32>, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more connection, if there is one.
    pub(super) fn take(&self, user: Option<u32>, admin: bool) -> Option<Place> {
        let mut counts = self.lock();
        let all: u32 = counts.values().sum();
        let own = counts.get(&user).copied().unwrap_or_default();
        let most = if admin { MOST } else { MOST - FOR_ADMINS };
        if most <= all || MOST_OF_ONE <= own {
            return None;
        }
        counts.insert(user, own + 1);
        let streams = if own < FIRST { STREAMS } else { STREAMS_OF_LATER };
        Some(Place { counts: self.clone(), user, streams })
    }
}

/// A place of a connection.
#[derive(Debug)]
pub(super) struct Place {
    counts: Counts,
    user: Option<u32>,
    /// Requests at the same time.
    pub(super) streams: u32,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        if let Some(own) = counts.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                counts.remove(&self.user);
            }
        }
    }
}

/// Of the process at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ids {
    /// Its user.
    pub(super) user: u32,
    /// Its primary group.
    pub(super) group: u32,
}

/// A socket that takes connections.
pub(super) trait Listen: Send + 'static {
    /// One end of a connection.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// The next connection, and who is at its other end as far as the kernel knows.
    fn next(&self) -> impl Future<Output = io::Result<(Self::Stream, Option<Ids>)>> + Send;
}

impl Listen for UnixListener {
    type Stream = UnixStream;

    async fn next(&self) -> io::Result<(UnixStream, Option<Ids>)> {
        let (stream, _) = self.accept().await?;
        let peer = stream.peer_cred()?;
        Ok((stream, Some(Ids { user: peer.uid(), group: peer.gid() })))
    }
}

impl Listen for TcpListener {
    type Stream = TcpStream;

    async fn next(&self) -> io::Result<(TcpStream, Option<Ids>)> {
        let (stream, _) = self.accept().await?;
        // Answers are small and wait for nothing.
        stream.set_nodelay(true)?;
        Ok((stream, None))
    }
}

/// Strangers that are being told so.
#[derive(Clone, Debug)]
pub(super) struct Strangers(Arc<Semaphore>);

impl Default for Strangers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_STRANGERS)))
    }
}

/// How long a stranger may take to begin a request until it is told at once.
const REQUEST_PATIENCE: Duration = Duration::from_millis(200);
/// Bytes of a stranger that are looked through for its first request.
const MOST_LOOKED_AT: usize = 16 << 10;
/// What a client of HTTP/2 sends first.
const PREFACE: usize = 24;
/// The head of a frame: three bytes of length, one of type, one of flags, four of stream.
const FRAME: usize = 9;
/// The type of a frame that begins a request.
const HEADERS: u8 = 1;

/// Reads until the first request has begun. Only frames' heads are looked at.
async fn until_request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut seen = Vec::new();
    let mut at = PREFACE;
    while seen.len() < MOST_LOOKED_AT {
        let mut bytes = [0; 1024];
        let len = stream.read(&mut bytes).await?;
        if len == 0 {
            return Ok(());
        }
        seen.extend_from_slice(&bytes[..len]);
        while let Some([a, b, c, kind, ..]) = seen.get(at..).filter(|rest| FRAME <= rest.len()) {
            if *kind == HEADERS {
                return Ok(());
            }
            at += FRAME + usize::from(*a) * 65_536 + usize::from(*b) * 256 + usize::from(*c);
        }
    }
    Ok(())
}

impl Strangers {
    /// Tells a stranger that it is one, if not too many are being told already, and disconnects it. What
    /// it sends is thrown away: its client would otherwise not read why.
    pub(super) fn tell(&self, mut stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let Ok(place) = Arc::clone(&self.0).try_acquire_owned() else { return };
        tokio::spawn(async move {
            let _place = place;
            let told = async {
                // Its client tells the reason only to a request that it has begun.
                let _ = timeout(REQUEST_PATIENCE, until_request(&mut stream)).await;
                stream.write_all(STRANGER).await?;
                stream.shutdown().await?;
                let mut nothing = [0; 1024];
                while 0 < stream.read(&mut nothing).await? {}
                io::Result::Ok(())
            };
            // It is a stranger however that ends.
            let _ = timeout(STRANGER_PATIENCE, told).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_leaves_room_for_others_and_places_come_free() {
        let counts = Counts::default();
        let mut places: Vec<Place> =
            (0..MOST_OF_ONE).filter_map(|_| counts.take(Some(1), false)).collect();
        assert_eq!(places.len(), 256);
        let streams: Vec<u32> = places.iter().map(|place| place.streams).collect();
        assert_eq!(streams[..9], [200, 200, 200, 200, 200, 200, 200, 200, 32]);
        assert!(counts.take(Some(1), false).is_none());
        assert!(counts.take(Some(2), false).is_some());
        places.pop();
        assert!(counts.take(Some(1), false).is_some());
    }

    #[test]
    fn all_users_together_leave_places_for_admins_and_these_are_bounded_too() {
        let counts = Counts::default();
        let mut places: Vec<Place> =
            (0..MOST).filter_map(|user| counts.take(Some(user), false)).collect();
        assert_eq!(places.len(), 960);
        places.extend((0..MOST).filter_map(|_| counts.take(Some(5000), true)));
        assert_eq!(places.len(), 1024);
        drop(places);
        assert!(counts.lock().is_empty());
    }

    #[test]
    fn the_frame_for_strangers_has_the_lengths_that_it_says() {
        let (settings, end) = STRANGER.split_at(9);
        assert_eq!(settings, [0, 0, 0, 4, 0, 0, 0, 0, 0]);
        assert_eq!(usize::from(end[2]), end.len() - 9);
        assert!(end.ends_with(b"UNKNOWN_CALLER"));
    }
}
