//! Freezes the process of a Pod, and lets it continue.

use super::node::pod_of;
use super::{Error, process};
use model::LabDir;
use rustix::process::{Pid, Signal, kill_process_group};

/// Freezes the process of a Pod together with all of its children, or lets it continue.
///
/// # Errors
/// [`Error::NotRunning`] if the Pod has no process.
pub fn freeze(dir: &LabDir, namespace: &str, pod: &str, frozen: bool) -> Result<(), Error> {
    let pod = format!("{namespace}/{pod}");
    let process = process::running(dir)?.into_iter().find(|one| pod_of(&one.component).as_ref() == Some(&pod));
    let leader = process.and_then(|process| Pid::from_raw(i32::try_from(process.pid).ok()?));
    let not_running = || Error::NotRunning { component: format!("the process of Pod {pod}") };
    // Each process of the lab leads its own process group.
    let signal = if frozen { Signal::STOP } else { Signal::CONT };
    kill_process_group(leader.ok_or_else(not_running)?, signal).map_err(|_| not_running())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::local::process::{Spec, running, spawn_and_watch, stop};
    use camino::Utf8Path;
    use std::time::Duration;

    #[tokio::test]
    async fn only_the_process_of_the_pod_is_frozen_and_it_continues() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = LabDir::at(Utf8Path::from_path(folder.path()).expect("UTF-8").join("lab"));
        dir.make().expect("made");
        for component in ["kafka-a_broker-10", "kafka-a_broker-11"] {
            let spec = Spec {
                component: component.to_owned(),
                instance: "one".to_owned(),
                program: "/bin/sh".into(),
                args: ["-c", "exec sleep 60"].map(ToOwned::to_owned).to_vec(),
                env: Vec::new(),
                dir: dir.path().to_owned(),
            };
            spawn_and_watch(&dir, &spec, Duration::from_millis(50)).await.expect("started");
        }
        let frozen = || running(&dir).expect("listed").into_iter().filter(process::Running::is_stopped).count();
        let until = async |count| {
            while frozen() != count {
                tokio::task::yield_now().await;
            }
        };
        freeze(&dir, "a", "broker-11", true).expect("it runs");
        until(1).await;
        let processes = running(&dir).expect("listed");
        assert!(processes.iter().any(|one| one.component == "kafka-a_broker-11" && one.is_stopped()), "{processes:?}");
        freeze(&dir, "a", "broker-11", false).expect("it is still there");
        until(0).await;
        let error = freeze(&dir, "b", "broker-11", true).expect_err("another namespace");
        assert_eq!(error.to_string(), "the process of Pod b/broker-11 is not running");
        stop(&processes, Duration::from_secs(5)).await.expect("stopped");
    }
}
