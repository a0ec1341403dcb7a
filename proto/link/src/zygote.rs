//! The packets between the daemon and the zygote, over a SEQPACKET pair: one packet, one message.
//!
//! The zygote holds privilege, so what it reads is a closed list of small messages of fixed shape,
//! without names and without tenant bytes. It believes none of them: the keeper says first what instances may
//! have, and what the daemon asks for is compared with that. Descriptors travel beside a packet (SCM_RIGHTS), in the
//! order that each message says.

use crate::codec::{Fields, Malformed, Put as _};

/// Bytes of a packet, at most.
pub const MAX_PACKET: usize = 64;
/// Version 1 hierarchies that one instance may have to be placed in, at most.
pub const MAX_PLACES: usize = 4;
/// Descriptors beside a packet, at most.
pub const MAX_FDS: usize = 2 + MAX_PLACES;
/// Bytes of one entry in the table of identities, which keeper and zygotes share: 0 where the identity is free,
/// else the process number of the child that has it, or, from before a clone until that is known, the zygote's own
/// with [`BEING_CLONED`]; in the host's byte order.
pub const ENTRY: usize = 4;
/// The bit of an entry whose child has no process number yet: it has no id either until it has one.
pub const BEING_CLONED: u32 = 1 << 31;

/// What the zygote is told: [`Begin`](Self::Begin) by the keeper, once and first, everything else by the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToZygote {
    /// What instances may have. Descriptors: the table of identities, then the folder of all tenants'
    /// groups in the version 2 hierarchy and in each version 1 hierarchy that instances are placed in.
    Begin {
        /// The first uid and gid of instances on the host.
        first: u32,
        /// How many there are from there on. The table has [`ENTRY`] bytes for each.
        count: u32,
    },
    /// Asks whether it lives: answered by [`FromZygote::Pong`].
    Ping,
    /// Clone one instance. Descriptors: the child's end of the link, the leaf in the version 2
    /// hierarchy, then `places` leaves in version 1 hierarchies.
    Clone {
        /// The daemon's number of the instance; no living child of the zygote may have it.
        instance: u64,
        /// The host's uid and gid for it.
        id: u32,
        /// How many version 1 leaves follow.
        places: u8,
    },
}

/// What the zygote sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromZygote {
    /// The zygote is ready. Sent once, first.
    Ready {
        /// [`crate::VERSION`] of the zygote.
        version: u32,
    },
    /// It lives.
    Pong,
    /// The clone exists and is walling itself in. Descriptors: its pidfd and, where it has one of its own, its
    /// network namespace.
    Cloned {
        /// The instance.
        instance: u64,
        /// The process id on the host.
        pid: i32,
    },
    /// There is no clone.
    Refused {
        /// The instance.
        instance: u64,
        /// What failed.
        at: CloneStage,
        /// The kernel's error number.
        errno: i32,
    },
    /// The process has ended and was reaped: its number is free again.
    Exited {
        /// The instance.
        instance: u64,
        /// How it ended.
        exit: Exit,
        /// The jail step that it had begun last, `None` before the first. When the instance did not
        /// seal, the exit code is the error number that this step met.
        step: Option<Step>,
    },
}

/// What a child does between its clone and its first tenant byte, in this order.
///
/// The first step that fails ends the child. There is no way to go on without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Blocks until the zygote placed the child (hybrid hosts) and wrote its id maps.
    AwaitParent,
    /// A session and process group of its own.
    NewSession,
    /// Default handlers for every signal, none blocked, no alternate stack.
    ResetSignals,
    /// A cgroup namespace rooted at the leaf: only possible after the placement.
    CgroupNamespace,
    /// Nothing in the host's name.
    HostName,
    /// The root is empty and read-only, a copy of the zygote's own; the host's tree is not there.
    EmptyRoot,
    /// Capability rules can no longer be changed.
    LockSecurebits,
    /// Empties the bounding set: needs a capability that the next steps take away.
    BoundCapabilities,
    /// No supplementary group, and the instance's own uid and gid.
    SwitchIdentity,
    /// All five capability sets become empty.
    DropCapabilities,
    /// After the identity: the kernel forgets this setting when ids change.
    DieWithParent,
    /// No later exec could gain anything; the next step and the filter need it.
    NoNewPrivileges,
    /// Denies every file and network access that Landlock knows.
    Landlock,
    /// Only the link stays open, and no memory is shared any more.
    CloseOtherFds,
    /// After everything that opens files.
    ResourceLimits,
    /// Last: later calls are filtered.
    RunFilter,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 16] = [
        Self::AwaitParent,
        Self::NewSession,
        Self::ResetSignals,
        Self::CgroupNamespace,
        Self::HostName,
        Self::EmptyRoot,
        Self::LockSecurebits,
        Self::BoundCapabilities,
        Self::SwitchIdentity,
        Self::DropCapabilities,
        Self::DieWithParent,
        Self::NoNewPrivileges,
        Self::Landlock,
        Self::CloseOtherFds,
        Self::ResourceLimits,
        Self::RunFilter,
    ];

    /// The step's number, from 1.
    pub fn code(self) -> u8 {
        self as u8 + 1
    }

    /// The step with that number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.code() == code)
    }

    /// The step's name, as errors show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwaitParent => "await-parent",
            Self::NewSession => "new-session",
            Self::ResetSignals => "reset-signals",
            Self::CgroupNamespace => "cgroup-namespace",
            Self::HostName => "host-name",
            Self::EmptyRoot => "empty-root",
            Self::LockSecurebits => "lock-securebits",
            Self::BoundCapabilities => "bound-capabilities",
            Self::SwitchIdentity => "switch-identity",
            Self::DropCapabilities => "drop-capabilities",
            Self::DieWithParent => "die-with-parent",
            Self::NoNewPrivileges => "no-new-privileges",
            Self::Landlock => "landlock",
            Self::CloseOtherFds => "close-other-fds",
            Self::ResourceLimits => "resource-limits",
            Self::RunFilter => "run-filter",
        }
    }
}

/// What the zygote does for one clone, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloneStage {
    /// The descriptors beside the packet are not what the message says: a link, and leaves of a tenant.
    Descriptors,
    /// The id is outside the range (`ERANGE`), or a child of any zygote has it (`EBUSY`); or a living child
    /// has the instance's number (`EEXIST`).
    Identity,
    /// Making or entering a network namespace.
    Network,
    /// The `clone3` call.
    Clone,
    /// Placing the child into a version 1 leaf.
    Place,
    /// Writing the id maps.
    IdMaps,
    /// Letting the child go on.
    Release,
}

impl CloneStage {
    const ALL: [Self; 7] = [
        Self::Descriptors,
        Self::Identity,
        Self::Network,
        Self::Clone,
        Self::Place,
        Self::IdMaps,
        Self::Release,
    ];

    fn code(self) -> u8 {
        self as u8 + 1
    }

    /// The stage's name, as errors show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Descriptors => "descriptors",
            Self::Identity => "identity",
            Self::Network => "network",
            Self::Clone => "clone",
            Self::Place => "place",
            Self::IdMaps => "id-maps",
            Self::Release => "release",
        }
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It ended by itself, with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl ToZygote {
    /// The packet.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(MAX_PACKET);
        match *self {
            Self::Begin { first, count } => {
                out.u8(2);
                out.u32(first);
                out.u32(count);
            }
            Self::Ping => out.u8(3),
            Self::Clone { instance, id, places } => {
                out.u8(1);
                out.u64(instance);
                out.u32(id);
                out.u8(places);
            }
        }
        out
    }

    /// Reads one packet.
    ///
    /// # Errors
    ///
    /// [`Malformed`] names the field.
    pub fn decode(packet: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(packet);
        let message = match fields.u8("kind")? {
            1 => Self::Clone {
                instance: fields.u64("instance")?,
                id: fields.u32("id")?,
                places: fields.u8("places")?,
            },
            2 => Self::Begin { first: fields.u32("first")?, count: fields.u32("count")? },
            3 => Self::Ping,
            found => {
                return Err(Malformed::Unknown { field: "kind", found: found.into() });
            }
        };
        fields.end()?;
        Ok(message)
    }
}

impl FromZygote {
    /// The packet.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(MAX_PACKET);
        match *self {
            Self::Ready { version } => {
                out.u8(1);
                out.u32(version);
            }
            Self::Pong => out.u8(5),
            Self::Cloned { instance, pid } => {
                out.u8(2);
                out.u64(instance);
                out.i32(pid);
            }
            Self::Refused { instance, at, errno } => {
                out.u8(3);
                out.u64(instance);
                out.u8(at.code());
                out.i32(errno);
            }
            Self::Exited { instance, exit, step } => {
                let (kind, value) = match exit {
                    Exit::Code(code) => (1, code),
                    Exit::Signal(signal) => (2, signal),
                };
                out.u8(4);
                out.u64(instance);
                out.u8(kind);
                out.i32(value);
                out.u8(step.map_or(0, Step::code));
            }
        }
        out
    }

    /// Reads one packet.
    ///
    /// # Errors
    ///
    /// [`Malformed`] names the field.
    pub fn decode(packet: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(packet);
        let message = match fields.u8("kind")? {
            1 => Self::Ready { version: fields.u32("version")? },
            2 => Self::Cloned { instance: fields.u64("instance")?, pid: fields.i32("pid")? },
            3 => Self::Refused {
                instance: fields.u64("instance")?,
                at: {
                    let code = fields.u8("at")?;
                    CloneStage::ALL
                        .into_iter()
                        .find(|stage| stage.code() == code)
                        .ok_or(Malformed::Unknown { field: "at", found: code.into() })?
                },
                errno: fields.i32("errno")?,
            },
            4 => Self::Exited {
                instance: fields.u64("instance")?,
                exit: match (fields.u8("exit")?, fields.i32("status")?) {
                    (1, code) => Exit::Code(code),
                    (2, signal) => Exit::Signal(signal),
                    (found, _) => {
                        return Err(Malformed::Unknown { field: "exit", found: found.into() });
                    }
                },
                step: match fields.u8("step")? {
                    0 => None,
                    code => Some(
                        Step::from_code(code)
                            .ok_or(Malformed::Unknown { field: "step", found: code.into() })?,
                    ),
                },
            },
            5 => Self::Pong,
            found => {
                return Err(Malformed::Unknown { field: "kind", found: found.into() });
            }
        };
        fields.end()?;
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn round_trip(message: FromZygote) {
        let packet = message.encode();
        assert!(packet.len() <= MAX_PACKET);
        assert_eq!(FromZygote::decode(&packet), Ok(message));
        assert!(FromZygote::decode(&packet[..packet.len() - 1]).is_err());
    }

    #[test]
    fn every_packet_is_read_back() {
        for message in [
            ToZygote::Clone { instance: 7, id: 200_001, places: 3 },
            ToZygote::Begin { first: 200_000, count: 10_000 },
            ToZygote::Ping,
        ] {
            assert_eq!(ToZygote::decode(&message.encode()), Ok(message));
        }
        round_trip(FromZygote::Pong);
        round_trip(FromZygote::Ready { version: 1 });
        round_trip(FromZygote::Cloned { instance: 1, pid: 42 });
        for at in CloneStage::ALL {
            round_trip(FromZygote::Refused { instance: 1, at, errno: 13 });
        }
        let exits = [Exit::Code(0), Exit::Signal(31)];
        for exit in exits {
            round_trip(FromZygote::Exited { instance: u64::MAX, exit, step: None });
            for step in Step::ALL {
                round_trip(FromZygote::Exited { instance: 1, exit, step: Some(step) });
            }
        }
    }

    proptest! {
        #[test]
        fn any_packet_is_answered(bytes in proptest::collection::vec(any::<u8>(), 0..MAX_PACKET)) {
            if let Ok(message) = ToZygote::decode(&bytes) {
                prop_assert_eq!(message.encode(), bytes.clone());
            }
            if let Ok(message) = FromZygote::decode(&bytes) {
                prop_assert_eq!(message.encode(), bytes);
            }
        }
    }
}
