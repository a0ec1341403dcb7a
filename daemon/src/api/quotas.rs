//! `Quotas`: reads and changes what is metered.

use skep_core::{ByteCount, Ceiling, CpuShare};
use skep_proto::v1::{
    GetQuotaRequest, GetQuotaResponse, Metric, SetQuotaRequest, SetQuotaResponse,
    quotas_server::Quotas,
};
use tonic::{Request, Response, Status, async_trait};

use super::{
    Daemon,
    apps::{name, names},
    convert::{self, Fields},
    status::Refusal,
};
use crate::{cgroup::Limits, exit::Chain, pool::TenantQuota, registry::AppQuota};

#[async_trait]
impl Quotas for Daemon {
    async fn get(
        &self,
        request: Request<GetQuotaRequest>,
    ) -> Result<Response<GetQuotaResponse>, Status> {
        let rights = self.callers.rights(&request)?;
        let raw = request.into_inner();
        let tenant = name(&raw.tenant)?;
        rights.tenant(&tenant)?;
        let pool = self.pools.get(&tenant).ok_or(Refusal::NotFound)?;
        let (quota, instance_rate, running, reserved) = if raw.app.is_empty() {
            let (quota, running, reserved) = pool.quota();
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
        }))
    }

    async fn set(
        &self,
        request: Request<SetQuotaRequest>,
    ) -> Result<Response<SetQuotaResponse>, Status> {
        let rights = self.callers.rights(&request)?;
        let raw = request.into_inner();
        let tenant = name(&raw.tenant)?;
        rights.tenant(&tenant)?;
        if raw.app.is_empty() {
            // Whoever may use a tenant must not be able to give it more.
            rights.admin()?;
            self.set_tenant(&tenant, raw).await
        } else {
            self.set_app(raw).await
        }
    }
}

impl Daemon {
    async fn set_tenant(
        &self,
        tenant: &skep_core::TenantId,
        raw: SetQuotaRequest,
    ) -> Result<Response<SetQuotaResponse>, Status> {
        let pool = self.pools.get(tenant).ok_or(Refusal::NotFound)?;
        let deploying = self.deploying.get(tenant).ok_or(Refusal::NotFound)?;
        let _one_at_a_time = deploying.lock().await;
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
        fields.finish()?;
        pool.set_quota(quota).map_err(|error| Refusal::Internal(Chain(&error).to_string()))?;
        self.store
            .save_quota(tenant, &quota)
            .map_err(|error| Refusal::Internal(Chain(&error).to_string()))?;
        tracing::info!(%tenant, ?quota, "quota set");
        let quota = Some(convert::tenant_quota(&quota));
        Ok(Response::new(SetQuotaResponse { quota, instance_rate: None }))
    }

    async fn set_app(&self, raw: SetQuotaRequest) -> Result<Response<SetQuotaResponse>, Status> {
        let (tenant, app) = names(&raw.tenant, &raw.app)?;
        let pool = self.pools.get(&tenant).ok_or(Refusal::NotFound)?;
        let deploying = self.deploying.get(&tenant).ok_or(Refusal::NotFound)?;
        let _one_at_a_time = deploying.lock().await;
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
        if change.cpu_millis.is_some() || open.contains(&Metric::Cpu) {
            let what = "an app's CPU limit is part of its deployment; deploy it again with another";
            fields.bad("quota.cpu_millis", what);
        }
        fields.finish()?;
        self.store
            .save(&version, &quota)
            .map_err(|error| Refusal::Internal(Chain(&error).to_string()))?;
        if !pool.set_app_quota(&app, quota) {
            return Err(Refusal::NotFound.into());
        }
        Ok(Response::new(SetQuotaResponse {
            quota: Some(convert::app_quota(&quota)),
            instance_rate: convert::rates(quota.instance_rate),
        }))
    }
}
