//! Changing the quota of a tenant, in the kernel and in the books.
//!
//! Control files are written without the books' lock, which every call needs. Changes of one tenant come one after
//! another: that is the caller's affair. What starts meanwhile gets no more than the old and the new quota allow.
//!
//! Always true: a leaf is written by whoever holds its limits, with what the books say then; after a change all of
//! them are written again. So the last limit is in all leaves, whatever was on its way.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use skep_core::{Ceiling, CpuShare, life::State};

use super::{Books, Pool, TenantQuota};
use crate::{
    cgroup::{Limit, LimitError, Limits},
    instance::{Instance, LaunchError},
};

/// How long the groups of before may stand in the way of a lower limit.
const PATIENCE: Duration = Duration::from_secs(2);
/// Until it is tried again.
const PAUSE: Duration = Duration::from_millis(5);

impl Pool {
    /// Changes the tenant's quota, in the books and in the kernel. Blocks.
    ///
    /// # Errors
    ///
    /// A limit does not hold; the old quota stays.
    pub fn set_quota(self: &Arc<Self>, quota: TenantQuota) -> Result<(), LaunchError> {
        let old = {
            let mut books = self.lock();
            let old = books.quota.group;
            books.set_ceiling(old.cpu.meet(quota.group.cpu));
            old
        };
        if let Err(error) = self.limit_tenant(&quota.group) {
            // Best effort: the error that counts is the one being returned.
            let _ = self.group().limit_tenant(&old);
            self.lock().set_ceiling(old.cpu);
            self.limit_all_again();
            return Err(error.into());
        }
        {
            let mut books = self.lock();
            books.quota = quota;
            books.set_ceiling(quota.group.cpu);
            books.gauge.set(quota.rate, quota.concurrency, Instant::now());
            books.memory.set_quota(quota.group.memory);
        }
        self.limit_all_again();
        self.shared.wake.notify_one();
        Ok(())
    }

    /// Writes the limits of the tenant's group. Version 1 refuses a CPU limit while a group below has more: one
    /// that was being made, or one that is removed and that the kernel has not forgotten yet. No new ones come.
    fn limit_tenant(&self, limits: &Limits) -> Result<(), LimitError> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.group().limit_tenant(limits) {
                Err(LimitError::Write { limit: Limit::Cpu, .. }) if Instant::now() < end => {
                    std::thread::sleep(PAUSE);
                }
                done => return done,
            }
        }
    }

    /// Gives every instance the CPU limit that it should have below the tenant's.
    fn limit_all_again(&self) {
        let all: Vec<Arc<Instance>> = {
            let books = self.lock();
            let living = books.seats.values().filter(|seat| seat.state != State::Doomed);
            living.map(|seat| Arc::clone(&seat.instance)).collect()
        };
        all.iter().for_each(|instance| self.limit_again(instance));
    }

    /// Gives one instance the CPU limit that it should have by now, unless it has.
    pub(super) fn limit_again(&self, instance: &Instance) {
        let written = instance.limit(|held| {
            let books = self.lock();
            let seat = books.seats.get(&instance.id)?;
            // Who dies may use what is left: its limit was lifted.
            let dies = seat.state == State::Doomed;
            let limits = books.below_tenant(Limits { cpu: seat.cpu, ..*held });
            (!dies).then_some((limits, books.quota_changes))
        });
        if let Err(error) = written {
            // It keeps what it had, below the tenant's ceiling; one that died has none.
            tracing::warn!(instance = %instance.id, %error, "CPU limit not changed");
        }
    }
}

impl Books {
    fn set_ceiling(&mut self, most: Ceiling<CpuShare>) {
        self.quota_changes += 1;
        self.cpu_ceiling = most;
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, sync::mpsc, thread};

    use nix::{sys::stat::Mode, unistd::mkfifo};

    use super::*;
    use crate::{
        cgroup::{Controller, Hierarchies, Tree},
        pool::{
            charge::Charge,
            tests::{app, pool_in},
        },
    };

    const ONLY: &[Limit] = &[Limit::Processes];
    /// Far more than anything here takes.
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn calls_go_on_while_a_change_is_being_written() {
        let name = format!("skep-quota-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let hierarchies = Hierarchies::detect().unwrap();
        // Up from the mount point to the root, and down to files that are no control files.
        let up = hierarchies.of(Controller::Pids).0.components().map(|_| "..");
        let below = up.collect::<std::path::PathBuf>().join(folder.strip_prefix("/").unwrap());
        let group = folder.join("tenants/acme");
        fs::create_dir_all(&group).unwrap();
        let (slow, taken) = (group.join("pids.max"), group.join("taken"));
        // Whoever writes there waits for somebody who reads.
        mkfifo(&slow, Mode::S_IRWXU).unwrap();
        fs::hard_link(&slow, &taken).unwrap();
        fs::write(group.join("after"), "5").unwrap();

        let pool = pool_in(Tree::new(hierarchies, Path::new(&below), ONLY), Ceiling::Open);
        let (old, ..) = pool.quota();
        let group_limits = Limits { processes: Ceiling::At(5), ..old.group };
        let new = TenantQuota { concurrency: Ceiling::At(3), group: group_limits, ..old };
        let change = thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.set_quota(new).unwrap()
        });
        let (done, called) = mpsc::channel();
        thread::spawn({
            let pool = Arc::clone(&pool);
            move || {
                while pool.lock().quota_changes == 0 {
                    thread::yield_now();
                }
                let calls = (0..100).filter(|_| Charge::new(&pool, &app(), Instant::now()).is_ok());
                done.send(calls.count()).unwrap();
            }
        });
        assert_eq!(called.recv_timeout(LONG).unwrap(), 100);
        assert!(!change.is_finished());
        // What is not written does not hold yet.
        assert_eq!(pool.quota().0, old);

        fs::rename(group.join("after"), &slow).unwrap();
        assert_eq!(fs::read_to_string(&taken).unwrap(), "5");
        change.join().unwrap();
        assert_eq!(pool.quota().0, new);
        fs::remove_dir_all(&folder).unwrap();
    }
}
