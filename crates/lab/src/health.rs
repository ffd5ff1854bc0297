//! A quick check of a lab before it is used: which processes run, and whether its API server answers.

use super::{Error, Lab};
use crate::backends::local::status;
use crate::backends::local::status::Component;
use model::LabDir;
use std::time::Duration;

/// How long the API server may take to report that it is ready.
const WITHIN: Duration = Duration::from_secs(5);

impl Lab {
    /// The processes that should run on this machine and do not, each as the start of a sentence, such as `etcd is not
    /// running`. This reads only the process table, which takes milliseconds. Empty also if the table cannot be read.
    pub fn dead_components(&self) -> Vec<String> {
        let all = self.backend.components(self).unwrap_or_default();
        all.iter().filter_map(|one| Some(format!("{} {}", one.name, one.trouble()?))).collect()
    }

    /// Whether scenarios can run on the lab: its processes run, and its API server is ready. Takes 5 s at most.
    ///
    /// # Errors
    /// [`Error::Dead`] with what is not running, or [`Error::ApiServer`] with the answer of the API server.
    pub async fn check(&self) -> Result<(), Error> {
        let name = self.info.name.clone();
        let dead = self.dead_components();
        if !dead.is_empty() {
            return Err(Error::Dead { name, dead });
        }
        kubeapi::ready(self.catalog.client(), WITHIN).await.map_err(|says| Error::ApiServer { name, says })
    }
}

/// The command that repairs a lab, and the one that shows what is wrong.
pub(super) fn remedy(name: &str) -> String {
    let named = named(name);
    format!("`cargo xtask lab up{named}` repairs it, `cargo xtask lab status{named}` shows it")
}

/// ` --name NAME`, unless the lab has the default name.
pub(super) fn named(name: &str) -> String {
    if name == "lab" { String::new() } else { format!(" --name {name}") }
}

/// The running processes of a lab that was interrupted before it recorded what it is.
pub(super) fn half_up(dir: &LabDir) -> Result<Vec<Component>, Error> {
    Ok(status::running(dir)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::local::process;
    use crate::backends::local::process::Spec;
    use crate::testing;

    #[tokio::test]
    async fn a_lab_of_which_nothing_runs_says_so_with_the_remedy() {
        let (_folder, lab) = testing::lab("a");
        assert_eq!(
            lab.dead_components(),
            ["etcd", "kube-apiserver", "traefik", "agent"].map(|name| format!("{name} is not running"))
        );
        let error = lab.check().await.expect_err("nothing runs").to_string();
        assert!(
            error.starts_with("the lab a cannot work: etcd is not running, kube-apiserver is not running"),
            "{error}"
        );
        assert!(error.contains("`cargo xtask lab up --name a` repairs it"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_api_server_is_reported_within_five_seconds() {
        let (_folder, lab) = testing::lab("b");
        let mut running = Vec::new();
        for component in ["etcd", "kube-apiserver", "traefik", "agent"] {
            let spec = Spec {
                component: component.to_owned(),
                instance: String::new(),
                program: "/bin/sleep".into(),
                args: vec!["60".to_owned()],
                env: vec![],
                dir: lab.dir.path().to_owned(),
            };
            running.push(process::identify(&spec, process::spawn(&lab.dir, &spec).expect("started")));
        }
        // Until each has become its program, it has this process's environment.
        for _ in 0..1000 {
            if lab.dead_components().is_empty() {
                break;
            }
            // Real processes take real time, but the test's clock is paused.
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(lab.dead_components(), [""; 0], "all run");
        let before = tokio::time::Instant::now();
        let error = lab.check().await.expect_err("it says nothing").to_string();
        assert!(before.elapsed() <= WITHIN + Duration::from_millis(10), "{:?}", before.elapsed());
        assert!(error.contains("is not ready: no answer within 5s"), "{error}");
        // Real processes take real time to end.
        tokio::time::resume();
        process::stop(&running, Duration::ZERO).await.expect("stopped");
    }
}
