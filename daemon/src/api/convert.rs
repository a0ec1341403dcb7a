//! Between our types and the messages. Every field is checked here, once, and named when it is wrong.

use std::{collections::BTreeSet, num::NonZeroU32, str::FromStr, time::Duration};

use bytes::Bytes;
use prost::Message;
use skep_core::{
    AppLimits, ByteCount, Ceiling, CpuShare, LimitProblem, LimitsSpec, Rate, budget::Meter,
    life::State,
};
use skep_link::frame::{Encoding, MAX_CONTEXT, MAX_HEADER_BYTES, MAX_HEADERS};
use skep_proto::v1;

use super::{
    fit::{MOST_FIELDS, shown},
    status::BadField,
};
use crate::{
    dispatch::{Answer, HttpCall, HttpHead, Usage},
    logs::Line,
    pool::{AppStatus, InstanceStatus, Start, TenantQuota},
    registry::{AppQuota, Function},
};

/// Functions of an app that are listed; the others are counted.
const LISTED: usize = 64;
/// Metrics that there are.
const MOST_METRICS: usize = 5;

/// Collects what is wrong with a message: the first fields, and how many more.
#[derive(Debug, Default)]
pub(super) struct Fields {
    bad: Vec<BadField>,
    more: usize,
}

impl Fields {
    pub(super) fn bad(&mut self, field: &str, what: impl ToString) {
        if self.bad.len() < MOST_FIELDS {
            self.bad.push(BadField { field: field.to_owned(), what: what.to_string() });
        } else {
            self.more += 1;
        }
    }

    /// Parses the text of a field.
    pub(super) fn parse<T: FromStr<Err: ToString>>(
        &mut self,
        field: &str,
        text: &str,
    ) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.bad(field, error);
                None
            }
        }
    }

    pub(super) fn problems(&mut self, problems: Vec<LimitProblem>) {
        for problem in problems {
            let LimitProblem { field, asked, bound } = problem;
            self.bad(field, format_args!("asked for {asked}, must be {bound}"));
        }
    }

    /// # Errors
    ///
    /// Everything that was wrong, if anything was.
    pub(super) fn finish(self) -> Result<(), super::status::Refusal> {
        if self.bad.is_empty() {
            Ok(())
        } else {
            Err(super::status::Refusal::Fields(self.bad, self.more))
        }
    }
}

pub(super) fn encoding(fields: &mut Fields, raw: i32) -> Encoding {
    match v1::Encoding::try_from(raw) {
        Ok(v1::Encoding::Unspecified | v1::Encoding::Json) => Encoding::Json,
        Ok(v1::Encoding::Bytes) => Encoding::Bytes,
        Err(_) => {
            fields.bad("encoding", format_args!("is {raw}, known are 1 (JSON) and 2 (bytes)"));
            Encoding::Json
        }
    }
}

/// The head and the body of a call in the shape of HTTP.
pub(super) fn http(fields: &mut Fields, raw: v1::HttpRequest) -> (HttpCall, Bytes) {
    let v1::HttpRequest { method, url, headers, body } = raw;
    if http::Method::from_bytes(method.as_bytes()).is_err() {
        fields
            .bad("http.method", format_args!("is {}, which is no method of HTTP", shown(&method)));
    }
    let is_path = url.starts_with('/');
    if !is_path && !url.starts_with("http://") && !url.starts_with("https://") {
        let what =
            format!("is {}, expected a path that begins with '/' or an http URL", shown(&url));
        fields.bad("http.url", what);
    }
    if url.bytes().any(|byte| byte.is_ascii_control()) {
        fields.bad("http.url", "has a control character");
    }
    if MAX_HEADERS < headers.len() {
        fields.bad(
            "http.headers",
            format_args!("are {}, at most {MAX_HEADERS} are possible", headers.len()),
        );
    }
    let bytes: usize = headers.iter().map(|header| header.name.len() + header.value.len()).sum();
    if MAX_HEADER_BYTES < bytes {
        let what = format!("have {bytes} bytes, at most {MAX_HEADER_BYTES} are possible");
        fields.bad("http.headers", what);
    }
    for (at, header) in headers.iter().enumerate() {
        if http::HeaderName::from_bytes(header.name.as_bytes()).is_err() {
            let what = format!("is {}, which is no name of a header", shown(&header.name));
            fields.bad(&format!("http.headers[{at}].name"), what);
        }
        if http::HeaderValue::from_bytes(header.value.as_bytes()).is_err() {
            fields.bad(&format!("http.headers[{at}].value"), "has a control character");
        } else if header.value.chars().any(|it| u32::from(it) > 0xff) {
            // A character is a byte here, as in Fetch.
            let what = "has a character above U+00FF; each character is one byte of the value";
            fields.bad(&format!("http.headers[{at}].value"), what);
        }
    }
    let headers = headers.into_iter().map(|header| (header.name, header.value)).collect();
    (HttpCall { method, url, headers }, body)
}

/// What the caller's platform knows about a call.
pub(super) fn context(fields: &mut Fields, raw: String) -> String {
    if MAX_CONTEXT < raw.len() {
        fields.bad(
            "context",
            format_args!("has {} bytes, at most {MAX_CONTEXT} are possible", raw.len()),
        );
    } else if !raw.is_empty() && !is_object(&raw) {
        fields.bad("context", "is no JSON object");
    }
    raw
}

fn is_object(text: &str) -> bool {
    let object = text.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{');
    object && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Whole rates; a burst without a rate is a mistake.
pub(super) fn rate(fields: &mut Fields, field: &str, raw: v1::Rates) -> Ceiling<Rate> {
    let burst = match raw.burst {
        None => NonZeroU32::MIN,
        Some(burst) => NonZeroU32::new(burst).unwrap_or_else(|| {
            fields.bad(
                &format!("{field}.burst"),
                "is 0, at least 1 is needed; to close, set rps to 0",
            );
            NonZeroU32::MIN
        }),
    };
    match raw.rps {
        Some(per_second) => Ceiling::At(Rate { per_second, burst }),
        None => {
            if raw.burst.is_some() {
                fields.bad(&format!("{field}.burst"), "is set without rps");
            }
            Ceiling::Open
        }
    }
}

/// A rate of which only the fields that are there change.
pub(super) fn change_rate(
    fields: &mut Fields,
    field: &str,
    old: Ceiling<Rate>,
    raw: Option<v1::Rates>,
    unlimited: bool,
) -> Ceiling<Rate> {
    if unlimited {
        return Ceiling::Open;
    }
    let Some(mut raw) = raw else { return old };
    if let Ceiling::At(old) = old {
        raw.rps = raw.rps.or(Some(old.per_second));
        raw.burst = raw.burst.or(Some(old.burst.get()));
    }
    rate(fields, field, raw)
}

/// What a request to set quotas makes unlimited. Each metric is either set or unlimited.
pub(super) fn unlimited(fields: &mut Fields, raw: &v1::SetQuotaRequest) -> BTreeSet<v1::Metric> {
    let quota = raw.quota.unwrap_or_default();
    let mut metrics = BTreeSet::new();
    if MOST_METRICS < raw.unlimited.len() {
        let what = format!("has {} metrics, at most {MOST_METRICS} are known", raw.unlimited.len());
        fields.bad("unlimited", what);
        return metrics;
    }
    for (at, number) in raw.unlimited.iter().enumerate() {
        let metric = v1::Metric::try_from(*number).unwrap_or_default();
        let set = match metric {
            v1::Metric::Unspecified => {
                fields.bad(&format!("unlimited[{at}]"), format_args!("is {number}, not a metric"));
                continue;
            }
            v1::Metric::Rate => quota.rate.is_some(),
            v1::Metric::Concurrency => quota.concurrency.is_some(),
            v1::Metric::Memory => quota.memory_bytes.is_some(),
            v1::Metric::Cpu => quota.cpu_millis.is_some(),
            v1::Metric::InstanceRate => raw.instance_rate.is_some(),
        };
        if set {
            fields.bad(&format!("unlimited[{at}]"), "is set to a number in the same request");
        }
        metrics.insert(metric);
    }
    metrics
}

/// The quota that holds after a change: unlimited, the new number, or what was.
pub(super) fn change<T>(
    unlimited: &BTreeSet<v1::Metric>,
    metric: v1::Metric,
    new: Option<T>,
    old: Ceiling<T>,
) -> Ceiling<T> {
    if unlimited.contains(&metric) { Ceiling::Open } else { new.map_or(old, Ceiling::At) }
}

pub(super) fn limits_spec(raw: Option<v1::AppLimits>) -> LimitsSpec {
    let Some(raw) = raw else { return LimitsSpec::default() };
    let milliseconds = |number: u32| Duration::from_millis(number.into());
    LimitsSpec {
        memory: raw.memory_bytes.map(ByteCount::from_bytes),
        cpu: raw.cpu_millis.map(CpuShare::from_millis),
        timeout: raw.timeout_ms.map(milliseconds),
        cpu_budget: raw.cpu_budget_ms.map(|number| Ceiling::At(milliseconds(number))),
        concurrency: raw.concurrency,
        min_instances: raw.min_instances,
        max_instances: raw.max_instances,
        ..LimitsSpec::default()
    }
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

pub(super) fn limits(limits: &AppLimits) -> v1::AppLimits {
    v1::AppLimits {
        memory_bytes: Some(limits.memory.bytes()),
        cpu_millis: Some(limits.cpu.millis()),
        timeout_ms: Some(millis(limits.timeout)),
        concurrency: Some(limits.concurrency.get()),
        min_instances: Some(limits.min_instances),
        max_instances: Some(limits.max_instances.get()),
        cpu_budget_ms: limits.cpu_budget.at().map(millis),
    }
}

pub(super) fn rates(rate: Ceiling<Rate>) -> Option<v1::Rates> {
    rate.at().map(|rate| v1::Rates { rps: Some(rate.per_second), burst: Some(rate.burst.get()) })
}

pub(super) fn app_quota(quota: &AppQuota) -> v1::Quota {
    v1::Quota {
        rate: rates(quota.rate),
        concurrency: quota.concurrency.at(),
        memory_bytes: quota.memory.at().map(ByteCount::bytes),
        cpu_millis: None,
    }
}

pub(super) fn tenant_quota(quota: &TenantQuota) -> v1::Quota {
    v1::Quota {
        rate: rates(quota.rate),
        concurrency: quota.concurrency.at(),
        memory_bytes: quota.group.memory.at().map(ByteCount::bytes),
        cpu_millis: quota.group.cpu.at().map(CpuShare::millis),
    }
}

pub(super) fn budget_use(name: String, meter: &Meter) -> v1::BudgetUse {
    v1::BudgetUse {
        level: meter.holder().as_str().to_owned(),
        name,
        used_bytes: meter.used().bytes(),
        peak_bytes: meter.peak().bytes(),
        most_bytes: meter.most().bytes(),
    }
}

/// The first of `all` that have at most `most` bytes as fields of a message, and whether that is not all.
pub(super) fn fitting<T: Message>(all: impl Iterator<Item = T>, most: usize) -> (Vec<T>, bool) {
    let mut taken = Vec::new();
    let mut bytes = 0;
    for one in all {
        let len = one.encoded_len();
        // A field's number and its length.
        bytes += 1 + prost::length_delimiter_len(len) + len;
        if most < bytes {
            return (taken, true);
        }
        taken.push(one);
    }
    (taken, false)
}

pub(super) fn function(function: &Function) -> v1::Function {
    let Function { name, event, http } = function.clone();
    v1::Function { name, event, http }
}

pub(super) fn app(status: &AppStatus) -> v1::App {
    let version = &status.version;
    v1::App {
        tenant: version.tenant.to_string(),
        name: version.app.to_string(),
        version: version.id.to_string(),
        functions: version.functions.iter().take(LISTED).map(|it| it.name.clone()).collect(),
        found: version.functions.iter().take(LISTED).map(function).collect(),
        function_count: u32::try_from(version.functions.len()).unwrap_or(u32::MAX),
        source_bytes: version.source_bytes().bytes(),
        limits: Some(limits(&version.limits)),
        quota: Some(app_quota(&status.quota)),
        instance_rate: rates(status.quota.instance_rate),
        instances: status.instances,
    }
}

/// `of_host`: with its numbers on the host.
pub(super) fn instance(tenant: &str, status: &InstanceStatus, of_host: bool) -> v1::Instance {
    v1::Instance {
        id: status.id.to_string(),
        tenant: tenant.to_owned(),
        app: status.app.as_ref().map(ToString::to_string).unwrap_or_default(),
        version: version(status.state),
        state: status.state.as_str().to_owned(),
        uid: of_host.then_some(status.host_id),
        pid: of_host.then(|| u32::try_from(status.pid).unwrap_or(0)),
        memory_bytes: status.counters.memory.bytes(),
        memory_peak_bytes: status.counters.memory_peak.bytes(),
        memory_limit_bytes: status.memory_limit.bytes(),
        cpu_us: micros(status.counters.cpu),
        cpu_limit_millis: status.cpu_limit.at().map_or(0, CpuShare::millis),
        calls: status.calls,
        rate: status.recent,
        instance_rate: rates(status.rate),
        age_ms: u64::try_from(status.age.as_millis()).unwrap_or(u64::MAX),
    }
}

fn version(state: State) -> String {
    state.version().map(|version| version.to_string()).unwrap_or_default()
}

pub(super) fn log_line(line: Line) -> v1::LogLine {
    v1::LogLine {
        sequence: line.sequence,
        time_us: line.time_us,
        invocation: line.source.invocation.map(|id| id.to_string()).unwrap_or_default(),
        level: line.source.level.as_str().to_owned(),
        text: line.text,
    }
}

pub(super) fn usage(usage: &Usage) -> v1::Usage {
    let start = match usage.start {
        None => v1::Start::Unspecified,
        Some(Start::Idle) => v1::Start::Idle,
        Some(Start::Spare) => v1::Start::Spare,
        Some(Start::Clone) => v1::Start::Clone,
    };
    v1::Usage {
        queue_us: micros(usage.queue),
        start_us: micros(usage.start_time),
        run_us: micros(usage.run),
        cpu_us: micros(usage.cpu),
        memory_peak_bytes: usage.memory_peak.bytes(),
        bytes_in: usage.bytes_in,
        bytes_out: usage.bytes_out,
        start: start.into(),
        log_lines: usage.log_lines,
        log_lines_dropped: usage.log_dropped,
    }
}

/// `is_http`: it is of a call in the shape of HTTP.
pub(super) fn outcome(answer: Answer, is_http: bool) -> v1::invoke_response::Outcome {
    match answer {
        Answer::Reply { encoding, http, payload } => {
            let encoding = match encoding {
                Encoding::Json => v1::Encoding::Json,
                Encoding::Bytes => v1::Encoding::Bytes,
            };
            let http = http.map(|HttpHead { status, headers }| {
                let header = |(name, value)| v1::Header { name, value };
                let headers = headers.into_iter().map(header).collect();
                v1::HttpResponse { status: status.into(), headers, body: Bytes::new() }
            });
            let mut reply = v1::Reply { payload: payload.into(), encoding: encoding.into(), http };
            if is_http && let Some(http) = &mut reply.http {
                http.body = std::mem::take(&mut reply.payload);
            }
            v1::invoke_response::Outcome::Reply(reply)
        }
        Answer::Thrown { name, message, stack } => {
            v1::invoke_response::Outcome::Thrown(v1::Thrown { name, message, stack })
        }
    }
}
