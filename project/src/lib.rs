//! How a folder of JavaScript or TypeScript is read, traced and resolved, as Node does it.
//!
//! The same code runs in two places: in the command line client over the disk, to find what an
//! entry reaches, and inside the sandbox over the uploaded files, to prepare what will be loaded.
//!
//! * [`files`]: what a tree of files is: [`Disk`], [`Uploaded`], or another [`Files`].
//! * [`resolve`]: which file a specifier means: [`Resolver`], over files, with [`Settings`].
//! * [`syntax`]: what kind of file it is ([`syntax::kind_of`]), and the bounds that are checked
//!   before anything is parsed ([`syntax::measure`]).
//! * [`script`]: one script ([`script::read`]): what it asks for, reads and exports, and its
//!   JavaScript if it is TypeScript or JSX.
//! * [`table`]: kinds and resolutions of a whole upload ([`table::build`]), as bytes ([`Table`]).
//! * [`trace`]: which files an entry reaches ([`trace::trace`]).
//!
//! In the client: `trace` over a `Disk`; what [`trace::Traced`] lists is uploaded. In the sandbox,
//! before it is closed: [`prepare`]. At deploy: `table::build` over an `Uploaded`; its callback gets
//! the JavaScript of each script. In an instance: `Table::decode`, `Table::lookup`, and a `Resolver`
//! for what the table does not have.
//!
//! Nothing here performs I/O but through [`Files`], and nothing starts a thread. Input may be
//! hostile: whatever it is, nothing panics, and recursion and memory have bounds: at most 1 MiB of
//! stack and some 100 MiB of memory for one script. Time has none: types can be written such that
//! parsing them anew and anew takes seconds.

#![forbid(unsafe_code)]

pub mod files;
pub mod manifest;
pub mod resolve;
pub mod script;
pub mod syntax;
pub mod table;
pub mod trace;
pub mod tsconfig;

pub use files::{Disk, Files, Uploaded};
pub use resolve::{By, Resolver, Settings, Target};
pub use syntax::Kind;
pub use table::Table;

/// Does once what libraries do at their first use and what is not allowed in a sandbox: one asks how
/// many processors there are. To be called before.
pub fn prepare() {
    let files = std::sync::Arc::new(Uploaded::new());
    let _ = Resolver::new(files, Settings::default()).resolve("a.js", "./b", By::Require);
}

#[cfg(test)]
mod testing {
    use bytes::Bytes;

    use crate::files::Uploaded;

    /// Files in memory.
    pub(crate) fn tree(files: &[(&str, &str)]) -> Uploaded {
        let mut tree = Uploaded::new();
        for (path, text) in files {
            tree.file(path, Bytes::copy_from_slice(text.as_bytes())).unwrap();
        }
        tree
    }
}
