//! `bench growth`

use super::checkout::Checkout;
use super::contestant::Contestant;
use super::curve::Curve;
use super::grown_lab;
use cli::{BenchGrowthArgs, GrowthPart};
use lab::Lab;
use model::{Exit, ScenarioResult, StepOutcome, StepResult, Verdict, paths, sample};
use runner::report::{self, Console};
use scenario::{Schemas, Severity};
use std::error::Error;

/// The scenario of `run`: as little as a scenario can be, so that what surrounds it shows.
const TRIVIAL: &str = "\
title: Broker 10 answers through the gateway
why: It is the shortest scenario, so that what the harness adds shows
tags: [bench]
needs: {features: [TLSRoute]}
kafka: {cluster: shared, listener: external}
steps:
  - probe: {sni: \"broker-10.${domain}\", expect: {terminated-by: broker}}
sabotage:
  - name: the route of broker 10 is deleted
    delete: {kind: TLSRoute, name: \"${cluster}-broker-10\", namespace: \"${kafka.namespace}\"}
    expect: {step: probe, cause: route-missing}
";

/// Measures each part at its sizes, and prints a table for each.
///
/// # Errors
/// If a part fails. What was measured before has been printed.
pub async fn growth(args: &BenchGrowthArgs) -> Result<Exit, Box<dyn Error>> {
    let chosen = |part: GrowthPart| args.parts.is_empty() || args.parts.contains(&part);
    println!(
        "the time of one unit; `to linear` is this divided by that of the smallest size: more than 1 is worse than linear"
    );
    if chosen(GrowthPart::Lint) {
        print!("{}", lint(&args.sizes)?);
    }
    if chosen(GrowthPart::Reports) {
        reports(&args.sizes)?.iter().for_each(|curve| print!("{curve}"));
    }
    if chosen(GrowthPart::Run) {
        match Lab::open(&args.name.name).await {
            Ok(lab) => run(&lab, &args.scenarios).await?.iter().for_each(|curve| print!("{curve}")),
            Err(error @ lab::Error::NotUp { .. }) => println!("\nruns: skipped: {error}"),
            Err(error) => return Err(error.into()),
        }
    }
    if chosen(GrowthPart::Brokers) {
        grown_lab::brokers(&args.brokers, args.port_base).await?;
    }
    Ok(Exit::Passed)
}

/// The catalogue, again and again under other names, until there are so many.
fn lint(sizes: &[u32]) -> Result<Curve, Box<dyn Error>> {
    let mut curve = Curve::new("scenarios read and linted (copies of the catalogue)", "scenario");
    let schemas = Schemas::at_hand().map_err(|problem| problem.for_terminal())?;
    let catalogue = paths::scenarios();
    let originals = scenario::names(&catalogue);
    if originals.is_empty() {
        return Err(format!("{catalogue} has no scenarios").into());
    }
    for &size in sizes {
        let checkout = Checkout::new()?;
        for (number, original) in (0..size).zip(originals.iter().cycle()) {
            checkout.copy(&catalogue.join(original), &format!("copy-{number}"))?;
        }
        curve.measure(size, || {
            let loaded = scenario::load_all(&checkout.scenarios());
            let broken = loaded.iter().filter(|folder| folder.is_err()).count();
            let found = loaded.iter().flatten().flat_map(|folder| scenario::lint_with_schemas(folder, &schemas));
            let errors = found.filter(|problem| problem.severity == Severity::Error).count();
            if loaded.len() == size as usize && broken + errors == 0 {
                return Ok(());
            }
            Err(format!(
                "{} of {size} scenarios were read, {broken} are broken, and lint found {errors} errors",
                loaded.len()
            ))
        })?;
    }
    Ok(curve)
}

/// Invented results in every format. In a run, the report is written again whenever a scenario has ended.
fn reports(sizes: &[u32]) -> Result<Vec<Curve>, report::Error> {
    let formats = ["report.json", "junit.xml", "the matrix of `report table`", "the lines of the console"];
    let mut curves = formats.map(|format| Curve::new(format!("results as {format}"), "result"));
    for &size in sizes {
        let report = sample::report((0..size).map(result).collect());
        let console = Console::plain(12);
        let [json, junit, matrix, lines] = &mut curves;
        json.measure(size, || written(&report::json(&report)?, size))?;
        junit.measure(size, || written(&report::junit(&report)?, size))?;
        matrix.measure(size, || written(&report_views::table(std::slice::from_ref(&report)), size))?;
        lines.measure(size, || {
            written(&report.scenarios.iter().map(|one| console.scenario(one) + "\n").collect::<String>(), size)
        })?;
    }
    Ok(curves.into())
}

/// Every result takes at least a line of text; less would mean that some were left out.
fn written(text: &str, size: u32) -> Result<(), report::Error> {
    let last = name(size.saturating_sub(1));
    if text.contains(&last) && text.lines().count() >= size as usize {
        return Ok(());
    }
    let path = "the measured report".into();
    Err(report::Error::Write { path, source: std::io::Error::other(format!("it lacks {last}")) })
}

fn name(number: u32) -> String {
    format!("scenario-{number}")
}

/// A result with as many steps as most scenarios have. Every tenth failed.
fn result(number: u32) -> ScenarioResult {
    let verdict = if number % 10 == 9 { Verdict::Failed(sample::failure()) } else { Verdict::Passed };
    let step = |step: u32| StepResult {
        label: format!("probe#{step}"),
        line: u64::from(step) + 12,
        summary: "broker-10.kafka.test is answered by broker 10".into(),
        started: 0.1,
        seconds: 0.1,
        waited: 0.1,
        outcome: StepOutcome::Passed,
        evidence: vec!["the certificate has the name broker-10.kafka.test".into()],
        workload: None,
        diagnosis: None,
    };
    ScenarioResult { steps: (1..=8).map(step).collect(), ..sample::result(&name(number), verdict) }
}

/// Scenarios of one probe on the running lab: the time of the run, and the processor time of the harness.
async fn run(lab: &Lab, sizes: &[u32]) -> Result<Vec<Curve>, Box<dyn Error>> {
    lab.check().await?;
    let mut wall = Curve::new("scenarios of one probe, run on the lab", "scenario");
    let mut processor = Curve::new("the same: processor time of the harness", "scenario");
    for &size in sizes {
        let checkout = Checkout::new()?;
        for number in 0..size {
            checkout.add(&name(number), TRIVIAL)?;
        }
        eprintln!("{size} scenarios");
        let run = Contestant::ours(["scenario", "run", "--name", &lab.info.name])?.with(checkout.variable());
        let times = run.run().await?;
        wall.add(size, times.wall);
        processor.add(size, times.processor);
    }
    Ok(vec![wall, processor])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_a_row_in_every_format() {
        let curves = reports(&[3, 20]).expect("written");
        assert_eq!(curves.len(), 4);
        for curve in curves {
            let sizes: Vec<u32> = curve.points.iter().map(|point| point.size).collect();
            assert_eq!(sizes, [3, 20], "{}", curve.what);
        }
    }

    #[test]
    fn a_report_that_lacks_results_is_not_measured() {
        let report = sample::report(vec![result(0)]);
        let text = report::json(&report).expect("it serializes");
        assert!(written(&text, 1).is_ok());
        assert!(written(&text, 2).is_err());
    }

    #[test]
    fn the_trivial_scenario_lints() {
        let checkout = Checkout::new().expect("made");
        checkout.add("scenario-0", TRIVIAL).expect("written");
        let folder = scenario::load(&checkout.scenarios().join("scenario-0")).expect("it can be read");
        assert_eq!(scenario::lint(&folder).len(), 0);
    }
}
