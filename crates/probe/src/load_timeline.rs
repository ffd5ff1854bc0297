//! A load generator's acknowledgements over time, in few figures, so that a plot shows when something happened.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The widths that a bin may have, in milliseconds.
const WIDTHS: [u64; 9] = [250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 600_000];

/// More bins than this cannot be told apart in a plot.
const MOST_BINS: u128 = 120;

/// A shorter time without an acknowledgement is not worth a mark.
const GAP: Duration = Duration::from_millis(500);

/// One acknowledged message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acknowledgement {
    /// Since the first message.
    pub at: Duration,
    /// Since this message was sent.
    pub after: Duration,
}

/// What was acknowledged when.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct LoadTimeline {
    /// How much time each bin covers.
    pub width: Duration,
    /// One after the other, from the start to the last acknowledgement. A bin can be empty.
    pub bins: Vec<LoadBin>,
    /// The longest times without an acknowledgement, by the time at which they began.
    pub gaps: Vec<LoadGap>,
}

/// The acknowledgements within a bin.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct LoadBin {
    pub acked: u64,
    /// The median time from sending a message to its acknowledgement. `None` for an empty bin.
    pub median: Option<Duration>,
    pub slowest: Option<Duration>,
}

/// A time without an acknowledgement.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct LoadGap {
    /// When it began, since the first message.
    pub at: Duration,
    pub length: Duration,
}

/// `interval` is the time from one message to the next: a slow load generator has no gap between any two of them.
pub(super) fn timeline(acknowledgements: &[Acknowledgement], interval: Duration) -> LoadTimeline {
    let Some(end) = acknowledgements.iter().map(|one| one.at).max() else { return LoadTimeline::default() };
    let width = WIDTHS.into_iter().find(|width| end.as_millis() / u128::from(*width) < MOST_BINS);
    let width = Duration::from_millis(width.unwrap_or(WIDTHS[WIDTHS.len() - 1]));
    let bin_of = |at: Duration| usize::try_from(at.as_millis() / width.as_millis()).unwrap_or(usize::MAX);
    let mut times = vec![Vec::new(); bin_of(end) + 1];
    for one in acknowledgements {
        times[bin_of(one.at)].push(one.after);
    }
    LoadTimeline { width, bins: times.into_iter().map(bin).collect(), gaps: gaps(acknowledgements, interval) }
}

fn bin(mut times: Vec<Duration>) -> LoadBin {
    times.sort_unstable();
    LoadBin { acked: times.len() as u64, median: times.get(times.len() / 2).copied(), slowest: times.last().copied() }
}

fn gaps(acknowledgements: &[Acknowledgement], interval: Duration) -> Vec<LoadGap> {
    let mut ats: Vec<_> = acknowledgements.iter().map(|one| one.at).collect();
    ats.sort_unstable();
    let pairs = ats.windows(2).map(|pair| LoadGap { at: pair[0], length: pair[1] - pair[0] });
    pairs.filter(|gap| gap.length >= GAP.max(interval * 4)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acknowledgements(times: &[(u64, u64)]) -> Vec<Acknowledgement> {
        let millis = Duration::from_millis;
        times.iter().map(|(at, after)| Acknowledgement { at: millis(*at), after: millis(*after) }).collect()
    }

    #[test]
    fn a_silence_is_empty_bins_and_a_gap() {
        let acknowledged = acknowledgements(&[(10, 5), (200, 9), (240, 7), (1300, 900)]);
        let found = timeline(&acknowledged, Duration::from_millis(10));
        assert_eq!(found.width, Duration::from_millis(250));
        assert_eq!(found.bins.iter().map(|bin| bin.acked).collect::<Vec<_>>(), [3, 0, 0, 0, 0, 1]);
        assert_eq!(found.bins[0].median, Some(Duration::from_millis(7)));
        assert_eq!(found.bins[0].slowest, Some(Duration::from_millis(9)));
        assert_eq!(found.bins[1].median, None);
        let gap = LoadGap { at: Duration::from_millis(240), length: Duration::from_millis(1060) };
        assert_eq!(found.gaps, [gap]);
    }

    #[test]
    fn a_slow_load_has_no_gap_between_its_messages() {
        let acknowledged = acknowledgements(&[(0, 5), (2000, 5), (4000, 5)]);
        assert_eq!(timeline(&acknowledged, Duration::from_secs(2)).gaps, []);
    }

    #[test]
    fn a_long_load_has_wide_bins_and_a_load_without_acknowledgement_none() {
        let acknowledged = acknowledgements(&[(0, 5), (100_000, 5)]);
        let found = timeline(&acknowledged, Duration::from_millis(10));
        assert_eq!((found.width, found.bins.len()), (Duration::from_secs(1), 101));
        assert_eq!(timeline(&[], Duration::from_millis(10)), LoadTimeline::default());
    }
}
