//! The real daemon, driven over gRPC: what callers are promised, and what hostile apps try.

#![allow(clippy::unwrap_used, reason = "test code: a broken assumption must stop the test")]

#[path = "service/bills.rs"]
mod bills;
#[path = "service/budgets.rs"]
mod budgets;
#[path = "service/changes.rs"]
mod changes;
#[path = "service/faults.rs"]
mod faults;
#[path = "service/inputs.rs"]
mod inputs;
#[path = "service/keeps.rs"]
mod keeps;
#[path = "service/limits.rs"]
mod limits;
#[path = "service/loads.rs"]
mod loads;
#[path = "service/outputs.rs"]
mod outputs;
#[path = "service/places.rs"]
mod places;
#[path = "service/projects.rs"]
mod projects;
#[path = "service/quotas.rs"]
mod quotas;
#[path = "service/rates.rs"]
mod rates;
#[path = "service/refusals.rs"]
mod refusals;
#[path = "service/start.rs"]
mod start;
#[path = "service/state.rs"]
mod state;
#[path = "service/takeover.rs"]
mod takeover;
#[path = "service/told.rs"]
mod told;
#[path = "service/walls.rs"]
mod walls;
#[path = "service/zygote.rs"]
mod zygote;

/// An app that answers, to have beside a hostile one.
pub(crate) const NEIGHBOUR: &str = "export default (n) => n + 1";
