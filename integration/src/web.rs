//! The web platform's own tests, run as apps: a folder of web-platform-tests that somebody laid, a daemon of its own,
//! and a table of what passed.
//!
//! Each test file (`*.any.js`) becomes an app: the harness, the scripts that its `META` lines name, the test, the data
//! that those mention, and an entry of ours (`web/entry.mjs`). Nothing of that folder is in this project.
//!
//! Not there: a server. A test that asks one for more than files fails, as do tests that need a document or workers.

pub mod meta;
pub mod run;
pub mod sums;
pub mod tree;
