//! A daemon of canned answers on a unix socket, inside the test's own process.
//!
//! The name of the app chooses the answer. What cannot be seen from the answer is echoed in it: a
//! deployed app exports the paths of its files, a listed instance belongs to the tenant asked for.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use prost::Message as _;
use skep_proto::{
    ERROR_DOMAIN,
    v1::{
        apps_server::{Apps, AppsServer},
        finding::Grade,
        host_server::{Host, HostServer},
        invocations_server::{Invocations, InvocationsServer},
        invoke_response::Outcome,
        quotas_server::{Quotas, QuotasServer},
        *,
    },
};
use tokio::{net::UnixListener, runtime::Runtime};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Code, Request, Response, Status, transport::Server};
use tonic_types::{ErrorDetails, QuotaViolation, StatusExt as _, pb};

type Answer<T> = Result<Response<T>, Status>;

/// The folder of one test; gone when the test is.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("skep-cli-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("the folder is new");
        Self(path)
    }

    /// Writes a file, and the folders it is in.
    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it is below the folder")).expect("created");
        fs::write(&path, content).expect("written");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running daemon of canned answers.
pub(crate) struct FakeDaemon {
    pub(crate) folder: Folder,
    _runtime: Runtime,
}

impl FakeDaemon {
    /// Listens when this returns.
    pub(crate) fn start() -> Self {
        let folder = Folder::new();
        let runtime = Runtime::new().expect("a runtime");
        let canned = Canned::default();
        let guard = runtime.enter();
        let listener = UnixListener::bind(folder.0.join("s")).expect("the path is free");
        drop(guard);
        runtime.spawn(
            Server::builder()
                .add_service(InvocationsServer::new(canned.clone()))
                .add_service(AppsServer::new(canned.clone()))
                .add_service(QuotasServer::new(canned.clone()))
                .add_service(HostServer::new(canned))
                .serve_with_incoming(UnixListenerStream::new(listener)),
        );
        Self { folder, _runtime: runtime }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("unix://{}", self.folder.0.join("s").display())
    }
}

#[derive(Clone, Default)]
struct Canned {
    /// How often console lines were asked for.
    asked: Arc<AtomicU32>,
}

const INVOCATION: &str = "0123456789abcdef0123456789abcdef";

#[tonic::async_trait]
impl Invocations for Canned {
    async fn invoke(&self, request: Request<InvokeRequest>) -> Answer<InvokeResponse> {
        let deadline = request.metadata().contains_key("grpc-timeout");
        let request = request.into_inner();
        let reply = |payload: Vec<u8>, encoding: Encoding| {
            Outcome::Reply(Reply { payload: payload.into(), encoding: encoding.into(), http: None })
        };
        let outcome = match request.app.as_str() {
            "echo" => reply(request.payload.to_vec(), request.encoding()),
            "about" => {
                let InvokeRequest { tenant, function, timeout_ms, .. } = request;
                let text =
                    format!("[{tenant:?},{function:?},{},{deadline}]", timeout_ms.unwrap_or(0));
                reply(text.into_bytes(), Encoding::Json)
            }
            "context" => reply(request.context.into_bytes(), Encoding::Json),
            "web" => Outcome::Reply(web(request)),
            "thrower" => Outcome::Thrown(Thrown {
                name: "TypeError".to_owned(),
                message: "no \x1b[2Jway".to_owned(),
                stack: "    at default (index.js:3)\n".to_owned(),
            }),
            "busy" => return Err(quota_refusal()),
            "full" => return Err(concurrency_refusal()),
            "hog" => {
                return Err(refused(Code::ResourceExhausted, "OOM_CGROUP", "level", "process"));
            }
            "crowded" => {
                return Err(refused(Code::Unavailable, "OOM_CGROUP", "level", "tenant"));
            }
            "slow" => return Err(refused(Code::DeadlineExceeded, "DEADLINE", "confirmed", "true")),
            "billed" => return Err(billed()),
            "bad" => return Err(bad_field()),
            "closed" => {
                return Err(refused(
                    Code::PermissionDenied,
                    "UNKNOWN_CALLER",
                    "retriable",
                    "false",
                ));
            }
            "foreign" => return Err(Status::permission_denied("user 1000 may not act for acme")),
            "silent" => std::future::pending().await,
            _ => return Err(Status::not_found("no such app")),
        };
        let usage = Usage {
            queue_us: 10,
            start_us: 800,
            run_us: 1234,
            cpu_us: 900,
            memory_peak_bytes: 13_002_342,
            bytes_in: 4,
            bytes_out: 4,
            start: Start::Spare.into(),
            log_lines: 1,
            log_lines_dropped: 0,
        };
        let invocation = INVOCATION.to_owned();
        Ok(Response::new(InvokeResponse { outcome: Some(outcome), usage: Some(usage), invocation }))
    }
}

/// What was asked for by HTTP comes back; an event comes back as a teapot.
fn web(request: InvokeRequest) -> Reply {
    let header = |name: &str, value: String| Header { name: name.to_owned(), value };
    let Some(HttpRequest { method, url, headers, body }) = request.http else {
        let headers = vec![header("kind", "pot".to_owned())];
        let http = HttpResponse { status: 418, headers, ..HttpResponse::default() };
        return Reply { payload: "[1]".into(), http: Some(http), ..Reply::default() };
    };
    let status = if url.contains("missing") { 404 } else { 201 };
    let asked = vec![header("asked", format!("{method} {url}"))];
    let headers = asked.into_iter().chain(headers).collect();
    Reply { http: Some(HttpResponse { status, headers, body }), ..Reply::default() }
}

fn refused(code: Code, reason: &str, key: &str, value: &str) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, ERROR_DOMAIN, [(key.to_owned(), value.to_owned())]);
    Status::with_error_details(code, "the call was ended", details)
}

/// A call that was ended, with what it cost.
fn billed() -> Status {
    let plain = refused(Code::DeadlineExceeded, "DEADLINE", "invocation", INVOCATION);
    let mut details = pb::Status::decode(plain.details()).expect("ours");
    let usage = Usage { run_us: 500_000, cpu_us: 400_000, bytes_in: 4, ..Usage::default() };
    details.details.push(prost_types::Any {
        type_url: "type.googleapis.com/skep.v1.Usage".to_owned(),
        value: usage.encode_to_vec(),
    });
    Status::with_details(plain.code(), plain.message(), details.encode_to_vec().into())
}

fn quota_refusal() -> Status {
    let mut violation = QuotaViolation::new("app", "20 calls per second");
    violation.quota_metric = "rate".to_owned();
    violation.quota_value = 20;
    let mut details = ErrorDetails::new();
    details
        .set_error_info("QUOTA", ERROR_DOMAIN, [("level".to_owned(), "app".to_owned())])
        .set_retry_info(Some(Duration::from_millis(120)))
        .set_quota_failure(vec![violation]);
    let text = "app quota of 20 calls per second is used up";
    Status::with_error_details(Code::ResourceExhausted, text, details)
}

/// In the words of skepd: the subject is level and metric.
fn concurrency_refusal() -> Status {
    let text = "app quota of 1 call at the same time is used up";
    let mut details = ErrorDetails::new();
    details
        .set_error_info("QUOTA", ERROR_DOMAIN, [("level".to_owned(), "app".to_owned())])
        .set_quota_failure(vec![QuotaViolation::new("app:concurrency", text)]);
    Status::with_error_details(Code::ResourceExhausted, text, details)
}

fn bad_field() -> Status {
    let mut details = ErrorDetails::new();
    details.add_bad_request_violation("function", "1 to 63 letters");
    Status::with_error_details(Code::InvalidArgument, "the request breaks a rule", details)
}

fn bad_source(path: &str) -> Status {
    let text = &format!("{path}:1:7: SyntaxError: expecting ';'");
    let mut details = ErrorDetails::new();
    details
        .set_error_info("BAD_SOURCE", ERROR_DOMAIN, [])
        .add_bad_request_violation(format!("files[{path}]"), text);
    Status::with_error_details(Code::InvalidArgument, text, details)
}

/// Everything of a deploy, a text for each part of it.
fn whole(request: &DeployRequest) -> Vec<String> {
    let size = |bytes: &[u8]| bytes.len();
    let files = request.files.iter().map(|file| match file.link.as_str() {
        "" => format!("{} {}", file.path, size(&file.content)),
        link => format!("{} -> {link}", file.path),
    });
    let variables = request.variables.iter().map(|it| format!("{}={}", it.name, it.value));
    let given = request.given.iter().map(|it| format!("{} {}", it.path, size(&it.content)));
    let modules = request.modules.iter().map(|it| format!("modules {}", it.names.join(" ")));
    let conditions = request.conditions.iter().map(|it| format!("condition {it}"));
    let modules = modules.chain(conditions);
    let first = [format!("entry {}", request.entry), format!("handler {}", request.handler)];
    first.into_iter().chain(files).chain(variables).chain(given).chain(modules).collect()
}

fn forms() -> Vec<Function> {
    let function = |name: &str, event: &str, http: &str| Function {
        name: name.to_owned(),
        event: event.to_owned(),
        http: http.to_owned(),
    };
    vec![function("default", "", "worker"), function("list", "lambda", "lambda")]
}

#[tonic::async_trait]
impl Apps for Canned {
    async fn deploy(&self, request: Request<DeployRequest>) -> Answer<DeployResponse> {
        let request = request.into_inner();
        if let Some(file) = request.files.iter().find(|file| file.content == "broken".as_bytes()) {
            return Err(bad_source(&file.path));
        }
        let (functions, found) = match request.app.as_str() {
            "whole" => (whole(&request), Vec::new()),
            "form" => (vec!["default".to_owned(), "list".to_owned()], forms()),
            _ => (request.files.iter().map(|file| file.path.clone()).collect(), Vec::new()),
        };
        let version = format!(
            "0123456789abcdef {:?} {:?} {:?} {:?}",
            request.entry, request.limits, request.app_rate, request.instance_rate
        );
        Ok(Response::new(DeployResponse { version, functions, found, ..Default::default() }))
    }

    async fn list(&self, request: Request<ListAppsRequest>) -> Answer<ListAppsResponse> {
        let tenant = request.into_inner().tenant;
        let app = App {
            tenant: tenant.clone(),
            name: "shop".to_owned(),
            version: "ab".repeat(32),
            functions: vec!["default".to_owned()],
            source_bytes: 2048,
            limits: Some(AppLimits { max_instances: Some(4), ..AppLimits::default() }),
            quota: None,
            instance_rate: None,
            instances: 1,
            function_count: 1,
            found: forms(),
        };
        let apps = if tenant == "empty" { Vec::new() } else { vec![app] };
        Ok(Response::new(ListAppsResponse { apps, truncated: false }))
    }

    async fn remove(&self, _: Request<RemoveRequest>) -> Answer<RemoveResponse> {
        Ok(Response::new(RemoveResponse {}))
    }

    async fn logs(&self, request: Request<LogsRequest>) -> Answer<LogsResponse> {
        let LogsRequest { app, after, limit, .. } = request.into_inner();
        let asked = u64::from(self.asked.fetch_add(1, Ordering::Relaxed));
        let line = |sequence| LogLine {
            sequence,
            time_us: 1_767_225_600_000_000,
            invocation: INVOCATION.to_owned(),
            level: "info".to_owned(),
            text: format!("line {sequence}\x1b[2K"),
        };
        let (first, last) = match app.as_str() {
            // Nothing at first, then three more each time; the newest count.
            "late" => ((after + 1).max((3 * asked + 1).saturating_sub(limit.into())), 3 * asked),
            _ => (after + 1, after + u64::from(limit.min(2))),
        };
        let lines = (first..=last).map(line).collect();
        Ok(Response::new(LogsResponse { lines, truncated: false }))
    }
}

#[tonic::async_trait]
impl Quotas for Canned {
    async fn get(&self, _: Request<GetQuotaRequest>) -> Answer<GetQuotaResponse> {
        Ok(Response::new(GetQuotaResponse {
            quota: Some(Quota { memory_bytes: Some(512 << 20), ..Quota::default() }),
            instance_rate: None,
            running: 2,
            memory_reserved_bytes: 64 << 20,
            memory_kept_bytes: Some(3 << 19),
        }))
    }

    async fn usage(&self, request: Request<UsageRequest>) -> Answer<UsageResponse> {
        let line = |count, cpu_us| Some(UsageLine { count, cpu_us });
        Ok(Response::new(UsageResponse {
            calls: line(42, 1_200_000),
            loads: line(3, 90_000),
            starts: line(4, 8_000),
            spares: line(2, 2_000),
            since_us: 1_767_225_600_000_000,
            kernel_cpu_us: request.into_inner().app.is_empty().then_some(1_300_100),
        }))
    }

    async fn set(&self, request: Request<SetQuotaRequest>) -> Answer<SetQuotaResponse> {
        let SetQuotaRequest { quota, instance_rate, .. } = request.into_inner();
        Ok(Response::new(SetQuotaResponse { quota, instance_rate }))
    }
}

#[tonic::async_trait]
impl Host for Canned {
    async fn instances(&self, request: Request<InstancesRequest>) -> Answer<InstancesResponse> {
        let tenant = request.into_inner().tenant;
        let instance = Instance {
            id: "i-7".to_owned(),
            tenant: if tenant.is_empty() { "everybody".to_owned() } else { tenant },
            app: "shop".to_owned(),
            version: "ab".repeat(32),
            state: "busy".to_owned(),
            uid: Some(200_007),
            pid: Some(4711),
            memory_bytes: 13_002_342,
            memory_peak_bytes: 20 << 20,
            memory_limit_bytes: 64 << 20,
            cpu_us: 1_200_000,
            cpu_limit_millis: 500,
            calls: 42,
            rate: 3,
            instance_rate: Some(Rates { rps: Some(100), burst: None }),
            age_ms: 200_000,
        };
        let spare = Instance {
            id: "i-8".to_owned(),
            app: String::new(),
            version: String::new(),
            state: "spare".to_owned(),
            cpu_limit_millis: 0,
            calls: 0,
            rate: 0,
            instance_rate: None,
            ..instance.clone()
        };
        Ok(Response::new(InstancesResponse { instances: vec![instance, spare] }))
    }

    async fn doctor(&self, _: Request<DoctorRequest>) -> Answer<DoctorResponse> {
        let finding = |name: &str, grade: Grade, fix: &str| Finding {
            name: name.to_owned(),
            grade: grade.into(),
            found: "none".to_owned(),
            needed: "some".to_owned(),
            cost: String::new(),
            fix: fix.to_owned(),
        };
        let findings = vec![
            finding("kernel", Grade::Ok, ""),
            finding("landlock", Grade::Missing, "update the kernel"),
        ];
        Ok(Response::new(DoctorResponse { findings }))
    }

    async fn budget(&self, _: Request<BudgetRequest>) -> Answer<BudgetResponse> {
        let one = BudgetUse {
            level: "caller".to_owned(),
            name: "1000".to_owned(),
            used_bytes: 1 << 20,
            peak_bytes: 3 << 20,
            most_bytes: 64 << 20,
        };
        Ok(Response::new(BudgetResponse { uses: vec![one], ..Default::default() }))
    }

    async fn drain(&self, _: Request<DrainRequest>) -> Answer<DrainResponse> {
        Ok(Response::new(DrainResponse { running: 3 }))
    }
}
