//! Turns: ours and the reference one after the other in each round, beside a control.
//!
//! The control is fork and wait of a small process. A round in which it differs by more than a quarter
//! from the median of all rounds is measured again, three times at most; then the figures are marked. So
//! is what has no rounds, if the control differs after it from before.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::stats::{Rounds, Series};

/// How far the control may drift.
const DRIFT: f64 = 0.25;
/// How often rounds are measured again, and how often what has no rounds is measured in all.
pub(crate) const AGAIN: usize = 3;
/// The same for what takes half a minute each time.
pub(crate) const TWICE: usize = 2;
/// How long the kernel clears away what the last attempt left behind.
const SETTLE: Duration = Duration::from_secs(2);
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

/// Measures by `work`, and again while the control drifted over it, `times` in all at most. The last
/// result, and whether the control drifted even then.
///
/// What must live on until the control has run again is part of the result.
pub(crate) fn watched<T>(
    times: usize,
    mut work: impl FnMut() -> anyhow::Result<T>,
) -> anyhow::Result<(T, bool)> {
    let mut left = times;
    loop {
        let before = control();
        let result = work()?;
        let noisy = DRIFT < (control() / before - 1.0).abs();
        left = left.saturating_sub(1);
        if !noisy || left == 0 {
            return Ok((result, noisy));
        }
        drop(result);
        std::thread::sleep(SETTLE);
    }
}

/// Measures `rounds` rounds of both, which take turns in who begins.
pub(crate) fn in_turns(
    rounds: usize,
    mut ours: impl FnMut() -> anyhow::Result<Series>,
    mut reference: impl FnMut() -> anyhow::Result<Series>,
) -> anyhow::Result<Rounds> {
    let mut ours_begin = false;
    in_rounds(rounds, || {
        ours_begin = !ours_begin;
        if ours_begin {
            let one = ours()?;
            Ok((one, reference()?))
        } else {
            let other = reference()?;
            Ok((ours()?, other))
        }
    })
}

/// Measures `rounds` rounds, each of which gives ours and the reference.
pub(crate) fn in_rounds(
    rounds: usize,
    mut round: impl FnMut() -> anyhow::Result<(Series, Series)>,
) -> anyhow::Result<Rounds> {
    let mut measured: Vec<([f64; 2], Series, Series)> = Vec::new();
    let mut again = 0;
    loop {
        while measured.len() < rounds {
            let before = control();
            let (ours, reference) = round()?;
            measured.push(([before, control()], ours, reference));
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
