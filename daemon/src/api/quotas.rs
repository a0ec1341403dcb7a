//! `Quotas`: reads and changes what is metered.

use std::sync::Arc;

use skep_core::{ByteCount, Ceiling, CpuShare, TenantId};
use skep_proto::v1::{
    GetQuotaRequest, GetQuotaResponse, Metric, SetQuotaRequest, SetQuotaResponse, UsageRequest,
    UsageResponse, quotas_server::Quotas,
};
use tonic::{Request, Response, Status, async_trait};

use super::{
    Daemon,
    apps::{name, names},
    away, bill,
    convert::{self, Fields},
    front::Asked,
    on_disk,
    status::Refusal,
    to_its_end,
};
use crate::{
    cgroup::{Limit, LimitError, Limits},
    exit::Chain,
    instance::LaunchError,
    pool::{Pool, TenantQuota},
    registry::AppQuota,
    store::QuotaSet,
};

/// More than any host has, and what the kernel can count.
const MOST_MEMORY: ByteCount = ByteCount::from_bytes(1 << 60);

#[async_trait]
impl Quotas for Daemon {
    async fn get(
        &self,
        request: Request<GetQuotaRequest>,
    ) -> Result<Response<GetQuotaResponse>, Status> {
        let asked = self.asked(&request)?;
        let raw = request.into_inner();
        let tenant = name(&raw.tenant)?;
        let pool = self.pool(&asked, &tenant)?;
        let mut kept = None;
        let (quota, instance_rate, running, reserved) = if raw.app.is_empty() {
            let (quota, running, reserved) = pool.quota();
            kept = Some(pool.kept().bytes());
            (convert::tenant_quota(&quota), None, running, reserved)
        } else {
            let (_, app) = names(&raw.tenant, &raw.app)?;
            let (quota, running, reserved) = pool.app_quota(&app).ok_or(Refusal::NotFound)?;
            let instance_rate = convert::rates(quota.instance_rate);
            (convert::app_quota(&quota), instance_rate, running, reserved)
        };
        Ok(Response::new(GetQuotaResponse {
            quota: Some(quota),
            instance_rate,
            running,
            memory_reserved_bytes: reserved.bytes(),
            memory_kept_bytes: kept,
        }))
    }

    async fn usage(
        &self,
        request: Request<UsageRequest>,
    ) -> Result<Response<UsageResponse>, Status> {
        bill::of(self, request).await
    }

    async fn set(
        &self,
        request: Request<SetQuotaRequest>,
    ) -> Result<Response<SetQuotaResponse>, Status> {
        let asked = self.asked(&request)?;
        let raw = request.into_inner();
        let tenant = name(&raw.tenant)?;
        let pool = self.pool(&asked, &tenant)?;
        if raw.app.is_empty() {
            // Whoever may use a tenant must not be able to give it more.
            asked.rights().admin()?;
            self.set_tenant(&asked, pool, &tenant, raw).await
        } else {
            self.set_app(&asked, pool, raw).await
        }
    }
}

impl Daemon {
    async fn set_tenant(
        &self,
        asked: &Asked,
        pool: &Arc<Pool>,
        tenant: &TenantId,
        raw: SetQuotaRequest,
    ) -> Result<Response<SetQuotaResponse>, Status> {
        let deploying = self.deploying.get(tenant).ok_or(Refusal::NotFound)?;
        let one_at_a_time = Arc::clone(deploying).lock_owned().await;
        let (old, ..) = pool.quota();
        let mut fields = Fields::default();
        let open = convert::unlimited(&mut fields, &raw);
        let change = raw.quota.unwrap_or_default();
        let rate_open = open.contains(&Metric::Rate);
        let memory = change.memory_bytes.map(ByteCount::from_bytes);
        let cpu = change.cpu_millis.map(CpuShare::from_millis);
        let quota = TenantQuota {
            rate: convert::change_rate(&mut fields, "quota.rate", old.rate, change.rate, rate_open),
            concurrency: convert::change(
                &open,
                Metric::Concurrency,
                change.concurrency,
                old.concurrency,
            ),
            group: Limits {
                memory: convert::change(&open, Metric::Memory, memory, old.group.memory),
                cpu: convert::change(&open, Metric::Cpu, cpu, old.group.cpu),
                ..old.group
            },
        };
        if raw.instance_rate.is_some() || open.contains(&Metric::InstanceRate) {
            fields.bad("instance_rate", "belongs to an app; name one");
        }
        if let Some(memory) = memory
            && MOST_MEMORY < memory
        {
            let what = format!("is {memory}, at most {MOST_MEMORY} can be held to");
            fields.bad("quota.memory_bytes", what);
        }
        if let Some(cpu) = cpu
            && cpu < CpuShare::LEAST
        {
            let least = CpuShare::LEAST;
            let what = format!("is {cpu}, at least {least} is needed; to close, set the rate to 0");
            fields.bad("quota.cpu_millis", what);
        }
        fields.finish()?;
        let set = |metric, changed: bool| changed || open.contains(&metric);
        let set = QuotaSet {
            rate: set(Metric::Rate, change.rate.is_some()).then_some(quota.rate),
            concurrency: set(Metric::Concurrency, change.concurrency.is_some())
                .then_some(quota.concurrency),
            memory: set(Metric::Memory, memory.is_some()).then_some(quota.group.memory),
            cpu: set(Metric::Cpu, cpu.is_some()).then_some(quota.group.cpu),
        };
        let (pool, store, name) = (Arc::clone(pool), self.store.clone(), tenant.clone());
        let (held, caller) = (asked.held(), Arc::clone(&asked.caller));
        let done = to_its_end(async move {
            let _until_then = (held, one_at_a_time);
            away(&caller, move || {
                pool.set_quota(quota).map_err(not_set)?;
                if let Err(error) = store.save_quota(&name, &set) {
                    // Not kept means not set. The error that counts is the one being returned.
                    let _ = pool.set_quota(old);
                    return Err(Refusal::from(error));
                }
                Ok(())
            })
            .await?
        });
        done.await??;
        tracing::info!(%tenant, ?quota, "quota set");
        let quota = Some(convert::tenant_quota(&quota));
        Ok(Response::new(SetQuotaResponse { quota, instance_rate: None }))
    }

    async fn set_app(
        &self,
        asked: &Asked,
        pool: &Arc<Pool>,
        raw: SetQuotaRequest,
    ) -> Result<Response<SetQuotaResponse>, Status> {
        let (tenant, app) = names(&raw.tenant, &raw.app)?;
        let deploying = self.deploying.get(&tenant).ok_or(Refusal::NotFound)?;
        let one_at_a_time = Arc::clone(deploying).lock_owned().await;
        let (version, old) = pool.version(&app).ok_or(Refusal::NotFound)?;
        let (tenant_quota, ..) = pool.quota();
        let mut fields = Fields::default();
        let open = convert::unlimited(&mut fields, &raw);
        let change = raw.quota.unwrap_or_default();
        let memory = change.memory_bytes.map(ByteCount::from_bytes);
        if let (Some(memory), Ceiling::At(most)) = (memory, tenant_quota.group.memory)
            && most < memory
        {
            let what = format!("is {memory}, above the tenant's {most}");
            fields.bad("quota.memory_bytes", what);
        }
        let rate_open = open.contains(&Metric::Rate);
        let quota = AppQuota {
            rate: convert::change_rate(&mut fields, "quota.rate", old.rate, change.rate, rate_open),
            concurrency: convert::change(
                &open,
                Metric::Concurrency,
                change.concurrency,
                old.concurrency,
            ),
            memory: convert::change(&open, Metric::Memory, memory, old.memory),
            instance_rate: convert::change_rate(
                &mut fields,
                "instance_rate",
                old.instance_rate,
                raw.instance_rate,
                open.contains(&Metric::InstanceRate),
            ),
        };
        if let Some(concurrency) = change.concurrency
            && version.limits.concurrency.get() < concurrency
        {
            let most = version.limits.concurrency;
            let what = format!("is {concurrency}, above the {most} that the app was deployed with");
            fields.bad("quota.concurrency", what);
        }
        if change.cpu_millis.is_some() || open.contains(&Metric::Cpu) {
            let what = "an app's CPU limit is part of its deployment; deploy it again with another";
            fields.bad("quota.cpu_millis", what);
        }
        fields.finish()?;
        let (pool, store) = (Arc::clone(pool), self.store.clone());
        let (held, caller) = (asked.held(), Arc::clone(&asked.caller));
        let there = to_its_end(async move {
            let _until_then = (held, one_at_a_time);
            let (of, name) = (tenant, app.clone());
            on_disk(&caller, move || store.save_app_quota(&of, &name, &quota)).await?;
            Ok::<_, Refusal>(
                pool.set_app_quota(&app, quota).then(|| pool.app_quota(&app)).flatten(),
            )
        });
        let (quota, ..) = there.await??.ok_or(Refusal::NotFound)?;
        Ok(Response::new(SetQuotaResponse {
            quota: Some(convert::app_quota(&quota)),
            instance_rate: convert::rates(quota.instance_rate),
        }))
    }
}

fn not_set(error: LaunchError) -> Refusal {
    match error {
        // Version 1 takes no limit below what is in use and cannot be taken back.
        LaunchError::Limit(LimitError::Write { limit: Limit::Memory, .. }) => {
            let mut fields = Fields::default();
            let what =
                "is less than what the tenant's instances use; try again when they have ended";
            fields.bad("quota.memory_bytes", what);
            fields.finish().err().unwrap_or(Refusal::NotFound)
        }
        error => Refusal::Internal(Chain(&error).to_string()),
    }
}
