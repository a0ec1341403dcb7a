//! The daemon proper: what the keeper starts, without privilege, to serve the API.
//!
//! Start-up is one chain: give up root, learn the configuration and the socket from the keeper, wait for
//! a zygote, prove the walls, bring the apps back, serve. It ends by draining: no new work, running
//! calls end, then everything else.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    os::{fd::OwnedFd, unix::net::UnixDatagram as StdDatagram},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use skep_core::{Cause, Ceiling};
use skep_proto::v1::{Finding, finding::Grade};
use tokio::{
    io::{AsyncWriteExt as _, Interest},
    net::{UnixDatagram, unix::pipe},
    sync::watch,
};

use crate::{
    api::{self, Daemon},
    cgroup::Limits,
    config::Config,
    doctor::{Doctor, Seen},
    exit::{Chain, Exit},
    instance::{LaunchError, Launcher, PROOF},
    journal,
    keeper::{
        self, packets,
        wire::{FromKeeper, MESSAGE, ToKeeper},
    },
    kept::AllKept,
    lower,
    pool::{self, Pool, Shared, TenantQuota},
    store::{QuotaSet, Store, StoreError},
    zygotes::{CloneError, Supply, Zygotes},
};

/// How long the first zygote may take to be ready.
const FIRST_ZYGOTE: Duration = Duration::from_secs(30);

/// Why the daemon cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Root could not be given up.
    #[error("cannot give up root")]
    Lower(#[from] lower::LowerError),
    /// The keeper said something else than to start, or nothing.
    #[error("cannot learn from the keeper what to do")]
    Keeper(#[source] io::Error),
    /// The configuration changed since the keeper read it.
    #[error("the configuration cannot be used: {0}")]
    Config(String),
    /// There are no control groups.
    #[error(transparent)]
    Groups(#[from] crate::cgroup::DetectError),
    /// A wall cannot be built on this host.
    #[error("a sandbox cannot be built on this host")]
    Walls(#[source] LaunchError),
    /// A sandbox cannot be looked at.
    #[error("cannot see how a sandbox stands")]
    Unseen(#[source] io::Error),
    /// A wall stands otherwise than it must.
    #[error("a sandbox on this host does not stand as it must")]
    Unsound(Vec<Finding>),
    /// The state cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sockets cannot be served.
    #[error("cannot serve")]
    Serve(#[source] api::ServeError),
    /// Something else of the kernel.
    #[error("cannot {what}")]
    Kernel {
        /// What is needed.
        what: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
}

impl DaemonError {
    /// How the process ends for it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Config(_) => Exit::Config,
            Self::Walls(LaunchError::Clone(CloneError::Version { .. })) => Exit::HostUnfit,
            // Not the host's fault: the next start may have one.
            Self::Walls(error) if error.cause() == Cause::ZygoteLost => Exit::Lost,
            Self::Groups(_) | Self::Walls(_) | Self::Unseen(_) | Self::Unsound(_) => {
                Exit::HostUnfit
            }
            Self::Store(_) => Exit::Files,
            _ => Exit::Bug,
        }
    }
}

fn kernel(what: &'static str) -> impl Fn(io::Error) -> DaemonError {
    move |source| DaemonError::Kernel { what, source }
}

/// The whole role, from root to the end. Standard input is the keeper's socket.
///
/// # Errors
///
/// [`DaemonError`].
pub fn main(id: u32, leaves: u32, entrances: &[PathBuf]) -> Result<(), DaemonError> {
    use std::os::fd::AsFd as _;
    let channel = io::stdin().as_fd().try_clone_to_owned().map_err(DaemonError::Keeper)?;
    lower::lower(id, leaves, entrances)?;
    // Executed by a link of /proc, it would be called `exe`. Only lists of processes show the name.
    let _ = nix::sys::prctl::set_name(c"skepd");
    let mut packet = [0; MESSAGE];
    let (len, fds) = packets::receive(&channel, &mut packet).map_err(DaemonError::Keeper)?;
    let mut fds = fds.into_iter();
    let (Some(FromKeeper::Start), Some(text), Some(listener), Some(keeper)) =
        (FromKeeper::decode(&packet[..len]), fds.next(), fds.next(), fds.next())
    else {
        return Err(DaemonError::Keeper(io::ErrorKind::InvalidData.into()));
    };
    let config = read_config(text)?;
    journal::start(&config.log).map_err(kernel("start the thread of the log"))?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers())
        .max_blocking_threads(WAITING)
        .event_interval(LOOK_AFTER)
        .enable_all()
        .build()
        .map_err(kernel("start the runtime"))?
        .block_on(serve(config, (channel, keeper), listener))
}

/// Threads that wait for files, of the disk or of the kernel. More work waits for one of them.
const WAITING: usize = 16;

/// Tasks that a serving thread runs before it looks for what came from the sockets meanwhile. A task may be a turn
/// of 0.1 ms: with as many as the runtime has by default, a call would wait for 6 ms until it is seen.
const LOOK_AFTER: u32 = 4;

/// Threads that serve: on half of the processors, as the instances need the other half. At least two: the
/// kernel may let one wait when groups are made and removed.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, |all| (all.get() / 2).max(2))
}

/// Threads of the daemon beside those that serve and wait: its first one, that of the log, and room to spare.
const OTHERS: u32 = 16;

/// All threads that the daemon may have.
pub fn most_threads() -> u32 {
    u32::try_from(workers() + WAITING).unwrap_or(u32::MAX).saturating_add(OTHERS)
}

fn read_config(file: OwnedFd) -> Result<Config, DaemonError> {
    let mut text = String::new();
    File::from(file).read_to_string(&mut text).map_err(kernel("read the configuration"))?;
    let own = std::env::current_exe().map_err(kernel("find this program"))?;
    let beside = own.parent().unwrap_or(Path::new("/"));
    Config::parse(&text, beside).map_err(|problems| {
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        DaemonError::Config(all.join("; "))
    })
}

/// `keeper`: where it is heard, and where it hears.
async fn serve(
    config: Config,
    keeper: (OwnedFd, OwnedFd),
    listener: OwnedFd,
) -> Result<(), DaemonError> {
    let (channel, keeper) = keeper;
    let ends = api::Ends::watch().map_err(kernel("watch for signals"))?;
    // This is polled by the thread that the process began with; all others have them blocked.
    lower::hear_signals()?;
    let zygotes = Arc::new(Zygotes::default());
    let (lost, keeper_lost) = watch::channel(false);
    let channel = StdDatagram::from(channel);
    channel.set_nonblocking(true).map_err(DaemonError::Keeper)?;
    let channel = UnixDatagram::from_std(channel).map_err(DaemonError::Keeper)?;
    let keeper = pipe::Sender::from_owned_fd(keeper).map_err(DaemonError::Keeper)?;
    tokio::spawn(follow_keeper(channel, Arc::clone(&zygotes), lost));
    let tree = keeper::tree(&config, keeper::Role::Daemon)?;
    let doctor = Doctor::new(&config, &tree);
    // Many descriptors are needed; the low limit only protects programs that know no numbers above 1023.
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files })
        .map_err(|errno| kernel("raise the limit of open files")(errno.into()))?;
    let launcher = Launcher::new(tree, Arc::clone(&zygotes), config.ids, config.sizes.reply)
        .map_err(kernel("read the own namespaces"))?;
    let launcher = Arc::new(launcher);
    let (shared, pools, store, aside) = bring_back(&config, &launcher)?;
    let walls = prove_walls(&launcher, &shared.spare).await?;
    let doctor = doctor.with_walls(walls).with_state(&aside);
    let daemon = Daemon::new(config, pools, Arc::clone(&shared), store, doctor);
    let all: Vec<Arc<Pool>> = daemon.pools.values().cloned().collect();
    tokio::spawn(pool::upkeep::run(all, Arc::clone(&shared)));
    tokio::spawn(renew_zygotes(Arc::clone(&daemon), zygotes, keeper));
    let served = api::serve(&daemon, listener, keeper_lost, ends).await.map_err(DaemonError::Serve);
    for pool in daemon.pools.values() {
        pool.shut(Duration::from_secs(3)).await;
    }
    let cleared = launcher.tree().clear();
    if let Err(error) = cleared {
        tracing::error!(error = %Chain(&error), "control groups stay");
    }
    served
}

type BroughtBack = (Arc<Shared>, BTreeMap<skep_core::TenantId, Arc<Pool>>, Store, Vec<PathBuf>);

/// The pools of all tenants, with the apps that were deployed before, and files that were set aside.
fn bring_back(config: &Config, launcher: &Arc<Launcher>) -> Result<BroughtBack, DaemonError> {
    let store = Store::open(&config.state)?;
    let shared = Arc::new(Shared {
        launcher: Arc::clone(launcher),
        limits: config.pool,
        spare: Limits {
            memory: Ceiling::At(config.defaults.memory),
            cpu: Ceiling::At(config.defaults.cpu),
            processes: Ceiling::At(config.defaults.processes),
        },
        max_reply: config.sizes.reply,
        logs: config.logs,
        kept: Arc::new(AllKept::new(config.kept, Some(store.clone()))),
        wake: Arc::default(),
    });
    let (mut pools, mut aside) = (BTreeMap::new(), Vec::new());
    for tenant in &config.tenants {
        let set = store.quota(&tenant.name).unwrap_or_else(|error| {
            tracing::error!(
                tenant = %tenant.name, error = %Chain(&error),
                "the tenant is closed until its quota is set again: skep quota set",
            );
            QuotaSet::CLOSED
        });
        if set != QuotaSet::default() {
            tracing::info!(
                tenant = %tenant.name, fields = set.names().join(", "),
                "set by command, not taken from the configuration",
            );
        }
        let quota = set.over(TenantQuota::from(tenant));
        let pool = Pool::new(tenant.name.clone(), quota, Arc::clone(&shared))
            .map_err(DaemonError::Walls)?;
        let apps = store.apps(&tenant.name)?;
        for error in &apps.wrong {
            let error = Chain(error);
            tracing::error!(tenant = %tenant.name, %error, "an app is not served; deploy it again");
        }
        aside.extend(apps.aside);
        for (mut version, quota) in apps.kept {
            // Older versions kept names by which nothing can be called.
            version.functions.retain(|it| it.name.parse::<skep_core::FunctionName>().is_ok());
            pool.deploy(version, quota, None);
        }
        pools.insert(tenant.name.clone(), pool);
    }
    Ok((shared, pools, store, aside))
}

/// Builds a sandbox, looks at each of its walls and takes it down again: one that cannot stand here, or
/// stands otherwise than it must, ends the start.
async fn prove_walls(
    launcher: &Arc<Launcher>,
    limits: &Limits,
) -> Result<Vec<Finding>, DaemonError> {
    let start = Instant::now();
    let mut supply = launcher.zygotes().supply();
    // The first zygote has the engine to load. Without one in time the launch says what is missing.
    let first = supply.wait_for(|supply| !matches!(supply, Supply::None(_)));
    let _ = tokio::time::timeout(FIRST_ZYGOTE, first).await;
    let (instance, link) = launcher.launch_proof(limits).await.map_err(DaemonError::Walls)?;
    let seen = Seen::look(&instance);
    drop(link);
    let (death, _) = launcher.bury(&instance, None).await;
    if !death.confirmed {
        tracing::error!("the end of the first sandbox is not proven yet");
    } else if let Err(error) = launcher.tree().tenant(PROOF).try_remove() {
        tracing::error!(error = %Chain(&error), "the group of the first sandbox stays");
    }
    let walls = seen.map_err(DaemonError::Unseen)?.walls(limits);
    let unsound = walls.iter().filter(|wall| wall.grade() != Grade::Ok);
    let unsound: Vec<Finding> = unsound.cloned().collect();
    if !unsound.is_empty() {
        return Err(DaemonError::Unsound(unsound));
    }
    tracing::info!(took = ?start.elapsed(), walls = walls.len(), "every wall stands");
    Ok(walls)
}

/// Takes over each zygote that the keeper starts. Ends when the keeper does.
async fn follow_keeper(channel: UnixDatagram, zygotes: Arc<Zygotes>, lost: watch::Sender<bool>) {
    loop {
        let mut packet = [0; MESSAGE];
        let receive = || packets::receive(&channel, &mut packet);
        match channel.async_io(Interest::READABLE, receive).await {
            Ok((len, mut fds)) if len != 0 => {
                match (FromKeeper::decode(&packet[..len]), fds.pop()) {
                    (Some(FromKeeper::Zygote(number)), Some(socket)) => {
                        if let Err(error) = zygotes.install(number, socket) {
                            tracing::error!(%error, "cannot take the zygote over");
                        }
                    }
                    _ => tracing::error!("the keeper said something unknown"),
                }
            }
            _ => {
                lost.send_replace(true);
                return;
            }
        }
    }
}

/// Asks for a new zygote after so many clones, since address layout and hash seed are shared by its children;
/// and to have one killed that does not answer.
async fn renew_zygotes(daemon: Arc<Daemon>, zygotes: Arc<Zygotes>, mut keeper: pipe::Sender) {
    let most = daemon.config.zygote_clones;
    let mut asked = false;
    loop {
        let wish = tokio::select! {
            () = zygotes.used_up(most), if !asked => ToKeeper::RenewZygote,
            () = zygotes.renewed(most), if asked => { asked = false; continue }
            number = zygotes.hangs() => ToKeeper::ZygoteHangs(number),
        };
        asked |= wish == ToKeeper::RenewZygote;
        tracing::info!(clones = zygotes.clones(), ?wish, "asking the keeper");
        if keeper.write_all(&wish.encode()).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tenant_can_have_the_group_that_proves_the_walls() {
        assert!(PROOF.parse::<skep_core::TenantId>().is_err());
    }

    #[test]
    fn state_that_cannot_be_used_ends_as_such_and_a_wall_as_the_hosts() {
        let store = Store::open(Path::new("/proc/no/such")).unwrap_err();
        assert_eq!(DaemonError::Store(store).exit(), Exit::Files);
        assert_eq!(DaemonError::Unsound(Vec::new()).exit(), Exit::HostUnfit);
    }
}
