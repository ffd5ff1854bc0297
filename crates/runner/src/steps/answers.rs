//! Counts the answers of a probe's connections, to tell a steady answer from a changing one.

use probe::{Peer, Whose, counted};

/// The answer of one connection.
#[derive(Debug)]
pub enum Answer {
    /// The expected answer, and the peer if a certain broker was expected.
    Expected(Option<Peer>),
    /// The answer of another broker.
    Another(Peer),
    /// Any other unexpected answer.
    Failed,
}

/// What to do next.
#[derive(Debug, Eq, PartialEq)]
pub enum Next {
    /// Connect again at once.
    Again,
    /// Connect again after a pause.
    Later,
    /// Connect again after a longer pause: the gateway has just applied the route, perhaps not in every replica.
    Settle,
    /// The expected answer came often enough in a row.
    Passed,
    /// The expected broker and other brokers answer in turn. The text says how often each did.
    Differing(String),
}

/// The answers of one probe's connections.
///
/// Before the first expected answer, other answers may come from a route that is still being programmed. After it, they
/// mean that the name leads to several brokers, and repeating the probe would hide that. A gateway with several
/// replicas, or on a loaded machine, gets one longer pause in between.
#[derive(Debug)]
pub struct Answers {
    times: usize,
    whose: Whose,
    in_a_row: usize,
    /// Whether an answer so far was unexpected.
    had_unexpected: bool,
    /// The peers that answered, from the first expected one on.
    peers: Vec<Peer>,
    differing: bool,
}

impl Answers {
    /// Expects `times` answers in a row from a broker of this cluster.
    pub fn new(times: u32, whose: Whose) -> Self {
        let times = usize::try_from(times).unwrap_or(usize::MAX).max(1);
        Self { times, whose, in_a_row: 0, had_unexpected: false, peers: Vec::new(), differing: false }
    }

    /// The number of expected answers in a row, up to the last one.
    pub fn in_a_row(&self) -> usize {
        self.in_a_row
    }

    pub fn add(&mut self, answer: Answer) -> Next {
        let next = match answer {
            Answer::Expected(peer) => self.add_expected(peer),
            Answer::Another(peer) => {
                self.in_a_row = 0;
                self.had_unexpected = true;
                if self.peers.is_empty() {
                    return Next::Later;
                }
                self.differing = true;
                self.peers.push(peer);
                Next::Again
            }
            Answer::Failed => {
                self.in_a_row = 0;
                self.had_unexpected = true;
                // Without a pause, connections that fail at once would be repeated in a busy loop.
                Next::Later
            }
        };
        if !self.differing {
            return next;
        }
        // Connect as often as planned, so that the counts show the distribution.
        match next {
            _ if self.peers.len() >= self.times.max(2) => self.summarize(),
            Next::Later => Next::Later,
            _ => Next::Again,
        }
    }

    fn add_expected(&mut self, peer: Option<Peer>) -> Next {
        let first = self.peers.is_empty();
        self.peers.extend(peer);
        if self.times > 1 && first && self.had_unexpected && !self.peers.is_empty() {
            // The gateway has just applied the route, perhaps not in every thread or replica, so this answer does not
            // count.
            return Next::Settle;
        }
        self.in_a_row += 1;
        if self.in_a_row >= self.times { Next::Passed } else { Next::Again }
    }

    /// A summary of the connections since the first expected answer.
    pub fn summarize(&self) -> Next {
        Next::Differing(format!("the answers differ: {}", counted(&self.whose, &self.peers)))
    }

    /// Whether both the expected broker and another one have answered.
    pub fn differ(&self) -> bool {
        self.differing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(id: i32) -> Peer {
        Peer::Said { id, cluster_id: None }
    }

    /// Broker 10 is expected. 0 stands for a connection that fails.
    fn all(times: u32, ids: &[i32]) -> Vec<Next> {
        let mut answers = Answers::new(times, Whose::default());
        let one = |id: &i32| match id {
            0 => Answer::Failed,
            10 => Answer::Expected(Some(peer(10))),
            other => Answer::Another(peer(*other)),
        };
        ids.iter().map(|id| answers.add(one(id))).collect()
    }

    #[test]
    fn the_same_broker_must_answer_each_time() {
        use Next::{Again, Passed};
        assert_eq!(all(5, &[10, 10, 10, 10, 10]), [Again, Again, Again, Again, Passed]);
    }

    #[test]
    fn a_balancing_service_fails_instead_of_passing_by_chance() {
        let seen = all(5, &[12, 11, 10, 11, 12, 10, 10]);
        let text = "the answers differ: 3 of 5 connections reached broker 10, 1 broker 11, 1 broker 12";
        assert_eq!(seen.last(), Some(&Next::Differing(text.to_owned())), "{seen:?}");
        assert!(!seen.contains(&Next::Passed), "{seen:?}");
    }

    #[test]
    fn a_route_may_need_time_and_must_then_stay_correct() {
        use Next::{Again, Later, Passed, Settle};
        // The first expected answer after others is not counted. The longer pause follows it.
        assert_eq!(all(3, &[0, 12, 12, 10, 10, 10, 10]), [Later, Later, Later, Settle, Again, Again, Passed]);
    }

    #[test]
    fn the_longer_pause_comes_once_and_an_old_answer_after_it_is_final() {
        use Next::{Again, Later, Settle};
        let late = all(3, &[12, 10, 10, 12]);
        assert_eq!(late[..3], [Later, Settle, Again]);
        assert!(matches!(&late[3], Next::Differing(text) if text.contains("2 of 3 connections")), "{late:?}");
        // Without an unexpected answer before, there is no pause.
        assert_eq!(all(3, &[10, 12]), [Again, Again]);
        assert_eq!(all(3, &[12, 10, 0, 10]), [Later, Settle, Later, Again]);
    }

    #[test]
    fn a_failed_connection_is_followed_by_a_pause_even_if_answers_differ() {
        use Next::{Again, Later};
        assert_eq!(all(5, &[10, 12, 0, 0, 11, 0]), [Again, Again, Later, Later, Again, Later]);
    }

    #[test]
    fn a_failed_connection_restarts_the_count() {
        use Next::{Again, Later, Passed};
        assert_eq!(all(2, &[10, 0, 10, 10]), [Again, Later, Again, Passed]);
    }

    #[test]
    fn a_single_probe_passes_with_one_answer() {
        assert_eq!(all(1, &[12, 10]), [Next::Later, Next::Passed]);
    }
}
