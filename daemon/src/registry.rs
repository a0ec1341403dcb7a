//! What is deployed: immutable versions of apps.
//!
//! Source is bytes here: counted, hashed, stored and sent on, never read.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use skep_core::{AppId, AppLimits, ByteCount, Ceiling, ModulePath, Rate, TenantId, VersionId};
use skep_link::frame::{self, Bind, Code, MAX_FRAME, Module};

use crate::kept::Kept;

/// One immutable version of one app.
#[derive(Debug, PartialEq, Eq)]
pub struct Version {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name.
    pub app: AppId,
    /// Hash of what it runs: entry, modules and limits.
    pub id: VersionId,
    /// The module that exports the functions.
    pub entry: ModulePath,
    /// What it runs, as far as that is in memory.
    pub content: Kept,
    /// What its instances may use.
    pub limits: AppLimits,
    /// What it exports, as the shim found.
    pub functions: Vec<String>,
}

/// What a version runs.
#[derive(Debug, PartialEq, Eq)]
pub struct Content {
    /// All modules, sorted by path.
    pub modules: Vec<(ModulePath, Vec<u8>)>,
    /// What the first instance made of its source before any of it ran.
    compiled: OnceLock<Compiled>,
}

/// The bytecode of a version, for instances of the build that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    build: u64,
    /// By the place of the module; `None` for one that is only imported while calls run.
    modules: Vec<Option<Vec<u8>>>,
}

/// Bytecode with its debug information and its copies of the source is two to three times as large as that;
/// where functions are nested deeply it is more, and not kept.
const BYTECODE_PER_SOURCE: u64 = 4;
/// What it may have beside that.
const BYTECODE_SLACK: u64 = 16 << 10;
/// Bytes in memory beside path and code of each module: what points to them and says how long they are.
const BESIDE_MODULE: usize = 64;
/// Bytes of a frame beside paths and code: for each module, and for the rest.
const PER_MODULE: usize = 9;
const FRAME_SLACK: usize = 1 << 10;

impl Version {
    /// Bytes of all its modules.
    pub fn source_bytes(&self) -> ByteCount {
        self.content.source_bytes()
    }
}

impl Version {
    /// Bytes in memory: what it runs, as far as it is there, and the names of its functions.
    pub fn kept_bytes(&self) -> ByteCount {
        let content = self.content.get().map_or(ByteCount::ZERO, |content| content.bytes());
        content.saturating_plus(self.names_bytes())
    }

    /// Bytes of the names of its functions, with what there is beside their texts.
    pub fn names_bytes(&self) -> ByteCount {
        let names: usize = self.functions.iter().map(|name| name.len() + size_of::<String>()).sum();
        ByteCount::from_bytes(u64::try_from(names).unwrap_or(u64::MAX))
    }
}

impl Content {
    /// Sources that nobody compiled yet.
    pub fn new(modules: Vec<(ModulePath, Vec<u8>)>) -> Self {
        Self { modules, compiled: OnceLock::new() }
    }

    /// Bytes of everything, with paths and what there is beside each module.
    pub fn bytes(&self) -> ByteCount {
        let compiled = self.compiled.get().into_iter().flat_map(|compiled| &compiled.modules);
        let compiled: usize = compiled.flatten().map(Vec::len).sum();
        let compiled = ByteCount::from_bytes(u64::try_from(compiled).unwrap_or(u64::MAX));
        let paths = self.modules.iter().map(|(path, _)| path.as_str().len() + BESIDE_MODULE);
        let paths = ByteCount::from_bytes(u64::try_from(paths.sum::<usize>()).unwrap_or(u64::MAX));
        self.source_bytes().saturating_plus(compiled).saturating_plus(paths)
    }

    /// Bytes of all its modules.
    pub fn source_bytes(&self) -> ByteCount {
        let sum: usize = self.modules.iter().map(|(_, source)| source.len()).sum();
        ByteCount::from_bytes(u64::try_from(sum).unwrap_or(u64::MAX))
    }

    /// The frame that makes an instance of `build` serve `version`, whose content this is.
    pub fn bind<'a>(
        &'a self,
        version: &'a Version,
        build: u64,
        max_reply: ByteCount,
        wall_ns: u64,
    ) -> Bind<'a> {
        let compiled = self.compiled.get();
        let usable = compiled.filter(|compiled| compiled.build == build);
        let code = |at: usize, source| {
            let bytecode = usable.and_then(|compiled| compiled.modules.get(at)?.as_ref());
            bytecode.map_or(Code::Source(source), |bytecode| Code::Compiled(bytecode))
        };
        let modules = self.modules.iter().enumerate();
        let small = |size: ByteCount| u32::try_from(size.bytes()).unwrap_or(u32::MAX);
        let wanted = match compiled {
            None => self.max_bytecode().min(max_reply),
            Some(_) => ByteCount::ZERO,
        };
        Bind {
            entry: version.entry.as_str(),
            modules: modules
                .map(|(at, (path, source))| Module { path: path.as_str(), code: code(at, source) })
                .collect(),
            heap_bytes: skep_core::limits::heap_limit(version.limits.memory).bytes(),
            max_reply_bytes: small(max_reply),
            max_bytecode_bytes: small(wanted),
            wall_ns,
        }
    }

    fn max_bytecode(&self) -> ByteCount {
        let bytes = self.source_bytes().bytes().saturating_mul(BYTECODE_PER_SOURCE);
        ByteCount::from_bytes(bytes.saturating_add(BYTECODE_SLACK))
    }

    /// Keeps what an instance of `build` compiled, unless another one was first; whether it is what can come
    /// of this version at all. What would make a frame too large is not kept.
    pub fn keep_compiled(&self, build: u64, found: &[frame::Compiled<'_>]) -> bool {
        let bytes: usize = found.iter().map(|module| module.bytecode.len()).sum();
        if self.max_bytecode().bytes() < u64::try_from(bytes).unwrap_or(u64::MAX) {
            return false;
        }
        let mut modules = vec![None; self.modules.len()];
        for module in found {
            let at = self.modules.iter().position(|(path, _)| path.as_str() == module.path);
            match at.and_then(|at| modules.get_mut(at)) {
                Some(place @ None) => *place = Some(module.bytecode.to_vec()),
                Some(Some(_)) | None => return false,
            }
        }
        let size = self.modules.iter().zip(&modules).map(|((path, source), bytecode)| {
            path.as_str().len() + bytecode.as_ref().unwrap_or(source).len() + PER_MODULE
        });
        if MAX_FRAME < size.sum::<usize>() + FRAME_SLACK {
            modules.fill(None);
        }
        // Another one may have been first.
        let _ = self.compiled.set(Compiled { build, modules });
        true
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

    /// A version of tenant acme with small limits, for the tests of those that keep versions.
    pub(crate) fn version_of(app: &str, modules: Vec<(ModulePath, Vec<u8>)>) -> Version {
        Version {
            tenant: "acme".parse().unwrap(),
            app: app.parse().unwrap(),
            id: VersionId::from_bytes([1; 32]),
            entry: "index.js".parse().unwrap(),
            content: Kept::new(Content::new(modules)),
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
        let module = |path: &str, source: &str| (path.parse().unwrap(), source.as_bytes().to_vec());
        version_of("shop", vec![module("a.js", "1"), module("index.js", "2")])
    }

    fn content(version: &Version) -> std::sync::Arc<Content> {
        version.content.get().unwrap()
    }

    fn found<'a>(path: &'a str, bytecode: &'a [u8]) -> frame::Compiled<'a> {
        frame::Compiled { path, bytecode }
    }

    #[track_caller]
    fn codes(version: &Version, build: u64, expected: [Code<'_>; 2], wanted: bool) {
        let content = version.content.get().unwrap();
        let bind = content.bind(version, build, REPLY, 1);
        assert_eq!(bind.modules.iter().map(|module| module.code).collect::<Vec<_>>(), expected);
        assert_eq!(0 < bind.max_bytecode_bytes, wanted);
    }

    #[test]
    fn modules_without_code_are_counted() {
        let modules = (0..100).map(|at| (format!("{at:03}.js").parse().unwrap(), Vec::new()));
        let content = Content::new(modules.collect());
        assert_eq!((content.source_bytes().bytes(), content.bytes().bytes()), (0, 100 * (6 + 64)));
    }

    #[test]
    fn the_first_bytecode_goes_to_instances_of_its_build_and_source_to_others() {
        let version = version();
        let source = [Code::Source(b"1"), Code::Source(b"2")];
        codes(&version, 7, source, true);
        assert!(content(&version).keep_compiled(7, &[found("index.js", b"i")]));
        assert!(content(&version).keep_compiled(8, &[found("index.js", b"late")]));
        codes(&version, 7, [Code::Source(b"1"), Code::Compiled(b"i")], false);
        codes(&version, 8, source, false);
    }

    #[test]
    fn bytecode_that_would_not_fit_beside_the_other_sources_is_not_used() {
        let a_third = vec![b' '; MAX_FRAME / 3];
        let module = |path: &str| (path.parse().unwrap(), a_third.clone());
        let large = Content::new(vec![module("a.js"), module("index.js")]);
        let version = Version { content: Kept::new(large), ..version() };
        let bytecode = vec![0; MAX_FRAME - MAX_FRAME / 3];
        assert!(content(&version).keep_compiled(7, &[found("index.js", &bytecode)]));
        codes(&version, 7, [Code::Source(&a_third), Code::Source(&a_third)], false);
    }

    #[test]
    fn bytecode_that_cannot_be_of_the_version_is_refused_whole() {
        let version = version();
        let much = vec![0; usize::try_from(content(&version).max_bytecode().bytes()).unwrap()];
        for wrong in [
            vec![found("index.js", b"i"), found("other.js", b"o")],
            vec![found("index.js", b"i"), found("index.js", b"j")],
            vec![found("index.js", &much), found("a.js", b"a")],
        ] {
            assert!(!content(&version).keep_compiled(7, &wrong));
            assert!(content(&version).compiled.get().is_none());
        }
        assert!(content(&version).keep_compiled(7, &[found("index.js", &much)]));
    }
}
