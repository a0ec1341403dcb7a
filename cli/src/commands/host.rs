//! `skep doctor` and `skep drain`: for who runs the host.

use serde_json::{Value, json};
use skep_proto::v1::{
    BudgetRequest, BudgetUse, DoctorRequest, DrainRequest, Finding, finding::Grade,
};

use super::Session;
use crate::{
    connect::{PATIENT, QUICK},
    errors::{Exit, Failure},
    screen::{Align, escaped, escaped_lines, table},
    units::ByteCount,
};

/// Prints what the host offers and lacks; fails if something is missing.
pub(super) async fn doctor(session: &Session) -> Result<Exit, Failure> {
    let daemon = session.connect().await?;
    let answer = daemon.answer(QUICK, daemon.host().doctor(DoctorRequest {})).await?;
    let findings: Vec<Value> = answer.findings.iter().map(finding_json).collect();
    session.show(json!({ "findings": findings }), || text(&answer.findings))?;
    let missing = answer.findings.iter().any(|finding| finding.grade() == Grade::Missing);
    Ok(if missing { Exit::Failed } else { Exit::Answered })
}

/// Prints what requests and answers hold.
pub(super) async fn budget(session: &Session) -> Result<Exit, Failure> {
    let daemon = session.connect().await?;
    let answer = daemon.answer(QUICK, daemon.host().budget(BudgetRequest {})).await?;
    let all: Vec<Value> = answer.uses.iter().map(budget_json).collect();
    let value = json!({
        "budgets": all,
        "kept_bytes": answer.kept_bytes,
        "kept_most_bytes": answer.kept_most_bytes,
    });
    session.show(value, || budgets(&answer.uses))?;
    Ok(Exit::Answered)
}

fn budget_json(one: &BudgetUse) -> Value {
    json!({
        "level": one.level,
        "name": one.name,
        "used_bytes": one.used_bytes,
        "peak_bytes": one.peak_bytes,
        "most_bytes": one.most_bytes,
    })
}

fn budgets(uses: &[BudgetUse]) -> String {
    let columns = [
        ("LEVEL", Align::Left),
        ("NAME", Align::Left),
        ("USED", Align::Right),
        ("PEAK", Align::Right),
        ("MOST", Align::Right),
    ];
    let bytes = |number| ByteCount(number).to_string();
    let row = |one: &BudgetUse| {
        let (used, peak, most) = (one.used_bytes, one.peak_bytes, one.most_bytes);
        [one.level.clone(), one.name.clone(), bytes(used), bytes(peak), bytes(most)]
    };
    let rows: Vec<[String; 5]> = uses.iter().map(row).collect();
    table(columns, &rows).join("\n")
}

/// Stops the daemon, gently.
pub(super) async fn drain(session: &Session) -> Result<Exit, Failure> {
    let daemon = session.connect().await?;
    let running = daemon.answer(PATIENT, daemon.host().drain(DrainRequest {})).await?.running;
    session.show(json!({ "running": running }), || match running {
        0 => "draining; no call was running, skepd stops now".to_owned(),
        1 => "draining; 1 call was still running, skepd stops when it has ended".to_owned(),
        _ => format!("draining; {running} calls were still running, skepd stops when they ended"),
    })?;
    Ok(Exit::Answered)
}

/// A grade as a word, also one that this client does not know.
fn grade(finding: &Finding) -> &'static str {
    match finding.grade() {
        Grade::Unspecified => "UNKNOWN",
        Grade::Ok => "OK",
        Grade::Degraded => "DEGRADED",
        Grade::Missing => "MISSING",
    }
}

/// The table, and below what is not in order what it costs and how to mend it.
fn text(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "skepd looked for nothing; is it of the same version as this skep?".to_owned();
    }
    let columns = [
        ("NAME", Align::Left),
        ("GRADE", Align::Left),
        ("FOUND", Align::Left),
        ("NEEDED", Align::Left),
    ];
    let rows: Vec<[String; 4]> = findings
        .iter()
        .map(|finding| {
            let found = finding.found.clone();
            [finding.name.clone(), grade(finding).to_owned(), found, finding.needed.clone()]
        })
        .collect();
    let lines = table(columns, &rows);
    let (header, rows) = lines.split_at(1);
    let mut shown = header.to_vec();
    for (row, finding) in rows.iter().zip(findings) {
        shown.push(row.clone());
        if finding.grade() != Grade::Ok {
            shown.extend(note("cost", &finding.cost));
            shown.extend(note("fix", &finding.fix));
        }
    }
    shown.join("\n")
}

/// A labelled line; text of several lines, such as a fix of two commands, goes below its label.
fn note(label: &str, text: &str) -> Option<String> {
    match text.lines().count() {
        0 => None,
        1 => Some(format!("  {label:<5} {}", escaped(text.trim_end()))),
        _ => Some(format!("  {label}\n{}", escaped_lines(text, "        "))),
    }
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "name": finding.name,
        "grade": grade(finding),
        "found": finding.found,
        "needed": finding.needed,
        "cost": finding.cost,
        "fix": finding.fix,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(name: &str, grade: Grade, cost: &str, fix: &str) -> Finding {
        Finding {
            name: name.to_owned(),
            grade: grade.into(),
            found: "v1".to_owned(),
            needed: "v2".to_owned(),
            cost: cost.to_owned(),
            fix: fix.to_owned(),
        }
    }

    #[test]
    fn cost_and_fix_stand_below_what_is_not_in_order() {
        let findings = [
            finding("kernel", Grade::Ok, "unused", "unused"),
            finding("cgroup", Grade::Degraded, "no memory.high", ""),
            finding("pids", Grade::Missing, "no sandbox", "first\nsecond"),
        ];
        assert_eq!(
            text(&findings),
            "NAME    GRADE     FOUND  NEEDED\
             \nkernel  OK        v1     v2\
             \ncgroup  DEGRADED  v1     v2\
             \n  cost  no memory.high\
             \npids    MISSING   v1     v2\
             \n  cost  no sandbox\
             \n  fix\
             \n        first\
             \n        second"
        );
    }
}
