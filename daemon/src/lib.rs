//! The Skep daemon: the keeper role (start-up only) and the daemon proper.
//!
//! A call's way through it: [`api`] decodes and checks, [`dispatch`] runs it, [`pool`] admits it and
//! lends it an instance, [`link`] talks to the shim. [`instance`] makes and buries sandboxes with
//! [`zygotes`] and [`cgroup`]; [`keeper`] is the root process that starts it all.

#![forbid(unsafe_code)]

pub mod api;
pub mod budget;
pub mod cgroup;
pub mod config;
pub mod daemon;
pub mod dispatch;
pub mod doctor;
pub mod exit;
pub mod instance;
pub mod journal;
pub mod keeper;
pub mod kept;
pub mod link;
pub mod logs;
pub mod lower;
pub mod pool;
pub mod registry;
pub mod store;
pub mod zygotes;
