//! Runs test files on a daemon: an app for each, called once, and removed.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use serde_json::json;
use skep_proto::v1::{self, invoke_response::Outcome as Told};
use tonic::Status;
use tonic_types::StatusExt as _;

use super::{
    sums::Outcome,
    tree::{HARNESS, Laid, Tree},
};
use crate::{host::Host, slowness};

/// Our part of the app of a test.
const ENTRY: &str = include_str!("entry.mjs");
/// How long a test may take, and one that says that it is long.
const PATIENCE: Duration = Duration::from_secs(25);
const LONG_PATIENCE: Duration = Duration::from_secs(60);
/// What an instance has beyond that to say how far it came.
const GRACE: Duration = Duration::from_secs(15);
/// After how many files it is said how far it came.
const TOLD: usize = 100;
/// Memory of the app of a test.
const MEMORY: u64 = 256 << 20;
/// Who owns the apps.
const TENANT: &str = "acme";

/// Runs the tests, as many at a time as there are processors; what came of them is in their order.
pub fn run(host: &Host, tree: &Tree, tests: &[String]) -> Vec<Outcome> {
    let at_once = thread::available_parallelism().map_or(1, usize::from);
    let queue = Mutex::new(tests.iter().enumerate());
    let done = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..at_once.min(tests.len()) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((at, test)) = next else { break };
                    let came = one(host, tree, test, at);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.insert(at, came);
                    if done.len().is_multiple_of(TOLD) {
                        eprintln!("{} of {} files", done.len(), tests.len());
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

/// Runs one test, in each of its variants.
fn one(host: &Host, tree: &Tree, test: &str, number: usize) -> Outcome {
    let laid = match tree.lay(test) {
        Ok(laid) => laid,
        // It is the folder that lacks something.
        Err(error) => {
            let status = format!("NOT LAID {error}");
            return Outcome { is_fault: false, ..Outcome::fault(test, status) };
        }
    };
    let variants = match laid.meta.variants.as_slice() {
        [] => &[String::new()],
        some => some,
    };
    let mut sum: Option<Outcome> = None;
    for variant in variants {
        let app = format!("web-{number}");
        let came = variant_of(host, &app, test, &laid, variant);
        match &mut sum {
            Some(sum) => sum.add(came),
            None => sum = Some(came),
        }
    }
    sum.unwrap_or_default()
}

fn variant_of(host: &Host, app: &str, test: &str, laid: &Laid, variant: &str) -> Outcome {
    let patience = slowness() * if laid.meta.is_long { LONG_PATIENCE } else { PATIENCE };
    let plan = json!({
        "file": test,
        "variant": variant,
        "title": laid.meta.title,
        "harness": HARNESS,
        "scripts": laid.scripts,
        "data": laid.files.keys().filter(|path| *path != HARNESS && !laid.scripts.contains(path)).collect::<Vec<_>>(),
        "patienceMs": millis(patience),
    });
    let deployed = host.deploy(TENANT, app, "", |request| {
        let limits = request.limits.get_or_insert_default();
        limits.memory_bytes = Some(MEMORY);
        // The daemon's own bound.
        let most = Duration::from_secs(300);
        limits.timeout_ms = u32::try_from(millis((patience + GRACE).min(most))).ok();
        (limits.concurrency, limits.max_instances) = (Some(1), Some(1));
        "skep".clone_into(&mut request.handler);
        "index.mjs".clone_into(&mut request.entry);
        let ours = [("index.mjs", ENTRY.to_owned()), ("plan.json", plan.to_string())];
        request.files = ours.map(|(path, text)| file(path.to_owned(), text.into_bytes())).into();
        // With an ending that nobody looks into for syntax: the entry runs them as scripts of a page run.
        request.files.extend(
            laid.files.iter().map(|(path, bytes)| file(format!("wpt/{path}.txt"), bytes.clone())),
        );
    });
    if let Err(status) = deployed {
        return Outcome::fault(test, format!("NOT DEPLOYED {}", said(&status)));
    }
    let answer = host.invoke(app, "", "{}");
    let came = match answer {
        Ok((Told::Reply(reply), _)) => Outcome::answered(test, &reply.payload)
            .unwrap_or_else(|problem| Outcome::fault(test, format!("NO ANSWER {problem}"))),
        Ok((Told::Thrown(thrown), _)) => {
            Outcome::fault(test, format!("NO ANSWER thrown: {}", thrown.message))
        }
        Err(status) => Outcome::fault(test, format!("DIED {}", said(&status))),
    };
    // What is left of one that died may still be on its way out; the daemon and all of its apps end with the run.
    let _ = host.remove(TENANT, app);
    came
}

fn file(path: String, content: Vec<u8>) -> v1::SourceFile {
    v1::SourceFile { path, content: content.into(), link: String::new() }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The reason and the first line of a refusal.
fn said(status: &Status) -> String {
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    format!("{reason}: {}", status.message().lines().next().unwrap_or_default())
}
