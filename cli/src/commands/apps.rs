//! `skep apps` and `skep rm`: what is deployed, and how it goes.

use serde_json::{Value, json};
use skep_proto::v1::{self, ListAppsRequest, RemoveRequest};

use super::{
    Session,
    deploy::function_json,
    quota::{quota_json, rates, rates_json},
};
use crate::{
    args,
    connect::{PATIENT, QUICK},
    errors::{Exit, Failure},
    screen::{self, Align, escaped, short, table},
    units::{ByteCount, Millis, human_time},
};

/// The longest list of functions that fits into a table.
const FUNCTIONS_WIDTH: usize = 40;

/// Lists the apps of the tenant.
pub(super) async fn list(session: &Session) -> Result<Exit, Failure> {
    let daemon = session.connect().await?;
    let request = ListAppsRequest { tenant: session.tenant.clone() };
    let answer = daemon.answer(QUICK, daemon.apps().list(request)).await?;
    let apps: Vec<Value> = answer.apps.iter().map(app_json).collect();
    let value = json!({ "apps": apps, "truncated": answer.truncated });
    session.show(value, || text(&answer.apps))?;
    if answer.truncated {
        screen::note("there are more apps: together they are too large for one answer");
    }
    Ok(Exit::Answered)
}

/// Removes one app.
pub(super) async fn remove(session: &Session, args: args::App) -> Result<Exit, Failure> {
    let daemon = session.connect().await?;
    let request = RemoveRequest { tenant: session.tenant.clone(), app: args.app.clone() };
    daemon.answer(PATIENT, daemon.apps().remove(request)).await?;
    let value = json!({ "tenant": session.tenant, "app": args.app });
    session.show(value, || format!("removed {}", escaped(&args.app)))?;
    Ok(Exit::Answered)
}

fn text(apps: &[v1::App]) -> String {
    if apps.is_empty() {
        return "no apps yet; deploy one: skep deploy ./examples/hello --app hello".to_owned();
    }
    let columns = [
        ("APP", Align::Left),
        ("VERSION", Align::Left),
        ("FUNCTIONS", Align::Left),
        ("CALLED AS", Align::Left),
        ("SOURCE", Align::Right),
        ("MEMORY", Align::Right),
        ("TIMEOUT", Align::Right),
        ("RATE", Align::Right),
        ("INSTANCES", Align::Right),
    ];
    let rows: Vec<[String; 9]> = apps.iter().map(row).collect();
    table(columns, &rows).join("\n")
}

fn row(app: &v1::App) -> [String; 9] {
    let limits = app.limits.unwrap_or_default();
    let memory = limits.memory_bytes.map(|bytes| ByteCount(bytes).to_string());
    let timeout = limits.timeout_ms.map(|ms| human_time(Millis(ms).duration()));
    let unknown = || "-".to_owned();
    [
        app.name.clone(),
        short(&app.version, 12),
        functions(&app.functions, app.function_count),
        conventions(&app.found),
        ByteCount(app.source_bytes).to_string(),
        memory.unwrap_or_else(unknown),
        timeout.unwrap_or_else(unknown),
        rates(app.quota.as_ref().and_then(|quota| quota.rate.as_ref())),
        match limits.max_instances {
            Some(most) => format!("{} of {most}", app.instances),
            None => app.instances.to_string(),
        },
    ]
}

/// The names, or as many as fit and the number of the others.
fn functions(names: &[String], count: u32) -> String {
    // An older daemon lists all and counts none.
    let all = usize::try_from(count).unwrap_or(usize::MAX).max(names.len());
    let mut text = String::new();
    for (at, name) in names.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        if FUNCTIONS_WIDTH < text.chars().count() + comma.len() + name.chars().count() {
            return format!("{text}{comma}+{}", all - at);
        }
        text.push_str(comma);
        text.push_str(name);
    }
    if names.len() < all {
        text.push_str(&format!(", +{}", all - names.len()));
    }
    text
}

/// By which conventions the functions are called, by events and by HTTP, each once.
fn conventions(found: &[v1::Function]) -> String {
    let mut names: Vec<String> = Vec::new();
    for function in found {
        for name in [&function.event, &function.http] {
            if !name.is_empty() && !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    if names.is_empty() { "-".to_owned() } else { functions(&names, 0) }
}

fn app_json(app: &v1::App) -> Value {
    json!({
        "tenant": app.tenant,
        "app": app.name,
        "version": app.version,
        "functions": app.functions,
        "function_count": app.function_count,
        "found": app.found.iter().map(function_json).collect::<Vec<_>>(),
        "source_bytes": app.source_bytes,
        "limits": app.limits.as_ref().map(limits_json),
        "quota": app.quota.as_ref().map(quota_json),
        "instance_rate": app.instance_rate.as_ref().map(rates_json),
        "instances": app.instances,
    })
}

fn limits_json(limits: &v1::AppLimits) -> Value {
    json!({
        "memory_bytes": limits.memory_bytes,
        "cpu_millis": limits.cpu_millis,
        "timeout_ms": limits.timeout_ms,
        "concurrency": limits.concurrency,
        "min_instances": limits.min_instances,
        "max_instances": limits.max_instances,
        "cpu_budget_ms": limits.cpu_budget_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_apps_is_a_line_that_says_what_to_do() {
        assert_eq!(text(&[]), "no apps yet; deploy one: skep deploy ./examples/hello --app hello");
    }

    #[track_caller]
    fn check(names: &[&str], expected: &str) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(functions(&names, 0), expected);
    }

    #[test]
    fn functions_that_fit_are_all_named() {
        check(&[], "");
        check(&["default", "add"], "default, add");
    }

    #[test]
    fn each_convention_is_named_once() {
        let function = |event: &str, http: &str| v1::Function {
            name: "f".to_owned(),
            event: event.to_owned(),
            http: http.to_owned(),
        };
        let found = [function("skep", "edge"), function("", "worker"), function("skep", "")];
        assert_eq!(conventions(&found), "skep, edge, worker");
        assert_eq!(conventions(&[]), "-");
    }

    #[test]
    fn functions_that_do_not_fit_are_counted() {
        let long = "a".repeat(39);
        check(&[&long, "b", "c"], &format!("{long}, +2"));
        check(&[&"a".repeat(41)], "+1");
        assert_eq!(functions(&["a".to_owned()], 70), "a, +69");
    }
}
