//! Stops a local lab, so that no process and no port is left.

use super::process::Running;
use super::{Error, agent, process};
use model::LabDir;
use std::time::Duration;

/// Processes that others need end last, in this order. Processes that start others end first, and all others in
/// between.
const LAST: [&str; 2] = ["kube-apiserver", "etcd"];

/// Their data is removed with the lab, so they need little time to shut down.
pub const GRACE: Duration = Duration::from_millis(500);

/// Their data is kept, so brokers get time to close their logs. A broker that is killed reads its whole log when it starts.
pub const KEEPING_GRACE: Duration = Duration::from_secs(5);

/// A killed `up` may have started a process while others were being stopped.
const ROUNDS: usize = 5;

/// Stops every process of the lab, and returns their components in that order. Each has `grace` to end by itself. It is
/// not an error if none runs.
///
/// # Errors
/// [`Error::StillRunning`] for a process that survives SIGKILL.
pub async fn stop(dir: &LabDir, grace: Duration) -> Result<Vec<String>, Error> {
    let mut components = Vec::new();
    for _ in 0..ROUNDS {
        let running = process::running(dir)?;
        if running.is_empty() {
            break;
        }
        for group in in_order(running) {
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

fn in_order(running: Vec<Running>) -> Vec<Vec<Running>> {
    let place = |process: &Running| match process.component.as_str() {
        agent::COMPONENT => 0,
        name => LAST.iter().position(|last| *last == name).map_or(1, |at| at + 2),
    };
    let mut groups: Vec<Vec<Running>> = vec![vec![]; LAST.len() + 2];
    for process in running {
        let place = place(&process);
        groups[place].push(process);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_starts_others_ends_first_and_who_others_need_last() {
        let names = ["etcd", "kube-apiserver", "traefik", "agent", "kafka-kafka_c-broker-10"];
        let running =
            |name: &&str| Running { component: (*name).to_owned(), instance: String::new(), pid: 1, started: 1 };
        let order = in_order(names.iter().map(running).collect());
        let order: Vec<Vec<&str>> =
            order.iter().map(|group| group.iter().map(|p| p.component.as_str()).collect()).collect();
        assert_eq!(
            order,
            [vec!["agent"], vec!["traefik", "kafka-kafka_c-broker-10"], vec!["kube-apiserver"], vec!["etcd"]]
        );
    }
}
