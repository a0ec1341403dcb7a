//! The only unsafe code: one function, one system call, one condition that makes it sound.
//!
//! Nothing here decides anything. What a crate offers safely (nix, caps, landlock) is not wrapped.

mod buffers;
mod bytecode;
mod classes;
mod fds;
mod filter;
mod growable;
mod handles;
mod heap;
mod process;
mod script;
mod shared;
mod text;
mod zlib;

pub use buffers::{Bytes, Unwritable, copy_bytes, get_numbers, set_numbers};
pub use bytecode::{evaluate_bytecode, load_bytecode};
pub use classes::{class_number, new_list, promise_result};
pub use fds::{FileId, close_from, receive, socket_domain, standard_input};
pub use filter::{Instruction, install_filter, instructions};
pub use growable::allow_growing;
pub use handles::Handle;
pub use heap::{Charge, Heap, Meter, fill_arenas, fill_holes};
pub use process::{
    Cloned, clone_child, default_signals, exit_now, fill_random, kill, lock_securebits,
    open_signals,
};
pub use script::{Script, throw_uncatchable};
pub use shared::{IdTable, SharedBytes};
pub use text::Text;
pub use zlib::{Progress, Refused, Zlib, crc32};
