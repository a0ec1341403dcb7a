//! Deployed apps, and quotas that were set by command, on disk: two files an app (what it is, and its quota) and
//! one a tenant, written by temporary name, sync and rename.
//!
//! Files are only ever replaced whole. What a damaged one kept is never taken for something else: an app whose
//! file is damaged is set aside and named, a tenant whose quota is damaged is closed until it is set again; all
//! others are served. What no command has set is not kept here: it is the configuration's.

mod form;

use std::{
    error::Error,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rustix::rand::{GetRandomFlags, getrandom};
use serde::{Deserialize, Serialize};
use skep_core::{AppId, ByteCount, Ceiling, CpuShare, Rate, TenantId};

use self::form::Wrong;
use crate::{
    exit::Chain,
    pool::TenantQuota,
    registry::{AppQuota, Version},
};

/// What is added to the name of a file that is being written.
const NEW: &str = "new";
/// What is added to the name of a file that was set aside.
const DAMAGED: &str = "damaged";
/// An app, as it is written now.
const APP: &str = "app";
/// An app and its quota, as they were written once.
const OLD_APP: &str = "json";
/// The quota of an app.
const QUOTA: &str = "quota";

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
    /// The file is not what was written.
    #[error("cannot understand {}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The file is of a later skepd.
    #[error("{} has the form {found:?}, which this skepd does not know", .path.display())]
    Later {
        /// The file.
        path: PathBuf,
        /// Its first line.
        found: String,
    },
}

impl StoreError {
    /// Whether there is no room on the disk, or no more for us.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::Damaged { .. } | Self::Later { .. } => false,
        }
    }

    fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError::Io { path: path.to_owned(), source }
}

fn of(path: &Path) -> impl Fn(Wrong) -> StoreError {
    move |wrong| match wrong {
        Wrong::Damaged(source) => StoreError::Damaged { path: path.to_owned(), source },
        Wrong::Later(found) => StoreError::Later { path: path.to_owned(), found },
    }
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
    /// Not one call: what holds while nobody knows what was set.
    pub const CLOSED: Self =
        Self { rate: Some(Ceiling::At(Rate::CLOSED)), concurrency: None, memory: None, cpu: None };

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
pub const NAMES: [&str; 3] = ["apps", "quotas", SALT];
/// The file of [`Store::salt`].
const SALT: &str = "salt";

/// The folder of the state.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    salt: Arc<Mutex<Option<Salt>>>,
}

/// Random bytes that are drawn once for a state.
pub type Salt = [u8; 32];

/// What was found of the apps of a tenant.
#[derive(Debug, Default)]
pub struct Apps {
    /// Those that can be served.
    pub kept: Vec<(Version, AppQuota)>,
    /// Why others cannot.
    pub wrong: Vec<StoreError>,
    /// Files that were set aside, now or earlier.
    pub aside: Vec<PathBuf>,
}

impl Store {
    /// Uses `folder`, which exists and is ours.
    ///
    /// # Errors
    ///
    /// Its folders cannot be made or read.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let (apps, quotas) = (folder.join("apps"), folder.join("quotas"));
        make_folder(&apps)?;
        make_folder(&quotas)?;
        let mut folders = vec![folder.to_owned(), quotas];
        folders.extend(entries(&apps)?.into_iter().filter(|path| path.is_dir()));
        for folder in folders {
            // Half written when the daemon ended.
            for leftover in entries(&folder)?.iter().filter(|path| ends_in(path, NEW)) {
                fs::remove_file(leftover).map_err(at(leftover))?;
            }
        }
        Ok(Self { folder: folder.to_owned(), salt: Arc::default() })
    }

    /// What goes into the name of a version beside secrets: whoever sees the name cannot try values then. Drawn when it
    /// is asked for first, so that a daemon starts on a disk that has no room for it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`].
    pub fn salt(&self) -> Result<Salt, StoreError> {
        let mut known = self.salt.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(salt) = *known {
            return Ok(salt);
        }
        Ok(*known.insert(salted(&self.folder.join(SALT))?))
    }

    fn apps_of(&self, tenant: &TenantId) -> PathBuf {
        self.folder.join("apps").join(tenant.as_str())
    }

    fn file(&self, tenant: &TenantId, app: &AppId, ending: &str) -> PathBuf {
        self.apps_of(tenant).join(format!("{app}.{ending}"))
    }

    /// Keeps an app as it is now.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`]. Without room to write, both are as they were. If one of the names cannot be changed,
    /// what comes after it is as it was: the app beside a new quota, or a file of the old form beside both, which
    /// the next start passes over.
    pub fn save(&self, version: &Version, quota: &AppQuota) -> Result<(), StoreError> {
        let (tenant, app) = (&version.tenant, &version.app);
        let path = self.file(tenant, app, APP);
        let bytes = form::of_app(version).map_err(of(&path))?;
        let new = New::write(path, &bytes)?;
        // The app is on disk whole before the quota gets its name: what is left to fail, or to be interrupted by a
        // crash, is a change of names.
        self.write(&self.file(tenant, app, QUOTA), quota)?;
        new.rename()?;
        self.remove_file(&self.file(tenant, app, OLD_APP))
    }

    /// Keeps the quota of an app; the app itself is not written again.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`]; what was kept before is still there.
    pub fn save_app_quota(
        &self,
        tenant: &TenantId,
        app: &AppId,
        quota: &AppQuota,
    ) -> Result<(), StoreError> {
        self.write(&self.file(tenant, app, QUOTA), quota)
    }

    /// Forgets an app.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`].
    pub fn remove(&self, tenant: &TenantId, app: &AppId) -> Result<(), StoreError> {
        // The app first: a quota without one is nothing.
        [APP, OLD_APP, QUOTA]
            .map(|ending| self.file(tenant, app, ending))
            .iter()
            .try_for_each(|file| self.remove_file(file))
    }

    fn remove_file(&self, file: &Path) -> Result<(), StoreError> {
        match fs::remove_file(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(at(file)).and_then(|()| sync_folder(file)),
        }
    }

    /// Every app of a tenant. Damaged files are set aside; those of the old form are written anew.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the tenant's folder cannot be read.
    pub fn apps(&self, tenant: &TenantId) -> Result<Apps, StoreError> {
        let mut apps = Apps::default();
        let mut files = entries(&self.apps_of(tenant))?;
        // An app of which there are both forms was written anew: that one comes first.
        files.sort();
        for path in files {
            let found = if ends_in(&path, APP) {
                self.read_app(tenant, &path)
            } else if ends_in(&path, OLD_APP) {
                self.renew(tenant, &path, &apps)
            } else {
                apps.aside.extend(ends_in(&path, DAMAGED).then_some(path));
                continue;
            };
            match found {
                Ok(app) => apps.kept.extend(app),
                Err(error) => {
                    apps.aside.extend(set_aside(&error));
                    apps.wrong.push(error);
                }
            }
        }
        Ok(apps)
    }

    /// The version of an app that is kept; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] names the file.
    pub fn version(&self, tenant: &TenantId, app: &AppId) -> Result<Option<Version>, StoreError> {
        let path = self.file(tenant, app, APP);
        match self.read_app(tenant, &path) {
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            found => Ok(found?.map(|(version, _)| version)),
        }
    }

    /// An app, which is never served without its quota.
    fn read_app(
        &self,
        tenant: &TenantId,
        path: &Path,
    ) -> Result<Option<(Version, AppQuota)>, StoreError> {
        let bytes = fs::read(path).map_err(at(path))?;
        let version = form::app(&bytes).and_then(|version| form::named(version, tenant, path));
        let version = version.map_err(of(path))?;
        let quota = read(&self.file(tenant, &version.app, QUOTA))?;
        Ok(Some((version, quota)))
    }

    /// An app of the old form, which it has no more after this.
    fn renew(
        &self,
        tenant: &TenantId,
        path: &Path,
        found: &Apps,
    ) -> Result<Option<(Version, AppQuota)>, StoreError> {
        let bytes = fs::read(path).map_err(at(path))?;
        let (version, quota) = form::old_app(&bytes).map_err(of(path))?;
        let version = form::named(version, tenant, path).map_err(of(path))?;
        if found.kept.iter().any(|(other, _)| other.app == version.app) {
            self.remove_file(path)?;
            return Ok(None);
        }
        if let Err(error) = self.save(&version, &quota) {
            // It is as good as before, and tried again at the next start.
            tracing::warn!(%tenant, app = %version.app, error = %Chain(&error), "an app keeps its old form on disk");
        }
        Ok(Some((version, quota)))
    }

    fn quota_file(&self, tenant: &TenantId) -> PathBuf {
        self.folder.join("quotas").join(format!("{tenant}.json"))
    }

    /// Keeps what of a tenant's quota was set now, beside what was set earlier. What was damaged is set aside.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; what was kept before is still there.
    pub fn save_quota(&self, tenant: &TenantId, set: &QuotaSet) -> Result<(), StoreError> {
        let earlier = match self.quota(tenant) {
            Err(error @ StoreError::Damaged { .. }) if set_aside(&error).is_some() => {
                QuotaSet::default()
            }
            earlier => earlier?,
        };
        self.write(&self.quota_file(tenant), &set.or(earlier))
    }

    /// What of a tenant's quota was ever set.
    ///
    /// # Errors
    ///
    /// [`StoreError`] names the file.
    pub fn quota(&self, tenant: &TenantId) -> Result<QuotaSet, StoreError> {
        match read(&self.quota_file(tenant)) {
            Err(error) if error.is_missing() => Ok(QuotaSet::default()),
            quota => quota,
        }
    }

    fn write(&self, path: &Path, value: &impl Serialize) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(value).map_err(|error| of(path)(error.into()))?;
        New::write(path.to_owned(), &bytes)?.rename()
    }
}

/// The salt of a file, which is made where there is none, or none of that length.
fn salted(path: &Path) -> Result<Salt, StoreError> {
    let kept = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        bytes => bytes.map_err(at(path))?.try_into().ok(),
    };
    if let Some(salt) = kept {
        return Ok(salt);
    }
    let mut salt = Salt::default();
    // So few bytes come at once.
    getrandom(&mut salt, GetRandomFlags::empty()).map_err(|errno| at(path)(errno.into()))?;
    New::write(path.to_owned(), &salt)?.rename()?;
    Ok(salt)
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, StoreError> {
    let bytes = fs::read(path).map_err(at(path))?;
    serde_json::from_slice(&bytes).map_err(|error| of(path)(error.into()))
}

/// Renames the damaged file that an error is about, so that no later start meets it; its new name.
fn set_aside(error: &StoreError) -> Option<PathBuf> {
    let StoreError::Damaged { path, .. } = error else { return None };
    let aside = with_more(path, DAMAGED);
    fs::rename(path, &aside).is_ok().then_some(aside)
}

/// What a folder has in it; nothing if it is not there.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => {
            entries.and_then(|all| all.map(|entry| Ok(entry?.path())).collect()).map_err(at(folder))
        }
    }
}

fn ends_in(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension == ending)
}

fn with_more(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// A file that is on disk whole, under a name that no reader takes. It is gone unless it gets its own.
struct New {
    new: PathBuf,
    path: PathBuf,
}

impl New {
    fn write(path: PathBuf, bytes: &[u8]) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        let new = Self { new: with_more(&path, NEW), path };
        let written = File::create(&new.new)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
        written.map_err(at(&new.path))?;
        Ok(new)
    }

    fn rename(self) -> Result<(), StoreError> {
        fs::rename(&self.new, &self.path).map_err(at(&self.path))?;
        sync_folder(&self.path)
    }
}

impl Drop for New {
    fn drop(&mut self) {
        // It is not there any more if it got its name.
        let _ = fs::remove_file(&self.new);
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

#[cfg(test)]
mod tests;
