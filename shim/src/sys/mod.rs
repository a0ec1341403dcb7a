//! The only unsafe code: one function, one system call, one condition that makes it sound.
//!
//! Nothing here decides anything. What a crate offers safely (nix, caps, landlock) is not wrapped.

mod buffers;
mod bytecode;
mod fds;
mod filter;
mod heap;
mod process;
mod shared;

pub use buffers::copy_bytes;
pub use bytecode::load_bytecode;
pub use fds::{FileId, close_from, receive, socket_domain, standard_input};
pub use filter::{Instruction, install_filter, instructions};
pub use heap::{Heap, Meter, fill_holes};
pub use process::{
    Cloned, clone_child, default_signals, exit_now, fill_random, kill, lock_securebits,
    open_signals,
};
pub use shared::{IdTable, SharedBytes};
