//! What one thing takes at several sizes, as a table that shows whether it is worse than linear.
//!
//! The last column is the plot: a bar for the time of one unit. Bars of one length are a straight line through zero, and
//! bars that become longer are worse than linear. A picture of the totals would show less, and a crate for it would
//! lengthen the build of every user.

use std::fmt;
use std::time::{Duration, Instant};

/// The length of the longest bar.
const BAR: f64 = 30.0;

/// Measurements are repeated within this time, and at least once.
const REPEAT_WITHIN: Duration = Duration::from_secs(3);

/// At most so often.
const REPEAT: usize = 3;

/// What was measured, in the order of its sizes.
#[derive(Debug)]
pub struct Curve {
    pub what: String,
    /// The name of one unit.
    pub unit: &'static str,
    pub points: Vec<Point>,
}

#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub size: u32,
    pub seconds: f64,
}

impl Curve {
    pub fn new(what: impl Into<String>, unit: &'static str) -> Self {
        Self { what: what.into(), unit, points: Vec::new() }
    }

    pub fn add(&mut self, size: u32, seconds: f64) {
        self.points.push(Point { size, seconds });
    }

    /// Adds the shortest of a few repetitions: what disturbs one only makes it longer.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn measure<E>(&mut self, size: u32, mut work: impl FnMut() -> Result<(), E>) -> Result<(), E> {
        let begun = Instant::now();
        let mut shortest = f64::INFINITY;
        for _ in 0..REPEAT {
            let started = Instant::now();
            work()?;
            shortest = shortest.min(started.elapsed().as_secs_f64());
            if begun.elapsed() > REPEAT_WITHIN {
                break;
            }
        }
        self.add(size, shortest);
        Ok(())
    }
}

impl Point {
    fn each(self) -> f64 {
        self.seconds / f64::from(self.size.max(1))
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", self.what)?;
        writeln!(f, "{:>8}  {:>12}  {:>14}  to linear", format!("{}s", self.unit), "seconds", "each")?;
        let longest = self.points.iter().map(|point| point.each()).fold(0.0, f64::max);
        for point in &self.points {
            let linear = self.points[0].each();
            let ratio = if linear > 0.0 { format!("{:.2}", point.each() / linear) } else { "-".to_owned() };
            let bar = if longest > 0.0 { (point.each() / longest * BAR).round() as usize } else { 0 };
            writeln!(
                f,
                "{:>8}  {:>12.3}  {:>11.3} ms  {ratio:>9}  {}",
                point.size,
                point.seconds,
                point.each() * 1000.0,
                "#".repeat(bar)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(points: &[(u32, f64)]) -> Vec<String> {
        let mut curve = Curve::new("what", "result");
        for (size, seconds) in points {
            curve.add(*size, *seconds);
        }
        let text = curve.to_string();
        text.lines().skip(3).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn what_is_linear_has_bars_of_one_length() {
        let bar = "#".repeat(30);
        assert_eq!(
            rows(&[(50, 0.5), (500, 5.0)]),
            [format!("50 0.500 10.000 ms 1.00 {bar}"), format!("500 5.000 10.000 ms 1.00 {bar}")]
        );
    }

    #[test]
    fn what_is_quadratic_has_bars_that_grow() {
        assert_eq!(
            rows(&[(10, 0.01), (100, 1.0)]),
            ["10 0.010 1.000 ms 1.00 ###".to_owned(), format!("100 1.000 10.000 ms 10.00 {}", "#".repeat(30))]
        );
    }

    #[test]
    fn nothing_measured_is_no_panic() {
        assert!(rows(&[]).is_empty());
        assert_eq!(rows(&[(1, 0.0)]), ["1 0.000 0.000 ms -"]);
    }

    #[test]
    fn the_shortest_repetition_counts() {
        let mut curve = Curve::new("what", "result");
        let mut sleeps = [30, 1, 20].into_iter();
        let work = || {
            std::thread::sleep(Duration::from_millis(sleeps.next().unwrap_or(40)));
            Ok::<(), ()>(())
        };
        curve.measure(1, work).expect("it works");
        assert!((0.001..0.02).contains(&curve.points[0].seconds), "{curve:?}");
        assert_eq!(curve.measure(1, || Err("why")), Err("why"));
    }
}
