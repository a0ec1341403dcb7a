//! `skep quota get` and `skep quota set`, and how quotas and rates are shown everywhere.
//!
//! Always true: an absent number is shown as `unlimited` and as JSON `null`, zero as `closed`.

use serde_json::{Value, json};
use skep_proto::v1::{GetQuotaRequest, Metric, Quota, Rates, SetQuotaRequest};

use super::Session;
use crate::{
    args::{QuotaGet, QuotaSet},
    connect::QUICK,
    errors::{Exit, Failure},
    screen::pairs,
    units::{Bound, ByteCount, CpuMillis},
};

/// Prints a quota and what is used of it.
pub(super) async fn get(session: &Session, args: QuotaGet) -> Result<Exit, Failure> {
    let daemon = session.connect().await?;
    let app = args.app.unwrap_or_default();
    let request = GetQuotaRequest { tenant: session.tenant.clone(), app: app.clone() };
    let answer = daemon.answer(QUICK, daemon.quotas().get(request)).await?;
    let quota = answer.quota.unwrap_or_default();
    let value = json!({
        "tenant": session.tenant,
        "app": name(&app),
        "quota": quota_json(&quota),
        "instance_rate": answer.instance_rate.as_ref().map(rates_json),
        "running": answer.running,
        "memory_reserved_bytes": answer.memory_reserved_bytes,
        "memory_kept_bytes": answer.memory_kept_bytes,
    });
    session.show(value, || {
        let mut rows = rows(&session.tenant, &app, &quota, answer.instance_rate.as_ref());
        rows.push(("running now", answer.running.to_string()));
        rows.push(("memory reserved", ByteCount(answer.memory_reserved_bytes).to_string()));
        if let Some(kept) = answer.memory_kept_bytes {
            rows.push(("memory kept", ByteCount(kept).to_string()));
        }
        pairs(&rows)
    })?;
    Ok(Exit::Answered)
}

/// Changes what is given and prints what holds then.
pub(super) async fn set(session: &Session, args: QuotaSet) -> Result<Exit, Failure> {
    check(&args)?;
    let daemon = session.connect().await?;
    let app = args.app.clone().unwrap_or_default();
    let request = change(session.tenant.clone(), &args);
    let answer = daemon.answer(QUICK, daemon.quotas().set(request)).await?;
    let quota = answer.quota.unwrap_or_default();
    let value = json!({
        "tenant": session.tenant,
        "app": name(&app),
        "quota": quota_json(&quota),
        "instance_rate": answer.instance_rate.as_ref().map(rates_json),
    });
    session.show(value, || {
        pairs(&rows(&session.tenant, &app, &quota, answer.instance_rate.as_ref()))
    })?;
    Ok(Exit::Answered)
}

/// A burst belongs to a rate: it cannot be set where the rate is taken away.
fn check(args: &QuotaSet) -> Result<(), Failure> {
    let open = |rate: Option<Bound<u32>>| rate == Some(Bound::Unlimited);
    let wrong = match (args.burst, args.burst_per_instance) {
        (Some(_), _) if open(args.rps) => "--rps unlimited leaves no rate for --burst",
        (_, Some(_)) if open(args.rps_per_instance) => {
            "--rps-per-instance unlimited leaves no rate for --burst-per-instance"
        }
        _ => return Ok(()),
    };
    Err(Failure::usage(wrong, "leave the burst out, or give a number of calls per second"))
}

/// The request, in which nothing is present that was not asked for.
fn change(tenant: String, args: &QuotaSet) -> SetQuotaRequest {
    let number = |bound: Option<Bound<u32>>| bound.and_then(Bound::at);
    let quota = Quota {
        rate: present(Rates { rps: number(args.rps), burst: args.burst }),
        concurrency: number(args.concurrency),
        memory_bytes: args.memory.and_then(Bound::at).map(|memory| memory.0),
        cpu_millis: args.cpu.and_then(Bound::at).map(|cpu| cpu.0),
    };
    let unlimited = [
        (Metric::Rate, args.rps == Some(Bound::Unlimited)),
        (Metric::Concurrency, args.concurrency == Some(Bound::Unlimited)),
        (Metric::Memory, args.memory == Some(Bound::Unlimited)),
        (Metric::Cpu, args.cpu == Some(Bound::Unlimited)),
        (Metric::InstanceRate, args.rps_per_instance == Some(Bound::Unlimited)),
    ];
    let unlimited = unlimited.into_iter().filter(|(_, is)| *is);
    SetQuotaRequest {
        tenant,
        app: args.app.clone().unwrap_or_default(),
        quota: present(quota),
        instance_rate: present(Rates {
            rps: number(args.rps_per_instance),
            burst: args.burst_per_instance,
        }),
        unlimited: unlimited.map(|(metric, _)| metric.into()).collect(),
    }
}

/// A message, unless nothing is set in it.
pub(super) fn present<M: Default + PartialEq>(message: M) -> Option<M> {
    Some(message).filter(|message| *message != M::default())
}

fn name(app: &str) -> Option<&str> {
    Some(app).filter(|app| !app.is_empty())
}

fn rows(
    tenant: &str,
    app: &str,
    quota: &Quota,
    instance: Option<&Rates>,
) -> Vec<(&'static str, String)> {
    let mut rows = vec![match name(app) {
        Some(app) => ("app", format!("{tenant}/{app}")),
        None => ("tenant", tenant.to_owned()),
    }];
    rows.push(("rate", rates(quota.rate.as_ref())));
    if name(app).is_some() {
        rows.push(("rate per instance", rates(instance)));
    }
    rows.push(("concurrency", bound(quota.concurrency, |calls| format!("{calls} calls"))));
    rows.push(("memory", bound(quota.memory_bytes, |bytes| ByteCount(bytes).to_string())));
    rows.push(("cpu", bound(quota.cpu_millis, |millis| CpuMillis(millis).to_string())));
    rows
}

/// A number that may be absent or zero, in words where it is.
fn bound<N: Default + PartialEq>(number: Option<N>, text: impl FnOnce(N) -> String) -> String {
    match number {
        None => "unlimited".to_owned(),
        Some(number) if number == N::default() => "closed".to_owned(),
        Some(number) => text(number),
    }
}

/// A rate in words: `100/s, burst 20`.
pub(super) fn rates(rates: Option<&Rates>) -> String {
    let Rates { rps, burst } = rates.copied().unwrap_or_default();
    bound(rps, |rps| match burst {
        Some(burst) => format!("{rps}/s, burst {burst}"),
        None => format!("{rps}/s"),
    })
}

/// A rate for a script.
pub(super) fn rates_json(rates: &Rates) -> Value {
    json!({ "rps": rates.rps, "burst": rates.burst })
}

/// A quota for a script.
pub(super) fn quota_json(quota: &Quota) -> Value {
    json!({
        "rate": quota.rate.as_ref().map(rates_json),
        "concurrency": quota.concurrency,
        "memory_bytes": quota.memory_bytes,
        "cpu_millis": quota.cpu_millis,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> QuotaSet {
        QuotaSet {
            app: None,
            rps: None,
            burst: None,
            concurrency: None,
            memory: None,
            cpu: None,
            rps_per_instance: None,
            burst_per_instance: None,
        }
    }

    #[test]
    fn only_what_is_given_is_sent() {
        let request = change("t".to_owned(), &QuotaSet { rps: Some(Bound::At(0)), ..nothing() });
        let rate = Some(Rates { rps: Some(0), burst: None });
        assert_eq!(request.quota, Some(Quota { rate, ..Quota::default() }));
        assert_eq!(request.instance_rate, None);
    }

    #[test]
    fn an_instance_rate_alone_leaves_the_quota_alone() {
        let args = QuotaSet {
            app: Some("a".to_owned()),
            rps_per_instance: Some(Bound::At(5)),
            burst_per_instance: Some(2),
            ..nothing()
        };
        let request = change("t".to_owned(), &args);
        assert_eq!((request.app.as_str(), request.quota), ("a", None));
        assert_eq!(request.instance_rate, Some(Rates { rps: Some(5), burst: Some(2) }));
    }

    #[test]
    fn a_bound_is_taken_away_by_its_word() {
        let args = QuotaSet {
            memory: Some(Bound::Unlimited),
            concurrency: Some(Bound::At(3)),
            ..nothing()
        };
        let request = change("t".to_owned(), &args);
        assert_eq!(request.unlimited, [i32::from(Metric::Memory)]);
        let quota = request.quota.unwrap();
        assert_eq!((quota.memory_bytes, quota.concurrency), (None, Some(3)));
    }

    #[test]
    fn a_burst_needs_its_own_rate() {
        let unlimited = Some(Bound::Unlimited);
        let args = QuotaSet { rps: unlimited, burst: Some(3), ..nothing() };
        assert!(check(&args).is_err());
        assert!(check(&QuotaSet { rps: Some(Bound::At(1)), ..args }).is_ok());
        let args =
            QuotaSet { rps_per_instance: unlimited, burst_per_instance: Some(3), ..nothing() };
        assert!(check(&args).is_err());
        assert!(check(&QuotaSet { rps: unlimited, rps_per_instance: None, ..args }).is_ok());
    }

    #[test]
    fn absent_is_unlimited_and_zero_is_closed() {
        assert_eq!(rates(None), "unlimited");
        assert_eq!(rates(Some(&Rates { rps: Some(0), burst: None })), "closed");
        assert_eq!(rates(Some(&Rates { rps: Some(9), burst: None })), "9/s");
        assert_eq!(rates(Some(&Rates { rps: Some(9), burst: Some(3) })), "9/s, burst 3");
    }

    #[test]
    fn a_tenant_is_shown_without_an_instance_rate() {
        let quota = Quota { memory_bytes: Some(512 << 20), ..Quota::default() };
        let text = pairs(&rows("acme", "", &quota, None));
        assert_eq!(
            text,
            "tenant       acme\
             \nrate         unlimited\
             \nconcurrency  unlimited\
             \nmemory       512.0 MiB\
             \ncpu          unlimited"
        );
    }
}
