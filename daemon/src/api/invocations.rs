//! `Invocations`: runs functions.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use skep_core::{AppId, Cause, Deadline, FunctionName, InvocationId, TenantId};
use skep_proto::v1::{InvokeRequest, InvokeResponse, invocations_server::Invocations};
use tokio::sync::oneshot;
use tonic::{Request, Response, Status, async_trait};

use super::{
    Accepted, Daemon,
    convert::{self, Fields},
    status::{self, Refusal},
    to_its_end,
};
use crate::dispatch::{self, Call};

/// Beyond every app's limit; only keeps the sum of times finite.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

#[async_trait]
impl Invocations for Daemon {
    async fn invoke(
        &self,
        request: Request<InvokeRequest>,
    ) -> Result<Response<InvokeResponse>, Status> {
        let rights = self.rights(&request)?;
        let accepted = request.extensions().get::<Accepted>().copied();
        let (tenant, call) = read(request.into_inner(), accepted)?;
        let pool = self.pool(&rights, &tenant)?;
        if *self.draining.borrow() {
            return Err(Refusal::from(Cause::Draining).into());
        }
        let most = self.config.sizes.request;
        let size =
            skep_core::ByteCount::from_bytes(u64::try_from(call.payload.len()).unwrap_or(u64::MAX));
        if most < size {
            return Err(Refusal::from(Cause::TooLarge { size, most }).into());
        }
        if call.deadline.has_passed(Instant::now()) {
            return Err(Refusal::from(Cause::Deadline).into());
        }
        let logs = self.logs_if_deployed(pool, &tenant, &call.app).ok_or(Refusal::NotFound)?;
        let (id, app) = (call.id, call.app.clone());
        let (pool, bounds) = (Arc::clone(pool), self.bounds());
        // Dropped with this future when the client hangs up.
        let (_waits, hung_up) = oneshot::channel::<()>();
        let outcome = to_its_end(dispatch::run(pool, call, bounds, logs, hung_up)).await?;
        let (answer, usage) = outcome.map_err(|failure| {
            // Refusals cost no work: not even that of being logged.
            if let Some(reason) = failure.broke() {
                tracing::info!(%tenant, %app, invocation = %id, reason, "call failed");
            }
            status::of_failure(failure, id)
        })?;
        tracing::debug!(%tenant, invocation = %id, run = ?usage.run, "answered");
        Ok(Response::new(InvokeResponse {
            outcome: Some(convert::outcome(answer)),
            usage: Some(convert::usage(&usage)),
            invocation: id.to_string(),
        }))
    }
}

impl Daemon {
    /// Only apps that exist have a place for lines: names cannot fill the memory.
    fn logs_if_deployed(
        &self,
        pool: &crate::pool::Pool,
        tenant: &TenantId,
        app: &AppId,
    ) -> Option<Arc<crate::logs::Logs>> {
        pool.version(app).map(|_| self.logs(tenant, app))
    }
}

fn read(raw: InvokeRequest, accepted: Option<Accepted>) -> Result<(TenantId, Call), Refusal> {
    let mut fields = Fields::default();
    let tenant: Option<TenantId> = fields.parse("tenant", &raw.tenant);
    let app: Option<AppId> = fields.parse("app", &raw.app);
    let function = if raw.function.is_empty() {
        Some(FunctionName::default())
    } else {
        fields.parse("function", &raw.function)
    };
    let encoding = convert::encoding(&mut fields, raw.encoding);
    fields.finish()?;
    let (Some(tenant), Some(app), Some(function)) = (tenant, app, function) else {
        return Err(Refusal::Internal("a field was checked but is not there".to_owned()));
    };
    let arrived = accepted.map_or_else(Instant::now, |accepted| accepted.at);
    let client = accepted.and_then(|accepted| accepted.patience).unwrap_or(LONGEST);
    let asked = raw.timeout_ms.map_or(LONGEST, |number| Duration::from_millis(number.into()));
    let call = Call {
        id: next_id(),
        app,
        function,
        payload: raw.payload,
        encoding,
        deadline: Deadline::after(arrived, client.min(asked).min(LONGEST)),
        arrived,
    };
    Ok((tenant, call))
}

/// Unique over restarts: the time of the first call, then a count.
fn next_id() -> InvocationId {
    static FIRST: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let first = FIRST.get_or_init(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX))
    });
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    InvocationId::from_bits((u128::from(*first) << 64) | u128::from(count))
}
