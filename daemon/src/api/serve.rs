//! The serving loop: from the sockets to the end of the last connection.
//!
//! It ends when a signal, an admin or the keeper's end says so: no new connection, running calls end, then
//! everything else.

use std::{
    io,
    os::{fd::OwnedFd, unix::net::UnixListener as StdListener},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    net::{TcpListener, UnixListener},
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, watch},
    time::{sleep, timeout},
};

use super::{
    Daemon,
    callers::Callers,
    connections::{Counts, Listen, PAUSE, Strangers},
    front::Front,
    line::Server,
    routes,
};
use crate::zygotes::Supply;

/// How long connections may take to end once no call runs.
const LAST: Duration = Duration::from_secs(1);

/// What health knows: the whole server, and each of its services.
const SERVICES: [&str; 5] =
    ["", "skep.v1.Invocations", "skep.v1.Apps", "skep.v1.Quotas", "skep.v1.Host"];

/// The signals that end the daemon. Until they are watched they are blocked: one that comes while it begins is
/// heard when it serves.
#[derive(Debug)]
pub struct Ends {
    term: Signal,
    int: Signal,
}

impl Ends {
    /// # Errors
    ///
    /// The kernel's.
    pub fn watch() -> io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? })
    }
}

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The unix socket.
    #[error("cannot use the socket")]
    Socket(#[source] io::Error),
    /// The address of TCP.
    #[error("cannot serve the tcp address")]
    Tcp(#[source] io::Error),
    /// The built-in descriptors.
    #[error("cannot describe the services")]
    Descriptors(#[from] tonic_reflection::server::Error),
}

/// Serves until the end.
///
/// # Errors
///
/// [`ServeError`].
pub async fn serve(
    daemon: &Arc<Daemon>,
    listener: OwnedFd,
    keeper_lost: watch::Receiver<bool>,
    ends: Ends,
) -> Result<(), ServeError> {
    let listener = StdListener::from(listener);
    listener.set_nonblocking(true).map_err(ServeError::Socket)?;
    let listener = UnixListener::from_std(listener).map_err(ServeError::Socket)?;
    let (health, health_server) = tonic_health::server::health_reporter();
    tokio::spawn(follow_supply(health.clone(), Arc::clone(daemon)));
    let front = Front {
        routes: routes(daemon, health_server)?.prepare(),
        sizes: daemon.config.sizes,
        rates: daemon.config.rates,
        patience: daemon.config.patience,
    };
    // Every connection has one end of it, and says with its own that it has ended.
    let (open, mut ended) = mpsc::channel::<()>(1);
    let (stop, stopped) = watch::channel(false);
    let door = Door {
        server: Server::new(front, daemon.config.patience),
        callers: Arc::clone(&daemon.callers),
        counts: Counts::default(),
        strangers: Strangers::default(),
        stopped,
        open,
    };
    if let Some(address) = daemon.config.tcp {
        let listener = TcpListener::bind(address).await.map_err(ServeError::Tcp)?;
        tokio::spawn(door.clone().admit(listener));
    }
    tokio::spawn(door.admit(listener));
    tracing::info!(
        socket = %daemon.config.socket.display(), tcp = ?daemon.config.tcp,
        tenants = daemon.pools.len(), "serving",
    );
    let clean = wait_for_end(daemon, keeper_lost, ends).await;
    daemon.draining.send_replace(true);
    for service in SERVICES {
        health.set_service_status(service, tonic_health::ServingStatus::NotServing).await;
    }
    if clean {
        drain(daemon).await;
    }
    stop.send_replace(true);
    // Nobody sends anything: it is over when all ends are dropped. Who stays must not keep us.
    let _ = timeout(LAST, ended.recv()).await;
    Ok(())
}

/// Health is that of what can be had: without a zygote no instance can be born.
async fn follow_supply(health: tonic_health::server::HealthReporter, daemon: Arc<Daemon>) {
    let mut supply = daemon.shared.launcher.zygotes().supply();
    loop {
        let ready = *supply.borrow_and_update() == Supply::Ready;
        if *daemon.draining.borrow() {
            return;
        }
        let status = if ready {
            tonic_health::ServingStatus::Serving
        } else {
            tonic_health::ServingStatus::NotServing
        };
        for service in SERVICES {
            health.set_service_status(service, status).await;
        }
        if supply.changed().await.is_err() {
            return;
        }
    }
}

/// Where connections come in.
#[derive(Clone)]
struct Door {
    server: Server,
    callers: Arc<Callers>,
    counts: Counts,
    strangers: Strangers,
    stopped: watch::Receiver<bool>,
    open: mpsc::Sender<()>,
}

impl Door {
    /// Takes connections until it is told to stop.
    async fn admit(mut self, listener: impl Listen) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.next() => accepted,
                // An error means that the sender is gone, which is the same.
                _ = self.stopped.wait_for(|stop| *stop) => return,
            };
            let (stream, ids) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot take a connection");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let Ok(caller) = self.callers.meet(ids) else {
                self.strangers.tell(stream);
                continue;
            };
            let user = ids.map(|ids| ids.user);
            let Some(place) = self.counts.take(user, caller.rights.is_admin()) else {
                tracing::debug!(?user, "too many connections, one is turned away");
                continue;
            };
            let Self { server, stopped, open, .. } = self.clone();
            let account = Arc::clone(&caller.account);
            account.lanes.run(async move {
                let streams = place.streams;
                let _place_and_end = (place, open);
                server.serve(stream, caller, streams, stopped).await;
            });
        }
    }
}

/// Whether running calls may still end: not when the keeper is gone.
async fn wait_for_end(
    daemon: &Daemon,
    mut keeper_lost: watch::Receiver<bool>,
    mut ends: Ends,
) -> bool {
    let mut draining = daemon.draining.subscribe();
    tokio::select! {
        _ = ends.term.recv() => true,
        _ = ends.int.recv() => true,
        _ = draining.wait_for(|draining| *draining) => true,
        _ = keeper_lost.wait_for(|lost| *lost) => {
            tracing::error!("the keeper is gone; ending everything");
            false
        }
    }
}

/// Waits until no call runs, at most as long as configured.
async fn drain(daemon: &Daemon) {
    let end = Instant::now() + daemon.config.drain;
    tracing::info!(running = daemon.running(), "draining");
    while 0 < daemon.running() && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
