//! Figures: percentiles of one series, ratios of two that took turns.

use std::time::Duration;

use serde_json::{Value, json};

/// Figures of one kind: times in microseconds, or what is said where they are made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64() * 1e6);
    }

    /// One figure that is no time.
    pub(crate) fn of(figure: f64) -> Self {
        Self(vec![figure])
    }

    pub(crate) fn extend(&mut self, other: &Series) {
        self.0.extend_from_slice(&other.0);
    }

    /// The value below which `share` of them are; the nearest that was measured.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        let at = (share * last as f64).round() as usize;
        sorted.get(at).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn p50(&self) -> f64 {
        self.percentile(0.5)
    }

    pub(crate) fn p99(&self) -> f64 {
        self.percentile(0.99)
    }
}

/// Ours and a reference, measured in turns: one series of each in each round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rounds {
    pub(crate) ours: Vec<Series>,
    pub(crate) reference: Vec<Series>,
    /// Whether the control moved too much even after repetition.
    pub(crate) noisy: bool,
}

impl Rounds {
    /// Ratio by `figure` of each round; the median of them, and how far they lie apart, relative to it.
    pub(crate) fn ratio(&self, figure: impl Fn(&Series) -> f64) -> (f64, f64) {
        let pairs = self.ours.iter().zip(&self.reference);
        let mut ratios: Vec<f64> =
            pairs.map(|(ours, reference)| figure(ours) / figure(reference)).collect();
        spread(&mut ratios)
    }

    fn all(series: &[Series]) -> Series {
        let mut all = Series::default();
        series.iter().for_each(|one| all.extend(one));
        all
    }

    pub(crate) fn all_ours(&self) -> Series {
        Self::all(&self.ours)
    }

    pub(crate) fn all_references(&self) -> Series {
        Self::all(&self.reference)
    }
}

/// The median, and the distance of the extremes relative to it.
pub(crate) fn spread(values: &mut [f64]) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let (Some(first), Some(last)) = (values.first(), values.last()) else {
        return (f64::NAN, f64::NAN);
    };
    let median = values[values.len() / 2];
    (median, (last - first) / median)
}

/// When a ratio is good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// At most so much: target and aim.
    Most(f64, f64),
    /// At least so much.
    Least(f64, f64),
    /// At most so far from one.
    Near(f64, f64),
    /// Only to be known.
    Known,
}

impl Goal {
    fn verdict(self, ratio: f64) -> &'static str {
        let (target, aim) = match self {
            Self::Most(target, aim) => (ratio <= target, ratio <= aim),
            Self::Least(target, aim) => (target <= ratio, aim <= ratio),
            Self::Near(target, aim) => {
                let off = (ratio - 1.0).abs();
                (off <= target, off <= aim)
            }
            Self::Known => return "",
        };
        match (aim, target) {
            (true, _) => "aim",
            (false, true) => "target",
            (false, false) => "missed",
        }
    }

    /// Target and aim as they stand in the table.
    pub(crate) fn bounds(self) -> (String, String) {
        match self {
            Self::Most(target, aim) | Self::Least(target, aim) => {
                (target.to_string(), aim.to_string())
            }
            Self::Near(target, aim) => (format!("1±{target}"), format!("1±{aim}")),
            Self::Known => ("-".to_owned(), "-".to_owned()),
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) what: String,
    pub(crate) ratio: f64,
    /// How far the rounds lie apart; none where there was one.
    pub(crate) spread: Option<f64>,
    pub(crate) goal: Goal,
    pub(crate) ours: (f64, f64),
    pub(crate) reference: (f64, f64),
    /// `us`, or what else the figures count.
    pub(crate) unit: &'static str,
    /// Said beside the figures: that the run was noisy, or where the row is decided.
    pub(crate) note: String,
}

impl Row {
    pub(crate) fn verdict(&self) -> &'static str {
        self.goal.verdict(self.ratio)
    }

    /// For programs, and for the table. Of rates, p50 is the median round and p99 the slowest.
    pub(crate) fn json(&self) -> Value {
        let (target, aim) = self.goal.bounds();
        json!({
            "id": self.id,
            "what": self.what,
            "ratio": self.ratio,
            "spread": self.spread,
            "target": target,
            "aim": aim,
            "verdict": self.verdict(),
            "unit": self.unit,
            "ours_p50": self.ours.0,
            "ours_p99": self.ours.1,
            "reference_p50": self.reference.0,
            "reference_p99": self.reference.1,
            "ours_p50_us": (self.unit == "us").then_some(self.ours.0),
            "ours_p99_us": (self.unit == "us").then_some(self.ours.1),
            "reference_p50_us": (self.unit == "us").then_some(self.reference.0),
            "reference_p99_us": (self.unit == "us").then_some(self.reference.1),
            "note": self.note,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[u64]) -> Series {
        let mut series = Series::default();
        values.iter().for_each(|micros| series.push(Duration::from_micros(*micros)));
        series
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let hundred: Vec<u64> = (1..=101).rev().collect();
        assert_eq!((series(&hundred).p50(), series(&hundred).p99()), (51.0, 100.0));
        assert_eq!(series(&[7]).p99(), 7.0);
        assert!(series(&[]).p50().is_nan());
    }

    #[test]
    fn verdicts_follow_the_goal() {
        let of = |goal: Goal| [0.9, 0.995, 1.0, 1.5, 3.0].map(|ratio| goal.verdict(ratio));
        assert_eq!(of(Goal::Most(1.0, 0.9)), ["aim", "target", "target", "missed", "missed"]);
        assert_eq!(of(Goal::Least(1.0, 2.0)), ["missed", "missed", "target", "target", "aim"]);
        assert_eq!(of(Goal::Near(0.01, 0.001)), ["missed", "target", "aim", "missed", "missed"]);
        assert_eq!(of(Goal::Known), [""; 5]);
    }

    #[test]
    fn a_ratio_is_the_median_of_its_rounds() {
        let rounds = Rounds {
            ours: vec![series(&[10]), series(&[30]), series(&[20])],
            reference: vec![series(&[10]), series(&[10]), series(&[10])],
            noisy: false,
        };
        assert_eq!(rounds.ratio(Series::p50), (2.0, 1.0));
    }
}
