//! Bills: that of a failed call goes into the details of its status, those of tenants and apps are asked for.

use prost::Message as _;
use prost_types::Any;
use skep_core::{Line, bill::Entry};
use skep_proto::v1::{UsageLine, UsageRequest, UsageResponse};
use tonic::{Request, Response, Status};
use tonic_types::pb;

use super::{
    Daemon,
    apps::{name, names},
    away, convert,
    status::Refusal,
};
use crate::{dispatch::Usage, pool::Billed};

/// Names the message in the details of a status.
const USAGE: &str = "type.googleapis.com/skep.v1.Usage";

/// The same status with the bill of its call.
pub(super) fn with_usage(status: Status, usage: &Usage) -> Status {
    // Its details are ours: were they none, it would be better without a bill than with nothing else.
    let Ok(mut details) = pb::Status::decode(status.details()) else { return status };
    let value = convert::usage(usage).encode_to_vec();
    details.details.push(Any { type_url: USAGE.to_owned(), value });
    let (code, text, metadata) = (status.code(), status.message(), status.metadata().clone());
    Status::with_details_and_metadata(code, text, details.encode_to_vec().into(), metadata)
}

/// The same status with an empty bill, if it has none.
pub(super) fn with_some_usage(status: Status) -> Status {
    let has_one = pb::Status::decode(status.details())
        .is_ok_and(|found| found.details.iter().any(|detail| detail.type_url == USAGE));
    if has_one { status } else { with_usage(status, &Usage::default()) }
}

/// The bill of a tenant or of an app.
pub(super) async fn of(
    daemon: &Daemon,
    request: Request<UsageRequest>,
) -> Result<Response<UsageResponse>, Status> {
    let asked = daemon.asked(&request)?;
    let raw = request.into_inner();
    let tenant = name(&raw.tenant)?;
    let pool = daemon.pool(&asked, &tenant)?.clone();
    let app = if raw.app.is_empty() { None } else { Some(names(&raw.tenant, &raw.app)?.1) };
    // It reads a file and many clocks.
    let billed = away(&asked.caller, move || pool.billed(app.as_ref())).await?;
    Ok(Response::new(bill(&billed.ok_or(Refusal::NotFound)?)))
}

fn bill(billed: &Billed) -> UsageResponse {
    let line = |line| {
        let Entry { count, cpu } = billed.bill.of(line);
        Some(UsageLine { count, cpu_us: convert::micros(cpu) })
    };
    let since = billed.since.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UsageResponse {
        calls: line(Line::Calls),
        loads: line(Line::Loads),
        starts: line(Line::Starts),
        spares: line(Line::Spares),
        since_us: convert::micros(since),
        kernel_cpu_us: billed.kernel.map(convert::micros),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use skep_core::Cause;
    use skep_proto::v1;
    use tonic_types::StatusExt as _;

    use super::*;

    #[test]
    fn a_failure_with_its_bill_is_otherwise_what_it_was() {
        let plain: Status = Refusal::from(Cause::Deadline).into();
        let usage = Usage { cpu: Duration::from_micros(7), bytes_in: 3, ..Usage::default() };
        let billed = with_usage(plain.clone(), &usage);
        assert_eq!((billed.code(), billed.message()), (plain.code(), plain.message()));
        let reason = |status: &Status| status.get_details_error_info().map(|info| info.reason);
        assert_eq!(reason(&billed), reason(&plain));
        let details = pb::Status::decode(billed.details()).unwrap().details;
        let [_, bill] = details.as_slice() else { panic!("{details:?}") };
        assert_eq!(bill.type_url, "type.googleapis.com/skep.v1.Usage");
        let found = v1::Usage::decode(bill.value.as_slice()).unwrap();
        assert_eq!((found.cpu_us, found.bytes_in), (7, 3));
        // All fields at their largest: what a status has to spare for it.
        let most = Usage {
            queue: Duration::MAX,
            start_time: Duration::MAX,
            run: Duration::MAX,
            cpu: Duration::MAX,
            memory_peak: skep_core::ByteCount::from_bytes(u64::MAX),
            bytes_in: u64::MAX,
            bytes_out: u64::MAX,
            start: Some(crate::pool::Start::Clone),
            log_lines: u32::MAX,
            log_dropped: u32::MAX,
        };
        let more = with_usage(plain.clone(), &most).details().len() - plain.details().len();
        assert!(more <= 144, "{more}");
    }
}
