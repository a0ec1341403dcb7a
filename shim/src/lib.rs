//! The zygote and what is below it: clone, jail and engine.
//!
//! The zygote is one single-threaded process with the engine loaded. For each packet of the daemon it
//! clones one child, which walls itself in by [`jail`] and then runs a [`Payload`]: the engine in the
//! product, a prober in the tests. Tenant bytes only ever reach the payload, behind all walls.

#![deny(unsafe_code)]

pub mod engine;
pub mod jail;
pub mod link;
pub mod root;
mod say;
pub mod start;
#[allow(unsafe_code)]
pub mod sys;
pub mod zygote;

use link::Link;

/// What runs behind the walls.
pub trait Payload {
    /// Serves the link until it ends. Called in the child, after the last jail step, and never returns
    /// to the zygote's code: the process ends when this does.
    fn serve(&mut self, link: Link);
}
