//! Makes instances and buries them.
//!
//! Start-up is a chain: a leaf with limits that hold, a clone inside it, a seal that names the
//! namespaces. Whatever fails, what was made before it is taken down again.

use std::{
    collections::{HashMap, VecDeque},
    io,
    os::{
        fd::{AsFd as _, BorrowedFd, OwnedFd},
        unix::{fs::MetadataExt as _, net::UnixStream as Pair},
    },
    sync::{Arc, Mutex, OnceLock, Weak},
    time::{Duration, Instant},
};

use nix::{time::clock_getcpuclockid, unistd::Pid};
use rustix::process::{Resource, getrlimit};
use skep_core::{ByteCount, Cause, InstanceId, TenantId};
use skep_link::{
    VERSION,
    frame::{NAMESPACES, ToDaemon},
    zygote::CloneStage,
};
use tokio::time::{sleep, timeout};

use super::{Death, Instance, PROOF_PATIENCE, Remains, lock, remove};
use crate::{
    cgroup::{Group, LimitError, Limits, MemoryPeak, PrepareError, Tree},
    link::{Link, LinkError},
    zygotes::{Clone as Cloned, CloneError, Zygotes},
};

/// The group of the sandbox that proves the walls: a name that no tenant can have.
pub const PROOF: &str = "_proof";

/// How long the walls may take to stand.
const SEAL_PATIENCE: Duration = Duration::from_secs(10);
/// How long a process may be between the loss of its namespaces and its end.
const DYING_PATIENCE: Duration = Duration::from_secs(1);
/// How long network namespaces of those that ended are kept, at most. The kernel is busy for long when it
/// takes one down, and does several in one go: not while somebody waits for the end.
const NETWORK_KEPT: Duration = Duration::from_millis(50);
/// How many are.
const NETWORKS_KEPT: usize = 64;
/// Why an instance could not be launched.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// Every id of the range is in use.
    #[error("all {0} identities of the range are in use")]
    NoIdentity(u32),
    /// One tenant may not take them all.
    #[error("the tenant has {0} instances, its share of the identities and open files")]
    Share(usize),
    /// A control group cannot be made.
    #[error("cannot make the leaf")]
    Leaf(#[source] io::Error),
    /// The tenant's group cannot be made.
    #[error("cannot make the tenant's group")]
    Tenant(#[from] PrepareError),
    /// A limit does not hold.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The tenant's limits changed each time before the instance had its own.
    #[error("the tenant's limits were changed during each of {0} launches")]
    Overtaken(u32),
    /// There is no clone.
    #[error(transparent)]
    Clone(#[from] CloneError),
    /// A wall could not be built.
    #[error("wall {step} could not be built")]
    Wall {
        /// The jail step.
        step: &'static str,
        /// What it met.
        source: io::Error,
    },
    /// The child said something else than that it is sealed.
    #[error("the child did not seal")]
    Unsealed(#[source] LinkError),
    /// The child did not seal in time.
    #[error("the child did not seal within {} s", SEAL_PATIENCE.as_secs())]
    Slow,
    /// The shim is of another build.
    #[error("the shim speaks wire version {theirs}, this daemon {VERSION}")]
    Version {
        /// Its version.
        theirs: u32,
    },
    /// A namespace is somebody else's.
    #[error("the {0} namespace is not its own")]
    Shared(&'static str),
}

impl LaunchError {
    /// What whoever waits for the instance is told.
    pub fn cause(&self) -> Cause {
        match self {
            Self::Clone(
                CloneError::NoZygote(_)
                | CloneError::Silent
                | CloneError::Lost
                | CloneError::Version { .. },
            ) => Cause::ZygoteLost,
            _ => Cause::SpawnFailed,
        }
    }
}

/// Where a clone will be.
struct Place {
    groups: Vec<OwnedFd>,
    memory_peak: MemoryPeak,
    /// What the tenant's group had counted before.
    tenant_hits: u64,
}

impl Place {
    /// Makes the leaf, with limits that hold, which the members of `group` may put a process into.
    fn make(
        leaf: &Group,
        tenant: &Group,
        limits: &Limits,
        group: u32,
    ) -> Result<Self, LaunchError> {
        leaf.make().map_err(LaunchError::Leaf)?;
        leaf.open_to(group).map_err(LaunchError::Leaf)?;
        leaf.limit(limits)?;
        Ok(Self {
            groups: leaf.open().map_err(LaunchError::Leaf)?,
            memory_peak: leaf.memory_peak().map_err(LaunchError::Leaf)?,
            tenant_hits: tenant.memory_limit_hits().unwrap_or_default(),
        })
    }
}

/// Makes and buries instances.
#[derive(Debug)]
pub struct Launcher {
    tree: Tree,
    zygotes: Arc<Zygotes>,
    ids: Mutex<VecDeque<u32>>,
    id_count: u32,
    /// Whose members may put processes into leaves.
    group: u32,
    /// See [`Self::share`].
    share: usize,
    /// Instances that each tenant ever had.
    counts: Mutex<HashMap<String, u64>>,
    /// Bytes of a reply, at most.
    reply: ByteCount,
    /// Of everything that lives here; `None` is this process.
    namespaces: Mutex<HashMap<u64, Option<Weak<Instance>>>>,
    /// Network namespaces of those that ended.
    networks: Arc<Mutex<Vec<OwnedFd>>>,
}

impl Launcher {
    /// # Errors
    ///
    /// The own namespaces cannot be read.
    pub fn new(
        tree: Tree,
        zygotes: Arc<Zygotes>,
        ids: crate::config::Ids,
        reply: ByteCount,
    ) -> io::Result<Self> {
        let fit = instances_within(getrlimit(Resource::Nofile).current);
        if fit < ids.count {
            tracing::warn!(
                fit,
                wanted = ids.count,
                "open files are limited (LimitNOFILE): fewer instances"
            );
        }
        let count = ids.count.min(fit);
        let own = NAMESPACES
            .iter()
            .map(|name| Ok((std::fs::metadata(format!("/proc/self/ns/{name}"))?.ino(), None)))
            .collect::<io::Result<_>>()?;
        Ok(Self {
            tree,
            zygotes,
            ids: Mutex::new((ids.first..ids.first + count).collect()),
            id_count: count,
            group: ids.group,
            share: share_of(ids.count, fit),
            counts: Mutex::default(),
            reply,
            namespaces: Mutex::new(own),
            networks: Arc::default(),
        })
    }

    /// So many instances one tenant may have, so that identities and descriptors are left for the others.
    pub fn share(&self) -> usize {
        self.share
    }

    /// The control groups.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Where instances come from.
    pub fn zygotes(&self) -> &Zygotes {
        &self.zygotes
    }

    /// Makes the group of a tenant, or changes its limits.
    ///
    /// # Errors
    ///
    /// [`LaunchError`].
    pub fn tenant(&self, tenant: &TenantId, limits: &Limits) -> Result<Group, LaunchError> {
        let group = self.tree.tenant(tenant.as_str());
        group.make().map_err(LaunchError::Leaf)?;
        self.tree.enable_tenant(&group)?;
        group.limit_tenant(limits)?;
        Ok(group)
    }

    /// Launches an instance in `tenant`'s group, with limits that were proven to hold after so many `changes` of
    /// the tenant's.
    ///
    /// # Errors
    ///
    /// [`LaunchError`]; nothing is left of it but the CPU time that it used, which is with the error.
    pub async fn launch(
        &self,
        tenant: &TenantId,
        limits: &Limits,
        changes: u64,
    ) -> Result<(Arc<Instance>, Link), (LaunchError, Duration)> {
        self.launch_below(tenant.as_str(), (*limits, changes)).await
    }

    /// The same in the group [`PROOF`], which has no ceiling: what is refused there, the host refuses.
    ///
    /// # Errors
    ///
    /// [`LaunchError`]; nothing but the group is left of it.
    pub async fn launch_proof(
        &self,
        limits: &Limits,
    ) -> Result<(Arc<Instance>, Link), LaunchError> {
        let group = self.tree.tenant(PROOF);
        group.make().map_err(LaunchError::Leaf)?;
        self.tree.enable_tenant(&group)?;
        self.launch_below(PROOF, (*limits, 0)).await.map_err(|(error, _)| error)
    }

    async fn launch_below(
        &self,
        tenant: &str,
        limits: (Limits, u64),
    ) -> Result<(Arc<Instance>, Link), (LaunchError, Duration)> {
        let born = Instant::now();
        let host_id = self.take_id().map_err(|error| (error, Duration::ZERO))?;
        let id = self.next_id(tenant);
        let leaf = self.tree.leaf(tenant, &id.to_string());
        match self.launch_in(tenant, id, host_id, born, &leaf, limits).await {
            Ok(launched) => Ok(launched),
            Err(error) => {
                // Nothing is given back before it is gone for sure: not the id, nor what the caller reserved.
                let used = clear(&leaf).await;
                self.give_id(host_id);
                Err((error, used))
            }
        }
    }

    async fn launch_in(
        &self,
        tenant: &str,
        id: InstanceId,
        host_id: u32,
        born: Instant,
        leaf: &Group,
        limits: (Limits, u64),
    ) -> Result<(Arc<Instance>, Link), LaunchError> {
        let tenant = self.tree.tenant(tenant);
        let Place { groups, memory_peak, tenant_hits } = {
            let (leaf, tenant, group) = (leaf.clone(), tenant.clone(), self.group);
            aside(move || Place::make(&leaf, &tenant, &limits.0, group)).await?
        };
        let (ours, theirs) = Pair::pair().map_err(LaunchError::Leaf)?;
        let clone = self.clone_instance(host_id, theirs.as_fd(), &groups).await?;
        drop((theirs, groups));
        let mut link = Link::new(ours, self.reply).map_err(LaunchError::Leaf)?;
        let mut instance = Instance {
            id,
            host_id,
            pid: clone.pid,
            born,
            leaf: leaf.clone(),
            limits: Mutex::new(limits),
            namespaces: [0; 7],
            build: 0,
            memory_peak,
            // None if it has ended already.
            cpu_clock: clock_getcpuclockid(Pid::from_raw(clone.pid)).ok(),
            cpu_total: OnceLock::new(),
            pidfd: clone.pidfd,
            network: Mutex::new(clone.network),
            tenant,
            tenant_hits,
            ended: clone.ended,
        };
        let sealed = match timeout(SEAL_PATIENCE, link.receive()).await {
            Err(_) => return Err(LaunchError::Slow),
            Ok(Err(error)) => Err(error),
            Ok(Ok(ToDaemon::Sealed { version: VERSION, build, namespaces })) => {
                Ok((build, namespaces))
            }
            Ok(Ok(ToDaemon::Sealed { version, .. })) => {
                return Err(LaunchError::Version { theirs: version });
            }
            Ok(Ok(_)) => Err(LinkError::Unasked),
        };
        match sealed {
            Ok(found) => (instance.build, instance.namespaces) = found,
            Err(error) => return Err(instance.unsealed(error).await),
        }
        let instance = Arc::new(instance);
        self.check_namespaces(&instance).await?;
        Ok((instance, link))
    }

    /// An identity of a zygote that was lost is free again when the keeper has reaped whose it was, which may be a
    /// moment after we saw its end.
    async fn clone_instance(
        &self,
        host_id: u32,
        link: BorrowedFd<'_>,
        groups: &[OwnedFd],
    ) -> Result<Cloned, CloneError> {
        let until = Instant::now() + DYING_PATIENCE;
        loop {
            match self.zygotes.clone_instance(host_id, link, groups).await {
                Err(CloneError::Refused { at: CloneStage::Identity, .. })
                    if Instant::now() < until =>
                {
                    sleep(Duration::from_millis(5)).await;
                }
                answer => return answer,
            }
        }
    }

    /// Each namespace must be one that nobody else who lives here is in. The kernel gives the numbers
    /// of the dying out again, a moment before their end shows: only who lives on shares one.
    async fn check_namespaces(&self, instance: &Arc<Instance>) -> Result<(), LaunchError> {
        let until = Instant::now() + DYING_PATIENCE;
        loop {
            match self.enter_namespaces(instance) {
                Err(_) if Instant::now() < until => sleep(Duration::from_millis(1)).await,
                entered => return entered,
            }
        }
    }

    fn enter_namespaces(&self, instance: &Arc<Instance>) -> Result<(), LaunchError> {
        let mut all = lock(&self.namespaces);
        for (name, inode) in NAMESPACES.into_iter().zip(&instance.namespaces) {
            let taken = match all.get(inode) {
                None => false,
                Some(None) => true,
                Some(Some(other)) => other.upgrade().is_some_and(|other| !other.is_over()),
            };
            if taken {
                return Err(LaunchError::Shared(name));
            }
        }
        let owner = Arc::downgrade(instance);
        all.extend(instance.namespaces.map(|inode| (inode, Some(owner.clone()))));
        Ok(())
    }

    /// Counted within the tenant: nobody learns from it what others do.
    fn next_id(&self, tenant: &str) -> InstanceId {
        let mut counts = lock(&self.counts);
        let count = counts.entry(tenant.to_owned()).or_default();
        *count += 1;
        InstanceId::new(*count)
    }

    fn take_id(&self) -> Result<u32, LaunchError> {
        let mut ids = lock(&self.ids);
        ids.pop_front().ok_or(LaunchError::NoIdentity(self.id_count))
    }

    /// At the end of the line: an id rests as long as possible between two owners.
    fn give_id(&self, id: u32) {
        lock(&self.ids).push_back(id);
    }

    /// Kills an instance if it still lives, and proves that it is gone. `we_killed` is why we do it;
    /// `None` when it ended by itself.
    ///
    /// The second value is what still must be waited for when the proof took too long.
    pub async fn bury(
        self: &Arc<Self>,
        instance: &Arc<Instance>,
        we_killed: Option<Cause>,
    ) -> (Death, Option<tokio::task::JoinHandle<()>>) {
        // Opened first, so that whoever watches the file knows that an end begins; read while it dies.
        let oom_kills = instance.leaf.oom_kills().ok();
        let ending = {
            let instance = Arc::clone(instance);
            aside(move || instance.end(oom_kills, we_killed.is_none()))
        };
        // The zygote tells how it ended while its counters are read and its leaf is removed.
        let both = async { tokio::join!(ending, instance.ended()) };
        let (remains, ended) = match timeout(PROOF_PATIENCE, both).await {
            Ok((remains, ended)) => (remains, Some(ended)),
            Err(_) => (Remains::default(), None),
        };
        let cause = instance.diagnose(ended, &remains, we_killed);
        if remains.removed {
            self.forget(instance);
            return (Death { cause, confirmed: true }, None);
        }
        tracing::error!(instance = %instance.id, pid = instance.pid, "death is not proven yet");
        let (launcher, instance) = (Arc::clone(self), Arc::clone(instance));
        let later = tokio::spawn(async move {
            let dying = Arc::clone(&instance);
            aside(move || {
                dying.is_over_within(PROOF_PATIENCE).then(|| dying.note_cpu(dying.leaf.cpu_file()))
            })
            .await;
            clear(&instance.leaf).await;
            launcher.forget(&instance);
        });
        (Death { cause, confirmed: false }, Some(later))
    }

    fn forget(&self, instance: &Instance) {
        let mut all = lock(&self.namespaces);
        for inode in &instance.namespaces {
            // By now it may be another one's.
            let own = all.get(inode).is_some_and(|owner| {
                owner.as_ref().is_some_and(|owner| owner.as_ptr() == std::ptr::from_ref(instance))
            });
            if own {
                all.remove(inode);
            }
        }
        drop(all);
        self.give_id(instance.host_id);
        if let Some(network) = lock(&instance.network).take() {
            self.keep_network(network);
        }
    }

    fn keep_network(&self, network: OwnedFd) {
        let mut kept = lock(&self.networks);
        if NETWORKS_KEPT <= kept.len() {
            return;
        }
        kept.push(network);
        if kept.len() == 1 {
            let all = Arc::clone(&self.networks);
            tokio::spawn(async move {
                sleep(NETWORK_KEPT).await;
                let ended = std::mem::take(&mut *lock(&all));
                drop(ended);
            });
        }
    }
}

/// For how many instances so many descriptors are enough (`None` is no limit): one more could cost all of them,
/// as the zygote's word could not be received.
fn instances_within(descriptors: Option<u64>) -> u32 {
    /// Link, pidfd, peak of memory and network namespace.
    const FOR_ONE: u64 = 4;
    /// Connections, and files that are open for a moment.
    const FOR_OTHERS: u64 = 2500;
    let Some(all) = descriptors else { return u32::MAX };
    let left = all.saturating_sub(FOR_OTHERS).max(all / 2);
    u32::try_from(left / FOR_ONE).unwrap_or(u32::MAX)
}

/// Half of the identities, and of what descriptors `fit` three quarters.
fn share_of(ids: u32, fit: u32) -> usize {
    usize::try_from((ids / 2).min(fit - fit / 4)).unwrap_or(usize::MAX).max(1)
}

/// Has the work on control groups of a start or an end done by a thread that may wait: the kernel holds one
/// lock for all groups of the host, for as long as a move between groups takes.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // It is never cancelled: a panic in there is one of whoever asked.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Kills what is in a leaf and removes it, again and again until it is gone.
///
/// What it used until it was killed.
async fn clear(leaf: &Group) -> Duration {
    let mut used = Duration::ZERO;
    loop {
        // A throttled process cannot even die. What fails here is tried again.
        let _ = leaf.lift_cpu();
        let _ = leaf.kill();
        used = used.max(leaf.cpu_used().unwrap_or_default());
        let same = leaf.clone();
        match aside(move || remove(&same, PROOF_PATIENCE)).await {
            Ok(()) => return used,
            Err(error) => tracing::error!(%error, "the leaf stays, killing again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenant_does_not_take_them_all() {
        assert_eq!(share_of(10_000, u32::MAX), 5000);
        assert_eq!(share_of(10_000, 4375), 3282);
        assert_eq!(share_of(100, 4375), 50);
        assert_eq!(share_of(1, 0), 1);
    }

    #[test]
    fn so_many_instances_live_as_there_are_descriptors_for() {
        assert_eq!(instances_within(Some(1024)), 128);
        assert_eq!(instances_within(Some(20_000)), 4375);
        assert_eq!(instances_within(Some(0)), 0);
        assert_eq!(instances_within(None), u32::MAX);
    }
}
