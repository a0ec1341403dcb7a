//! What the tests share: a yard (zygote, jail and control groups without a daemon), a host (the real
//! daemon), and ways to look at a process from outside.
//!
//! The tests need root and a machine of their own making: every group, folder and process that they
//! make carries their name and is removed again.

#![allow(clippy::unwrap_used, reason = "test code: a broken assumption must stop the test")]

pub mod bills;
pub mod host;
pub mod look;
pub mod place;
pub mod rlimits;
pub mod web;
pub mod wire;
pub mod yard;

/// How much slower this machine is than a plain one: 1 here, more under emulation. Time limits of
/// tests are multiplied by it, assertions are not.
pub fn slowness() -> u32 {
    std::env::var("SKEP_TEST_SLOWNESS").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}
