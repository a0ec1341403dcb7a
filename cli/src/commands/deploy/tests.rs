//! Which files of a folder become sources, and what is refused.

use std::{
    os::unix::fs::symlink,
    sync::atomic::{AtomicU32, Ordering},
};

use super::*;

/// A folder that is gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("skep-deploy-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names(sources: &Sources) -> Vec<&str> {
    sources.files.iter().map(|file| file.path.as_str()).collect()
}

#[track_caller]
fn refused(result: Result<Sources, BadSources>, expected: &str) {
    let text = result.unwrap_err().to_string();
    assert!(text.contains(expected), "{text:?} should contain {expected:?}");
}

#[test]
fn a_folder_gives_its_sources_sorted_with_relative_paths() {
    let folder = Folder::new()
        .with("index.js", "1")
        .with("lib/math.js", "2")
        .with("lib/deep/a.mjs", "3")
        .with("a.js", "4");
    let sources = collect(&folder.0, None).unwrap();
    assert_eq!(names(&sources), ["a.js", "index.js", "lib/deep/a.mjs", "lib/math.js"]);
    assert_eq!(sources.entry, "index.js");
    assert_eq!(&sources.files[3].content[..], b"2");
}

#[test]
fn what_is_no_source_is_left_out() {
    let folder = Folder::new()
        .with("index.js", "")
        .with("README.md", "")
        .with("index.ts", "")
        .with(".hidden.js", "")
        .with(".git/hook.js", "")
        .with("node_modules/x/index.js", "")
        .with("lib/node_modules/y.js", "")
        .with("js", "");
    assert_eq!(names(&collect(&folder.0, None).unwrap()), ["index.js"]);
}

#[test]
fn links_are_not_followed() {
    let outside = Folder::new().with("secret.js", "secret");
    let folder = Folder::new().with("index.js", "");
    symlink(outside.0.join("secret.js"), folder.0.join("stolen.js")).unwrap();
    symlink(&outside.0, folder.0.join("lib")).unwrap();
    symlink(&folder.0, folder.0.join("loop")).unwrap();
    assert_eq!(names(&collect(&folder.0, None).unwrap()), ["index.js"]);
}

#[test]
fn a_file_is_its_own_entry() {
    let folder = Folder::new().with("shop.js", "x").with("other.js", "");
    let sources = collect(&folder.0.join("shop.js"), None).unwrap();
    assert_eq!((sources.entry.as_str(), names(&sources)), ("shop.js", vec!["shop.js"]));
}

#[test]
fn a_file_can_be_sent_under_another_name() {
    let folder = Folder::new().with("bundle.out", "x");
    let sources = collect(&folder.0.join("bundle.out"), Some("index.js")).unwrap();
    assert_eq!((sources.entry.as_str(), names(&sources)), ("index.js", vec!["index.js"]));
}

#[test]
fn a_missing_entry_is_refused_with_the_files_that_are_there() {
    let folder = Folder::new().with("a.js", "").with("b/c.js", "");
    refused(collect(&folder.0, None), "index.js is not among the source files: a.js, b/c.js");
    assert_eq!(collect(&folder.0, Some("b/c.js")).unwrap().entry, "b/c.js");
}

#[test]
fn an_empty_folder_and_a_missing_path_are_refused() {
    let folder = Folder::new().with("README.md", "");
    refused(collect(&folder.0, None), "there is no .js or .mjs file below");
    refused(collect(&folder.0.join("none"), None), "No such file");
}

#[test]
fn too_many_files_are_refused_by_number() {
    let folder = (0..=MOST_FILES)
        .fold(Folder::new().with("index.js", ""), |f, n| f.with(&format!("m{n}.js"), ""));
    refused(collect(&folder.0, None), "holds 514 source files, at most 512 are allowed");
}

#[test]
fn four_mebibytes_are_allowed_and_a_byte_more_is_not() {
    let half = vec![b' '; 2 << 20];
    let folder = Folder::new().with("index.js", &half).with("b.js", &half);
    assert!(collect(&folder.0, None).is_ok());
    let folder = folder.with("c.js", "x");
    refused(collect(&folder.0, None), "(4194305 bytes), at most 4.0 MiB are allowed");
}

fn answer(functions: &[&str]) -> String {
    let functions = functions.iter().map(|name| (*name).to_owned()).collect();
    let version = "0123456789abcdef".to_owned();
    text("shop", &DeployResponse { version, functions, ..DeployResponse::default() })
}

#[test]
fn exports_that_cannot_be_called_are_told_with_their_number() {
    let answer = DeployResponse {
        version: "0123456789abcdef".to_owned(),
        functions: vec!["default".to_owned()],
        skipped_exports: 3,
        skipped_names: vec!["not a name".to_owned()],
        ..DeployResponse::default()
    };
    let told = "not callable: not a name, +2; names of functions are 1 to 63 of A-Z, a-z, 0-9, '_' and '$'";
    assert!(text("shop", &answer).contains(told), "{}", text("shop", &answer));
}

#[test]
fn files_that_no_module_can_be_named_after_are_refused_before_anything_is_sent() {
    let folder = Folder::new().with("index.js", "").with("a b.js", "").with("\u{e9}.js", "");
    refused(
        collect(&folder.0, None),
        "2 source files have names that no module can have: a b.js, ",
    );
}

#[test]
fn what_was_deployed_says_how_to_call_it() {
    let start = "deployed shop version 0123456789ab\n";
    assert_eq!(
        answer(&["default", "add"]),
        format!("{start}functions: default, add\ncall it: skep invoke shop")
    );
    assert_eq!(
        answer(&["$(reboot)\x1b", "add"]),
        format!(
            "{start}functions: $(reboot)\\u{{1b}}, add\ncall it: skep invoke shop --function add"
        )
    );
    assert_eq!(answer(&["a b"]), format!("{start}functions: a b"));
    assert!(answer(&[]).starts_with(&format!("{start}it exports no function")));
}
