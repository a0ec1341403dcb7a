//! From a folder on disk to what is sent.

use std::{
    fs,
    os::unix::fs::symlink,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use clap::Parser as _;

use super::*;
use crate::args::{Cli, Command};

/// A folder that is gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("skep-upload-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn link(self, name: &str, target: &str) -> Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
        self
    }

    fn look(&self, path: &str, flags: &[&str]) -> Result<Found, Failure> {
        let path = self.0.join(path);
        let words = [&["skep", "deploy", path.to_str().unwrap(), "--app", "a"], flags].concat();
        match Cli::try_parse_from(words).unwrap().command {
            Command::Deploy(args) => look(&args),
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn sent(found: &Found) -> Vec<String> {
    let (files, _) = found.read().unwrap();
    let text = |file: &SourceFile| match file.link.as_str() {
        "" => file.path.clone(),
        link => format!("{} -> {link}", file.path),
    };
    files.iter().map(text).collect()
}

#[track_caller]
fn refused(result: Result<Found, Failure>, expected: &str) {
    let text = format!("{:?}", result.err().unwrap());
    assert!(text.contains(expected), "{text} should contain {expected:?}");
}

#[test]
fn a_file_is_its_own_entry() {
    let folder = Folder::new().with("shop.ts", "export default 1").with("other.js", "");
    let found = folder.look("shop.ts", &[]).unwrap();
    assert_eq!((found.traced.entry.as_str(), sent(&found)), ("shop.ts", vec!["shop.ts".into()]));
}

#[test]
fn a_workspace_is_sent_from_the_folder_that_holds_all_of_it() {
    let folder = Folder::new()
        .with("apps/a/index.js", "require('b'); require('w')")
        .with("node_modules/.pnpm/b@1/node_modules/b/index.js", "")
        .with("packages/w/index.js", "")
        .link("apps/a/node_modules/b", "../../../node_modules/.pnpm/b@1/node_modules/b")
        .link("node_modules/w", "../packages/w");
    let found = folder.look("apps/a", &[]).unwrap();
    assert_eq!(found.traced.entry, "apps/a/index.js");
    let expected = [
        "apps/a/index.js",
        "node_modules/.pnpm/b@1/node_modules/b/index.js",
        "packages/w/index.js",
        "apps/a/node_modules/b -> ../../../node_modules/.pnpm/b@1/node_modules/b",
        "node_modules/w -> ../packages/w",
    ];
    assert_eq!(sent(&found), expected);
    let report = found.report().json();
    assert_eq!((&report["root"], &report["entry"]), (&"../..".into(), &"index.js".into()));
    assert!(found.report().text().contains("root of the upload: ../.."));
}

#[test]
fn an_entry_that_is_one_expression_is_sent_as_it_is() {
    let text = "async function (event) {\n  return require('./b')(event);\n};\n";
    let folder = Folder::new().with("index.js", text).with("b.js", "");
    let found = folder.look("", &[]).unwrap();
    assert_eq!((sent(&found), found.fatal().count()), (vec!["b.js".into(), "index.js".into()], 0));
    assert_eq!(found.read().unwrap().0[1].content, text);
    let found = folder.look("", &["--handler", "lambda"]).unwrap();
    assert_eq!(found.fatal().count(), 1);
}

#[test]
fn an_entry_that_is_neither_program_nor_expression_is_a_problem() {
    let folder = Folder::new().with("index.js", "a b");
    assert_eq!(folder.look("", &[]).unwrap().fatal().count(), 1);
    let folder = Folder::new().with("index.mjs", "function () {}");
    assert_eq!(folder.look("", &[]).unwrap().fatal().count(), 1);
}

#[test]
fn globs_take_files_along() {
    let folder = Folder::new().with("index.js", "").with("views/a.html", "").with("b.txt", "");
    let found = folder.look("", &["--include", "views/**"]).unwrap();
    assert_eq!(sent(&found), ["index.js", "views/a.html"]);
}

#[test]
fn no_entry_is_told_with_what_is_there() {
    let folder = Folder::new().with("x.js", "").with("y.js", "").with("README.md", "");
    refused(folder.look("", &[]), "no entry found");
    refused(folder.look("", &["--entry", "z.js"]), "the entry z.js is not there");
    refused(folder.look("README.md", &[]), "is neither a folder, nor a script");
    refused(folder.look("gone", &[]), "No such file");
}

#[test]
fn too_many_files_are_refused_with_both_numbers() {
    let folder = (0..4095).fold(Folder::new().with("index.js", ""), |folder, n| {
        folder.with(&format!("d/{n}.txt"), "")
    });
    assert!(folder.look("", &["--include", "d/**"]).is_ok());
    let folder = folder.with("d/x.txt", "");
    refused(
        folder.look("", &["--include", "d/**"]),
        "4097 files with 0 bytes are reached; at most 4096 files and 16777216 bytes are allowed",
    );
}

#[test]
fn files_beside_the_app_count_and_the_largest_are_named() {
    let half = vec![b' '; 8 << 20];
    let folder = Folder::new().with("index.js", "").with("b.txt", &half).with("c", &half);
    let file = format!("/c={}", folder.0.join("c").display());
    assert!(folder.look("", &["--include", "b.txt", "--file", &file]).is_ok());
    let folder = folder.with("index.js", ";");
    let result = folder.look("", &["--include", "b.txt", "--file", &file]);
    refused(result, "3 files with 16777217 bytes are reached");
    let result = folder.look("", &["--include", "b.txt", "--file", &file]);
    refused(result, "The largest:\\n  8388608 b.txt\\n  8388608 /c\\n  1 index.js");
}

#[test]
fn a_file_that_grew_meanwhile_does_not_get_past_the_bound() {
    let folder = Folder::new().with("index.js", "").with("b.txt", "");
    let found = folder.look("", &["--include", "b.txt"]).unwrap();
    let folder = folder.with("b.txt", vec![b' '; (16 << 20) + 1]);
    let text = format!("{:?}", found.read().unwrap_err());
    assert!(text.contains("2 files with 16777217 bytes"), "{text}");
    drop(folder);
}

#[test]
fn paths_that_cannot_be_sent_are_refused() {
    let folder = Folder::new().with("index.js", "").with("d/a\nb.txt", "").with("d/a\\b.txt", "");
    refused(folder.look("", &["--include", "d/**"]), "2 files have paths that cannot be sent");
}

#[test]
fn an_archive_is_traced_in_memory() {
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |path: &str, text: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    };
    add("package/index.js", "require('b')");
    add("package/node_modules/b/index.js", "");
    add("package/skep.toml", "handler = \"lambda\"\n[files]\n\"/x\" = \"t\"");
    add("package/t", "1");
    let folder = Folder::new().with("a.tar", tar.into_inner().unwrap());
    let found = folder.look("a.tar", &[]).unwrap();
    assert_eq!(sent(&found), ["index.js", "node_modules/b/index.js"]);
    assert_eq!(found.plan.handler.as_deref(), Some("lambda"));
    assert_eq!(found.plan.given["/x"], "1");
}

#[test]
fn an_archive_that_is_none_is_refused() {
    let folder = Folder::new().with("a.tgz", "none");
    refused(folder.look("a.tgz", &[]), "cannot take the archive");
}
