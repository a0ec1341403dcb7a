//! The walls of one child, as an ordered list that one loop runs and the first failure ends.
//!
//! Steps and filter programs are values given to [`Jail::new`]; the product always gives the complete
//! ones ([`Jail::complete`]). Everything that can be made before the clone is made before it.

mod steps;

use nix::{errno::Errno, sched::CloneFlags};
use skep_link::zygote::Step;
use skep_policies::Program;

use crate::sys::{self, Instruction, SharedBytes};

pub use steps::{Child, INSIDE_ID};

/// Everything that will stand around a child.
#[derive(Clone, Debug)]
pub struct Jail {
    steps: Vec<Step>,
    namespaces: CloneFlags,
    rlimits: Vec<(&'static str, Option<u64>)>,
    filters: Vec<Vec<Instruction>>,
    /// Whether the zygote bounds itself.
    confined: bool,
}

/// Every namespace but the cgroup's, which is a step of its own: it must come after the placement.
pub const NAMESPACES: CloneFlags = CloneFlags::CLONE_NEWUSER
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWUTS);

impl Jail {
    /// A jail of these parts. `filters` are installed in order.
    pub fn new(
        steps: &[Step],
        namespaces: CloneFlags,
        rlimits: &[(&'static str, Option<u64>)],
        filters: &[Program],
    ) -> Self {
        Self {
            steps: steps.to_vec(),
            namespaces,
            rlimits: rlimits.to_vec(),
            filters: filters.iter().map(|program| sys::instructions(*program)).collect(),
            confined: true,
        }
    }

    /// Every wall there is: what the product runs.
    pub fn complete() -> Self {
        let wall = skep_policies::RUN;
        let rlimits = skep_policies::limits::RLIMITS;
        Self::new(&Step::ALL, NAMESPACES, rlimits, &[wall.deny, wall.allow])
    }

    /// The flags for the clone. The network namespace is not among them: the child gets the one that
    /// the zygote stands in, see [`Self::fresh_network`].
    pub fn clone_flags(&self) -> CloneFlags {
        self.namespaces.difference(CloneFlags::CLONE_NEWNET)
    }

    /// Whether the zygote enters an empty root of its own, see [`root`](crate::root).
    pub fn empty_root(&self) -> bool {
        self.steps.contains(&Step::EmptyRoot)
    }

    /// Whether the zygote bounds itself before the first clone.
    pub fn confines_zygote(&self) -> bool {
        self.confined
    }

    /// The same jail from a zygote without bounds of its own.
    pub fn from_unbounded_zygote(self) -> Self {
        Self { confined: false, ..self }
    }

    /// Whether the zygote enters an unused network namespace for the clone.
    pub fn fresh_network(&self) -> bool {
        self.namespaces.contains(CloneFlags::CLONE_NEWNET)
    }

    /// Runs every step in order, in the child. Before each one its number is written to the child's
    /// byte in `progress`, which the zygote reads when the child has ended.
    ///
    /// # Errors
    ///
    /// The error number of the first step that failed; the child must end.
    pub fn enter(
        &self,
        child: &mut Child,
        progress: &mut SharedBytes,
        slot: usize,
    ) -> Result<(), Errno> {
        for &step in &self.steps {
            progress.set(slot, step.code());
            steps::run(step, self, child, progress)?;
        }
        Ok(())
    }
}
