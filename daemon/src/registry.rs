//! What is deployed: immutable versions of apps.
//!
//! Source is bytes here: counted, hashed, stored and sent on, never read.

use skep_core::{AppId, AppLimits, ByteCount, Ceiling, ModulePath, Rate, TenantId, VersionId};
use skep_link::frame::{Bind, Module};

/// One immutable version of one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name.
    pub app: AppId,
    /// Hash of what it runs: entry, modules and limits.
    pub id: VersionId,
    /// The module that exports the functions.
    pub entry: ModulePath,
    /// All modules, sorted by path.
    pub modules: Vec<(ModulePath, Vec<u8>)>,
    /// What its instances may use.
    pub limits: AppLimits,
    /// What it exports, as the shim found.
    pub functions: Vec<String>,
}

impl Version {
    /// Bytes of all its modules.
    pub fn source_bytes(&self) -> ByteCount {
        let sum: usize = self.modules.iter().map(|(_, source)| source.len()).sum();
        ByteCount::from_bytes(u64::try_from(sum).unwrap_or(u64::MAX))
    }

    /// The frame that makes an instance serve it.
    pub fn bind(&self, max_reply: ByteCount, wall_ns: u64) -> Bind<'_> {
        Bind {
            entry: self.entry.as_str(),
            modules: self
                .modules
                .iter()
                .map(|(path, source)| Module { path: path.as_str(), source })
                .collect(),
            heap_bytes: skep_core::limits::heap_limit(self.limits.memory).bytes(),
            max_reply_bytes: u32::try_from(max_reply.bytes()).unwrap_or(u32::MAX),
            wall_ns,
        }
    }
}

/// What of an app is metered; changes without a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
