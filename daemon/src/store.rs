//! Deployed apps, and quotas that were set by command, on disk: one file an app and one a tenant, written
//! by temporary name, sync and rename.
//!
//! Files are only ever replaced whole. A file that cannot be read is an error at start-up, never an app
//! that is silently gone. What no command has set is not kept here: it is the configuration's.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use serde::{Deserialize, Serialize};
use skep_core::{
    AppId, AppLimits, ByteCount, Ceiling, CpuShare, ModulePath, Rate, TenantId, VersionId,
};

use crate::{
    pool::TenantQuota,
    registry::{AppQuota, Version},
};

/// Why the state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The kernel's answer.
    #[error("cannot use {}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is not ours, or of another version.
    #[error("cannot understand {}; move it away to start without what it keeps", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: serde_json::Error,
    },
}

fn at(path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError::Io { path: path.to_owned(), source }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedApp {
    tenant: TenantId,
    app: AppId,
    version: VersionId,
    entry: ModulePath,
    functions: Vec<String>,
    limits: AppLimits,
    rate: Ceiling<Rate>,
    concurrency: Ceiling<u32>,
    memory: Ceiling<ByteCount>,
    instance_rate: Ceiling<Rate>,
    /// Bytes as JSON numbers would be large: source that is text is kept as such.
    modules: Vec<SavedModule>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedModule {
    path: ModulePath,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<Vec<u8>>,
}

/// The fields of a tenant's quota that were set by command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuotaSet {
    /// Calls per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Ceiling<Rate>>,
    /// Calls at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Ceiling<u32>>,
    /// Memory of all living instances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Ceiling<ByteCount>>,
    /// CPU time per time of all living instances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Ceiling<CpuShare>>,
}

impl QuotaSet {
    /// What holds: the configuration's quota, but for what was set.
    pub fn over(&self, mut quota: TenantQuota) -> TenantQuota {
        let Self { rate, concurrency, memory, cpu } = *self;
        quota.rate = rate.unwrap_or(quota.rate);
        quota.concurrency = concurrency.unwrap_or(quota.concurrency);
        quota.group.memory = memory.unwrap_or(quota.group.memory);
        quota.group.cpu = cpu.unwrap_or(quota.group.cpu);
        quota
    }

    /// The names of what was set, as the configuration has them.
    pub fn names(&self) -> Vec<&'static str> {
        let Self { rate, concurrency, memory, cpu } = self;
        let all = [
            ("rps, burst", rate.is_some()),
            ("concurrency", concurrency.is_some()),
            ("memory", memory.is_some()),
            ("cpu", cpu.is_some()),
        ];
        all.into_iter().filter_map(|(name, set)| set.then_some(name)).collect()
    }

    fn or(self, earlier: Self) -> Self {
        Self {
            rate: self.rate.or(earlier.rate),
            concurrency: self.concurrency.or(earlier.concurrency),
            memory: self.memory.or(earlier.memory),
            cpu: self.cpu.or(earlier.cpu),
        }
    }
}

/// What a folder of the state holds, and nothing else.
pub const NAMES: [&str; 2] = ["apps", "quotas"];

/// The folder of the state.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Uses `folder`, which exists and is ours.
    ///
    /// # Errors
    ///
    /// Its folders cannot be made.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        for name in ["apps", "quotas"] {
            make_folder(&folder.join(name))?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    fn app_file(&self, tenant: &TenantId, app: &AppId) -> PathBuf {
        self.folder.join("apps").join(tenant.as_str()).join(format!("{app}.json"))
    }

    /// Keeps an app as it is now.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`]; what was kept before is still there.
    pub fn save(&self, version: &Version, quota: &AppQuota) -> Result<(), StoreError> {
        let saved = SavedApp {
            tenant: version.tenant.clone(),
            app: version.app.clone(),
            version: version.id,
            entry: version.entry.clone(),
            functions: version.functions.clone(),
            limits: version.limits,
            rate: quota.rate,
            concurrency: quota.concurrency,
            memory: quota.memory,
            instance_rate: quota.instance_rate,
            modules: version.modules.iter().map(SavedModule::new).collect(),
        };
        self.write(&self.app_file(&version.tenant, &version.app), &saved)
    }

    /// Forgets an app.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`].
    pub fn remove(&self, tenant: &TenantId, app: &AppId) -> Result<(), StoreError> {
        let file = self.app_file(tenant, app);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&file)(error)),
            _ => sync_folder(&file),
        }
    }

    /// Every app of a tenant.
    ///
    /// # Errors
    ///
    /// [`StoreError`] names the file.
    pub fn apps(&self, tenant: &TenantId) -> Result<Vec<(Version, AppQuota)>, StoreError> {
        let folder = self.folder.join("apps").join(tenant.as_str());
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(at(&folder))?,
        };
        let mut apps = Vec::new();
        for entry in entries {
            let path = entry.map_err(at(&folder))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                apps.push(self.read::<SavedApp>(&path)?.into_parts());
            }
        }
        Ok(apps)
    }

    fn quota_file(&self, tenant: &TenantId) -> PathBuf {
        self.folder.join("quotas").join(format!("{tenant}.json"))
    }

    /// Keeps what of a tenant's quota was set now, beside what was set earlier.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; what was kept before is still there.
    pub fn save_quota(&self, tenant: &TenantId, set: &QuotaSet) -> Result<(), StoreError> {
        let all = set.or(self.quota(tenant)?);
        self.write(&self.quota_file(tenant), &all)
    }

    /// What of a tenant's quota was ever set.
    ///
    /// # Errors
    ///
    /// [`StoreError`] names the file.
    pub fn quota(&self, tenant: &TenantId) -> Result<QuotaSet, StoreError> {
        match self.read(&self.quota_file(tenant)) {
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(QuotaSet::default())
            }
            quota => quota,
        }
    }

    fn read<T: for<'de> Deserialize<'de>>(&self, path: &Path) -> Result<T, StoreError> {
        let bytes = fs::read(path).map_err(at(path))?;
        serde_json::from_slice(&bytes)
            .map_err(|source| StoreError::Unreadable { path: path.to_owned(), source })
    }

    fn write(&self, path: &Path, value: &impl Serialize) -> Result<(), StoreError> {
        let failed = at(path);
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        let bytes = serde_json::to_vec(value)
            .map_err(|source| StoreError::Unreadable { path: path.to_owned(), source })?;
        // A name that no reader takes; a leftover of a crash is simply written over.
        let new = path.with_extension("new");
        let mut file = File::create(&new).map_err(&failed)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(&failed)?;
        fs::rename(&new, path).map_err(&failed)?;
        sync_folder(path)
    }
}

/// Makes a folder that is still there after a crash. It may exist already; what is above it does.
fn make_folder(folder: &Path) -> Result<(), StoreError> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(at(folder)).and_then(|()| sync_folder(folder)),
    }
}

/// A new name lasts once the folder that it is in is on disk.
fn sync_folder(file: &Path) -> Result<(), StoreError> {
    let Some(folder) = file.parent() else { return Ok(()) };
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(folder)(error)),
        _ => Ok(()),
    }
}

impl SavedModule {
    fn new((path, source): &(ModulePath, Vec<u8>)) -> Self {
        let path = path.clone();
        match std::str::from_utf8(source) {
            Ok(text) => Self { path, text: Some(text.to_owned()), bytes: None },
            Err(_) => Self { path, text: None, bytes: Some(source.clone()) },
        }
    }
}

impl SavedApp {
    fn into_parts(self) -> (Version, AppQuota) {
        let modules = self
            .modules
            .into_iter()
            .map(|module| {
                let text = module.text.map(String::into_bytes);
                (module.path, text.or(module.bytes).unwrap_or_default())
            })
            .collect();
        let version = Version {
            tenant: self.tenant,
            app: self.app,
            id: self.version,
            entry: self.entry,
            modules,
            limits: self.limits,
            functions: self.functions,
            compiled: OnceLock::new(),
        };
        let quota = AppQuota {
            rate: self.rate,
            concurrency: self.concurrency,
            memory: self.memory,
            instance_rate: self.instance_rate,
        };
        (version, quota)
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::inotify;
    use skep_core::Ceiling::{At, Open};

    use super::*;
    use crate::cgroup::Limits;

    /// A store of its own; the folder goes with the value.
    struct Place(PathBuf, Store);

    impl Place {
        fn new(name: &str) -> Self {
            let name = format!("skep-store-{}-{name}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir(&folder).unwrap();
            let store = Store::open(&folder).unwrap();
            Self(folder, store)
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn acme() -> TenantId {
        "acme".parse().unwrap()
    }

    fn of_the_file(concurrency: u32) -> TenantQuota {
        TenantQuota {
            rate: Open,
            concurrency: At(concurrency),
            group: Limits { memory: Open, cpu: Open, processes: At(concurrency) },
        }
    }

    #[test]
    fn what_was_set_holds_and_everything_else_is_the_configurations() {
        let Place(_, store) = &Place::new("overlay");
        let memory = At(ByteCount::from_mib(64));
        let set = QuotaSet { memory: Some(memory), ..QuotaSet::default() };
        store.save_quota(&acme(), &set).unwrap();
        let set = QuotaSet { cpu: Some(Open), ..QuotaSet::default() };
        store.save_quota(&acme(), &set).unwrap();
        let kept = store.quota(&acme()).unwrap();
        assert_eq!(kept.names(), ["memory", "cpu"]);
        let edited = kept.over(of_the_file(7));
        assert_eq!(edited.group, Limits { memory, cpu: Open, processes: At(7) });
        assert_eq!(edited.concurrency, At(7));
    }

    #[test]
    fn a_tenant_for_whom_nothing_was_set_has_the_configurations_quota() {
        let Place(_, store) = &Place::new("nothing");
        let kept = store.quota(&acme()).unwrap();
        assert_eq!(kept.over(of_the_file(3)), of_the_file(3));
        assert!(kept.names().is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_never_taken_for_none() {
        let Place(folder, store) = &Place::new("unreadable");
        fs::create_dir(folder.join("quotas/acme.json")).unwrap();
        let error = store.quota(&acme()).unwrap_err().to_string();
        assert!(error.contains("quotas/acme.json"), "{error}");
        fs::remove_dir(folder.join("quotas/acme.json")).unwrap();
        fs::write(folder.join("quotas/acme.json"), "{").unwrap();
        let error = store.quota(&acme()).unwrap_err().to_string();
        assert!(error.contains("quotas/acme.json; move it away"), "{error}");
    }

    #[test]
    fn the_first_app_of_a_tenant_syncs_the_folder_that_its_own_is_in() {
        let Place(folder, store) = &Place::new("sync");
        let apps = folder.join("apps");
        let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
        inotify::add_watch(&watch, &apps, inotify::WatchFlags::OPEN).unwrap();
        store.write(&apps.join("acme/app.json"), &0).unwrap();
        let mut buffer = [const { std::mem::MaybeUninit::uninit() }; 1024];
        let mut events = inotify::Reader::new(&watch, &mut buffer);
        // Without a name it is the watched folder itself, which is opened for nothing else.
        let mut own = || events.next().map(|event| event.file_name().is_none());
        assert!(std::iter::from_fn(|| own().ok()).any(|own| own));
    }
}
