//! Rows about the limiter: what it costs a call that it lets in, and how well it keeps a rate.

use std::time::{Duration, Instant};

use anyhow::ensure;
use skep_integration::host::Host;
use skep_proto::v1::{Metric, Quota, Rates, SetQuotaRequest};
use tokio::task::JoinSet;
use tonic::Code;

use crate::{
    control::{AGAIN, in_rounds, watched},
    crowd::one,
    ours::{answer, connect, request},
    rows::{Effort, keep_ready, ready, row},
    stats::{Goal, Row, Series},
};

/// Calls of each round that are not counted.
const WARM_UP: usize = 100;

/// What the limiter costs a warm call with rates far above what is asked, and what it lets in below it.
pub(crate) fn limiter(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let host = ready(1)?;
    keep_ready(&host, "beta", 1)?;
    let far = Rates { rps: Some(1_000_000), burst: Some(1_000_000) };
    limit(&host, |_| Some(far))?;
    let rounds = in_rounds(effort.rounds, || by_turns(&host, effort.calls))?;
    let what =
        "warm p50 with a rate at three levels over warm p50 of a tenant without, call by call";
    let mut rows = vec![row("limiter", what, &rounds, Goal::Most(1.02, 1.005), "")];
    for level in ["tenant", "app", "process"] {
        rows.push(admitted(&host, level, STRETCH)?);
    }
    Ok(rows)
}

/// Calls of `acme`, who has rates, and of `beta`, who has none: one of each in turn over one connection, so
/// that whatever drifts does so for both.
fn by_turns(host: &Host, count: usize) -> anyhow::Result<(Series, Series)> {
    let socket = host.place.folder.join("skep.sock");
    host.block_on(async {
        let mut client = connect(&socket).await?;
        let mut both = [("acme", Series::default()), ("beta", Series::default())];
        for number in 0..WARM_UP + count {
            for (tenant, series) in &mut both {
                let request = Host::request(tenant, "app", "", b"1");
                let (took, _) = answer(&mut client, request).await?;
                if WARM_UP <= number {
                    series.push(took);
                }
            }
        }
        let [(_, with), (_, without)] = both;
        Ok((with, without))
    })
}

/// Sets the rate of each level to what `of` says, or takes it away.
fn limit(host: &Host, of: impl Fn(&str) -> Option<Rates>) -> anyhow::Result<()> {
    let all = [
        ("", "tenant", Metric::Rate),
        ("app", "app", Metric::Rate),
        ("app", "process", Metric::InstanceRate),
    ];
    for (app, level, metric) in all {
        let rates = of(level);
        let process = metric == Metric::InstanceRate;
        let set = host.set_quota(SetQuotaRequest {
            tenant: "acme".into(),
            app: app.into(),
            quota: (!process).then_some(Quota { rate: rates, ..Default::default() }),
            instance_rate: rates.filter(|_| process),
            unlimited: if rates.is_none() { vec![metric.into()] } else { Vec::new() },
        });
        set.map_err(|status| anyhow::anyhow!("{status}"))?;
    }
    Ok(())
}

/// How long calls are offered at each level.
const STRETCH: Duration = Duration::from_secs(10);
/// Calls per second that are let in where far more are offered.
const RATE: u32 = 1000;
/// Calls that may come at once. With one alone, what comes due before the next call arrives would be lost:
/// that is how unevenly calls arrive here, and no error of the limiter.
const BURST: u32 = 8;
/// Connections that call without pause.
const LANES: usize = 4;

/// How many calls are let in at one level, over its quota.
fn admitted(host: &Host, level: &str, stretch: Duration) -> anyhow::Result<Row> {
    let rates = Rates { rps: Some(RATE), burst: Some(BURST) };
    limit(host, |at| (at == level).then_some(rates))?;
    let (rate, noisy) = watched(AGAIN, || {
        let (let_in, refused, took) = host.block_on(offered(host, stretch))?;
        ensure!(let_in < refused, "{level}: {let_in} let in, but only {refused} refused");
        Ok(let_in as f64 / took.as_secs_f64())
    })?;
    let quota = f64::from(RATE);
    let what = format!(
        "admitted at the {level}'s quota of {RATE}/s, {BURST} at once, over twice as much offered"
    );
    let goal = Goal::Near(0.01, 0.001);
    let id = format!("limiter_{level}");
    let base = one(&id, what, rate / quota, goal, (rate, quota), noisy);
    Ok(Row { unit: "1/s", ..base })
}

/// Calls as often as it can: how many were let in, how many refused, and in which time.
async fn offered(host: &Host, stretch: Duration) -> anyhow::Result<(u64, u64, Duration)> {
    let socket = host.place.folder.join("skep.sock");
    let mut clients = Vec::new();
    for _ in 0..LANES {
        clients.push(connect(&socket).await?);
    }
    let start = Instant::now();
    let mut lanes = JoinSet::new();
    for mut client in clients {
        lanes.spawn(async move {
            let (mut let_in, mut refused) = (0, 0);
            while start.elapsed() < stretch {
                match client.invoke(request("app")).await {
                    Ok(_) => let_in += 1,
                    Err(status) if status.code() == Code::ResourceExhausted => refused += 1,
                    Err(status) => anyhow::bail!("{status}"),
                }
            }
            Ok((let_in, refused))
        });
    }
    let mut sum = (0, 0);
    while let Some(lane) = lanes.join_next().await {
        let (let_in, refused) = lane??;
        sum = (sum.0 + let_in, sum.1 + refused);
    }
    Ok((sum.0, sum.1, start.elapsed()))
}
