//! The line below the running scenarios: how many have ended, and how many of them badly.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::time::Duration;

/// The line. It disappears when it is dropped. Without a terminal there is none.
pub struct Total {
    bar: Option<ProgressBar>,
    all: usize,
    ended: usize,
    bad: usize,
}

impl Total {
    /// A line for this many results below `bars`, if they are shown.
    pub fn below(bars: Option<&MultiProgress>, all: usize) -> Self {
        let bar = bars.map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{wide_msg} {elapsed:>4}") {
                bar.set_style(style);
            }
            // The elapsed time changes without a result too.
            bar.enable_steady_tick(Duration::from_secs(1));
            bar
        });
        let total = Self { bar, all, ended: 0, bad: 0 };
        total.draw();
        total
    }

    /// Counts a result.
    pub fn count(&mut self, bad: bool) {
        self.ended += 1;
        self.bad += usize::from(bad);
        self.draw();
    }

    fn draw(&self) {
        if let Some(bar) = &self.bar {
            bar.set_message(self.text());
        }
    }

    fn text(&self) -> String {
        let bad = if self.bad > 0 { format!(", {} failed", self.bad) } else { String::new() };
        format!("{} of {} ended{bad}", self.ended, self.all)
    }
}

impl Drop for Total {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_once_there_are_some() {
        let mut total = Total::below(None, 84);
        assert_eq!(total.text(), "0 of 84 ended");
        total.count(false);
        assert_eq!(total.text(), "1 of 84 ended");
        total.count(true);
        assert_eq!(total.text(), "2 of 84 ended, 1 failed");
    }
}
