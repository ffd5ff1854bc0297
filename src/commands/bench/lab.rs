//! `bench lab`

use cli::{BenchLabArgs, LabChoice};
use host::{PhaseTime, Progress};
use lab::{critical_path, numbered};
use model::{Exit, LabDir, Spread, UpOptions};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;

/// The lab that is measured. It has a name of its own, so that no lab of the user's is stopped.
const NAME: &str = "bench";

/// One `lab up`.
struct Up {
    seconds: f64,
    phases: Vec<PhaseTime>,
}

/// Starts and stops a lab of its own several times, with everything at once and one part after another by turns.
///
/// # Errors
/// If the lab does not start or stop, or there is one of that name already.
pub async fn lab(args: &BenchLabArgs) -> Result<Exit, Box<dyn Error>> {
    let dir = LabDir::of(NAME)?;
    if dir.mark()?.is_some() {
        return Err(format!(
            "there is a lab named {NAME} already; remove it with `cargo xtask lab down --name {NAME}`"
        )
        .into());
    }
    let measured = tokio::select! {
        measured = measure(args, &dir) => measured,
        Ok(()) = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    // Whatever happened, nothing of this lab stays.
    let stopped = lab::down(&dir, NAME, &Progress::stderr()).await;
    print!("{}", measured?);
    stopped?;
    Ok(Exit::Passed)
}

async fn measure(args: &BenchLabArgs, dir: &LabDir) -> Result<String, Box<dyn Error>> {
    let (mut at_once, mut one_by_one, mut again, mut warm) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for run in 1..=args.runs {
        eprintln!("run {run} of {}", args.runs);
        one_by_one.push(up(args, true).await?);
        lab::down(dir, NAME, &Progress::stderr()).await?;
        at_once.push(up(args, false).await?);
        again.push(up(args, false).await?.seconds);
        match lab::down_keeping_state(dir, NAME, &Progress::stderr()).await {
            Ok(()) => warm.push(up(args, false).await?.seconds),
            // A lab in a cluster.
            Err(lab::Error::KeepsNoState { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        lab::down(dir, NAME, &Progress::stderr()).await?;
    }
    Ok(page(&at_once, &one_by_one, again, warm))
}

async fn up(args: &BenchLabArgs, one_by_one: bool) -> Result<Up, lab::Error> {
    let progress = Progress::stderr();
    lab::up(&options(args, one_by_one), &progress).await?;
    Ok(Up { seconds: progress.elapsed().as_secs_f64(), phases: numbered(progress.phases()) })
}

fn options(args: &BenchLabArgs, one_by_one: bool) -> UpOptions {
    let LabChoice(kind) = args.lab;
    UpOptions {
        name: NAME.to_owned(),
        kind,
        gateway: args.gateway.clone(),
        kafka: Some(args.kafka),
        port_base: Some(args.port_base),
        hosts: false,
        strimzi: args.strimzi.clone(),
        node_image: None,
        versions: BTreeMap::new(),
        existing: None,
        one_by_one,
    }
}

/// The times of all runs as text.
fn page(at_once: &[Up], one_by_one: &[Up], again: Vec<f64>, warm: Vec<f64>) -> String {
    let seconds = |ups: &[Up]| Spread::of(ups.iter().map(|up| up.seconds));
    let of = |ups: &[Up], name: &str| {
        Spread::of(ups.iter().flat_map(|up| &up.phases).filter(|phase| phase.name == name).map(PhaseTime::seconds))
    };
    let Some(first) = at_once.first() else { return String::new() };
    let path: Vec<&str> = critical_path(&first.phases).iter().map(|phase| phase.name.as_str()).collect();
    let text = |spread: Option<Spread>| spread.map_or_else(|| "-".to_owned(), |spread| spread.to_string());
    let mut page = format!("\n{:<28}  {:<26}  {:<26}  {}\n", "phase", "in `lab up`", "alone", "critical path");
    let mut shown: BTreeMap<&str, ()> = BTreeMap::new();
    let mut longest = 0.0;
    for phase in at_once.iter().chain(one_by_one).flat_map(|up| &up.phases) {
        if shown.insert(&phase.name, ()).is_some() {
            continue;
        }
        let (together, alone) = (of(at_once, &phase.name), of(one_by_one, &phase.name));
        let critical = path.contains(&phase.name.as_str());
        if critical {
            longest += alone.map_or(0.0, |alone| alone.median);
        }
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "{:<28}  {:<26}  {:<26}  {}",
            phase.name,
            text(together),
            text(alone),
            if critical { "yes" } else { "" }
        );
    }
    let all = seconds(at_once);
    let ratio = all.map_or(0.0, |all| all.median / longest);
    let _ = writeln!(page, "\nlab up               {}, {ratio:.2} of its critical path ({longest:.1} s)", text(all));
    let _ = writeln!(page, "one part at a time   {}", text(seconds(one_by_one)));
    let _ = writeln!(page, "lab up, when it runs {}", text(Spread::of(again)));
    match Spread::of(warm) {
        Some(warm) => _ = writeln!(page, "after --keep-state   {warm}"),
        None => page.push_str("after --keep-state   not measured: only a local lab keeps its state\n"),
    }
    page
}
