//! Runs the suite's own test program on a lab.

use super::known::Known;
use super::outcome::{self, Outcome};
use super::{Error, echo_image};
use artifacts::Parts;
use camino::{Utf8Path, Utf8PathBuf};
use host::{Progress, files};
use lab::Lab;
use model::FileError;
use std::fs::{self, File};
use std::time::Duration;

/// How many of the log's last lines an error shows.
const TAIL: usize = 12;

/// What a run needs beside the lab.
pub struct Run<'a> {
    pub known: &'a Known,
    /// What the gateway's fixture claims. The suite skips tests that need more.
    pub features: &'a [String],
    /// Whether to run the whole profiles, and to write the suite's own report: a part of a profile is no conformance.
    pub whole: bool,
    /// Where the log and the suite's own report go.
    pub folder: &'a Utf8Path,
    pub within: Duration,
    pub progress: &'a Progress,
}

/// Runs the profiles of the list on the lab, whose objects stay as they are: the suite makes namespaces of its own, and removes
/// them. Takes minutes. Of the whole profiles, the suite's own report is
/// `conformance.yaml` in the run's folder, in the form that the Gateway API publishes.
///
/// # Errors
/// If the lab cannot run it, or it ends without a verdict. A test that fails is a verdict.
pub async fn run(lab: &Lab, run: &Run<'_>) -> Result<Vec<Outcome>, Error> {
    let archive = run.folder.join("echo.tar");
    let Some(import) = lab.backend.import_images(lab, &archive, "coredns", &run.known.core_dns_image) else {
        return Err(Error::NoPods { name: lab.info.name.clone(), kind: lab.info.kind });
    };
    if !lab.info.gateway.separate {
        return Err(Error::SharedAddress { gateway: lab.info.gateway.name.clone() });
    }
    let (suite, echo) =
        (obtain("conformance-suite", run.progress).await?, obtain("conformance-echo", run.progress).await?);
    let phase = run.progress.phase("images into the node");
    echo_image::write(&archive, &echo, &run.known.echo_images).map_err(Error::Image)?;
    import.await?;
    fs::remove_file(&archive).map_err(FileError::of("remove", &archive))?;
    phase.done("the echo server");
    let log = run.folder.join("log.txt");
    let printed = test(lab, run, &suite, &log).await?;
    let outcomes = outcome::read(&printed);
    if outcomes.is_empty() {
        return Err(Error::NoVerdict { tail: files::last_lines(&log, TAIL).unwrap_or_default(), log });
    }
    Ok(outcomes)
}

async fn obtain(part: &'static str, progress: &Progress) -> Result<Utf8PathBuf, Error> {
    let progress = progress.clone();
    let obtained = tokio::task::spawn_blocking(move || Parts::load()?.obtain(part, &progress)).await??;
    Ok(obtained.path)
}

/// Runs the test program, whatever its exit code, and returns what it printed.
async fn test(lab: &Lab, run: &Run<'_>, suite: &Utf8Path, log: &Utf8Path) -> Result<String, Error> {
    let features = ["Gateway".to_owned()].into_iter().chain(run.features.iter().cloned()).collect::<Vec<_>>();
    let mut arguments = vec![
        "-test.v".to_owned(),
        format!("-test.timeout={}s", run.within.as_secs()),
        format!("-gateway-class={}", lab.info.gateway.class),
        format!("-conformance-profiles={}", run.known.profiles.join(",")),
        format!("-supported-features={}", features.join(",")),
        "-organization=kafka-gateway-lab".to_owned(),
        format!("-project={}", lab.info.gateway.name),
        "-url=https://github.com/kubernetes-sigs/gateway-api".to_owned(),
        format!("-version={}", lab.info.versions.get("gateway").map_or("unknown", String::as_str)),
        "-contact=none".to_owned(),
    ];
    arguments.push(match run.whole {
        true => format!("-report-output={}", run.folder.join("conformance.yaml")),
        false => format!("-test.run={}", only(run.known)),
    });
    let file = File::create(log).map_err(FileError::of("write", log))?;
    let expression = duct::cmd(suite.as_std_path(), arguments)
        .env("KUBECONFIG", lab.info.kubeconfig.as_str())
        .stdin_null()
        .stderr_to_stdout()
        .stdout_file(file);
    let (watched, within, mut phase) = (log.to_owned(), run.within, run.progress.phase("conformance tests"));
    let ended = tokio::task::spawn_blocking(move || {
        let ended = host::command::run(&expression, within, |_| {
            let printed = fs::read_to_string(&watched).unwrap_or_default();
            phase.update(doing(&printed));
        });
        if let Ok(Some(_)) = ended {
            phase.done("ended");
        }
        ended
    });
    if ended.await?.map_err(Error::Start)?.is_none() {
        let tail = files::last_lines(log, TAIL).unwrap_or_default();
        return Err(Error::TimedOut { within: run.within, log: log.to_owned(), tail });
    }
    fs::read_to_string(log).map_err(|error| FileError::of("read", log)(error).into())
}

/// The tests of the list, as Go's pattern for names.
fn only(known: &Known) -> String {
    let names: Vec<_> = known.tests.keys().map(String::as_str).collect();
    format!("^TestConformance$/^({})$", names.join("|"))
}

/// The test that runs, for the waiting user.
fn doing(printed: &str) -> String {
    let begun = printed.lines().filter_map(|line| line.strip_prefix("=== RUN   TestConformance/"));
    let tests: Vec<_> = begun.filter(|name| !name.contains('/')).collect();
    tests.last().map_or("base resources".to_owned(), |name| format!("{name} ({}. test)", tests.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::KnownTest;

    #[test]
    fn only_the_tests_of_the_list_run() {
        let tests = ["A", "B"].map(|name| (name.to_owned(), KnownTest::None("r".into()))).into();
        let known = Known { profiles: vec![], echo_images: vec![], core_dns_image: String::new(), tests };
        assert_eq!(only(&known), "^TestConformance$/^(A|B)$");
    }

    #[test]
    fn the_running_test_is_named() {
        assert_eq!(doing("=== RUN   TestConformance\n"), "base resources");
        let printed = "=== RUN   TestConformance/A\n=== RUN   TestConformance/A/part\n=== RUN   TestConformance/B\n";
        assert_eq!(doing(printed), "B (2. test)");
        assert_eq!(doing("=== RUN   TestConformance/A\n=== RUN   TestConformance/A/part\n"), "A (1. test)");
    }
}
