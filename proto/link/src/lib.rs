//! The frames between daemon and shim, and between daemon and zygote.
//!
//! Bytes only: no I/O, no gRPC. What the daemon reads here was written by hostile code, so every
//! decoder takes any bytes, allocates no more than it was given, and answers with a typed error.
//!
//! * [`frame`]: the stream between the daemon and one shim (the *link*): length-prefixed frames.
//! * [`zygote`]: the packets between the daemon and the zygote: fixed shape, descriptors beside them.

#![forbid(unsafe_code)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod codec;
pub mod frame;
pub mod zygote;

pub use codec::Malformed;

/// The version of all frames here. Daemon, zygote and shim must have the same one, exactly.
pub const VERSION: u32 = 6;
