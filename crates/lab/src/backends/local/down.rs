//! Stops a local lab, so that no process and no port is left.

use super::process::Running;
use super::{Error, agent, process};
use model::LabDir;
use std::fs;
use std::time::Duration;

/// Processes that others need end last, in this order. Processes that start others end first, and all others in
/// between.
const LAST: [&str; 2] = ["kube-apiserver", "etcd"];

/// Their data is removed with the lab, so they need little time to shut down.
const GRACE: Duration = Duration::from_millis(500);

/// Their data is kept, so brokers get time to close their logs. A broker that is killed reads its whole log when it starts.
const KEEPING_GRACE: Duration = Duration::from_secs(5);

/// A killed `up` may have started a process while others were being stopped.
const ROUNDS: usize = 5;

/// Stops every process of the lab, and returns their components in that order. With `keep`, brokers get the time to shut
/// down properly. It is not an error if none runs.
///
/// # Errors
/// [`Error::StillRunning`] for a process that survives SIGKILL.
pub async fn stop(dir: &LabDir, keep: bool) -> Result<Vec<String>, Error> {
    let grace = if keep { KEEPING_GRACE } else { GRACE };
    let before_controllers = |process: &Running| keep && is_only_broker(dir, process);
    let mut components = Vec::new();
    for _ in 0..ROUNDS {
        let running = process::running(dir)?;
        if running.is_empty() {
            break;
        }
        for group in in_order(running, before_controllers) {
            process::stop(&group, grace).await?;
            components.extend(group.into_iter().map(|process| process.component));
        }
    }
    if let Some(process) = process::running(dir)?.first() {
        let (component, pid) = (process.component.clone(), process.pid);
        return Err(Error::StillRunning { component, pid, after: grace });
    }
    Ok(components)
}

/// Whether the process is a broker and no controller. A broker tells a controller that it ends. One that could not is
/// expected back for nine seconds after the next start, in which the new one may not register.
fn is_only_broker(dir: &LabDir, process: &Running) -> bool {
    let Some(folder) = process.component.strip_prefix("kafka-") else { return false };
    let config = fs::read_to_string(dir.pods().join(folder).join("config/server.config")).unwrap_or_default();
    config.lines().any(|line| line == "process.roles=broker")
}

fn in_order(running: Vec<Running>, before_controllers: impl Fn(&Running) -> bool) -> Vec<Vec<Running>> {
    let place = |process: &Running| match process.component.as_str() {
        agent::COMPONENT => 0,
        _ if before_controllers(process) => 1,
        name => LAST.iter().position(|last| *last == name).map_or(2, |at| at + 3),
    };
    let mut groups: Vec<Vec<Running>> = vec![vec![]; LAST.len() + 3];
    for process in running {
        let place = place(&process);
        groups[place].push(process);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn order(dir: &LabDir, keep: bool, names: &[&str]) -> Vec<Vec<String>> {
        let running =
            |name: &&str| Running { component: (*name).to_owned(), instance: String::new(), pid: 1, started: 1 };
        let groups = in_order(names.iter().map(running).collect(), |process| keep && is_only_broker(dir, process));
        let names = |group: Vec<Running>| group.into_iter().map(|process| process.component).collect::<Vec<_>>();
        groups.into_iter().map(names).filter(|group| !group.is_empty()).collect()
    }

    #[tokio::test]
    async fn who_starts_others_ends_first_and_who_others_need_last() {
        let (_held, lab) = testing::lab("order");
        let names = ["etcd", "kube-apiserver", "traefik", "agent", "kafka-kafka_c-broker-10"];
        let order = order(&lab.dir, false, &names);
        assert_eq!(
            order,
            [vec!["agent"], vec!["traefik", "kafka-kafka_c-broker-10"], vec!["kube-apiserver"], vec!["etcd"]]
        );
    }

    #[tokio::test]
    async fn brokers_whose_state_is_kept_end_while_their_controller_still_runs() {
        let (_held, lab) = testing::lab("order-of-brokers");
        for (folder, roles) in [
            ("kafka_c-head-0", "controller"),
            ("kafka_c-broker-10", "broker"),
            ("kafka_c-both-20", "broker,controller"),
        ] {
            let config = lab.dir.pods().join(folder).join("config");
            fs::create_dir_all(&config).expect("a folder");
            fs::write(config.join("server.config"), format!("node.id=1\nprocess.roles={roles}\n")).expect("written");
        }
        let names = ["kafka-kafka_c-head-0", "kafka-kafka_c-broker-10", "kafka-kafka_c-both-20"];
        let broker_first = [vec!["kafka-kafka_c-broker-10"], vec!["kafka-kafka_c-head-0", "kafka-kafka_c-both-20"]];
        assert_eq!(order(&lab.dir, true, &names), broker_first);
    }
}
