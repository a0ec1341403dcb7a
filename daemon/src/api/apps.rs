//! `Apps`: deploys, lists and removes, and shows console lines.

use std::{collections::BTreeSet, sync::Arc, time::SystemTime};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use skep_core::{
    AppId, AppLimits, ByteCount, Cause, FilePath, LimitsMax, TenantId, VersionId, limits::resolve,
    name::PATH_BYTES,
};
use skep_link::frame::{MAX_FILES, MAX_LOG_LINE, MAX_VARIABLES};
use skep_proto::v1::{
    self, DeployRequest, DeployResponse, GivenFile, ListAppsRequest, ListAppsResponse, LogsRequest,
    LogsResponse, RemoveRequest, RemoveResponse, SourceFile, apps_server::Apps,
};
use tonic::{Request, Response, Status, async_trait};

use super::{
    Daemon,
    convert::{self, Fields},
    fit::shown,
    front::Asked,
    on_disk,
    status::Refusal,
    to_its_end,
};
use crate::{
    kept::Kept,
    pool::{CompileError, Pool},
    registry::{AppQuota, Content, File, FileKind, Manifest, Version},
    store::{Salt, Store, StoreError},
};

/// Bytes of a list or of console lines in one answer.
const MOST_ANSWER: usize = 1 << 20;
/// Bytes of an app in a list, about: 64 names of functions, and the rest.
const MOST_APP: usize = 5 << 10;
/// Console lines given when the request names no number.
const LOG_LINES: u32 = 200;

#[async_trait]
impl Apps for Daemon {
    async fn deploy(
        &self,
        request: Request<DeployRequest>,
    ) -> Result<Response<DeployResponse>, Status> {
        let asked = self.asked(&request)?;
        let raw = request.into_inner();
        let tenant = name(&raw.tenant)?;
        let pool = self.pool(&asked, &tenant)?;
        if *self.draining.borrow() {
            return Err(Refusal::from(Cause::Draining).into());
        }
        let doors = self.deploys.get(&tenant).ok_or(Refusal::NotFound)?;
        let Ok(_inside) = doors.try_acquire() else {
            return Err(Refusal::from(Cause::QueueFull).into());
        };
        let deploying = self.deploying.get(&tenant).ok_or(Refusal::NotFound)?;
        let one_at_a_time = Arc::clone(deploying).lock_owned().await;
        // Not before: it takes over what is live, which another one may just be changing.
        let draft = self.read_deploy(pool, tenant.clone(), raw)?;
        let (pool, store) = (Arc::clone(pool), self.store.clone());
        let held = asked.held();
        let deployed = to_its_end(async move {
            let _until_then = (held, one_at_a_time);
            let quota = draft.quota;
            let salted = store.clone();
            // Some milliseconds for the largest.
            let finish = move || draft.finish(&salted);
            let mut version = on_disk(&asked.caller, finish).await?;
            let compiled = pool.compile(&version).await.map_err(refused)?;
            let exports = compiled.exports;
            version.functions = exports.functions;
            // Kept before it is live: what answers now also answers after a restart.
            let version =
                on_disk(&asked.caller, move || store.save(&version, &quota).map(|()| version))
                    .await?;
            tracing::info!(%tenant, app = %version.app, version = %version.id.short(), "deployed");
            let response = DeployResponse {
                version: version.id.to_string(),
                functions: version.functions.iter().map(|it| it.name.clone()).collect(),
                found: version.functions.iter().map(convert::function).collect(),
                skipped_exports: exports.skipped,
                skipped_names: exports.named,
            };
            pool.deploy(version, quota, Some(compiled.loading));
            Ok::<_, Refusal>(response)
        });
        Ok(Response::new(deployed.await??))
    }

    async fn list(
        &self,
        request: Request<ListAppsRequest>,
    ) -> Result<Response<ListAppsResponse>, Status> {
        let asked = self.asked(&request)?;
        let tenant = name(&request.into_inner().tenant)?;
        let pool = self.pool(&asked, &tenant)?;
        let all = pool.apps();
        has_room(&asked, all.len(), MOST_APP)?;
        let (apps, truncated) = convert::fitting(all.iter().map(convert::app), MOST_ANSWER);
        Ok(Response::new(ListAppsResponse { apps, truncated }))
    }

    async fn remove(
        &self,
        request: Request<RemoveRequest>,
    ) -> Result<Response<RemoveResponse>, Status> {
        let asked = self.asked(&request)?;
        let raw = request.into_inner();
        let (tenant, app) = names(&raw.tenant, &raw.app)?;
        let pool = self.pool(&asked, &tenant)?;
        let deploying = self.deploying.get(&tenant).ok_or(Refusal::NotFound)?;
        let one_at_a_time = Arc::clone(deploying).lock_owned().await;
        if pool.version(&app).is_none() {
            return Err(Refusal::NotFound.into());
        }
        let (pool, store) = (Arc::clone(pool), self.store.clone());
        let held = asked.held();
        to_its_end(async move {
            let _until_then = (held, one_at_a_time);
            let what = (tenant.clone(), app.clone());
            on_disk(&asked.caller, move || store.remove(&what.0, &what.1)).await?;
            pool.remove(&app);
            tracing::info!(%tenant, %app, "removed");
            Ok::<_, Refusal>(())
        })
        .await??;
        Ok(Response::new(RemoveResponse {}))
    }

    async fn logs(&self, request: Request<LogsRequest>) -> Result<Response<LogsResponse>, Status> {
        let asked = self.asked(&request)?;
        let raw = request.into_inner();
        let (tenant, app) = names(&raw.tenant, &raw.app)?;
        let pool = self.pool(&asked, &tenant)?;
        let (_, logs) = pool.live(&app).ok_or(Refusal::NotFound)?;
        let limit = if raw.limit == 0 { LOG_LINES } else { raw.limit };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        has_room(&asked, limit, MAX_LOG_LINE)?;
        // The newest are kept. With more bytes of text than this the answer is cut, and says so.
        let newest = logs.read(raw.after, limit, MOST_ANSWER).into_iter().map(convert::log_line);
        let (mut lines, truncated) = convert::fitting(newest, MOST_ANSWER);
        lines.reverse();
        Ok(Response::new(LogsResponse { lines, truncated }))
    }
}

/// Whether the budgets have room for so many items now: an answer that is refused anyway is not even built.
fn has_room(asked: &Asked, count: usize, most_each: usize) -> Result<(), Refusal> {
    let bytes = count.saturating_mul(most_each).min(MOST_ANSWER);
    Ok(asked.charge.has_room(u64::try_from(bytes).unwrap_or(u64::MAX))?)
}

/// The tenant of a request.
pub(super) fn name(tenant: &str) -> Result<TenantId, Refusal> {
    let mut fields = Fields::default();
    let tenant = fields.parse("tenant", tenant);
    fields.finish()?;
    tenant.ok_or(Refusal::NotFound)
}

/// Tenant and app of a request.
pub(super) fn names(tenant: &str, app: &str) -> Result<(TenantId, AppId), Refusal> {
    let mut fields = Fields::default();
    let both = (fields.parse("tenant", tenant), fields.parse("app", app));
    fields.finish()?;
    match both {
        (Some(tenant), Some(app)) => Ok((tenant, app)),
        _ => Err(Refusal::NotFound),
    }
}

fn refused(error: CompileError) -> Refusal {
    match error {
        CompileError::Source { path, line, column, message } => {
            Refusal::Source { path, line, column, message }
        }
        CompileError::Cause(cause, told) => Refusal::Cause(cause, told),
    }
}

impl Daemon {
    fn read_deploy(
        &self,
        pool: &Pool,
        tenant: TenantId,
        raw: DeployRequest,
    ) -> Result<Draft, Refusal> {
        let mut fields = Fields::default();
        let app: Option<AppId> = fields.parse("app", &raw.app);
        let entry = if raw.entry.is_empty() { "index.js" } else { &raw.entry };
        let entry: Option<FilePath> = fields.parse("entry", entry);
        let files = self.read_files(&mut fields, raw.files, raw.given);
        let manifest =
            read_manifest(&mut fields, &raw.handler, raw.modules, raw.conditions, raw.variables);
        if let Some(entry) = &entry
            && !files.is_empty()
        {
            let named = |file: &&DraftFile| file.kind != FileKind::Given && file.path == *entry;
            match files.iter().find(named).map(|file| file.kind) {
                Some(FileKind::File) => {}
                Some(_) => fields.bad(
                    "entry",
                    format_args!("{entry} is a link; name the file that it leads to"),
                ),
                None => fields.bad("entry", format_args!("there is no file {entry}")),
            }
        }
        let (tenant_quota, ..) = pool.quota();
        let most = self.config.host_max.meet(LimitsMax {
            memory: tenant_quota.group.memory,
            cpu: tenant_quota.group.cpu,
            ..LimitsMax::OPEN
        });
        let spec = convert::limits_spec(raw.limits);
        let limits = match resolve(&spec, &self.config.defaults, &most) {
            Ok(limits) => Some(limits),
            Err(problems) => {
                fields.problems(problems);
                None
            }
        };
        // What a deploy does not speak of stays as it is.
        let live = app.as_ref().and_then(|app| pool.version(app));
        let (count, most_apps) = (pool.apps().len(), self.config.max_apps);
        if live.is_none() && usize::try_from(most_apps).is_ok_and(|most| most <= count) {
            let what =
                format!("would be one more than the {most_apps} of [max] apps; remove another");
            fields.bad("app", what);
        }
        let old = live.map_or(AppQuota::OPEN, |(_, quota)| quota);
        let (app_rate, instance_rate) = (raw.app_rate, raw.instance_rate);
        let quota = AppQuota {
            rate: app_rate.map_or(old.rate, |rate| convert::rate(&mut fields, "app_rate", rate)),
            instance_rate: instance_rate.map_or(old.instance_rate, |rate| {
                convert::rate(&mut fields, "instance_rate", rate)
            }),
            ..old
        };
        fields.finish()?;
        let (Some(app), Some(entry), Some(limits)) = (app, entry, limits) else {
            return Err(Refusal::Internal("a field was checked but is not there".to_owned()));
        };
        Ok(Draft { tenant, app, entry, files, manifest, limits, quota })
    }

    fn read_files(
        &self,
        fields: &mut Fields,
        files: Vec<SourceFile>,
        given: Vec<GivenFile>,
    ) -> Vec<DraftFile> {
        let number = files.len() + given.len();
        if files.is_empty() || MAX_FILES < number {
            let what = format!("are {number}, 1 to {MAX_FILES} are possible");
            fields.bad("files", what);
            return Vec::new();
        }
        let mut found = Vec::new();
        for (at, file) in files.into_iter().enumerate() {
            let field = |part: &str| format!("files[{at}].{part}");
            let Some(path) = file_path(fields, &field("path"), &file.path) else { continue };
            if file.link.is_empty() {
                found.push(DraftFile { kind: FileKind::File, path, bytes: file.content });
                continue;
            }
            if !file.content.is_empty() {
                fields.bad(&field("link"), "is set beside content");
            }
            if let Err(what) = check_link(&path, &file.link) {
                fields.bad(&field("link"), what);
            }
            found.push(DraftFile { kind: FileKind::Link, path, bytes: file.link.into() });
        }
        for (at, file) in given.into_iter().enumerate() {
            let field = format!("given[{at}].path");
            let Some(below) = file.path.strip_prefix('/').filter(|path| !is_own(path)) else {
                let what = "is no absolute path outside of /app and /tmp";
                fields.bad(&field, format_args!("{}: {what}", shown(&file.path)));
                continue;
            };
            if let Some(path) = file_path(fields, &field, below) {
                found.push(DraftFile { kind: FileKind::Given, path, bytes: file.content });
            }
        }
        found.sort();
        for pair in found.windows(2) {
            if let [one, other] = pair
                && one.path == other.path
                && (one.kind == FileKind::Given) == (other.kind == FileKind::Given)
            {
                fields.bad("files", format_args!("{} is there twice", one.path));
            }
        }
        let bytes: usize = found.iter().map(|file| file.bytes.len()).sum();
        let (bytes, most) = (u64::try_from(bytes).unwrap_or(u64::MAX), self.config.sizes.source);
        if most.bytes() < bytes {
            let size = ByteCount::from_bytes(bytes);
            fields.bad("files", format_args!("have {size} together, at most {most} are possible"));
        }
        found
    }
}

/// Whether a path below the root of the sandbox is one of the app itself.
fn is_own(path: &str) -> bool {
    ["app", "tmp"]
        .into_iter()
        .any(|own| path == own || path.strip_prefix(own).is_some_and(|it| it.starts_with('/')))
}

fn file_path(fields: &mut Fields, field: &str, path: &str) -> Option<FilePath> {
    match path.parse() {
        Ok(path) => Some(path),
        Err(error) => {
            fields.bad(field, format_args!("{}: {error}", shown(path)));
            None
        }
    }
}

/// Whether a link leads to a place inside the app.
fn check_link(path: &FilePath, target: &str) -> Result<(), String> {
    let mut depth = path.as_str().split('/').count() - 1;
    if PATH_BYTES < target.len()
        || target.contains(|found: char| found.is_control() || found == '\\')
    {
        return Err(format!("{}: is no path", shown(target)));
    }
    for segment in target.split('/') {
        match segment {
            "" => return Err(format!("{}: is absolute or has an empty segment", shown(target))),
            "." => {}
            ".." => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return Err(format!("{}: leads out of the app", shown(target))),
            },
            _ => depth += 1,
        }
    }
    Ok(())
}

/// Bytes of the name of a variable or a module, at most, and of all variables with their values.
const NAME_MOST: usize = 256;
const VARIABLES_MOST: usize = 256 << 10;

fn read_manifest(
    fields: &mut Fields,
    handler: &str,
    modules: Option<v1::Modules>,
    conditions: Vec<String>,
    variables: Vec<v1::Variable>,
) -> Manifest {
    let is_name = |text: &str| {
        text.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
    };
    if NAME_MOST < handler.len() || !is_name(handler) {
        fields.bad(
            "handler",
            format_args!("is {}, which is the name of no convention", shown(handler)),
        );
    }
    let bare = |name: String| name.strip_prefix("node:").map(str::to_owned).unwrap_or(name);
    let modules = modules.map(|modules| modules.names.into_iter().map(bare).collect::<Vec<_>>());
    for (field, names) in
        [("modules", modules.as_deref().unwrap_or_default()), ("conditions", &conditions)]
    {
        if names.len() <= MAX_VARIABLES && names.iter().all(|name| name.len() <= NAME_MOST) {
            continue;
        }
        fields.bad(
            field,
            format_args!("are more than {MAX_VARIABLES}, or have names beyond {NAME_MOST} bytes"),
        );
    }
    if MAX_VARIABLES < variables.len() {
        fields.bad(
            "variables",
            format_args!("has {} variables, at most {MAX_VARIABLES} are possible", variables.len()),
        );
    }
    let bytes: usize = variables.iter().map(|it| it.name.len() + it.value.len()).sum();
    if VARIABLES_MOST < bytes {
        fields.bad(
            "variables",
            format_args!("has {bytes} bytes, at most {VARIABLES_MOST} are possible"),
        );
    }
    let mut seen = BTreeSet::new();
    for (at, variable) in variables.iter().enumerate() {
        let name = &variable.name;
        let field = format!("variables[{at}]");
        if name.is_empty() || NAME_MOST < name.len() || name.contains(['=', '\0']) {
            let what = format!("is {}, expected 1 to {NAME_MOST} bytes without '='", shown(name));
            fields.bad(&format!("{field}.name"), what);
        }
        if !seen.insert(name) {
            fields.bad(&format!("{field}.name"), format_args!("{} is there twice", shown(name)));
        }
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Manifest {
        handler: handler.to_owned(),
        modules,
        conditions,
        variables: variables.into_iter().map(|it| (it.name, it.value)).collect(),
        deployed_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
    }
}

/// A file of a deploy, still inside the message that it came in.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct DraftFile {
    kind: FileKind,
    path: FilePath,
    bytes: Bytes,
}

/// A deploy whose fields are good.
struct Draft {
    tenant: TenantId,
    app: AppId,
    entry: FilePath,
    files: Vec<DraftFile>,
    manifest: Manifest,
    limits: AppLimits,
    quota: AppQuota,
}

impl Draft {
    /// The version, with its name. Copies the files: the message that they came in can go.
    ///
    /// # Errors
    ///
    /// The salt of a version with secrets cannot be read or kept.
    fn finish(self, store: &Store) -> Result<Version, StoreError> {
        let salt = self.has_secrets().then(|| store.salt()).transpose()?;
        let id = self.hash(salt);
        let Self { tenant, app, entry, files, manifest, limits, quota: _ } = self;
        let owned =
            |file: DraftFile| File { path: file.path, kind: file.kind, bytes: file.bytes.to_vec() };
        let files = files.into_iter().map(owned).collect();
        let (functions, content) = (Vec::new(), Kept::new(Content::new(files, manifest)));
        Ok(Version { tenant, app, id, entry, content, limits, functions })
    }

    /// Whether there are values that may be guessed, and must not be by the version's name, which many may see.
    fn has_secrets(&self) -> bool {
        let given = |file: &DraftFile| file.kind == FileKind::Given;
        !self.manifest.variables.is_empty() || self.files.iter().any(given)
    }

    /// SHA-256 over everything that makes a version what it is, and over the salt of one with secrets; every part with
    /// its length before it.
    fn hash(&self, salt: Option<Salt>) -> VersionId {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(bytes);
        };
        part(self.entry.as_str().as_bytes());
        // The debug form names every field; two different limits never share it.
        part(format!("{:?}", self.limits).as_bytes());
        let Manifest { handler, modules, conditions, variables, deployed_ms: _ } = &self.manifest;
        part(handler.as_bytes());
        part(format!("{modules:?} {conditions:?}").as_bytes());
        part(&variables.len().to_le_bytes());
        if let Some(salt) = salt {
            part(&salt);
        }
        for (name, value) in variables {
            part(name.as_bytes());
            part(value.as_bytes());
        }
        for file in &self.files {
            part(format!("{:?}", file.kind).as_bytes());
            part(file.path.as_str().as_bytes());
            part(&file.bytes);
        }
        VersionId::from_bytes(hash.finalize().into())
    }
}
