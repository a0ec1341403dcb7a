//! `skep ps`: the instances, what each uses and what it may use.
//!
//! Always true: what a spare does not have yet is shown as `-` and as JSON `null`, as is an absent limit
//! as `unlimited` and `null`.

use std::time::Duration;

use serde_json::{Value, json};
use skep_proto::v1::{Instance, InstancesRequest};

use super::{Session, quota::rates_json};
use crate::{
    args::Ps,
    connect::QUICK,
    errors::{Exit, Failure},
    screen::{Align, table},
    units::{ByteCount, CpuMillis, human_time},
};

/// Lists the instances of the tenant, or of all.
pub(super) async fn run(session: &Session, args: Ps) -> Result<Exit, Failure> {
    let daemon = session.connect().await?;
    // An empty tenant means all of them; see the API.
    let tenant = if args.all { String::new() } else { session.tenant.clone() };
    let request = InstancesRequest { tenant };
    let answer = daemon.answer(QUICK, daemon.host().instances(request)).await?;
    let instances: Vec<Value> = answer.instances.iter().map(instance_json).collect();
    session.show(json!({ "instances": instances }), || text(&answer.instances))?;
    Ok(Exit::Answered)
}

fn text(instances: &[Instance]) -> String {
    if instances.is_empty() {
        return "no instances alive; a call starts one: skep invoke APP".to_owned();
    }
    let columns = [
        ("ID", Align::Left),
        ("TENANT", Align::Left),
        ("APP", Align::Left),
        ("STATE", Align::Left),
        ("UID", Align::Right),
        ("PID", Align::Right),
        ("MEMORY", Align::Right),
        ("PEAK", Align::Right),
        ("LIMIT", Align::Right),
        ("CPU", Align::Right),
        ("OF", Align::Right),
        ("CALLS", Align::Right),
        ("RATE", Align::Right),
        ("AGE", Align::Right),
    ];
    let rows: Vec<[String; 14]> = instances.iter().map(row).collect();
    table(columns, &rows).join("\n")
}

fn row(instance: &Instance) -> [String; 14] {
    let or_dash = |text: &str| present(text).unwrap_or("-").to_owned();
    [
        instance.id.clone(),
        or_dash(&instance.tenant),
        or_dash(&instance.app),
        instance.state.clone(),
        instance.uid.map_or("-".to_owned(), |uid| uid.to_string()),
        instance.pid.map_or("-".to_owned(), |pid| pid.to_string()),
        ByteCount(instance.memory_bytes).to_string(),
        ByteCount(instance.memory_peak_bytes).to_string(),
        ByteCount(instance.memory_limit_bytes).to_string(),
        human_time(Duration::from_micros(instance.cpu_us)),
        cpu_limit(instance).map_or("unlimited".to_owned(), |limit| limit.to_string()),
        instance.calls.to_string(),
        rate(instance),
        human_time(Duration::from_millis(instance.age_ms)),
    ]
}

/// Calls during the last second, and how many may be: `3 of 100/s`.
fn rate(instance: &Instance) -> String {
    match instance.instance_rate.and_then(|rates| rates.rps) {
        Some(0) => format!("{}/s (closed)", instance.rate),
        Some(rps) => format!("{} of {rps}/s", instance.rate),
        None => format!("{}/s", instance.rate),
    }
}

/// Zero in the API means that there is none: no instance lives without any CPU.
fn cpu_limit(instance: &Instance) -> Option<CpuMillis> {
    Some(CpuMillis(instance.cpu_limit_millis)).filter(|limit| limit.0 != 0)
}

/// What a spare does not have is empty in the API.
fn present(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn instance_json(instance: &Instance) -> Value {
    json!({
        "id": instance.id,
        "tenant": instance.tenant,
        "app": present(&instance.app),
        "version": present(&instance.version),
        "state": instance.state,
        "uid": instance.uid,
        "pid": instance.pid,
        "memory_bytes": instance.memory_bytes,
        "memory_peak_bytes": instance.memory_peak_bytes,
        "memory_limit_bytes": instance.memory_limit_bytes,
        "cpu_us": instance.cpu_us,
        "cpu_limit_millis": cpu_limit(instance).map(|limit| limit.0),
        "calls": instance.calls,
        "rate": instance.rate,
        "instance_rate": instance.instance_rate.as_ref().map(rates_json),
        "age_ms": instance.age_ms,
    })
}
