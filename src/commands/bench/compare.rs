//! `bench compare`

use super::checkout::Checkout;
use super::contestant::Contestant;
use super::requests::Requests;
use super::turns::{Race, Result as Raced};
use super::{contestant, cost, tools};
use camino::Utf8PathBuf;
use cli::BenchCompareArgs;
use lab::Lab;
use model::{Exit, paths};
use std::error::Error;
use std::fmt::Write;
use std::time::Duration;

/// The task that chainsaw can express too.
const CHAINSAW_TASK: &str = "apply-wait-delete";

/// A race, or why it cannot take place, with what its sides need on disk.
struct Planned {
    race: Result<Race, String>,
    task: String,
    _checkout: Option<Checkout>,
}

/// Runs scenarios and other programs for the same tasks by turns, and shows what both cost.
///
/// # Errors
/// If no lab is up, it is in use, or the files of the comparison are not there.
pub async fn compare(args: &BenchCompareArgs) -> Result<Exit, Box<dyn Error>> {
    let lab = Lab::open(&args.name.name).await?;
    lab.check().await?;
    if runner::under_way(&lab.dir)? > 0 {
        return Err(
            "scenarios are running on this lab, so nothing can be measured; try again when they have ended".into()
        );
    }
    let planned = plan(args, &lab)?;
    if planned.is_empty() {
        eprintln!("error: no task's name contains {}", args.filters.join(" or "));
        return Ok(Exit::Usage);
    }
    let requests = match Requests::of_idle(lab.catalog.clone(), Duration::from_secs(args.idle)).await {
        Ok(requests) => Some(requests),
        Err(error) => {
            println!("requests are not counted: {error}");
            None
        }
    };
    println!("{}, load {}", runner::session::lab_line(&lab), load_average());
    let mut results: Vec<Raced> = planned.iter().map(|_| Raced::default()).collect();
    for turn in 0..args.runs {
        eprintln!("turn {} of {}", turn + 1, args.runs);
        for (planned, result) in planned.iter().zip(&mut results) {
            if let Ok(race) = &planned.race {
                race.turn(turn, requests.as_ref(), result).await;
            }
        }
    }
    print!("{}", page(&planned, &results));
    if let Some(requests) = &requests {
        println!("\nthe idle lab makes {:.1} requests a second, which are subtracted", requests.idle_per_second);
    }
    println!("load {}", load_average());
    if cfg!(debug_assertions) {
        println!("ours is a build without optimisation, as cargo makes it by default");
    }
    Ok(if results.iter().all(|result| result.failures.is_empty()) { Exit::Passed } else { Exit::Failed })
}

fn plan(args: &BenchCompareArgs, lab: &Lab) -> Result<Vec<Planned>, Box<dyn Error>> {
    let chosen =
        |task: &str| args.filters.is_empty() || args.filters.iter().any(|filter| task.contains(filter.as_str()));
    let folder = paths::fixtures().join("bench");
    let missing = tools::missing_for_scripts();
    let mut planned = Vec::new();
    for script in scripts(&folder.join("plain"))? {
        let task = script.file_stem().unwrap_or_default().to_owned();
        if !chosen(&task) {
            continue;
        }
        let checkout = Checkout::new()?;
        checkout.copy(&paths::scenarios().join(&task), &task)?;
        let ours = ours(lab, &checkout, 1)?;
        let theirs = Contestant::new("bash", [script.as_str()]).with(lab::client_variables(lab));
        let race = match &missing {
            Some(missing) => Err(missing.clone()),
            None => Ok(Race { task: task.clone(), ours, other: "script", theirs }),
        };
        planned.push(Planned { race, task, _checkout: Some(checkout) });
    }
    if chosen(CHAINSAW_TASK) {
        planned.push(against_chainsaw(args.times, lab, &folder)?);
    }
    Ok(planned)
}

fn against_chainsaw(times: u32, lab: &Lab, folder: &Utf8PathBuf) -> Result<Planned, Box<dyn Error>> {
    let task = format!("{CHAINSAW_TASK} x{times}");
    let Some(chainsaw) = tools::chainsaw() else {
        let race =
            Err(format!("there is no chainsaw on PATH or where Go installs programs; `{}`", tools::GET_CHAINSAW));
        return Ok(Planned { race, task, _checkout: None });
    };
    let checkout = Checkout::new()?;
    checkout.copy(&folder.join("scenarios").join(CHAINSAW_TASK), CHAINSAW_TASK)?;
    let ours = ours(lab, &checkout, times)?;
    let test = folder.join("chainsaw");
    let times = times.to_string();
    let arguments = ["test", test.as_str(), "--repeat-count", &times, "--parallel", "1", "--no-color"];
    let theirs = Contestant::new(chainsaw, arguments).with(lab::client_variables(lab));
    Ok(Planned {
        race: Ok(Race { task: task.clone(), ours, other: "chainsaw", theirs }),
        task,
        _checkout: Some(checkout),
    })
}

/// The scenarios of a checkout, one at a time.
fn ours(lab: &Lab, checkout: &Checkout, repeat: u32) -> Result<Contestant, contestant::Error> {
    let repeat = repeat.to_string();
    let arguments = ["scenario", "run", "--name", &lab.info.name, "--jobs", "1", "--repeat", &repeat];
    Ok(Contestant::ours(arguments)?.with(checkout.variable()))
}

/// The scripts in the order of their names. `lab.bash` is what they share.
fn scripts(folder: &Utf8PathBuf) -> Result<Vec<Utf8PathBuf>, model::FileError> {
    let entries = folder.read_dir_utf8().map_err(model::FileError::of("read", folder))?;
    let mut scripts: Vec<_> = entries.flatten().map(|entry| entry.into_path()).collect();
    scripts.retain(|path| path.extension() == Some("sh"));
    scripts.sort();
    Ok(scripts)
}

fn page(planned: &[Planned], results: &[Raced]) -> String {
    let width = planned.iter().map(|planned| planned.task.len()).max().unwrap_or(0);
    let mut page = cost::head(width);
    let mut remarks = String::new();
    for (planned, result) in planned.iter().zip(results) {
        match &planned.race {
            Ok(race) => page += &cost::lines(width, &race.task, &result.ours, race.other, &result.theirs),
            // Writing to a String cannot fail.
            Err(reason) => _ = writeln!(page, "{:width$}  skipped: {reason}", planned.task),
        }
        for failure in &result.failures {
            let _ = writeln!(remarks, "\n{}: {}", planned.task, model::visible(failure));
        }
    }
    page + &remarks
}

/// The average number of waiting processes over one, five and fifteen minutes.
fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let three: Vec<&str> = text.split_whitespace().take(3).collect();
    if three.is_empty() { "unknown".to_owned() } else { three.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a script would be compared with nothing.
    #[test]
    fn each_script_has_a_scenario_of_its_name_and_is_bash() {
        let scripts = scripts(&paths::fixtures().join("bench/plain")).expect("they are there");
        assert!(scripts.len() >= 4, "{scripts:?}");
        for script in &scripts {
            let name = script.file_stem().unwrap_or_default();
            assert!(paths::scenarios().join(name).join("scenario.yaml").is_file(), "{name}");
        }
        let shared = paths::fixtures().join("bench/plain/lab.bash");
        for file in scripts.iter().chain([&shared]) {
            let checked = std::process::Command::new("bash").arg("-n").arg(file).output().expect("there is bash");
            assert!(checked.status.success(), "{file}: {}", String::from_utf8_lossy(&checked.stderr));
        }
    }

    #[test]
    fn what_is_skipped_says_why_in_the_table() {
        let skipped = Planned { race: Err("there is no kcat".into()), task: "one".into(), _checkout: None };
        let page = page(&[skipped], &[Raced::default()]);
        assert!(page.lines().any(|line| line == "one  skipped: there is no kcat"), "{page}");
    }
}
