//! Turns: ours and the reference one after the other in each round, beside a control.
//!
//! The control is fork and wait of a small process. A round in which it differs by more than a quarter
//! from the median of all rounds is measured again, three times at most; then the figures are marked.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::stats::{Rounds, Series};

/// How far the control may drift.
const DRIFT: f64 = 0.25;
/// Rounds that may be measured again.
pub(crate) const AGAIN: usize = 3;
/// Control processes of one round.
const CONTROLS: usize = 20;

/// How long `work` takes.
pub(crate) fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

fn control() -> f64 {
    let mut series = Series::default();
    for _ in 0..CONTROLS {
        let (took, _) = time(|| {
            let mut child = Command::new("/bin/true");
            child.stdin(Stdio::null()).env_clear().status().is_ok_and(|status| status.success())
        });
        series.push(took);
    }
    series.p50()
}

/// Work that cannot be measured again: what it gives, and whether the control drifted meanwhile.
pub(crate) fn watched<T>(work: impl FnOnce() -> T) -> (T, bool) {
    let before = control();
    let result = work();
    (result, DRIFT < (control() / before - 1.0).abs())
}

/// Measures `rounds` rounds of both, which take turns in who begins.
pub(crate) fn in_turns(
    rounds: usize,
    mut ours: impl FnMut() -> anyhow::Result<Series>,
    mut reference: impl FnMut() -> anyhow::Result<Series>,
) -> anyhow::Result<Rounds> {
    let mut measured: Vec<([f64; 2], Series, Series)> = Vec::new();
    let mut again = 0;
    loop {
        while measured.len() < rounds {
            let before = control();
            let (one, other) = if measured.len().is_multiple_of(2) {
                let one = ours()?;
                (one, reference()?)
            } else {
                let other = reference()?;
                (ours()?, other)
            };
            measured.push(([before, control()], one, other));
        }
        let mut controls: Vec<f64> = measured.iter().flat_map(|(both, ..)| *both).collect();
        controls.sort_by(f64::total_cmp);
        let median = controls[controls.len() / 2];
        let steady = |both: &[f64; 2]| both.iter().all(|one| (one / median - 1.0).abs() <= DRIFT);
        let quiet = measured.iter().all(|(both, ..)| steady(both));
        if quiet || again == AGAIN {
            let (ours, reference) =
                measured.into_iter().map(|(_, one, other)| (one, other)).unzip();
            return Ok(Rounds { ours, reference, noisy: !quiet });
        }
        again += 1;
        measured.retain(|(both, ..)| steady(both));
    }
}
