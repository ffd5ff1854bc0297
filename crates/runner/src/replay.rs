//! `--replay`: runs again what an earlier run was asked for.

use super::{History, Job, SuiteOptions, Task};
use model::{LabFacts, Plan, Report};
use report_views::changed_facts;
use std::collections::BTreeSet;

/// An earlier run, as a plan for another one.
#[derive(Clone, Debug)]
pub struct Replay {
    run: String,
    seed: Option<u64>,
    lab: LabFacts,
    plan: Plan,
    /// Whether the report itself has the plan.
    complete: bool,
}

/// What the earlier run included and this checkout lacks.
#[derive(Debug, thiserror::Error)]
#[error(
    "run {run} included {}, which no longer exists here; check out the scenarios of that run, or select others by name",
    missing.join(", ")
)]
pub struct Gone {
    run: String,
    missing: Vec<String>,
}

impl Replay {
    pub fn of(report: Report) -> Self {
        let complete = report.plan.is_some();
        let plan = report.plan.clone().unwrap_or_else(|| guessed(&report));
        Self { run: report.run, seed: report.seed, lab: report.lab, plan, complete }
    }

    pub fn sabotage(&self) -> bool {
        self.plan.sabotage
    }

    /// The names of the scenarios, each once.
    pub fn scenarios(&self) -> Vec<String> {
        let name = |id: &String| match id.split_once(" / ") {
            Some((name, _)) if self.plan.sabotage => name.to_owned(),
            _ => id.clone(),
        };
        self.plan.order.iter().map(name).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The options of that run in place of these.
    pub fn options(&self, options: SuiteOptions) -> SuiteOptions {
        SuiteOptions {
            // A report without a plan says nothing about them.
            jobs: if self.plan.jobs > 0 { self.plan.jobs } else { options.jobs },
            own_clusters: if self.plan.own_clusters > 0 { self.plan.own_clusters } else { options.own_clusters },
            shuffle: self.seed,
            repeat: self.plan.repeat,
            fail_fast: self.plan.fail_fast,
            ..options
        }
    }

    /// The order of that run, as if each scenario had taken a little longer than the next.
    pub fn history(&self) -> History {
        History::in_order(&self.plan.order)
    }

    /// Checks that these scenarios have everything that the run included.
    ///
    /// # Errors
    /// If a scenario or one of its sabotages is missing.
    pub fn fits(&self, jobs: &[Job]) -> Result<(), Gone> {
        let sabotages = jobs.iter().flat_map(Task::sabotages).filter(|_| self.plan.sabotage);
        let plain = jobs.iter().cloned().map(Task::plain).filter(|_| !self.plan.sabotage);
        self.all_in(&sabotages.chain(plain).map(|task| task.title()).collect())
    }

    /// Those of the tasks that the run included.
    ///
    /// # Errors
    /// If one is missing.
    pub fn tasks(&self, tasks: Vec<Task>) -> Result<Vec<Task>, Gone> {
        let titles: BTreeSet<String> = tasks.iter().map(Task::title).collect();
        self.all_in(&titles)?;
        let planned: BTreeSet<&String> = self.plan.order.iter().collect();
        Ok(tasks.into_iter().filter(|task| planned.contains(&task.title())).collect())
    }

    /// Checks that every scenario still has a folder with one of these names.
    ///
    /// # Errors
    /// If one is missing.
    pub fn scenarios_in(&self, names: &BTreeSet<String>) -> Result<(), Gone> {
        self.refuse(self.scenarios().into_iter().filter(|name| !names.contains(name)).collect())
    }

    fn all_in(&self, titles: &BTreeSet<String>) -> Result<(), Gone> {
        self.refuse(self.plan.order.iter().filter(|id| !titles.contains(*id)).cloned().collect())
    }

    fn refuse(&self, missing: Vec<String>) -> Result<(), Gone> {
        if missing.is_empty() { Ok(()) } else { Err(Gone { run: self.run.clone(), missing }) }
    }

    /// What is repeated, and what differs from that run, as lines.
    pub fn introduction(&self, lab: &LabFacts) -> Vec<String> {
        let mut lines = vec![format!("replaying run {} ({} results)", self.run, self.plan.order.len())];
        if !self.complete {
            lines.push("  its report is of an earlier version: how many ran at the same time is not known".to_owned());
        }
        let changed = changed_facts(&self.lab, lab);
        if changed.is_empty() {
            lines.push("  the gateway, the operator and all versions are the same".to_owned());
        }
        lines.extend(changed.into_iter().map(|change| format!("  differs: {change}")));
        lines
    }
}

/// The plan of a run whose report has none: the results in the order in which they started.
fn guessed(report: &Report) -> Plan {
    let started = |result: &model::ScenarioResult| result.attempts.first().map_or(f64::MAX, |one| one.timeline.started);
    let mut results: Vec<_> = report.scenarios.iter().collect();
    results.sort_by(|one, other| started(one).total_cmp(&started(other)));
    Plan {
        order: results.iter().map(|result| result.id()).collect(),
        sabotage: report.scenarios.iter().any(|result| result.sabotage.is_some()),
        jobs: 0,
        own_clusters: 0,
        repeat: report.scenarios.iter().map(|one| one.attempts.len()).max().unwrap_or(1).try_into().unwrap_or(1).max(1),
        fail_fast: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::scenario;
    use model::sample::{report, result};
    use model::{LabKind, Verdict};

    fn tasks(names: &[&str]) -> Vec<Task> {
        names.iter().map(|name| Task::plain(Job::new("/x", scenario(&format!("name: {name}\n"))))).collect()
    }

    fn earlier() -> Report {
        let mut earlier = report(vec![result("b", Verdict::Passed), result("a", Verdict::Passed)]);
        earlier.seed = Some(7);
        earlier.plan = Some(Plan {
            order: vec!["b".into(), "a".into()],
            sabotage: false,
            jobs: 5,
            own_clusters: 2,
            repeat: 3,
            fail_fast: true,
        });
        earlier
    }

    #[test]
    fn the_same_is_asked_for_again() {
        let replay = Replay::of(earlier());
        let options = replay.options(SuiteOptions::on(LabKind::Kind));
        assert_eq!(
            (options.jobs, options.own_clusters, options.shuffle, options.repeat, options.fail_fast),
            (5, 2, Some(7), 3, true)
        );
        assert_eq!(replay.scenarios(), ["a", "b"]);
        let kept = replay.tasks(tasks(&["a", "b", "new"])).expect("both exist");
        assert_eq!(kept.iter().map(Task::title).collect::<Vec<_>>(), ["a", "b"], "nothing is added");
    }

    #[test]
    fn a_scenario_that_no_longer_exists_is_named() {
        let replay = Replay::of(earlier());
        let names: BTreeSet<String> = ["a".to_owned()].into();
        let error = replay.scenarios_in(&names).expect_err("b is gone").to_string();
        assert!(error.starts_with("run 20261123-024500-0a1b2c included b, which no longer exists"), "{error}");
        assert!(replay.tasks(tasks(&["a"])).is_err());
    }

    #[test]
    fn sabotages_are_found_by_their_scenario_and_their_name() {
        let mut sabotaged = earlier();
        sabotaged.plan = sabotaged.plan.map(|plan| Plan {
            order: vec!["a / first".into(), "a / gone".into()],
            sabotage: true,
            ..plan
        });
        let replay = Replay::of(sabotaged);
        assert_eq!((replay.sabotage(), replay.scenarios()), (true, vec!["a".to_owned()]));
        let job = Job::new(
            "/x",
            scenario(
                "name: a\nsteps: [{wait: {kind: Pod, name: p, gone: true, within: 1s}}]\nsabotage:\n  \
                 - {name: first, leave-out: wait, expect: {step: wait, cause: timeout}}\n",
            ),
        );
        let error = replay.tasks(Task::sabotages(&job)).expect_err("one is gone").to_string();
        assert!(error.contains("included a / gone, which"), "{error}");
    }

    #[test]
    fn versions_that_differ_are_said_before_it_runs() {
        let replay = Replay::of(earlier());
        let mut lab = report(Vec::new()).lab;
        let same = replay.introduction(&lab);
        assert!(same[1].contains("all versions are the same"), "{same:?}");
        lab.versions.insert("traefik".into(), "3.7.16".into());
        assert_eq!(replay.introduction(&lab)[1], "  differs: traefik: 3.7.15 -> 3.7.16");
    }

    #[test]
    fn an_older_report_is_replayed_in_the_order_in_which_its_results_started() {
        let mut old = earlier();
        old.plan = None;
        old.scenarios[0].attempts[0].timeline.started = 9.0;
        let replay = Replay::of(old);
        assert_eq!(replay.plan.order, ["a", "b"]);
        assert_eq!(replay.options(SuiteOptions::on(LabKind::Kind)).jobs, SuiteOptions::on(LabKind::Kind).jobs);
        assert!(replay.introduction(&report(Vec::new()).lab)[1].contains("earlier version"));
    }
}
