//! Stops a lab completely, whatever state it is in, and touches nothing else.

use super::{Error, hosts, lock};
use crate::backends::{self, local};
use camino::Utf8PathBuf;
use host::Progress;
use model::LabDir;
use std::fs;

/// Stops everything that the lab runs, and removes everything that it created. It is not an error if the lab is not up.
///
/// # Errors
/// If something cannot be stopped or removed. A folder without the lab's mark is not changed, which is also an error.
pub async fn down(dir: &LabDir, name: &str, progress: &Progress) -> Result<(), Error> {
    let _turn = lock::take(dir, progress).await?;
    let phase = progress.phase("down");
    let (components, removed) = take_apart(dir, name, progress).await?;
    // This comes last, and is reported last: a problem with the user's hosts file must not keep anything of the lab
    // running.
    hosts::remove(name)?;
    if components.is_empty() && !removed {
        phase.done("no such lab was up");
    } else {
        phase.done(format!("{}, state removed", stopped(&components)));
    }
    Ok(())
}

/// Stops the processes of a local lab and keeps its folder, so that the next `up` starts with the same objects, certificates
/// and messages. It is not an error if nothing runs.
///
/// # Errors
/// [`Error::KeepsNoState`] for a lab that runs in a cluster, or if something cannot be stopped.
pub async fn keeping_state(dir: &LabDir, name: &str, progress: &Progress) -> Result<(), Error> {
    let _turn = lock::take(dir, progress).await?;
    for backend in backends::all() {
        if backend.is_there(dir)? {
            return Err(Error::KeepsNoState { name: name.to_owned() });
        }
    }
    let phase = progress.phase("down");
    let components = local::down::stop(dir, true).await?;
    phase.done(match dir.mark()? {
        Some(_) => format!("{}, state kept for the next `lab up`", stopped(&components)),
        None => "no such lab was up".to_owned(),
    });
    Ok(())
}

/// Finishes a `down` that was killed, if there was one, and returns whether there was. Brokers that are shutting down
/// still answer for a while, so an `up` that took them over would call the lab ready and then lose it. The caller holds
/// the lab's lock.
///
/// # Errors
/// As for [`down`].
pub(super) async fn finish_begun(dir: &LabDir, name: &str, progress: &Progress) -> Result<bool, Error> {
    if !begun(dir).exists() {
        return Ok(false);
    }
    let phase = progress.phase("down");
    let (components, _) = take_apart(dir, name, progress).await?;
    phase.done(format!("finished an interrupted `lab down`: {}, state removed", stopped(&components)));
    Ok(true)
}

async fn take_apart(dir: &LabDir, name: &str, progress: &Progress) -> Result<(Vec<String>, bool), Error> {
    if dir.mark()?.is_some() {
        // A full disk must not keep the lab running: without this note, the next `up` repairs the lab instead.
        let _ = fs::write(begun(dir), "`lab down` was started but not finished; the next `lab up` finishes it first\n");
    }
    for backend in backends::all() {
        if backend.is_there(dir)? {
            backend.down(dir, name, progress).await?;
        }
    }
    let components = local::down::stop(dir, false).await?;
    Ok((components, dir.remove()?))
}

fn stopped(components: &[String]) -> String {
    let count = components.len();
    format!("{count} {} stopped", if count == 1 { "process" } else { "processes" })
}

/// The file that exists from the start of a `down` until the folder is gone.
fn begun(dir: &LabDir) -> Utf8PathBuf {
    dir.path().join("down-was-begun")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::local::process;
    use crate::backends::local::process::Spec;
    use crate::testing;
    use std::time::Duration;

    #[tokio::test]
    async fn what_a_killed_down_left_is_taken_down_before_anything_is_brought_up() {
        let (_held, lab) = testing::lab("half-down");
        let progress = Progress::stderr();
        let spec = Spec {
            component: "kafka-kafka_my-cluster-broker-10".to_owned(),
            instance: String::new(),
            program: "/bin/sleep".into(),
            args: vec!["60".to_owned()],
            env: vec![],
            dir: lab.dir.path().to_owned(),
        };
        process::spawn_and_watch(&lab.dir, &spec, Duration::from_millis(50)).await.expect("started");
        assert!(!finish_begun(&lab.dir, "half-down", &progress).await.expect("nothing to do"));
        assert_eq!(process::running(&lab.dir).expect("listed").len(), 1, "a lab that is up is left alone");

        fs::write(begun(&lab.dir), "").expect("written");
        assert!(finish_begun(&lab.dir, "half-down", &progress).await.expect("down"));
        assert!(!lab.dir.path().exists());
    }
}
