//! What is deployed: immutable versions of apps.
//!
//! Files are bytes here: counted, hashed, stored and sent on, never read.

use std::{collections::BTreeMap, fmt, sync::OnceLock};

use serde::{Deserialize, Serialize};
use skep_core::{
    AppId, AppLimits, ByteCount, Ceiling, FilePath, FunctionName, Rate, TenantId, VersionId,
};
use skep_link::frame::{self, Bind, Form, MadeForm, Part, parts};

use crate::{config::LogBounds, kept::Kept};

/// One immutable version of one app.
#[derive(Debug, PartialEq, Eq)]
pub struct Version {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name.
    pub app: AppId,
    /// Hash of what it runs: entry, files and limits.
    pub id: VersionId,
    /// The file that runs.
    pub entry: FilePath,
    /// What it runs, as far as that is in memory.
    pub content: Kept,
    /// What its instances may use.
    pub limits: AppLimits,
    /// What can be called, as the shim found.
    pub functions: Vec<Function>,
}

/// A function of a version, and by whose convention it is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The convention of an event call; empty where it takes none as it is.
    #[serde(default)]
    pub event: String,
    /// The convention of an HTTP-shaped call; empty where it takes none as it is.
    #[serde(default)]
    pub http: String,
}

impl Function {
    /// One of an app that was deployed when there was one convention.
    pub fn own(name: String) -> Self {
        let http = if name == FunctionName::DEFAULT { "edge" } else { "lambda" };
        Self { name, event: "skep".to_owned(), http: http.to_owned() }
    }

    fn as_frame(&self) -> frame::Function<'_> {
        frame::Function { name: &self.name, event: &self.event, http: &self.http }
    }
}

/// What a file of a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A file of the app.
    File,
    /// A symbolic link inside the app; its bytes are the target.
    Link,
    /// A file that was given beside the app, at an absolute path.
    Given,
}

/// A file of a version.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Inside the app; for a given file below the root of the sandbox.
    pub path: FilePath,
    /// What it is.
    pub kind: FileKind,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What of the manifest is no file and no limit.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Manifest {
    /// The convention of all functions; empty to find out.
    pub handler: String,
    /// The built-in modules that may be used; `None` for all.
    pub modules: Option<Vec<String>>,
    /// Conditions of `exports` beside those of Node.
    pub conditions: Vec<String>,
    /// Names and values of variables.
    pub variables: Vec<(String, String)>,
    /// Milliseconds since 1970 of the deploy.
    pub deployed_ms: u64,
}

impl File {
    fn place(&self) -> (FileKind, &str) {
        (self.kind, self.path.as_str())
    }
}

// Values of variables and contents of files are nobody's to see, also not in the operator's log.
impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { handler, modules, conditions, variables, deployed_ms } = self;
        let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
        let mut shown = f.debug_struct("Manifest");
        shown.field("handler", handler).field("modules", modules).field("variables", &names);
        shown.field("conditions", conditions);
        shown.field("deployed_ms", deployed_ms).finish()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, kind, bytes } = self;
        f.debug_struct("File")
            .field("path", path)
            .field("kind", kind)
            .field("len", &bytes.len())
            .finish()
    }
}

/// What a version runs.
#[derive(Debug, PartialEq, Eq)]
pub struct Content {
    /// All files, sorted by kind and path.
    pub files: Vec<File>,
    /// What goes with them.
    pub manifest: Manifest,
    /// What the first instance made of its scripts before any of them ran.
    made: OnceLock<Made>,
}

/// What a shim made of the files of a version, for instances of its build.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Made {
    build: u64,
    /// Bytes that it may have.
    most: usize,
    /// By the place of the file; the table has none.
    parts: BTreeMap<(Option<usize>, MadeForm), Vec<u8>>,
    bytes: usize,
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Made")
            .field("build", &self.build)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// Bytes of bytecode that a shim sends of one app, at most.
const MOST_BYTECODE: usize = 8 << 20;
/// Bytes of all that it sends: bytecode, the table of names, and the JavaScript of what is TypeScript.
const MOST_MADE: usize = 40 << 20;

/// Bytes of bytecode that are kept of the scripts of one app. With its debug information and its copies of the source
/// it is two to three times as large as that.
fn most_bytecode(files: usize, source: usize) -> usize {
    (4 * source + 512 * files + (16 << 10)).min(MOST_BYTECODE)
}

/// Bytes of all that can be made of so many files, with so many bytes of paths.
fn most_made(files: usize, source: usize, paths: usize) -> usize {
    (8 * source + 4 * paths + 1024 * files + (1 << 20)).min(MOST_MADE)
}

/// Bytes in memory beside path and content of each file: what points to them and says how long they are.
const BESIDE_FILE: usize = 64;

/// Which function runs when a call names none.
const PREFERRED: [&str; 4] = ["default", "fetch", "handler", "main"];

/// The convention whose HTTP-shaped calls name their function in the path.
const BY_PATH: &str = "vaas";

/// The convention whose functions may be named by a method of HTTP.
const BY_METHOD: &str = "edge";

fn count(bytes: usize) -> ByteCount {
    ByteCount::from_bytes(u64::try_from(bytes).unwrap_or(u64::MAX))
}

impl Version {
    /// Bytes of all its files.
    pub fn source_bytes(&self) -> ByteCount {
        self.content.source_bytes()
    }

    /// Bytes in memory: what it runs, as far as it is there, and the names of its functions.
    pub fn kept_bytes(&self) -> ByteCount {
        let content = self.content.get().map_or(ByteCount::ZERO, |content| content.bytes());
        content.saturating_plus(self.names_bytes())
    }

    /// Bytes of the names of its functions, with what there is beside their texts.
    pub fn names_bytes(&self) -> ByteCount {
        let names = self.functions.iter().map(|function| {
            let Function { name, event, http } = function;
            name.len() + event.len() + http.len() + size_of::<Function>()
        });
        count(names.sum())
    }

    /// The name of the function that a call runs; `None` if there is none. A call that names none, or `default`, gets
    /// the first of [`PREFERRED`] that there is, else one that is named by the `method` of an HTTP-shaped call, or the
    /// only one; where an HTTP-shaped call is led to a function by its path, `default`.
    pub fn function_for(
        &self,
        asked: Option<&FunctionName>,
        method: Option<&str>,
    ) -> Option<String> {
        let has = |name: &str| self.functions.iter().any(|it| it.name == name);
        let asked = asked.map_or(FunctionName::DEFAULT, FunctionName::as_str);
        let found = if asked == FunctionName::DEFAULT {
            let only = match self.functions.as_slice() {
                [only] => Some(only.name.as_str()),
                _ => None,
            };
            let by_method = |wanted: &str| {
                self.functions.iter().find(|it| it.name == wanted && it.http == BY_METHOD)
            };
            // As Next.js has it, GET answers HEAD where nothing else does.
            let by_method = method.and_then(|method| {
                let get = || by_method("GET").filter(|_| method == "HEAD");
                by_method(method).or_else(get).map(|it| it.name.as_str())
            });
            let by_path = method.is_some() && self.functions.iter().any(|it| it.http == BY_PATH);
            let routed = by_path.then_some(FunctionName::DEFAULT);
            PREFERRED.into_iter().find(|name| has(name)).or(by_method).or(only).or(routed)
        } else {
            Some(asked).filter(|name| has(name))
        };
        found.map(str::to_owned)
    }
}

impl Content {
    /// Files that nobody compiled yet.
    pub fn new(mut files: Vec<File>, manifest: Manifest) -> Self {
        files.sort_by(|one, other| one.place().cmp(&other.place()));
        Self { files, manifest, made: OnceLock::new() }
    }

    /// Bytes of everything, with paths and what there is beside each file.
    pub fn bytes(&self) -> ByteCount {
        let made = self.made.get().map_or(0, |made| made.bytes);
        let paths: usize =
            self.files.iter().map(|file| file.path.as_str().len() + BESIDE_FILE).sum();
        let texts = self
            .manifest
            .variables
            .iter()
            .map(|(name, value)| name.len() + value.len() + BESIDE_FILE);
        self.source_bytes().saturating_plus(count(made + paths + texts.sum::<usize>()))
    }

    /// Bytes of all its files.
    pub fn source_bytes(&self) -> ByteCount {
        count(self.source_len())
    }

    fn source_len(&self) -> usize {
        self.files.iter().map(|file| file.bytes.len()).sum()
    }

    /// The pieces that make its files in an instance of `build`, which come before [`Self::bind`].
    pub fn parts(&self, build: u64) -> impl Iterator<Item = Part<'_>> {
        let made = self.made.get().filter(|made| made.build == build);
        let files = self.files.iter().enumerate().flat_map(move |(at, file)| {
            let form = match file.kind {
                FileKind::File => Form::File,
                FileKind::Link => Form::Link,
                FileKind::Given => Form::Given,
            };
            let made = made.into_iter().flat_map(move |made| made.of(Some(at), file.path.as_str()));
            parts(form, file.path.as_str(), &file.bytes).chain(made)
        });
        files.chain(made.into_iter().flat_map(|made| made.of(None, "")))
    }

    /// The frame that makes an instance serve `version`, whose content this is.
    pub fn bind<'a>(
        &'a self,
        version: &'a Version,
        max_reply: ByteCount,
        logs: LogBounds,
        wall_ns: u64,
    ) -> Bind<'a> {
        let small = |size: ByteCount| u32::try_from(size.bytes()).unwrap_or(u32::MAX);
        let wanted = match self.made.get() {
            None => most_bytecode(self.files.len(), self.source_len()),
            Some(_) => 0,
        };
        let Manifest { handler, modules, conditions, variables, deployed_ms } = &self.manifest;
        Bind {
            entry: version.entry.as_str(),
            name: version.app.as_str(),
            handler,
            variables: variables
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
            modules: modules.as_ref().map(|names| names.iter().map(String::as_str).collect()),
            conditions: conditions.iter().map(String::as_str).collect(),
            functions: version.functions.iter().map(Function::as_frame).collect(),
            deployed_ms: *deployed_ms,
            heap_bytes: skep_core::limits::heap_limit(version.limits.memory).bytes(),
            max_reply_bytes: small(max_reply),
            max_bytecode_bytes: small(count(wanted)),
            wall_ns,
            log_lines: logs.lines_per_call,
            log_bytes: small(logs.bytes_per_call),
        }
    }

    /// What the sandbox gets in which it is looked through and compiled, if the tenant has that to spare; `memory` is that
    /// of the app.
    pub fn deploy_memory(&self, memory: ByteCount) -> ByteCount {
        let scripts = self.files.iter().filter(|file| file.kind == FileKind::File);
        let largest = count(scripts.map(|file| file.bytes.len()).max().unwrap_or(0));
        skep_core::limits::deploy_memory(memory, self.source_bytes(), largest)
    }

    /// Whether an instance made bytecode and the rest of it already.
    pub fn is_made(&self) -> bool {
        self.made.get().is_some()
    }

    /// Keeps what an instance made, unless another one was first.
    pub fn keep_made(&self, made: Made) {
        // Another one may have been first.
        let _ = self.made.set(made);
    }
}

impl Made {
    /// What an instance of `build` makes of `content`, of which nothing has come yet.
    pub fn begin(build: u64, content: &Content) -> Self {
        let paths = content.files.iter().map(|file| file.path.as_str().len()).sum();
        let most = most_made(content.files.len(), content.source_len(), paths);
        Self { build, most, ..Self::default() }
    }

    /// Takes a piece; whether it is one that can come of these files at all.
    pub fn take(&mut self, content: &Content, form: MadeForm, path: &str, bytes: &[u8]) -> bool {
        let of = |file: &File| file.place().cmp(&(FileKind::File, path));
        let at = match form {
            MadeForm::Table => path.is_empty().then_some(None),
            _ => content.files.binary_search_by(of).ok().map(Some),
        };
        let Some(at) = at else { return false };
        let kept = self.parts.entry((at, form)).or_insert_with(|| {
            self.bytes += BESIDE_FILE;
            Vec::new()
        });
        self.bytes += bytes.len();
        kept.extend_from_slice(bytes);
        self.bytes <= self.most
    }

    /// The pieces that were made of one file.
    fn of<'a>(&'a self, at: Option<usize>, path: &'a str) -> impl Iterator<Item = Part<'a>> {
        let all = self.parts.range((at, MadeForm::Bytecode)..=(at, MadeForm::Places));
        all.flat_map(move |((_, form), bytes)| {
            let form = match form {
                MadeForm::Bytecode => Form::Bytecode,
                MadeForm::Table => Form::Table,
                MadeForm::Text => Form::Text,
                MadeForm::Places => Form::Places,
            };
            parts(form, path, bytes)
        })
    }
}

/// What of an app is metered; changes without a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppQuota {
    /// Calls per second.
    pub rate: Ceiling<Rate>,
    /// Calls at the same time; the manifest's own limit stands beside it.
    pub concurrency: Ceiling<u32>,
    /// Memory of all its instances.
    pub memory: Ceiling<ByteCount>,
    /// Calls per second of each instance.
    pub instance_rate: Ceiling<Rate>,
}

impl AppQuota {
    /// Nothing is bounded.
    pub const OPEN: Self = Self {
        rate: Ceiling::Open,
        concurrency: Ceiling::Open,
        memory: Ceiling::Open,
        instance_rate: Ceiling::Open,
    };
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use skep_core::CpuShare;

    use super::*;

    const REPLY: ByteCount = ByteCount::from_mib(1);
    const LOGS: LogBounds = LogBounds {
        lines_per_call: 1,
        bytes_per_call: ByteCount::ZERO,
        lines_kept: 1,
        bytes_kept: ByteCount::ZERO,
    };

    /// A version of tenant acme with small limits, for the tests of those that keep versions.
    pub(crate) fn version_of(app: &str, files: Vec<(FilePath, Vec<u8>)>) -> Version {
        let file = |(path, bytes)| File { path, kind: FileKind::File, bytes };
        Version {
            tenant: "acme".parse().unwrap(),
            app: app.parse().unwrap(),
            id: VersionId::from_bytes([1; 32]),
            entry: "index.js".parse().unwrap(),
            content: Kept::new(Content::new(
                files.into_iter().map(file).collect(),
                Manifest::default(),
            )),
            limits: AppLimits {
                memory: ByteCount::from_mib(64),
                cpu: CpuShare::ONE,
                processes: 1,
                timeout: Duration::from_secs(1),
                cpu_budget: Ceiling::Open,
                concurrency: NonZeroU32::MIN,
                min_instances: 0,
                max_instances: NonZeroU32::MIN,
            },
            functions: Vec::new(),
        }
    }

    fn version() -> Version {
        let file = |path: &str, source: &str| (path.parse().unwrap(), source.as_bytes().to_vec());
        version_of("shop", vec![file("a.js", "1"), file("index.js", "2")])
    }

    /// What an instance of `build` is sent, and whether bytecode is wanted of it.
    #[track_caller]
    fn sent(version: &Version, build: u64, expected: &[(Form, &str, &[u8])], wanted: bool) {
        let content = version.content.get().unwrap();
        let parts = content.parts(build).map(|part| (part.form, part.path, part.bytes));
        assert_eq!(parts.collect::<Vec<_>>(), expected);
        assert_eq!(0 < content.bind(version, REPLY, LOGS, 1).max_bytecode_bytes, wanted);
    }

    #[test]
    fn files_without_content_are_counted_and_sent() {
        let files = (0..100).map(|at| (format!("{at:03}.js").parse().unwrap(), Vec::new()));
        let version = version_of("shop", files.collect());
        let content = version.content.get().unwrap();
        assert_eq!((content.source_bytes().bytes(), content.bytes().bytes()), (0, 100 * (6 + 64)));
        assert_eq!(content.parts(0).count(), 100);
    }

    #[test]
    fn the_first_bytecode_goes_to_instances_of_its_build() {
        let version = version();
        let source: [(Form, &str, &[u8]); 2] =
            [(Form::File, "a.js", b"1"), (Form::File, "index.js", b"2")];
        sent(&version, 7, &source, true);
        let content = version.content.get().unwrap();
        let made = |build, code: &[u8]| {
            let mut made = Made::begin(build, &content);
            assert!(made.take(&content, MadeForm::Bytecode, "index.js", code));
            assert!(made.take(&content, MadeForm::Bytecode, "index.js", code));
            assert!(made.take(&content, MadeForm::Table, "", b"t"));
            content.keep_made(made);
        };
        made(7, b"i");
        made(8, b"late");
        let more: [(Form, &str, &[u8]); 2] =
            [(Form::Bytecode, "index.js", b"ii"), (Form::Table, "", b"t")];
        sent(&version, 7, &[source, more].concat(), false);
        sent(&version, 8, &source, false);
        assert_eq!(content.bytes().bytes(), 2 + 3 + 4 + 8 + 2 * 64 + 2 * 64);
    }

    #[test]
    fn a_call_that_names_no_function_gets_the_preferred_one_or_one_by_its_path() {
        let functions = |names: &[&str], http: &str| {
            let function = |name: &&str| Function {
                name: (*name).to_owned(),
                event: http.to_owned(),
                http: http.to_owned(),
            };
            Version { functions: names.iter().map(function).collect(), ..version() }
        };
        let many = functions(&["add", "take"], "vaas");
        let get = Some("GET");
        assert_eq!(many.function_for(None, get).as_deref(), Some("default"));
        assert_eq!(many.function_for(None, None), None);
        let other: FunctionName = "other".parse().unwrap();
        assert_eq!(many.function_for(Some(&other), get), None);
        let only = functions(&["add"], "vaas");
        assert_eq!(only.function_for(None, get).as_deref(), Some("add"));
        let lambda = functions(&["add", "main"], "lambda");
        assert_eq!(lambda.function_for(None, get).as_deref(), Some("main"));
        assert_eq!(functions(&["add", "take"], "lambda").function_for(None, get), None);
    }

    #[test]
    fn a_call_of_http_that_names_no_function_gets_the_one_that_its_method_names() {
        let edge = |names: &[&str]| {
            let function = |name: &&str| Function {
                name: (*name).to_owned(),
                event: "skep".to_owned(),
                http: "edge".to_owned(),
            };
            Version { functions: names.iter().map(function).collect(), ..version() }
        };
        let check = |names: &[&str], method: Option<&str>, expected: Option<&str>| {
            assert_eq!(edge(names).function_for(None, method).as_deref(), expected, "{method:?}");
        };
        for method in ["GET", "POST"] {
            check(&["GET", "POST"], Some(method), Some(method));
        }
        check(&["GET", "POST"], Some("HEAD"), Some("GET"));
        check(&["GET", "HEAD"], Some("HEAD"), Some("HEAD"));
        check(&["GET", "POST"], Some("PUT"), None);
        check(&["GET", "POST"], None, None);
        check(&["GET", "default"], Some("GET"), Some("default"));
        check(&["GET"], Some("POST"), Some("GET"));
    }

    #[test]
    fn what_cannot_be_made_of_the_version_is_refused() {
        let version = version();
        let content = version.content.get().unwrap();
        assert!(!Made::begin(7, &content).take(&content, MadeForm::Bytecode, "other.js", b"o"));
        assert!(!Made::begin(7, &content).take(&content, MadeForm::Table, "a.js", b"o"));
        let most = most_made(2, 2, "a.js".len() + "index.js".len());
        assert!(most < MOST_MADE / 30, "{most}");
        let mut made = Made::begin(7, &content);
        assert!(made.take(&content, MadeForm::Text, "a.js", &vec![0; most - 1 - 2 * BESIDE_FILE]));
        assert!(made.take(&content, MadeForm::Bytecode, "index.js", b"1"));
        assert!(!made.take(&content, MadeForm::Bytecode, "index.js", b"1"));
    }

    #[test]
    fn values_of_variables_and_contents_of_files_are_not_shown() {
        let variables = vec![("TOKEN".to_owned(), "hunter2".to_owned())];
        let manifest = Manifest { variables, ..Manifest::default() };
        let file =
            File { path: "a".parse().unwrap(), kind: FileKind::Given, bytes: b"hunter2".to_vec() };
        let shown = format!("{:?}", Content::new(vec![file], manifest));
        assert!(
            shown.contains("TOKEN") && !shown.contains("hunter2") && !shown.contains("104, 117"),
            "{shown}"
        );
    }
}
