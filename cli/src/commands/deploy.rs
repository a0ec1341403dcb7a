//! `skep deploy`: what an entry reaches is handed to the daemon.
//!
//! What is found and read is `upload`'s; the daemon compiles it, in a sandbox of the tenant.
//!
//! Always true: nothing is sent if the entry cannot be loaded with what was found.

use serde_json::json;
use skep_proto::v1::{
    AppLimits, DeployRequest, DeployResponse, Function, Modules, Rates, Variable,
};

use super::{Session, quota::present};
use crate::{
    args::Deploy,
    connect::PATIENT,
    errors::{Exit, Failure},
    screen::{Align, escaped, note, short, table},
    upload::{self, Found, problem_json, problem_text},
};

/// Deploys the app and prints what it became.
pub(super) async fn run(session: &Session, args: Deploy) -> Result<Exit, Failure> {
    let found = upload::look(&args)?;
    if args.dry_run {
        session.show(found.report().json(), || found.report().whole_text())?;
        return Ok(if found.fatal().next().is_some() { Exit::Usage } else { Exit::Answered });
    }
    loadable(&found)?;
    if !session.json {
        note(&found.report().text());
    }
    let app = args.app.unwrap_or_default();
    let request = request(session.tenant.clone(), app.clone(), &found)?;
    let daemon = session.connect().await?;
    let answer = daemon.answer(PATIENT, daemon.apps().deploy(request)).await;
    let answer = answer.map_err(|failure| failure.with_paths(|path| found.shown(path)))?;
    let value = json!({
        "tenant": session.tenant,
        "app": app,
        "version": answer.version,
        "functions": answer.functions,
        "found": answer.found.iter().map(function_json).collect::<Vec<_>>(),
        "skipped_exports": answer.skipped_exports,
        "skipped_names": answer.skipped_names,
        "upload": found.report().json(),
    });
    session.show(value, || text(&app, &answer))?;
    Ok(Exit::Answered)
}

/// Refuses what would be refused there, before anything is sent.
fn loadable(found: &Found) -> Result<(), Failure> {
    let count = found.fatal().count();
    if count == 0 {
        return Ok(());
    }
    let (what, it) = if count == 1 { ("problem", "it") } else { ("problems", "them") };
    let message = format!("{count} {what} in what the entry loads; nothing was sent");
    let problems = found.traced.problems.iter().map(|it| (problem_json(it), problem_text(it)));
    Err(Failure::usage(message, format!("mend {it} and deploy again")).with_problems(problems))
}

/// A function and its conventions, for a script.
pub(super) fn function_json(function: &Function) -> serde_json::Value {
    let word = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    json!({
        "name": function.name, "event": word(&function.event), "http": word(&function.http),
    })
}

fn text(app: &str, answer: &DeployResponse) -> String {
    let deployed = format!("deployed {} version {}", escaped(app), short(&answer.version, 12));
    let skipped = skipped(answer).unwrap_or_default();
    if answer.functions.is_empty() {
        return format!(
            "{deployed}{skipped}\nit exports no function; write: export default (data) => {{ … }}"
        );
    }
    let functions = if answer.found.is_empty() {
        format!("functions: {}", escaped(&answer.functions.join(", ")))
    } else {
        conventions(&answer.found)
    };
    let call = call(app, answer).unwrap_or_default();
    format!("{deployed}\n{functions}{skipped}{call}")
}

/// A table of functions and the conventions by which they are called.
fn conventions(found: &[Function]) -> String {
    // An event reaches a function of HTTP as the body of a POST.
    let event = |it: &Function| match (it.event.as_str(), it.http.as_str()) {
        ("", "") => "-".to_owned(),
        ("", _) => "as POST /".to_owned(),
        (event, _) => event.to_owned(),
    };
    let http = |it: &Function| if it.http.is_empty() { "-".to_owned() } else { it.http.clone() };
    let rows: Vec<[String; 3]> =
        found.iter().map(|it| [it.name.clone(), event(it), http(it)]).collect();
    let columns = [("FUNCTION", Align::Left), ("EVENT", Align::Left), ("HTTP", Align::Left)];
    table(columns, &rows).join("\n")
}

/// Which exports cannot be called, and under which names they could.
fn skipped(answer: &DeployResponse) -> Option<String> {
    let count = answer.skipped_exports;
    let names: Vec<String> = answer.skipped_names.iter().map(|name| escaped(name)).collect();
    let more = usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(names.len());
    let more = if more == 0 { String::new() } else { format!(", +{more}") };
    (0 < count).then(|| {
        format!(
            "\nnot callable: {}{more}; names of functions are 1 to 63 of A-Z, a-z, 0-9, '_' and '$'",
            names.join(", ")
        )
    })
}

/// The names that a call without one means, the first that is there.
const PREFERRED: [&str; 4] = ["default", "fetch", "handler", "main"];

/// How to call one of the functions: the one that a call without a name means, or the first whose name
/// can be pasted into a shell. An export may be called anything.
fn call(app: &str, answer: &DeployResponse) -> Option<String> {
    let names = &answer.functions;
    let preferred = PREFERRED.into_iter().find(|it| names.iter().any(|name| name == it));
    let only = || Some(names.first()?.as_str()).filter(|_| names.len() == 1);
    let plain = |name: &&str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let meant = preferred.or_else(only);
    let (name, function) = match meant {
        Some(name) => (name, String::new()),
        None => {
            let name = names.iter().map(String::as_str).find(plain)?;
            (name, format!(" --function {name}"))
        }
    };
    let command = format!("skep invoke {}{function}", escaped(app));
    let found = answer.found.iter().find(|it| it.name == name);
    let http = format!("{command} --http \"GET /\"");
    Some(match found {
        Some(it) if it.event.is_empty() && !it.http.is_empty() => format!("\ncall it: {http}"),
        // A method for other services takes its parameters from the event.
        Some(it) if it.event == "vaas" => format!("\ncall it: {command}"),
        Some(it) if !it.http.is_empty() => format!("\ncall it: {command}\n     or: {http}"),
        Some(_) | None => format!("\ncall it: {command}"),
    })
}

/// The request, in which nothing is present that was not asked for.
fn request(tenant: String, app: String, found: &Found) -> Result<DeployRequest, Failure> {
    let (files, given) = found.read()?;
    let plan = &found.plan;
    let bounds = &plan.bounds;
    let limits = AppLimits {
        memory_bytes: bounds.memory.map(|memory| memory.0),
        cpu_millis: bounds.cpu.map(|cpu| cpu.0),
        timeout_ms: bounds.timeout.map(|time| time.0),
        concurrency: bounds.concurrency,
        min_instances: bounds.min_instances,
        max_instances: bounds.max_instances,
        cpu_budget_ms: bounds.cpu_budget.map(|time| time.0),
    };
    let variable = |(name, value): (&String, &crate::args::Unseen)| Variable {
        name: name.clone(),
        value: value.0.clone(),
    };
    Ok(DeployRequest {
        tenant,
        app,
        files,
        entry: found.traced.entry.clone(),
        limits: present(limits),
        app_rate: present(Rates { rps: bounds.rps, burst: bounds.burst }),
        instance_rate: present(Rates {
            rps: bounds.rps_per_instance,
            burst: bounds.burst_per_instance,
        }),
        handler: plan.handler.clone().unwrap_or_default(),
        variables: plan.env.iter().map(variable).collect(),
        given,
        modules: plan.modules.clone().map(|names| Modules { names }),
        conditions: plan.options.settings.conditions.clone(),
    })
}

#[cfg(test)]
mod tests;
