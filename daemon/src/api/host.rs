//! `Host`: instances, doctor and drain.

use skep_proto::v1::{
    DoctorRequest, DoctorResponse, DrainRequest, DrainResponse, InstancesRequest,
    InstancesResponse, host_server::Host,
};
use tonic::{Request, Response, Status, async_trait};

use super::{Daemon, apps::name, convert};

#[async_trait]
impl Host for Daemon {
    async fn instances(
        &self,
        request: Request<InstancesRequest>,
    ) -> Result<Response<InstancesResponse>, Status> {
        let rights = self.rights(&request)?;
        let raw = request.into_inner();
        let mut instances = Vec::new();
        if raw.tenant.is_empty() {
            rights.admin()?;
            for (tenant, pool) in &self.pools {
                let all = pool.instances();
                instances.extend(all.iter().map(|one| convert::instance(tenant.as_str(), one)));
            }
        } else {
            let tenant = name(&raw.tenant)?;
            let all = self.pool(&rights, &tenant)?.instances();
            instances.extend(all.iter().map(|one| convert::instance(tenant.as_str(), one)));
        }
        Ok(Response::new(InstancesResponse { instances }))
    }

    async fn doctor(
        &self,
        request: Request<DoctorRequest>,
    ) -> Result<Response<DoctorResponse>, Status> {
        self.rights(&request)?.admin()?;
        let findings = self.doctor.examine(self).await;
        Ok(Response::new(DoctorResponse { findings }))
    }

    async fn drain(
        &self,
        request: Request<DrainRequest>,
    ) -> Result<Response<DrainResponse>, Status> {
        self.rights(&request)?.admin()?;
        let running = self.running();
        tracing::info!(running, "draining: an admin asked for it");
        self.draining.send_replace(true);
        Ok(Response::new(DrainResponse { running }))
    }
}
