//! The middle and the limits of repeated measurements.

use std::fmt;

/// The median of some measurements, with the lowest and the highest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub lowest: f64,
    pub highest: f64,
}

impl Spread {
    /// `None` without a measurement. With an even number, the median is the mean of the two in the middle.
    pub fn of(measured: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut all: Vec<f64> = measured.into_iter().collect();
        all.sort_by(f64::total_cmp);
        let (lowest, highest) = (*all.first()?, *all.last()?);
        let middle = all.len() / 2;
        let median = if all.len() % 2 == 1 { all[middle] } else { f64::midpoint(all[middle - 1], all[middle]) };
        Some(Self { median, lowest, highest })
    }
}

impl fmt::Display for Spread {
    /// In seconds: `12.3 s (11.9 to 13.0)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s ({:.1} to {:.1})", self.median, self.lowest, self.highest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_whatever_the_order() {
        let spread = |measured: &[f64]| Spread::of(measured.iter().copied());
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[3.0, 1.0, 2.0]), Some(Spread { median: 2.0, lowest: 1.0, highest: 3.0 }));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]).map(|all| all.median), Some(2.5));
        assert_eq!(spread(&[12.34]).expect("one").to_string(), "12.3 s (12.3 to 12.3)");
    }
}
