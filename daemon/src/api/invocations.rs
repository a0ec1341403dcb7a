//! `Invocations`: runs functions.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use prost::Message as _;
use skep_core::{AppId, Cause, Deadline, FunctionName, InvocationId, TenantId};
use skep_proto::v1::{InvokeRequest, InvokeResponse, invocations_server::Invocations};
use tokio::sync::oneshot;
use tonic::{Request, Response, Status, async_trait};

use super::{
    Accepted, Daemon,
    bill::with_usage,
    convert::{self, Fields},
    ids,
    status::{self, Refusal},
    to_its_end,
};
use crate::{
    budget::Charge,
    dispatch::{self, Call, Failure, Outcome, Usage},
};

/// Bytes before a message: one of flags, four of length.
const PREFIX: u64 = 5;
/// Beyond every app's limit; only keeps the sum of times finite.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

#[async_trait]
impl Invocations for Daemon {
    async fn invoke(
        &self,
        request: Request<InvokeRequest>,
    ) -> Result<Response<InvokeResponse>, Status> {
        let charge = self.asked(&request)?.held();
        let is_http = request.get_ref().http.is_some();
        match self.run(request).await {
            Ok((outcome, id)) => {
                if outcome.ran {
                    charge.begin();
                } else {
                    self.refused.note();
                }
                answered(outcome, id, is_http, &charge)
            }
            Err(refusal) => {
                self.refused.note();
                Err(with_usage(refusal.into(), &Usage::default()))
            }
        }
    }
}

impl Daemon {
    /// Runs the call of a request, if there is one in it that may run at all.
    async fn run(
        &self,
        request: Request<InvokeRequest>,
    ) -> Result<(Outcome, InvocationId), Refusal> {
        let asked = self.asked(&request)?;
        let accepted = request.extensions().get::<Accepted>().copied();
        let (tenant, call) = read(request.into_inner(), accepted)?;
        let pool = self.pool(&asked, &tenant)?;
        if *self.draining.borrow() {
            return Err(Cause::Draining.into());
        }
        let most = self.config.sizes.request;
        let size =
            skep_core::ByteCount::from_bytes(u64::try_from(call.payload.len()).unwrap_or(u64::MAX));
        if most < size {
            return Err(Cause::TooLarge { size, most }.into());
        }
        if call.deadline.has_passed(Instant::now()) {
            return Err(Cause::Deadline.into());
        }
        // What its answer will need nobody knows. Where the largest one would have no room now, it does not
        // even run: whoever does not take answers would have functions run for nothing.
        asked.charge.has_room(self.config.sizes.reply.bytes())?;
        let (id, app) = (call.id, call.app.clone());
        let (pool, bounds) = (Arc::clone(pool), self.bounds());
        // Dropped with this future when the client hangs up.
        let (_waits, hung_up) = oneshot::channel::<()>();
        let held = asked.held();
        let outcome = to_its_end(async move {
            let _held = held;
            dispatch::run(pool, call, bounds, hung_up).await
        });
        let outcome = outcome.await?;
        if let (true, Err(Failure::Cause { cause, .. })) = (outcome.ran, &outcome.answer) {
            let reason = cause.reason();
            tracing::info!(%tenant, %app, invocation = %id, reason, "call failed");
        }
        tracing::debug!(%tenant, invocation = %id, run = ?outcome.usage.run, "ended");
        Ok((outcome, id))
    }
}

fn answered(
    outcome: Outcome,
    id: InvocationId,
    is_http: bool,
    charge: &Charge,
) -> Result<Response<InvokeResponse>, Status> {
    let Outcome { answer, usage, .. } = outcome;
    let answer = answer.map_err(|failure| {
        // What is not there reads the same for everybody: also what was counted of the request.
        let usage = if failure == Failure::NotFound { Usage::default() } else { usage };
        with_usage(status::of_failure(failure, id), &usage)
    })?;
    let message = InvokeResponse {
        outcome: Some(convert::outcome(answer, is_http)),
        usage: Some(convert::usage(&usage)),
        invocation: id.to_string(),
    };
    // Here it is known what has run; whoever sends the answer only knows that it has no room.
    let bytes = u64::try_from(message.encoded_len()).unwrap_or(u64::MAX);
    let room = charge
        .answer(bytes + PREFIX)
        .map_err(|full| with_usage(status::unanswered(&full, id), &usage))?;
    let mut response = Response::new(message);
    response.extensions_mut().insert(Arc::new(room));
    Ok(response)
}

fn read(raw: InvokeRequest, accepted: Option<Accepted>) -> Result<(TenantId, Call), Refusal> {
    let mut fields = Fields::default();
    let tenant: Option<TenantId> = fields.parse("tenant", &raw.tenant);
    let app: Option<AppId> = fields.parse("app", &raw.app);
    let function: Option<FunctionName> = match raw.function.as_str() {
        "" => None,
        name => fields.parse("function", name),
    };
    let encoding = convert::encoding(&mut fields, raw.encoding);
    let mut payload = raw.payload;
    let http = raw.http.map(|http| {
        if !payload.is_empty() {
            fields.bad("payload", "is set beside http, which has a body of its own");
        }
        let (head, body) = convert::http(&mut fields, http);
        payload = body;
        head
    });
    let context = convert::context(&mut fields, raw.context);
    fields.finish()?;
    let (Some(tenant), Some(app)) = (tenant, app) else {
        return Err(Refusal::Internal("a field was checked but is not there".to_owned()));
    };
    let arrived = accepted.map_or_else(Instant::now, |accepted| accepted.at);
    let client = accepted.and_then(|accepted| accepted.patience).unwrap_or(LONGEST);
    let asked = raw.timeout_ms.map_or(LONGEST, |number| Duration::from_millis(number.into()));
    let call = Call {
        id: ids::next().map_err(|errno| Refusal::Internal(errno.to_string()))?,
        app,
        function,
        payload,
        encoding,
        http,
        context,
        deadline: Deadline::after(arrived, client.min(asked).min(LONGEST)),
        arrived,
    };
    Ok((tenant, call))
}
