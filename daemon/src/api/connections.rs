//! Connections: as many as there may be, and no more of one user than leave room for others.
//!
//! Whoever has too many is disconnected at once. When the host has no descriptor left for another one,
//! the next attempt waits a little.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::mpsc,
    time::sleep,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

/// Of one socket.
const MOST: u32 = 1024;
/// Of one user; those of TCP count as one.
const MOST_OF_ONE: u32 = 256;
/// After an attempt that failed.
const PAUSE: Duration = Duration::from_millis(50);

/// Who is connected how often; `None` is TCP, where nobody is known.
#[derive(Clone, Debug, Default)]
struct Counts(Arc<Mutex<HashMap<Option<u32>, u32>>>);

impl Counts {
    fn lock(&self) -> MutexGuard<'_, HashMap<Option<u32>, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more connection, if there is one.
    fn take(&self, user: Option<u32>) -> Option<Place> {
        let mut counts = self.lock();
        let all: u32 = counts.values().sum();
        let own = counts.get(&user).copied().unwrap_or_default();
        if MOST <= all || MOST_OF_ONE <= own {
            return None;
        }
        counts.insert(user, own + 1);
        Some(Place { counts: self.clone(), user })
    }
}

#[derive(Debug)]
struct Place {
    counts: Counts,
    user: Option<u32>,
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

/// A connection in its place.
#[derive(Debug)]
pub struct Connection<S> {
    stream: S,
    _place: Place,
}

impl<S: Connected> Connected for Connection<S> {
    type ConnectInfo = S::ConnectInfo;

    fn connect_info(&self) -> S::ConnectInfo {
        self.stream.connect_info()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// A socket that takes connections.
pub trait Listen: Send + 'static {
    /// One end of a connection.
    type Stream: Send + 'static;

    /// The next connection, and the user at its other end as far as the kernel knows.
    fn next(&self) -> impl Future<Output = io::Result<(Self::Stream, Option<u32>)>> + Send;
}

impl Listen for UnixListener {
    type Stream = UnixStream;

    async fn next(&self) -> io::Result<(UnixStream, Option<u32>)> {
        let (stream, _) = self.accept().await?;
        let user = stream.peer_cred()?.uid();
        Ok((stream, Some(user)))
    }
}

impl Listen for TcpListener {
    type Stream = TcpStream;

    async fn next(&self) -> io::Result<(TcpStream, Option<u32>)> {
        let (stream, _) = self.accept().await?;
        // Answers are small and wait for nothing.
        stream.set_nodelay(true)?;
        Ok((stream, None))
    }
}

/// The connections of a socket, for as long as somebody takes them.
pub fn of<L: Listen>(listener: L) -> ReceiverStream<io::Result<Connection<L::Stream>>> {
    let (found, all) = mpsc::channel(1);
    let counts = Counts::default();
    tokio::spawn(async move {
        while !found.is_closed() {
            let accepted = tokio::select! {
                accepted = listener.next() => accepted,
                () = found.closed() => return,
            };
            match accepted {
                Ok((stream, user)) => match counts.take(user) {
                    Some(place) => {
                        // An error means that nobody serves any more: the connection ends here.
                        let _ = found.send(Ok(Connection { stream, _place: place })).await;
                    }
                    None => tracing::debug!(?user, "too many connections, one is turned away"),
                },
                Err(error) => {
                    tracing::warn!(%error, "cannot take a connection");
                    sleep(PAUSE).await;
                }
            }
        }
    });
    ReceiverStream::new(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_leaves_room_for_others_and_places_come_free() {
        let counts = Counts::default();
        let mut places: Vec<Place> =
            (0..MOST_OF_ONE).filter_map(|_| counts.take(Some(1))).collect();
        assert_eq!(places.len(), 256);
        assert!(counts.take(Some(1)).is_none());
        assert!(counts.take(Some(2)).is_some());
        places.pop();
        assert!(counts.take(Some(1)).is_some());
    }

    #[test]
    fn all_users_together_are_bounded() {
        let counts = Counts::default();
        let places: Vec<Place> = (0..MOST + 1).filter_map(|user| counts.take(Some(user))).collect();
        assert_eq!(places.len(), 1024);
        drop(places);
        assert!(counts.lock().is_empty());
    }
}
