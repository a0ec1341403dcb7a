//! `skep usage`: the CPU time of a tenant or an app since the start of the daemon, by what it was for.

use std::time::Duration;

use serde_json::{Value, json};
use skep_proto::v1::{UsageLine, UsageRequest, UsageResponse};

use super::Session;
use crate::{
    args::BillOf,
    connect::QUICK,
    errors::{Exit, Failure},
    screen::{Align, table},
    units::{human_time, utc},
};

/// Prints the four lines and their sum.
pub(super) async fn run(session: &Session, args: BillOf) -> Result<Exit, Failure> {
    let daemon = session.connect().await?;
    let app = args.app.unwrap_or_default();
    let request = UsageRequest { tenant: session.tenant.clone(), app: app.clone() };
    let bill = daemon.answer(QUICK, daemon.quotas().usage(request)).await?;
    let app = Some(app).filter(|app| !app.is_empty());
    session.show(for_scripts(&session.tenant, app.as_deref(), &bill), || text(&bill))?;
    Ok(Exit::Answered)
}

/// The lines by their names. A line that is not there is one of nothing.
fn lines(bill: &UsageResponse) -> [(&'static str, UsageLine); 4] {
    [
        ("calls", bill.calls.unwrap_or_default()),
        ("loads and compiles", bill.loads.unwrap_or_default()),
        ("starts and ends", bill.starts.unwrap_or_default()),
        ("spares", bill.spares.unwrap_or_default()),
    ]
}

fn sum(bill: &UsageResponse) -> u64 {
    lines(bill).iter().fold(0, |sum, (_, line)| sum.saturating_add(line.cpu_us))
}

fn text(bill: &UsageResponse) -> String {
    let time = |micros| human_time(Duration::from_micros(micros));
    let columns = [("FOR", Align::Left), ("COUNT", Align::Right), ("CPU", Align::Right)];
    let mut rows: Vec<[String; 3]> = lines(bill)
        .into_iter()
        .map(|(name, line)| [name.to_owned(), line.count.to_string(), time(line.cpu_us)])
        .collect();
    rows.push(["all".to_owned(), String::new(), time(sum(bill))]);
    if let Some(kernel) = bill.kernel_cpu_us {
        rows.push(["by the kernel".to_owned(), String::new(), time(kernel)]);
    }
    let mut text = table(columns, &rows);
    text.push(format!("since {}", utc(bill.since_us)));
    text.join("\n")
}

fn for_scripts(tenant: &str, app: Option<&str>, bill: &UsageResponse) -> Value {
    let [calls, loads, starts, spares] =
        lines(bill).map(|(_, line)| json!({ "count": line.count, "cpu_us": line.cpu_us }));
    json!({
        "tenant": tenant,
        "app": app,
        "calls": calls,
        "loads": loads,
        "starts": starts,
        "spares": spares,
        "cpu_us": sum(bill),
        "kernel_cpu_us": bill.kernel_cpu_us,
        "since_us": bill.since_us,
    })
}
