//! Deployed apps on disk: one file an app, written by temporary name, sync and rename.
//!
//! Files are only ever replaced whole. A file that cannot be read is an error at start-up, never an app
//! that is silently gone.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use skep_core::{
    AppId, AppLimits, ByteCount, Ceiling, CpuShare, ModulePath, Rate, TenantId, VersionId,
};

use crate::{
    cgroup::Limits,
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
    #[error("cannot understand {}; move it away to start without that app", .path.display())]
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedQuota {
    rate: Ceiling<Rate>,
    concurrency: Ceiling<u32>,
    memory: Ceiling<ByteCount>,
    cpu: Ceiling<CpuShare>,
    processes: Ceiling<u32>,
}

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
            let path = folder.join(name);
            fs::create_dir_all(&path).map_err(at(&path))?;
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

    /// Keeps a tenant's quota.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`].
    pub fn save_quota(&self, tenant: &TenantId, quota: &TenantQuota) -> Result<(), StoreError> {
        let saved = SavedQuota {
            rate: quota.rate,
            concurrency: quota.concurrency,
            memory: quota.group.memory,
            cpu: quota.group.cpu,
            processes: quota.group.processes,
        };
        self.write(&self.folder.join("quotas").join(format!("{tenant}.json")), &saved)
    }

    /// The quota that was set last, if any was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] names the file.
    pub fn quota(&self, tenant: &TenantId) -> Result<Option<TenantQuota>, StoreError> {
        let path = self.folder.join("quotas").join(format!("{tenant}.json"));
        if !path.exists() {
            return Ok(None);
        }
        let saved: SavedQuota = self.read(&path)?;
        let SavedQuota { rate, concurrency, memory, cpu, processes } = saved;
        Ok(Some(TenantQuota { rate, concurrency, group: Limits { memory, cpu, processes } }))
    }

    fn read<T: for<'de> Deserialize<'de>>(&self, path: &Path) -> Result<T, StoreError> {
        let bytes = fs::read(path).map_err(at(path))?;
        serde_json::from_slice(&bytes)
            .map_err(|source| StoreError::Unreadable { path: path.to_owned(), source })
    }

    fn write(&self, path: &Path, value: &impl Serialize) -> Result<(), StoreError> {
        let failed = at(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(&failed)?;
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

/// A rename lasts once its folder is on disk.
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
