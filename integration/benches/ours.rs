//! Our side: a real daemon with room for thousands, and its gRPC client over the unix socket.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::Signal;
use skep_integration::host::Host;
use skep_proto::v1::{
    self, InvokeRequest, Start, invocations_client::InvocationsClient, invoke_response::Outcome,
};
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

use crate::{reference::FUNCTION, stats::Series};

/// A client over a connection of its own.
pub(crate) async fn connect(socket: &Path) -> anyhow::Result<InvocationsClient<Channel>> {
    let endpoint = Endpoint::from_shared(format!("unix://{}", socket.display()))?;
    Ok(InvocationsClient::new(endpoint.connect().await?))
}

/// Calls `app` with 1, which answers 2; the time from send to answer, and the bill.
pub(crate) async fn call(
    client: &mut InvocationsClient<Channel>,
    app: &str,
) -> anyhow::Result<(Duration, v1::Usage)> {
    asked(client, request(app)).await
}

async fn asked(
    client: &mut InvocationsClient<Channel>,
    request: InvokeRequest,
) -> anyhow::Result<(Duration, v1::Usage)> {
    let app = request.app.clone();
    answer(client, request).await.with_context(|| format!("call of {app}"))
}

/// Sends a call that answers 2; the time from send to answer, and the bill.
pub(crate) async fn answer(
    client: &mut InvocationsClient<Channel>,
    request: InvokeRequest,
) -> anyhow::Result<(Duration, v1::Usage)> {
    let start = Instant::now();
    let response = client.invoke(request).await;
    let took = start.elapsed();
    let response = response?.into_inner();
    match response.outcome {
        Some(Outcome::Reply(reply)) if reply.payload == "2" => {}
        Some(Outcome::Reply(v1::Reply { http: Some(http), .. })) if http.body == "2" => {}
        other => bail!("instead of 2: {other:?}"),
    }
    Ok((took, response.usage.unwrap_or_default()))
}

/// A call of `acme`.
pub(crate) fn request(app: &str) -> InvokeRequest {
    Host::request("acme", app, "", b"1")
}

/// The same in the shape of HTTP.
pub(crate) fn http_request(app: &str) -> InvokeRequest {
    let header = |name: &str, value: &str| v1::Header { name: name.into(), value: value.into() };
    let http = v1::HttpRequest {
        method: "POST".to_owned(),
        url: "/add".to_owned(),
        headers: vec![
            header("host", "shop.example.org"),
            header("content-type", "application/json"),
            header("accept", "application/json"),
        ],
        body: "1".into(),
    };
    InvokeRequest { http: Some(http), ..Host::request("acme", app, "", b"") }
}

/// A daemon whose spares are kept at `spares`, and `apps` apps, called `a0` and so on, that nobody called
/// yet.
pub(crate) struct Ours {
    pub(crate) host: Host,
    spares: usize,
    apps: usize,
    next: usize,
    /// How an app is called.
    pub(crate) request: fn(&str) -> InvokeRequest,
}

/// How long spares are left alone until they are ready: each warms itself after 20 ms.
const SPARE_REST: Duration = Duration::from_millis(30);
/// Calls of nobody before a first call of a spare: the echo that it is compared with is not called out of a
/// sleep.
const AWAKE: usize = 20;

impl Ours {
    pub(crate) fn new(spares: u32, apps: usize) -> anyhow::Result<Self> {
        Self::of(FUNCTION, spares, apps)
    }

    /// The same, of apps with that source.
    pub(crate) fn of(source: &str, spares: u32, apps: usize) -> anyhow::Result<Self> {
        Self::deployed(spares, apps, |host, name| {
            let made = host.deploy("acme", name, source, |request| {
                let limits = request.limits.get_or_insert_default();
                (limits.concurrency, limits.max_instances) = (Some(1), Some(1));
            });
            made.map(drop).map_err(|status| anyhow::anyhow!("{status}"))
        })
    }

    /// The same, of apps that are deployed so.
    pub(crate) fn deployed(
        spares: u32,
        apps: usize,
        deploy: impl Fn(&Host, &str) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let pool = format!(
            "[pool]\nspare_floor = {spares}\nspare_ceiling = {spares}\nidle_after = \"10m\"\n\
             [max]\napps = 10000\n[defaults]\nmemory = \"16MiB\"\n[daemon]\nmemory = \"6GiB\"\nkept = \"4GiB\"\n"
        );
        let wanted = usize::try_from(spares)?;
        let ours = Self { host: Host::roomy(&pool), spares: wanted, apps, next: 0, request };
        (0..apps).try_for_each(|number| deploy(&ours.host, &format!("a{number}")))?;
        Ok(ours)
    }

    /// Ends all instances: a daemon that is started again has the same apps, and nobody called them yet. Each
    /// first call then compiles its app.
    pub(crate) fn start_again(&mut self) -> anyhow::Result<()> {
        let code = self.host.stop(Signal::SIGTERM);
        ensure!(code == 0, "the daemon ended with {code}");
        self.host.start_again();
        self.next = 0;
        Ok(())
    }

    pub(crate) fn socket(&self) -> std::path::PathBuf {
        self.host.place.folder.join("skep.sock")
    }

    /// First calls of `count` apps, each of which must get its instance by `wanted`.
    pub(crate) fn first_calls(&mut self, count: usize, wanted: Start) -> anyhow::Result<Series> {
        ensure!(self.next + count <= self.apps, "all {} apps were called", self.apps);
        let mut series = Series::default();
        let socket = self.socket();
        for _ in 0..count {
            let app = format!("a{}", self.next);
            self.next += 1;
            if wanted == Start::Spare {
                self.await_spares()?;
            }
            let (took, usage) = self.host.block_on(async {
                let mut client = connect(&socket).await?;
                // The connection is there before the call.
                let before = if wanted == Start::Spare { AWAKE } else { 1 };
                for _ in 0..before {
                    let _ = client.invoke(request("nobody")).await;
                }
                asked(&mut client, (self.request)(&app)).await
            })?;
            ensure!(usage.start() == wanted, "{app} came by {:?}", usage.start());
            series.push(took);
        }
        Ok(series)
    }

    /// Waits until the spares that earlier calls took are there again: making them is other rows' affair.
    fn await_spares(&self) -> anyhow::Result<()> {
        for _ in 0..1000 {
            let instances = self.host.instances("acme");
            let spares = instances.iter().filter(|one| one.state == "spare");
            if spares.count() == self.spares {
                std::thread::sleep(SPARE_REST);
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("{} spares never were there at the same time", self.spares)
    }
}

/// Calls one after the other over one connection.
pub(crate) fn one_by_one(
    host: &Host,
    socket: &Path,
    app: &str,
    count: usize,
) -> anyhow::Result<Series> {
    host.block_on(async {
        let mut client = connect(socket).await?;
        for _ in 0..100 {
            call(&mut client, app).await?;
        }
        let mut series = Series::default();
        for _ in 0..count {
            series.push(call(&mut client, app).await?.0);
        }
        Ok(series)
    })
}

/// Connections over which a server is saturated, and calls in flight over all of them.
const CONNECTIONS: usize = 8;
pub(crate) const FLYING: usize = 64;

/// Answers per second of `app` with [`FLYING`] calls in flight.
pub(crate) fn saturated(host: &Host, socket: &Path, time: Duration) -> anyhow::Result<f64> {
    host.block_on(async {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(connect(socket).await?);
        }
        let start = Instant::now();
        let mut all = JoinSet::new();
        for lane in 0..FLYING {
            let mut client = clients[lane % CONNECTIONS].clone();
            all.spawn(async move {
                let mut answered: u64 = 0;
                while start.elapsed() < time {
                    call(&mut client, "app").await?;
                    answered += 1;
                }
                anyhow::Ok(answered)
            });
        }
        per_second(all, start).await
    })
}

/// What all lanes answered together, by the time that passed since `start`.
pub(crate) async fn per_second(
    mut lanes: JoinSet<anyhow::Result<u64>>,
    start: Instant,
) -> anyhow::Result<f64> {
    let mut sum = 0;
    while let Some(lane) = lanes.join_next().await {
        sum += lane??;
    }
    Ok(sum as f64 / start.elapsed().as_secs_f64())
}
