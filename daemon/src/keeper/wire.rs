//! What keeper and daemon say to each other: messages of one byte and one number.
//!
//! The keeper's are packets with descriptors beside them. The daemon's go through a pipe: nothing that could
//! hold the keeper up comes with them. Both are this program, started together, so there is no version.
//! Everything else that the daemon must know it reads from the configuration.

/// Bytes of a message.
pub const MESSAGE: usize = 5;

/// What the keeper sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromKeeper {
    /// Begin. Descriptors: the configuration file, the listening socket of the API, and the pipe to the keeper.
    Start,
    /// A new zygote, with its number, which no other one ever has. Descriptor: its socket.
    Zygote(u32),
}

/// What the daemon sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToKeeper {
    /// Start another zygote; the current one ends when its children have.
    RenewZygote,
    /// The zygote of that number does not answer: kill it.
    ZygoteHangs(u32),
}

fn message(kind: u8, number: u32) -> [u8; MESSAGE] {
    let [a, b, c, d] = number.to_le_bytes();
    [kind, a, b, c, d]
}

fn parts(message: &[u8]) -> Option<(u8, u32)> {
    let [kind, a, b, c, d] = *message else { return None };
    Some((kind, u32::from_le_bytes([a, b, c, d])))
}

impl FromKeeper {
    /// The packet.
    pub fn encode(self) -> [u8; MESSAGE] {
        match self {
            Self::Start => message(b'S', 0),
            Self::Zygote(number) => message(b'Z', number),
        }
    }

    /// Reads one packet.
    pub fn decode(packet: &[u8]) -> Option<Self> {
        match parts(packet)? {
            (b'S', 0) => Some(Self::Start),
            (b'Z', number) => Some(Self::Zygote(number)),
            _ => None,
        }
    }
}

impl ToKeeper {
    /// The message.
    pub fn encode(self) -> [u8; MESSAGE] {
        match self {
            Self::RenewZygote => message(b'R', 0),
            Self::ZygoteHangs(number) => message(b'H', number),
        }
    }

    /// Reads one message.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        match parts(bytes)? {
            (b'R', 0) => Some(Self::RenewZygote),
            (b'H', number) => Some(Self::ZygoteHangs(number)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_read_back_and_nothing_else() {
        for message in [FromKeeper::Start, FromKeeper::Zygote(7)] {
            assert_eq!(FromKeeper::decode(&message.encode()), Some(message));
        }
        for message in [ToKeeper::RenewZygote, ToKeeper::ZygoteHangs(u32::MAX)] {
            assert_eq!(ToKeeper::decode(&message.encode()), Some(message));
        }
        for bytes in [&b""[..], b"R", b"R\x01\0\0\0", b"R\0\0\0\0\0", b"S\0\0\0\0"] {
            assert_eq!(ToKeeper::decode(bytes), None, "{bytes:?}");
        }
    }
}
