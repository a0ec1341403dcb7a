//! The gRPC face: decodes, checks who asks, and turns outcomes into answers.
//!
//! Nothing is decided here but that. Only [`status`] knows gRPC codes; only [`convert`] knows how our
//! types look in messages.

mod answer;
mod apps;
mod bill;
mod body;
mod callers;
mod connections;
mod convert;
mod fit;
mod front;
mod host;
mod ids;
mod invocations;
mod lanes;
mod line;
mod quotas;
mod refused;
mod rpc;
mod serve;
mod status;
mod unbroken;

use std::{collections::BTreeMap, sync::Arc};

use skep_core::TenantId;
use skep_proto::v1::{
    DESCRIPTORS, apps_server::AppsServer, host_server::HostServer,
    invocations_server::InvocationsServer, quotas_server::QuotasServer,
};
use tokio::sync::{Semaphore, watch};
use tonic::service::Routes;

use self::{
    callers::{Caller, Callers, Rights},
    front::Asked,
    status::Refusal,
    unbroken::to_its_end,
};
pub use self::{
    front::Accepted,
    serve::{Ends, ServeError, serve},
};
use crate::{
    budget::{Budgets, Charge},
    config::Config,
    dispatch::Bounds,
    doctor::Doctor,
    pool::{Pool, Shared},
    store::{Store, StoreError},
};

/// Deploys of one tenant at the same time, of which one runs.
const DEPLOYS: usize = 8;

/// Pieces of work at the same time that wait for files.
static AWAY: Semaphore = Semaphore::const_new(4);

/// What the services share.
#[derive(Debug)]
pub struct Daemon {
    /// As it was read.
    pub config: Config,
    /// By tenant; fixed for the daemon's life.
    pub pools: BTreeMap<TenantId, Arc<Pool>>,
    /// What all pools share.
    pub shared: Arc<Shared>,
    /// Where apps are kept.
    pub store: Store,
    /// What the host offers.
    pub doctor: Doctor,
    /// Set once no new work is taken.
    pub draining: watch::Sender<bool>,
    /// What requests and answers may hold.
    pub budgets: Arc<Budgets>,
    callers: Arc<Callers>,
    refused: refused::Refused,
    /// One deploy of a tenant at a time: what is live and what is kept must agree.
    deploying: BTreeMap<TenantId, Arc<tokio::sync::Mutex<()>>>,
    /// Deploys of a tenant that run or wait: each holds its source.
    deploys: BTreeMap<TenantId, Semaphore>,
}

impl Daemon {
    /// Everything but the server.
    pub fn new(
        config: Config,
        pools: BTreeMap<TenantId, Arc<Pool>>,
        shared: Arc<Shared>,
        store: Store,
        doctor: Doctor,
    ) -> Arc<Self> {
        let budgets = Arc::new(Budgets::new(config.budget, pools.keys()));
        let callers =
            Arc::new(Callers::new(&config.callers, Arc::clone(&budgets), config.rates.refused));
        let deploying = pools.keys().map(|tenant| (tenant.clone(), Default::default())).collect();
        let deploys =
            pools.keys().map(|tenant| (tenant.clone(), Semaphore::new(DEPLOYS))).collect();
        Arc::new(Self {
            config,
            pools,
            shared,
            store,
            doctor,
            draining: watch::Sender::new(false),
            budgets,
            callers,
            refused: refused::Refused::default(),
            deploying,
            deploys,
        })
    }

    fn asked<T>(&self, request: &tonic::Request<T>) -> Result<Asked, Refusal> {
        request.extensions().get::<Asked>().cloned().ok_or(Refusal::Unknown)
    }

    /// The pool of a tenant, for whoever may use it. There is no other way to a tenant's things. From here
    /// on the request counts against that tenant.
    fn pool(&self, asked: &Asked, tenant: &TenantId) -> Result<&Arc<Pool>, Refusal> {
        asked.rights().tenant(tenant, asked.may)?;
        let pool = self.pools.get(tenant).ok_or(Refusal::NotFound)?;
        let budget = self.budgets.tenant(tenant).ok_or(Refusal::NotFound)?;
        asked.charge.is_for(budget)?;
        Ok(pool)
    }

    fn bounds(&self) -> Bounds {
        Bounds { sizes: self.config.sizes, logs: self.config.logs }
    }

    /// Calls that run or wait, of all tenants.
    pub fn running(&self) -> u32 {
        self.pools.values().map(|pool| pool.running()).sum()
    }
}

impl Asked {
    fn rights(&self) -> &Rights {
        &self.caller.rights
    }

    /// Whoever has this keeps what the request holds in the budgets.
    fn held(&self) -> Arc<Charge> {
        Arc::clone(&self.charge)
    }
}

/// Work that waits for the disk, away from the threads that serve.
async fn on_disk<T: Send + 'static>(
    caller: &Caller,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Refusal> {
    Ok(away(caller, work).await??)
}

/// Work that waits for files, of the disk or of the kernel, away from the threads that serve; a few pieces at a
/// time, and of one caller at most half of them.
async fn away<T: Send + 'static>(
    caller: &Caller,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    // Requests that wait here are in the budgets, and so bounded; it is never closed.
    let own = caller.account.files().await;
    let turn = AWAY.acquire().await.map_err(|error| Refusal::Internal(error.to_string()))?;
    // The work keeps its turn, also when nobody waits for it any more.
    let done = tokio::task::spawn_blocking(move || {
        let _turns = (own, turn);
        work()
    })
    .await;
    done.map_err(|error| Refusal::Internal(error.to_string()))
}

/// Every service, with health and reflection.
///
/// # Errors
///
/// The built-in descriptors cannot be read.
fn routes(
    daemon: &Arc<Daemon>,
    health: tonic_health::pb::health_server::HealthServer<
        impl tonic_health::pb::health_server::Health,
    >,
) -> Result<Routes, tonic_reflection::server::Error> {
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    // The front counts sizes before anything is decoded; these must only not be in its way.
    let most = usize::MAX;
    Ok(Routes::default()
        .add_service(health)
        .add_service(reflection().build_v1()?)
        // What older clients ask for.
        .add_service(reflection().build_v1alpha()?)
        .add_service(
            InvocationsServer::from_arc(Arc::clone(daemon)).max_decoding_message_size(most),
        )
        .add_service(AppsServer::from_arc(Arc::clone(daemon)).max_decoding_message_size(most))
        .add_service(QuotasServer::from_arc(Arc::clone(daemon)))
        .add_service(HostServer::from_arc(Arc::clone(daemon))))
}
