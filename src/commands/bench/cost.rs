//! What the runs of one side cost, and the two sides of a task as lines of a table.

use super::contestant::Times;
use model::Spread;
use std::fmt::Write;

/// All runs of one side.
#[derive(Debug, Default)]
pub struct Costs {
    times: Vec<Times>,
    /// Empty if nobody counts.
    requests: Vec<f64>,
}

impl Costs {
    pub fn add(&mut self, times: Times, requests: Option<f64>) {
        self.times.push(times);
        self.requests.extend(requests);
    }

    fn wall(&self) -> Option<Spread> {
        Spread::of(self.times.iter().map(|times| times.wall))
    }

    fn processor(&self) -> Option<Spread> {
        Spread::of(self.times.iter().map(|times| times.processor))
    }

    fn requests(&self) -> Option<Spread> {
        Spread::of(self.requests.iter().copied())
    }
}

/// The head of the table.
pub fn head(width: usize) -> String {
    format!("\n{:width$}  {:<9} {:<24} {:<24} {:>7}  {}\n", "task", "by", "wall", "processor", "of wall", "requests")
}

/// The lines of a task: ours, theirs, and ours divided by theirs.
pub fn lines(width: usize, task: &str, ours: &Costs, other: &str, theirs: &Costs) -> String {
    let mut text = String::new();
    for (task, by, costs) in [(task, "ours", ours), ("", other, theirs)] {
        let (wall, processor) = (costs.wall(), costs.processor());
        let share = ratio(processor, wall).map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0));
        let requests = costs.requests().map_or_else(
            || "-".to_owned(),
            |all| format!("{:.0} ({:.0} to {:.0})", all.median, all.lowest, all.highest),
        );
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{task:width$}  {by:<9} {:<24} {:<24} {share:>7}  {requests}",
            seconds(wall),
            seconds(processor)
        );
    }
    let divided = |of: fn(&Costs) -> Option<Spread>| {
        ratio(of(ours), of(theirs)).map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
    };
    let _ = writeln!(
        text,
        "{:width$}  {:<9} {:<24} {:<24} {:>7}  {}",
        "",
        "ratio",
        divided(Costs::wall),
        divided(Costs::processor),
        "",
        divided(Costs::requests)
    );
    text
}

fn seconds(spread: Option<Spread>) -> String {
    spread
        .map_or_else(|| "-".to_owned(), |all| format!("{:.2} s ({:.2} to {:.2})", all.median, all.lowest, all.highest))
}

/// The median of one divided by that of the other. None by nothing.
fn ratio(one: Option<Spread>, other: Option<Spread>) -> Option<f64> {
    let (one, other) = (one?.median, other?.median);
    (other > 0.0).then_some(one / other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(of: &[(f64, f64, Option<f64>)]) -> Costs {
        let mut costs = Costs::default();
        for (wall, processor, requests) in of {
            costs.add(Times { wall: *wall, processor: *processor }, *requests);
        }
        costs
    }

    #[test]
    fn the_medians_of_both_sides_are_divided() {
        let ours = costs(&[(1.0, 0.1, Some(10.0)), (3.0, 0.3, Some(30.0)), (2.0, 0.2, Some(20.0))]);
        let theirs = costs(&[(4.0, 0.1, Some(80.0))]);
        let text = lines(4, "task", &ours, "script", &theirs);
        let lines: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            lines,
            [
                "task ours 2.00 s (1.00 to 3.00) 0.20 s (0.10 to 0.30) 10 % 20 (10 to 30)",
                "script 4.00 s (4.00 to 4.00) 0.10 s (0.10 to 0.10) 2 % 80 (80 to 80)",
                "ratio 0.50 2.00 0.25",
            ]
        );
    }

    #[test]
    fn what_was_not_measured_is_no_zero() {
        let text = lines(4, "task", &costs(&[(1.0, 0.1, None)]), "script", &costs(&[(1.0, 0.0, None)]));
        let ratio: Vec<&str> = text.lines().last().expect("a line").split_whitespace().collect();
        assert_eq!(ratio, ["ratio", "1.00", "-", "-"]);
        assert!(text.lines().next().is_some_and(|ours| ours.ends_with("  -")), "{text}");
    }
}
