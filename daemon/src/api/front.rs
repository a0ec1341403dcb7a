//! What every request passes before it is decoded, and every answer before it is sent.
//!
//! Who calls is known from the connection. The deadline header is taken out: it is kept by us, with a typed
//! reason. What request and answer hold is taken from the budgets.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use skep_core::Ceiling;
use tonic::{Code, Status, body::Body, service::Routes};
use tower::Service as _;

use super::{
    answer::{Answer, Held, list_size, next_frame},
    bill::with_some_usage,
    body::Bounded,
    callers::Caller,
    line::{Line, Running},
    rpc::Rpc,
    status::{self, Refusal},
};
use crate::{
    budget::{Charge, PER_REQUEST, Permit},
    config::{May, Patience, Rates, Sizes},
};

/// When a request arrived, and until when its caller waits.
#[derive(Clone, Copy, Debug)]
pub struct Accepted {
    /// Its arrival.
    pub at: Instant,
    /// What the client's deadline was then.
    pub patience: Option<Duration>,
}

/// Who sent a request, and what it holds.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) caller: Arc<Caller>,
    /// The right that it needs for the tenant.
    pub(super) may: Option<May>,
    pub(super) charge: Arc<Charge>,
}

/// What headers hold here, over their size as HTTP/2 counts it: a table with room to grow.
const HEADERS_HOLD: u64 = 5;
/// The headers of a refusal, in bytes, that a request has paid for already.
const PAID: usize = 1 << 10;

/// What stands between the connections and the services.
#[derive(Clone, Debug)]
pub(super) struct Front {
    pub(super) routes: Routes,
    pub(super) sizes: Sizes,
    pub(super) rates: Rates,
    pub(super) patience: Patience,
}

impl Front {
    /// Answers one request, which arrived `at`.
    pub(super) async fn serve(
        &self,
        request: Request<Incoming>,
        at: Instant,
        line: Arc<Line>,
        caller: Arc<Caller>,
    ) -> Response<Answer> {
        let (mut head, body) = request.into_parts();
        let rpc = Rpc::of(head.uri.path());
        let mut back = Back { rpc, charge: None, running: line.running(), line };
        let accepted = Accepted { at, patience: patience(&head.headers) };
        head.headers.remove("grpc-timeout");
        let charge = match self.admit(rpc, &head.headers, &caller) {
            Ok(charge) => charge,
            Err(refusal) => {
                caller.account.lanes.refused();
                return back.refuse(refusal.into());
            }
        };
        let mut slowest = self.patience.body;
        let left = accepted.patience.map(|patience| patience.saturating_sub(at.elapsed()));
        if let Some(left) = left {
            slowest = slowest.min(left);
        }
        let most = rpc.most(&self.sizes);
        let body = Bounded::new(body, most, Arc::clone(&charge), rpc.scan(), slowest);
        let asked =
            Asked { caller: Arc::clone(&caller), may: rpc.may(), charge: Arc::clone(&charge) };
        head.extensions.insert(accepted);
        head.extensions.insert(asked);
        let answer = self.routes.clone().call(Request::from_parts(head, body));
        let answer = match left {
            // A call's own deadline is kept where it runs: it also ends what runs.
            Some(left) if rpc != Rpc::Invoke => match tokio::time::timeout(left, answer).await {
                Ok(answer) => answer,
                Err(_) => {
                    back.charge = Some(charge);
                    return back.refuse(status::too_late());
                }
            },
            _ => answer.await,
        };
        let Ok(answer) = answer;
        back.finish(answer, charge, &caller).await
    }

    fn admit(
        &self,
        rpc: Rpc,
        headers: &HeaderMap,
        caller: &Caller,
    ) -> Result<Arc<Charge>, Refusal> {
        if let Some(may) = rpc.may() {
            caller.rights.may_at_all(may)?;
        }
        let admin = caller.rights.is_admin();
        if let Ceiling::At(rate) = rpc.rate(&self.rates) {
            caller.account.pace(rpc, rate, admin)?;
        }
        // Nothing of a deploy is read before it has a place.
        let place = caller.account.place(rpc)?;
        let headers = u64::try_from(list_size(headers)).unwrap_or(u64::MAX);
        let bytes = PER_REQUEST.saturating_add(headers.saturating_mul(HEADERS_HOLD));
        Ok(Charge::new(&caller.account.budget, admin, bytes, place)?)
    }
}

/// The way back of one request.
struct Back {
    rpc: Rpc,
    /// Of one that was admitted.
    charge: Option<Arc<Charge>>,
    running: Running,
    line: Arc<Line>,
}

impl Back {
    /// Encodes an answer of one message, so that it is its bytes that lie here, and counts them.
    async fn finish(
        mut self,
        answer: Response<Body>,
        mut charge: Arc<Charge>,
        caller: &Caller,
    ) -> Response<Answer> {
        let (mut head, mut body) = answer.into_parts();
        if let Some(charge) = Arc::get_mut(&mut charge) {
            charge.only_answer();
        }
        self.charge = Some(Arc::clone(&charge));
        if let Some(code) = head.headers.get(Status::GRPC_STATUS) {
            // What a tenant's own limits refuse is no fault of a caller that serves others as well.
            let own = !charge.has_tenant() || caller.rights.is_for_one();
            if own && !charge.has_begun() && is_a_fault(code) {
                caller.account.lanes.refused();
            }
            self.refit(&mut head.headers);
            return Response::from_parts(head, self.whole(None, None));
        }
        if self.rpc == Rpc::Foreign {
            let Self { running, line, .. } = self;
            let answer = Answer::Stream { inner: Some(body), charge, line, _running: running };
            return Response::from_parts(head, answer);
        }
        let mut room = head.extensions.remove::<Arc<Permit>>();
        let (mut data, mut trailers) = (None, None);
        while let Some(frame) = next_frame(&mut body).await {
            let frame = match frame.map(http_body::Frame::into_data) {
                Ok(Ok(bytes)) => match Held::new(bytes, &charge, room.take(), &self.line) {
                    Ok(held) => {
                        data = Some(held);
                        continue;
                    }
                    Err(status) => return self.refuse(status),
                },
                Ok(Err(frame)) => frame.into_trailers(),
                Err(status) => return self.refuse(status),
            };
            trailers = frame.ok();
        }
        Response::from_parts(head, self.whole(data, trailers))
    }

    fn whole(self, data: Option<Held>, trailers: Option<HeaderMap>) -> Answer {
        Answer::Whole { data, trailers, _charge: self.charge, _running: self.running }
    }

    fn refuse(self, status: Status) -> Response<Answer> {
        let mut response = Response::new(());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        write(headers, &status);
        self.refit(headers);
        response.map(|()| self.whole(None, None))
    }

    /// Makes a refusal fit, whoever made it, and counts it until it is sent.
    fn refit(&self, headers: &mut HeaderMap) {
        if let Some(status) = Status::from_header_map(headers) {
            let ours = status::ours(&status);
            match (ours, self.rpc) {
                (ours, Rpc::Invoke) => {
                    let (before, status) = (status.details().len(), ours.unwrap_or(status));
                    let status = with_some_usage(status);
                    if status.details().len() != before {
                        write(headers, &status);
                    }
                }
                (Some(ours), _) => write(headers, &ours),
                (None, _) => {}
            }
        }
        let more = list_size(headers).saturating_sub(PAID);
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        let charge = self.charge.as_ref();
        let room = match charge.filter(|_| more != 0).map(|charge| charge.answer(more)) {
            None => None,
            Some(Ok(room)) => Some(room),
            Some(Err(full)) => {
                // It stays a refusal, with a shorter reason.
                write(headers, &status::full(&full));
                None
            }
        };
        for name in [Status::GRPC_STATUS_DETAILS, Status::GRPC_MESSAGE] {
            if let Some(value) = headers.get(&name) {
                if let Some(held) = Held::header(value, charge, room, &self.line) {
                    headers.insert(name, held);
                }
                return;
            }
        }
    }
}

/// Whether a code says that the request should not have been made; the others say that something else was in the
/// way of it.
fn is_a_fault(code: &HeaderValue) -> bool {
    let faults = [
        Code::InvalidArgument,
        Code::NotFound,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::Unimplemented,
    ];
    faults.contains(&Code::from_bytes(code.as_bytes()))
}

/// The headers of a refusal. What cannot be written is left out: its code stays.
fn write(headers: &mut HeaderMap, status: &Status) {
    headers.remove(Status::GRPC_MESSAGE);
    headers.remove(Status::GRPC_STATUS_DETAILS);
    if status.add_header(headers).is_err() {
        headers.insert(Status::GRPC_STATUS, HeaderValue::from_static("13"));
    }
}

/// `grpc-timeout`: up to eight digits and a unit. What is malformed is taken for "at once over": a
/// deadline that cannot be read must not become none.
fn patience(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get("grpc-timeout")?;
    Some(value.to_str().ok().and_then(parse_timeout).unwrap_or(Duration::ZERO))
}

fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || 8 < digits.len() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Duration>) {
        assert_eq!(parse_timeout(text), expected, "for {text:?}");
    }

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        check("5S", Some(Duration::from_secs(5)));
        check("100m", Some(Duration::from_millis(100)));
        check("99999999H", Some(Duration::from_secs(99_999_999 * 3600)));
        check("0n", Some(Duration::ZERO));
    }

    #[test]
    fn nonsense_is_no_timeout() {
        for text in ["", "S", "5", "5s", "-5S", "123456789S", "5 S", "\u{e9}"] {
            check(text, None);
        }
    }
}
