//! How an app looks in its file: a line that names the form, a line of JSON, and the bytes of its files.
//!
//! It is known of every byte that it is as it was written: lengths and a hash of the files are in the JSON.
//! Of the two forms before, one had only modules, and one had all in one JSON text, with the quota; they are only
//! read.

use std::{error::Error, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use skep_core::{AppId, AppLimits, ByteCount, Ceiling, FilePath, Rate, TenantId, VersionId};

use crate::{
    kept::Kept,
    registry::{AppQuota, Content, File, FileKind, Function, Manifest, Version},
};

/// The first line: whose it is, and the number of the form.
const FORM: &str = "skep-app 3";
/// The same of the form before.
const OLD_FORM: &str = "skep-app 2";

/// Why bytes are no app.
#[derive(Debug)]
pub(super) enum Wrong {
    /// They are not as they were written.
    Damaged(Box<dyn Error + Send + Sync>),
    /// They were written by a later skepd: their first line.
    Later(String),
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Wrong {
    fn from(error: E) -> Self {
        Self::Damaged(error.into())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    tenant: TenantId,
    app: AppId,
    version: VersionId,
    entry: FilePath,
    functions: Vec<Function>,
    limits: AppLimits,
    manifest: Manifest,
    /// Kind, path and bytes of each, in their order.
    files: Vec<(FileKind, FilePath, usize)>,
    /// SHA-256 of all their bytes.
    sha256: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OldHead {
    tenant: TenantId,
    app: AppId,
    version: VersionId,
    entry: FilePath,
    functions: Vec<String>,
    limits: AppLimits,
    /// Path and bytes of each, in their order.
    modules: Vec<(FilePath, usize)>,
    sha256: String,
}

impl From<OldHead> for Head {
    fn from(old: OldHead) -> Self {
        let OldHead { tenant, app, version, entry, functions, limits, modules, sha256 } = old;
        let files = modules.into_iter().map(|(path, len)| (FileKind::File, path, len)).collect();
        let functions = functions.into_iter().map(Function::own).collect();
        let manifest = Manifest::default();
        Self { tenant, app, version, entry, functions, limits, manifest, files, sha256 }
    }
}

pub(super) fn sha256(bytes: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    bytes.iter().for_each(|part| hash.update(part));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An app as it is written.
pub(super) fn of_app(version: &Version) -> Result<Vec<u8>, Wrong> {
    let content = version.content.get().ok_or("its files are on disk alone")?;
    let bytes: Vec<&[u8]> = content.files.iter().map(|file| file.bytes.as_slice()).collect();
    let head = Head {
        tenant: version.tenant.clone(),
        app: version.app.clone(),
        version: version.id,
        entry: version.entry.clone(),
        functions: version.functions.clone(),
        limits: version.limits,
        manifest: content.manifest.clone(),
        files: content
            .files
            .iter()
            .map(|file| (file.kind, file.path.clone(), file.bytes.len()))
            .collect(),
        sha256: sha256(&bytes),
    };
    let head = serde_json::to_vec(&head)?;
    let mut written = format!("{FORM}\n").into_bytes();
    written.extend_from_slice(&head);
    written.push(b'\n');
    bytes.into_iter().for_each(|part| written.extend_from_slice(part));
    Ok(written)
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// The app in a file.
pub(super) fn app(bytes: &[u8]) -> Result<Version, Wrong> {
    let (form, bytes) = line(bytes).ok_or("there is no first line")?;
    let is_old = form == OLD_FORM.as_bytes();
    if form != FORM.as_bytes() && !is_old {
        let text = String::from_utf8_lossy(&form[..form.len().min(FORM.len() + 8)]).into_owned();
        return match text.strip_prefix("skep-app ").map(str::parse::<u32>) {
            Some(Ok(number)) if 3 < number => Err(Wrong::Later(text)),
            _ => Err(format!("the first line is {text:?}, expected {FORM:?}").into()),
        };
    }
    let (head, mut rest) = line(bytes).ok_or("there is no second line")?;
    let head: Head = match is_old {
        true => serde_json::from_slice::<OldHead>(head)?.into(),
        false => serde_json::from_slice(head)?,
    };
    let found = sha256(&[rest]);
    if found != head.sha256 {
        let expected = head.sha256;
        return Err(format!("the files have the hash {found}, expected {expected}").into());
    }
    let mut files = Vec::new();
    for (kind, path, len) in head.files {
        let (bytes, after) =
            rest.split_at_checked(len).ok_or_else(|| format!("{path} breaks off"))?;
        files.push(File { path, kind, bytes: bytes.to_vec() });
        rest = after;
    }
    if !rest.is_empty() {
        return Err(format!("{} bytes are of no file", rest.len()).into());
    }
    Ok(Version {
        tenant: head.tenant,
        app: head.app,
        id: head.version,
        entry: head.entry,
        content: Kept::new(Content::new(files, head.manifest)),
        limits: head.limits,
        functions: head.functions,
    })
}

/// The version, if it is the one that the name of its file says.
pub(super) fn named(version: Version, tenant: &TenantId, path: &Path) -> Result<Version, Wrong> {
    let (of, app) = (&version.tenant, &version.app);
    if of == tenant && path.file_stem().is_some_and(|name| name == app.as_str()) {
        return Ok(version);
    }
    Err(format!("it is the app {app} of {of}").into())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OldApp {
    tenant: TenantId,
    app: AppId,
    version: VersionId,
    entry: FilePath,
    functions: Vec<String>,
    limits: AppLimits,
    rate: Ceiling<Rate>,
    concurrency: Ceiling<u32>,
    memory: Ceiling<ByteCount>,
    instance_rate: Ceiling<Rate>,
    modules: Vec<OldModule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OldModule {
    path: FilePath,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    bytes: Option<Vec<u8>>,
}

/// The app and its quota in a file of the form before.
pub(super) fn old_app(bytes: &[u8]) -> Result<(Version, AppQuota), Wrong> {
    let old: OldApp = serde_json::from_slice(bytes)?;
    let file = |module: OldModule| {
        let text = module.text.map(String::into_bytes);
        let bytes = text.or(module.bytes).unwrap_or_default();
        File { path: module.path, kind: FileKind::File, bytes }
    };
    let files = old.modules.into_iter().map(file).collect();
    let version = Version {
        tenant: old.tenant,
        app: old.app,
        id: old.version,
        entry: old.entry,
        content: Kept::new(Content::new(files, Manifest::default())),
        limits: old.limits,
        functions: old.functions.into_iter().map(Function::own).collect(),
    };
    let quota = AppQuota {
        rate: old.rate,
        concurrency: old.concurrency,
        memory: old.memory,
        instance_rate: old.instance_rate,
    };
    Ok((version, quota))
}
