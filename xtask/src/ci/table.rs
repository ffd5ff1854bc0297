//! The result of each stage, with its time.

use std::fmt::Write;
use std::time::Duration;

/// The result of one stage.
pub struct Row {
    pub stage: &'static str,
    pub outcome: Outcome,
}

#[derive(Debug, Eq, PartialEq)]
pub enum Outcome {
    Passed(Duration),
    Failed(Duration),
    Skipped(&'static str),
    /// Not run, because an earlier one failed.
    NotReached,
}

/// The table of all stages, and their total.
pub fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.stage.len()).max().unwrap_or_default();
    let mut text = String::new();
    let mut sum = Duration::ZERO;
    for Row { stage, outcome } in rows {
        let (word, detail) = match outcome {
            Outcome::Passed(time) => ("passed", seconds(*time)),
            Outcome::Failed(time) => ("failed", seconds(*time)),
            Outcome::Skipped(reason) => ("skipped", (*reason).to_owned()),
            Outcome::NotReached => ("not run", String::new()),
        };
        if let Outcome::Passed(time) | Outcome::Failed(time) = outcome {
            sum += *time;
        }
        let line = format!("{stage:width$}  {word:7}  {detail}");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let _ = writeln!(text, "{:width$}  {:7}  {}", "in all", "", seconds(sum));
    text
}

pub fn seconds(time: Duration) -> String {
    format!("{:>7.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_a_line_with_its_time_or_its_reason() {
        let row = |stage, outcome| Row { stage, outcome };
        let rows = [
            row("format", Outcome::Passed(Duration::from_millis(640))),
            row("deny", Outcome::Skipped("cargo-deny is not installed")),
            row("test", Outcome::Failed(Duration::from_millis(83_260))),
            row("lint", Outcome::NotReached),
        ];
        let wanted = "\
format  passed       0.6 s
deny    skipped  cargo-deny is not installed
test    failed      83.3 s
lint    not run
in all              83.9 s
";
        assert_eq!(table(&rows), wanted);
    }
}
