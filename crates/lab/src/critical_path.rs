//! The chain of phases that decides how long a `lab up` takes.

use host::PhaseTime;
use std::collections::BTreeMap;

/// A phase begins this long after the one that it waits for, at most. Seconds.
const GAP: f64 = 0.05;

/// The phases of one `lab up` that waited for each other, the first one first: the phase that ended last, before it the one
/// that ended last before it began, and so on.
pub fn critical_path(phases: &[PhaseTime]) -> Vec<&PhaseTime> {
    let last_before = |time: f64| {
        let ended = phases.iter().filter(|phase| phase.to <= time + GAP && phase.from < time);
        ended.max_by(|a, b| a.to.total_cmp(&b.to))
    };
    let mut path = Vec::new();
    let mut next = last_before(f64::INFINITY);
    while let Some(phase) = next {
        path.push(phase);
        // A phase that takes no time would be found again before itself.
        next = last_before(phase.from).filter(|earlier| earlier.from < phase.from);
    }
    path.reverse();
    path
}

/// Numbers phases of the same name, such as a part that is looked up at the beginning and at the end.
pub fn numbered(phases: Vec<PhaseTime>) -> Vec<PhaseTime> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let number = |mut phase: PhaseTime| {
        let count = seen.entry(phase.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            phase.name = format!("{} ({count})", phase.name);
        }
        phase
    };
    phases.into_iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(name: &str, from: f64, to: f64) -> PhaseTime {
        PhaseTime { name: name.to_owned(), from, to }
    }

    #[test]
    fn the_path_leads_over_the_longer_of_two_phases_that_run_side_by_side() {
        let phases = [
            phase("etcd", 0.0, 0.1),
            phase("kafka", 0.0, 0.3),
            phase("control plane", 0.3, 3.0),
            phase("gateway", 3.01, 4.5),
            phase("brokers", 3.01, 8.0),
            phase("check", 8.02, 9.0),
        ];
        let names: Vec<&str> = critical_path(&phases).iter().map(|phase| phase.name.as_str()).collect();
        assert_eq!(names, ["kafka", "control plane", "brokers", "check"]);
    }

    #[test]
    fn a_phase_without_duration_does_not_lead_back_to_itself() {
        let phases = [phase("a", 0.0, 0.0), phase("b", 0.0, 0.0), phase("c", 0.0, 1.0)];
        assert_eq!(critical_path(&phases).last().map(|phase| phase.name.as_str()), Some("c"));
        assert!(critical_path(&[]).is_empty());
    }

    #[test]
    fn the_second_phase_of_a_name_is_numbered() {
        let phases = numbered(vec![phase("java", 0.0, 1.0), phase("java", 8.0, 9.0)]);
        assert_eq!(phases[0].name, "java");
        assert_eq!(phases[1].name, "java (2)");
    }
}
