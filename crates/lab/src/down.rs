//! Taking a lab down: nothing of it is left, whatever state it was in, and nothing else is touched.

use super::{Error, hosts, lock};
use crate::backends::{self, local};
use camino::Utf8PathBuf;
use host::Progress;
use model::LabDir;
use std::fs;

/// Stops everything that the lab runs, removes what it made, and forgets it. A lab that is not up is fine.
///
/// # Errors
/// What could not be stopped or removed. A folder without the lab's mark is left as it is, which is an error too.
pub async fn down(dir: &LabDir, name: &str, progress: &Progress) -> Result<(), Error> {
    let _turn = lock::take(dir, progress).await?;
    let phase = progress.phase("down");
    let (components, removed) = take_apart(dir, name, progress).await?;
    // Last, and told last: what the user's own file is like must not keep anything of the lab running.
    hosts::remove(name)?;
    if components.is_empty() && !removed {
        phase.done("no such lab was up");
    } else {
        phase.done(format!("{}, state removed", stopped(&components)));
    }
    Ok(())
}

/// Ends a `down` that was killed in the middle, if there was one; says whether. Brokers that were told to end answer for a
/// while, so an `up` that took them over would call the lab ready and then lose it. To be called under the lab's lock.
///
/// # Errors
/// As [`down`] has them.
pub(super) async fn finish_begun(dir: &LabDir, name: &str, progress: &Progress) -> Result<bool, Error> {
    if !begun(dir).exists() {
        return Ok(false);
    }
    let phase = progress.phase("down");
    let (components, _) = take_apart(dir, name, progress).await?;
    phase.done(format!("an earlier `lab down` had not ended: {}, state removed", stopped(&components)));
    Ok(true)
}

async fn take_apart(dir: &LabDir, name: &str, progress: &Progress) -> Result<(Vec<String>, bool), Error> {
    if dir.mark()?.is_some() {
        // A disk without room must not keep the lab running: without this note the next `up` repairs what is there.
        let _ = fs::write(begun(dir), "`lab down` was begun; the next `lab up` ends it first\n");
    }
    for backend in backends::all() {
        if backend.is_there(dir)? {
            backend.down(dir, name, progress).await?;
        }
    }
    let components = local::down::stop(dir).await?;
    Ok((components, dir.remove()?))
}

fn stopped(components: &[String]) -> String {
    let count = components.len();
    format!("{count} {} stopped", if count == 1 { "process" } else { "processes" })
}

/// There from the first moment of a `down` until the folder is gone.
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
