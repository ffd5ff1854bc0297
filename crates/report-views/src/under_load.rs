//! What the page shows of a load generator: its figures, its plot, and the steps that ran meanwhile.

use super::plot;
use model::{LoadFigures, StepResult};
use serde::Serialize;
use std::error::Error;

#[derive(Serialize)]
pub struct UnderLoad {
    pub figures: LoadFigures,
    /// SVG. `None` if nothing was acknowledged, or for the report of an earlier version.
    pub plot: Option<String>,
    /// The steps that began during the load, in the order of the plot's numbers.
    pub events: Vec<Event>,
}

/// A step that began during the load.
#[derive(Debug, PartialEq, Serialize)]
pub struct Event {
    pub label: String,
    pub summary: String,
    /// In seconds since the start of the load.
    pub at: f64,
}

/// One for each load generator that a step stopped.
///
/// # Errors
/// If a plot cannot be drawn, which has no reason.
pub fn under_load(steps: &[StepResult]) -> Result<Vec<UnderLoad>, Box<dyn Error>> {
    let stopped = steps.iter().filter_map(|step| Some((step, step.workload.as_ref()?)));
    stopped.map(|(stop, figures)| one(steps, stop, figures)).collect()
}

fn one(steps: &[StepResult], stop: &StepResult, figures: &LoadFigures) -> Result<UnderLoad, Box<dyn Error>> {
    let Some(timeline) = &figures.timeline else {
        return Ok(UnderLoad { figures: figures.clone(), plot: None, events: Vec::new() });
    };
    let during = |step: &&StepResult| step.started >= timeline.started && step.started <= stop.started;
    let events: Vec<_> = steps
        .iter()
        .filter(during)
        .map(|step| Event {
            label: step.label.clone(),
            summary: step.summary.clone(),
            at: step.started - timeline.started,
        })
        .collect();
    let marks: Vec<_> = events.iter().map(|event| event.at).collect();
    Ok(UnderLoad { figures: figures.clone(), plot: plot::load(timeline, &marks)?, events })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{LoadTimeline, StepOutcome};

    fn step(label: &str, started: f64, workload: Option<LoadFigures>) -> StepResult {
        StepResult {
            label: label.into(),
            line: 9,
            summary: "s".into(),
            started,
            seconds: 1.0,
            waited: 1.0,
            outcome: StepOutcome::Passed,
            evidence: Vec::new(),
            workload,
            diagnosis: None,
        }
    }

    fn figures(timeline: Option<LoadTimeline>) -> LoadFigures {
        LoadFigures { acked: 9, lost: 0, duplicates: 0, largest_gap: 0.1, paused: 0.0, timeline }
    }

    #[test]
    fn the_steps_during_the_load_are_its_events() {
        let acked = LoadTimeline {
            started: 4.0,
            width: 1.0,
            acked: vec![3, 3, 3],
            median: vec![Some(0.01); 3],
            slowest: vec![Some(0.02); 3],
            gaps: Vec::new(),
        };
        let steps = [
            step("apply", 0.0, None),
            step("start", 3.0, None),
            step("restart", 5.5, None),
            step("stop", 6.5, Some(figures(Some(acked)))),
            step("probe", 8.0, None),
        ];
        let loads = under_load(&steps).expect("drawn");
        let events: Vec<_> = loads[0].events.iter().map(|event| (event.label.as_str(), event.at)).collect();
        assert_eq!(events, [("restart", 1.5), ("stop", 2.5)]);
        assert!(loads[0].plot.as_ref().is_some_and(|svg| svg.contains("<svg")));
    }

    #[test]
    fn a_report_of_an_earlier_version_has_figures_without_a_plot() {
        let loads = under_load(&[step("stop", 6.5, Some(figures(None)))]).expect("nothing to draw");
        assert_eq!((loads.len(), loads[0].plot.is_none(), loads[0].events.len()), (1, true, 0));
    }
}
