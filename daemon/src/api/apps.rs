//! `Apps`: deploys, lists and removes, and shows console lines.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use skep_core::{
    AppId, AppLimits, ByteCount, Cause, LimitsMax, ModulePath, TenantId, VersionId, limits::resolve,
};
use skep_link::frame::{MAX_LOG_LINE, MAX_MODULES};
use skep_proto::v1::{
    DeployRequest, DeployResponse, ListAppsRequest, ListAppsResponse, LogsRequest, LogsResponse,
    RemoveRequest, RemoveResponse, SourceFile, apps_server::Apps,
};
use tonic::{Request, Response, Status, async_trait};

use super::{
    Daemon, away,
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
    registry::{AppQuota, Content, Version},
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
            // Some milliseconds for the largest.
            let mut version = away(&asked.caller, move || draft.finish()).await?;
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
                functions: version.functions.clone(),
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
        let entry: Option<ModulePath> = fields.parse("entry", entry);
        let modules = self.read_files(&mut fields, raw.files);
        if let Some(entry) = &entry
            && modules.iter().all(|(path, _)| path != entry)
        {
            fields.bad("entry", format_args!("there is no file {entry}"));
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
        Ok(Draft { tenant, app, entry, modules, limits, quota })
    }

    fn read_files(&self, fields: &mut Fields, files: Vec<SourceFile>) -> Vec<(ModulePath, Bytes)> {
        if files.is_empty() || MAX_MODULES < files.len() {
            let what = format!("has {} files, 1 to {MAX_MODULES} are possible", files.len());
            fields.bad("files", what);
            return Vec::new();
        }
        let bytes: usize = files.iter().map(|file| file.content.len()).sum();
        let (bytes, most) = (u64::try_from(bytes).unwrap_or(u64::MAX), self.config.sizes.source);
        if most.bytes() < bytes {
            let size = ByteCount::from_bytes(bytes);
            fields.bad("files", format_args!("have {size} together, at most {most} are possible"));
        }
        let mut seen = BTreeSet::new();
        let mut modules = Vec::new();
        for (at, file) in files.into_iter().enumerate() {
            let field = format!("files[{at}].path");
            let path = match file.path.parse::<ModulePath>() {
                Ok(path) => path,
                Err(error) => {
                    fields.bad(&field, format_args!("{}: {error}", shown(&file.path)));
                    continue;
                }
            };
            if seen.insert(path.clone()) {
                modules.push((path, file.content));
            } else {
                fields.bad(&field, format_args!("{path} is there twice"));
            }
        }
        modules.sort();
        modules
    }
}

/// A deploy whose fields are good.
struct Draft {
    tenant: TenantId,
    app: AppId,
    entry: ModulePath,
    modules: Vec<(ModulePath, Bytes)>,
    limits: AppLimits,
    quota: AppQuota,
}

impl Draft {
    /// The version, with its name. Copies the source: the message that it came in can go.
    fn finish(self) -> Version {
        let Self { tenant, app, entry, modules, limits, quota: _ } = self;
        let id = hash(&entry, &modules, &limits);
        let modules = modules.into_iter().map(|(path, source)| (path, source.to_vec())).collect();
        let (functions, content) = (Vec::new(), Kept::new(Content::new(modules)));
        Version { tenant, app, id, entry, content, limits, functions }
    }
}

/// SHA-256 over everything that makes a version what it is; every part with its length before it.
fn hash(entry: &ModulePath, modules: &[(ModulePath, Bytes)], limits: &AppLimits) -> VersionId {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(bytes);
    };
    part(entry.as_str().as_bytes());
    // The debug form names every field; two different limits never share it.
    part(format!("{limits:?}").as_bytes());
    for (path, source) in modules {
        part(path.as_str().as_bytes());
        part(source);
    }
    VersionId::from_bytes(hash.finalize().into())
}
