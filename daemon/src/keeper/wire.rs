//! What keeper and daemon say to each other: packets of one byte, descriptors beside them.
//!
//! Both are this program, started together, so there is no version. Everything else that the daemon
//! must know it reads from the configuration.

/// What the keeper sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromKeeper {
    /// Begin. Descriptors: the configuration file, then the listening socket of the API.
    Start,
    /// A new zygote. Descriptor: its socket.
    Zygote,
}

/// What the daemon sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToKeeper {
    /// Start another zygote; the current one ends when its children have.
    RenewZygote,
    /// The current zygote does not answer: kill it and start another.
    ZygoteHangs,
}

impl FromKeeper {
    /// The packet.
    pub fn encode(self) -> [u8; 1] {
        match self {
            Self::Start => *b"S",
            Self::Zygote => *b"Z",
        }
    }

    /// Reads one packet.
    pub fn decode(packet: &[u8]) -> Option<Self> {
        match packet {
            b"S" => Some(Self::Start),
            b"Z" => Some(Self::Zygote),
            _ => None,
        }
    }
}

impl ToKeeper {
    /// The packet.
    pub fn encode(self) -> [u8; 1] {
        match self {
            Self::RenewZygote => *b"R",
            Self::ZygoteHangs => *b"H",
        }
    }

    /// Reads one packet.
    pub fn decode(packet: &[u8]) -> Option<Self> {
        match packet {
            b"R" => Some(Self::RenewZygote),
            b"H" => Some(Self::ZygoteHangs),
            _ => None,
        }
    }
}
