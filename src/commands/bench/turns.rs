//! Two programs that do the same task, by turns, so that what else happens on the machine meets both.

use super::contestant::{self, Contestant};
use super::cost::Costs;
use super::requests::{Error, Requests};
use std::time::Duration;

/// How long the gateway and the operator may still react to the run before.
const SETTLES: Duration = Duration::from_secs(1);

/// Two sides of one task.
pub struct Race {
    pub task: String,
    pub ours: Contestant,
    /// The name of the other side.
    pub other: &'static str,
    pub theirs: Contestant,
}

/// What a race cost.
#[derive(Default)]
pub struct Result {
    pub ours: Costs,
    pub theirs: Costs,
    /// Why runs are missing.
    pub failures: Vec<String>,
}

impl Race {
    /// Runs both sides once. The one that begins changes with each turn, so that neither always finds warm caches.
    pub async fn turn(&self, turn: u32, requests: Option<&Requests>, result: &mut Result) {
        let mut sides = [(&self.ours, &mut result.ours), (&self.theirs, &mut result.theirs)];
        if turn % 2 == 1 {
            sides.reverse();
        }
        for (contestant, costs) in sides {
            match measured(contestant, requests).await {
                Ok((times, asked)) => costs.add(times, asked),
                Err(failure) => result.failures.push(failure),
            }
        }
    }
}

async fn measured(
    contestant: &Contestant,
    requests: Option<&Requests>,
) -> std::result::Result<(contestant::Times, Option<f64>), String> {
    let failed = |error: Error| error.to_string();
    let before = match requests {
        Some(requests) => Some((requests, requests.read().await.map_err(failed)?)),
        None => None,
    };
    let times = contestant.run().await.map_err(|error| error.to_string())?;
    tokio::time::sleep(SETTLES).await;
    let asked = match before {
        Some((requests, before)) => Some(requests.between(before, requests.read().await.map_err(failed)?)),
        None => None,
    };
    Ok((times, asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_side_that_fails_has_no_times_and_says_why() {
        let race = Race {
            task: "t".into(),
            ours: Contestant::new("true", [""; 0]),
            other: "script",
            theirs: Contestant::new("sh", ["-c", "echo broken; false"]),
        };
        let mut result = Result::default();
        for turn in 0..2 {
            race.turn(turn, None, &mut result).await;
        }
        let text = super::super::cost::lines(4, &race.task, &result.ours, race.other, &result.theirs);
        assert!(text.lines().nth(1).is_some_and(|theirs| theirs.contains("script    -")), "{text}");
        assert_eq!(result.failures.len(), 2);
        assert!(result.failures[0].ends_with("broken"), "{}", result.failures[0]);
    }
}
