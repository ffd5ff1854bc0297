//! Orders the tasks of a run so that the run ends early.

use super::{Isolation, Task};
use crate::report::ReportFolder;
use camino::Utf8Path;
use model::Report;
use std::collections::BTreeMap;

/// The number of earlier runs to read.
const RUNS: usize = 10;

/// How long each scenario took in an earlier run, in seconds without waiting in the queue.
#[derive(Clone, Debug, Default)]
pub struct History(BTreeMap<String, f64>);

impl History {
    /// Reads the times of the newest runs below the folder of reports. For a scenario that the newest run did not
    /// include, an older run is used.
    pub fn below(reports: &Utf8Path) -> Self {
        let mut history = Self::default();
        for report in ReportFolder::newest(reports, RUNS) {
            history.add(&report);
        }
        history
    }

    /// A history after which scenarios of the same kind start in this order.
    pub fn in_order(ids: &[String]) -> Self {
        let from_the_last = ids.iter().rev().zip(1_u32..);
        Self(from_the_last.map(|(id, place)| (id.clone(), f64::from(place))).collect())
    }

    fn add(&mut self, report: &Report) {
        for result in report.scenarios.iter().filter(|result| result.verdict.ran()) {
            self.0.entry(result.id()).or_insert(result.seconds);
        }
    }

    /// A scenario that never ran here counts as long, because its own deadline is the only hint.
    fn seconds(&self, task: &Task) -> f64 {
        self.0.get(&task.title()).copied().unwrap_or_else(|| task.job.scenario.within.0.as_secs_f64())
    }
}

/// Scenarios with a cluster of their own come first, because they run one after another. Exclusive scenarios come last,
/// so that no other waits for them. Within each group the longest comes first.
pub fn arrange(tasks: Vec<(Isolation, Task)>, history: &History) -> Vec<(Isolation, Task)> {
    let rank = |isolation: Isolation| match isolation {
        Isolation::OwnCluster => 0,
        Isolation::Parallel => 1,
        Isolation::Exclusive => 2,
    };
    let mut tasks = tasks;
    tasks.sort_by(|(a_isolation, a), (b_isolation, b)| {
        rank(*a_isolation)
            .cmp(&rank(*b_isolation))
            .then_with(|| history.seconds(b).total_cmp(&history.seconds(a)))
            .then_with(|| a.title().cmp(&b.title()))
    });
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Job;
    use crate::fake::{info, result, scenario};
    use model::{LabFacts, Verdict};

    #[test]
    fn own_clusters_start_first_and_the_longest_of_each_kind_before_the_others() {
        let mut report = crate::suite::new_report("run".into(), LabFacts::from(&info()), None);
        for (name, seconds) in [("short", 1.0), ("long", 9.0), ("own-short", 20.0), ("own-long", 30.0), ("alone", 99.0)]
        {
            report.scenarios.push(model::ScenarioResult { seconds, ..result(name, Verdict::Passed) });
        }
        // The time of this scenario does not count, because it was not run.
        report.scenarios.push(result("skipped", Verdict::Skipped { reason: "r".into() }));
        let kinds = [
            ("alone", Isolation::Exclusive),
            ("long", Isolation::Parallel),
            ("never-ran", Isolation::Parallel),
            ("own-long", Isolation::OwnCluster),
            ("own-short", Isolation::OwnCluster),
            ("short", Isolation::Parallel),
            ("skipped", Isolation::Parallel),
        ];
        let mut history = History::default();
        history.add(&report);
        let tasks = kinds.map(|(name, isolation)| {
            let lines = format!("name: {name}\nwithin: {}\n", if name == "skipped" { "5s" } else { "2m" });
            (isolation, Task::plain(Job::new("/x", scenario(&lines))))
        });
        let order = arrange(tasks.into(), &history);
        let names: Vec<&str> = order.iter().map(|(_, task)| task.job.name()).collect();
        assert_eq!(names, ["own-long", "own-short", "never-ran", "long", "skipped", "short", "alone"]);
    }
}
