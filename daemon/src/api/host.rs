//! `Host`: instances, doctor and drain.

use std::sync::Arc;

use skep_proto::v1::{
    BudgetRequest, BudgetResponse, DoctorRequest, DoctorResponse, DrainRequest, DrainResponse,
    InstancesRequest, InstancesResponse, host_server::Host,
};
use tonic::{Request, Response, Status, async_trait};

use super::{Daemon, apps::name, away, convert};

#[async_trait]
impl Host for Daemon {
    async fn instances(
        &self,
        request: Request<InstancesRequest>,
    ) -> Result<Response<InstancesResponse>, Status> {
        let asked = self.asked(&request)?;
        let raw = request.into_inner();
        // Numbers of the host are for those who look after it.
        let of_host = asked.rights().admin().is_ok();
        let mut instances = Vec::new();
        if raw.tenant.is_empty() {
            asked.rights().admin()?;
            for (tenant, pool) in &self.pools {
                let pool = Arc::clone(pool);
                let all = away(&asked.caller, move || pool.instances()).await?;
                instances
                    .extend(all.iter().map(|one| convert::instance(tenant.as_str(), one, of_host)));
            }
        } else {
            let tenant = name(&raw.tenant)?;
            let pool = Arc::clone(self.pool(&asked, &tenant)?);
            let all = away(&asked.caller, move || pool.instances()).await?;
            instances
                .extend(all.iter().map(|one| convert::instance(tenant.as_str(), one, of_host)));
        }
        Ok(Response::new(InstancesResponse { instances }))
    }

    async fn doctor(
        &self,
        request: Request<DoctorRequest>,
    ) -> Result<Response<DoctorResponse>, Status> {
        self.asked(&request)?.rights().admin()?;
        let findings = self.doctor.examine(self).await;
        Ok(Response::new(DoctorResponse { findings }))
    }

    async fn budget(
        &self,
        request: Request<BudgetRequest>,
    ) -> Result<Response<BudgetResponse>, Status> {
        self.asked(&request)?.rights().admin()?;
        let mut uses = vec![convert::budget_use(String::new(), self.budgets.all())];
        let tenants = self.budgets.tenants();
        uses.extend(tenants.map(|(name, meter)| convert::budget_use(name.to_string(), meter)));
        let callers = self.callers.budgets();
        uses.extend(callers.iter().map(|(user, meter)| {
            let name = user.map_or_else(|| "tcp".to_owned(), |uid| uid.to_string());
            convert::budget_use(name, meter)
        }));
        let (kept, most) = (self.shared.kept.bytes(), self.config.kept);
        Ok(Response::new(BudgetResponse {
            uses,
            kept_bytes: kept.bytes(),
            kept_most_bytes: most.bytes(),
        }))
    }

    async fn drain(
        &self,
        request: Request<DrainRequest>,
    ) -> Result<Response<DrainResponse>, Status> {
        self.asked(&request)?.rights().admin()?;
        let running = self.running();
        tracing::info!(running, "draining: an admin asked for it");
        self.draining.send_replace(true);
        Ok(Response::new(DrainResponse { running }))
    }
}
