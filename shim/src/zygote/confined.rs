//! What bounds the zygote itself, whoever runs in it: it holds capabilities that reach over the whole host.
//!
//! Landlock leaves it its own `/proc`, which shows only what it may trace, and the entrances of tenants'
//! groups of version 1, which take processes of its own uid alone: with any uid, no other file opens, nothing is mounted, no process outside its children is traced or
//! (since Linux 6.12) signalled. A filter denies what needs a capability and no file, such as programs for the
//! kernel. Its children inherit both and add walls of their own.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, PathBeneath, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, Scope,
};
use nix::sched::{CloneFlags, unshare};

use super::allowed::Allowed;
use crate::{root::Proc, sys};

/// Why the zygote cannot be bounded.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConfineError {
    #[error("cannot leave the host's names and queues")]
    Namespaces(#[source] nix::errno::Errno),
    #[error("cannot bound the zygote by Landlock")]
    Landlock(#[from] RulesetError),
    #[error("cannot filter the zygote's calls")]
    Filter(#[source] std::io::Error),
}

/// Takes effect for this process and all that it clones.
pub(super) fn confine(proc: &Proc, allowed: &Allowed) -> Result<(), ConfineError> {
    unshare(CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC)
        .map_err(ConfineError::Namespaces)?;
    let files = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::ReadDir;
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V2))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V7))?
        .handle_access(AccessNet::from_all(ABI::V7))?
        .scope(Scope::from_all(ABI::V7))?
        .create()?
        .add_rule(PathBeneath::new(proc.as_fd(), files))?;
    // A clone enters the version 2 hierarchy without opening a file of it; the kernel lets whoever may write
    // such a file move processes of anybody.
    for tenants in allowed.tenants().skip(1) {
        rules = rules.add_rule(PathBeneath::new(tenants, AccessFs::WriteFile))?;
    }
    // It has the capability that stands for no_new_privs here. Children set that themselves.
    rules.no_new_privs(false).restrict_self()?;
    let filter = sys::instructions(skep_policies::ZYGOTE);
    sys::install_filter(&filter).map_err(ConfineError::Filter)
}
