//! Whether a name answers as wanted each time, or only now and then.

use probe::{Peer, Whose, counted};

/// What one connection showed.
#[derive(Debug)]
pub enum Answer {
    /// What was wanted, and from whom, where a certain broker was.
    Wanted(Option<Peer>),
    /// Another broker than the wanted one.
    Another(Peer),
    /// Something else is not as wanted.
    Failed,
}

/// What to do next.
#[derive(Debug, Eq, PartialEq)]
pub enum Next {
    /// Connect again at once.
    Again,
    /// Connect again after a pause.
    Later,
    /// Connect again after a longer pause: the route has just been taken over, perhaps not everywhere.
    Settle,
    /// It was as wanted often enough in a row.
    Passed,
    /// Now the wanted broker answers and now another one: how often each of them.
    Differing(String),
}

/// The answers of one probe's connections.
///
/// Before the first answer as wanted, others may be those of a route that is still being programmed. After it they are
/// not: then the name leads to several brokers, and to ask until the wanted one answers would hide it. A gateway of
/// several replicas, or on a loaded machine, gets one longer pause in between.
#[derive(Debug)]
pub struct Answers {
    times: usize,
    whose: Whose,
    in_a_row: usize,
    /// Whether an answer so far was not as wanted.
    troubled: bool,
    /// Who answered, from the first wanted one on.
    peers: Vec<Peer>,
    differing: bool,
}

impl Answers {
    /// As many in a row are wanted, from brokers of this cluster.
    pub fn new(times: u32, whose: Whose) -> Self {
        let times = usize::try_from(times).unwrap_or(usize::MAX).max(1);
        Self { times, whose, in_a_row: 0, troubled: false, peers: Vec::new(), differing: false }
    }

    /// How many were as wanted in a row, up to the last one.
    pub fn in_a_row(&self) -> usize {
        self.in_a_row
    }

    pub fn add(&mut self, answer: Answer) -> Next {
        let next = match answer {
            Answer::Wanted(peer) => self.wanted(peer),
            Answer::Another(peer) => {
                self.in_a_row = 0;
                self.troubled = true;
                if self.peers.is_empty() {
                    return Next::Later;
                }
                self.differing = true;
                self.peers.push(peer);
                Next::Again
            }
            Answer::Failed => {
                self.in_a_row = 0;
                self.troubled = true;
                // One that fails at once would otherwise be asked without a pause until time is up.
                Next::Later
            }
        };
        if !self.differing {
            return next;
        }
        // The whole number is asked for, so that the counts say how it is spread.
        match next {
            _ if self.peers.len() >= self.times.max(2) => self.tell(),
            Next::Later => Next::Later,
            _ => Next::Again,
        }
    }

    fn wanted(&mut self, peer: Option<Peer>) -> Next {
        let first = self.peers.is_empty();
        self.peers.extend(peer);
        if self.times > 1 && first && self.troubled && !self.peers.is_empty() {
            // The gateway has just taken the route over, perhaps not in each of its threads or replicas: that one does
            // not count.
            return Next::Settle;
        }
        self.in_a_row += 1;
        if self.in_a_row >= self.times { Next::Passed } else { Next::Again }
    }

    /// What the connections since the first wanted answer came to.
    pub fn tell(&self) -> Next {
        Next::Differing(format!("the answers differ: {}", counted(&self.whose, &self.peers)))
    }

    /// Whether the wanted broker and another one have answered.
    pub fn differ(&self) -> bool {
        self.differing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: i32) -> Peer {
        Peer::Said { id, cluster_id: None }
    }

    /// Broker 10 is wanted; 0 stands for a connection that fails.
    fn all(times: u32, ids: &[i32]) -> Vec<Next> {
        let mut answers = Answers::new(times, Whose::default());
        let one = |id: &i32| match id {
            0 => Answer::Failed,
            10 => Answer::Wanted(Some(said(10))),
            other => Answer::Another(said(*other)),
        };
        ids.iter().map(|id| answers.add(one(id))).collect()
    }

    #[test]
    fn the_same_broker_must_answer_each_time() {
        use Next::{Again, Passed};
        assert_eq!(all(5, &[10, 10, 10, 10, 10]), [Again, Again, Again, Again, Passed]);
    }

    #[test]
    fn a_service_that_balances_over_all_brokers_is_found_and_not_asked_until_it_fits() {
        let seen = all(5, &[12, 11, 10, 11, 12, 10, 10]);
        let text = "the answers differ: 3 of 5 connections reached broker 10, 1 broker 11, 1 broker 12";
        assert_eq!(seen.last(), Some(&Next::Differing(text.to_owned())), "{seen:?}");
        assert!(!seen.contains(&Next::Passed), "{seen:?}");
    }

    #[test]
    fn a_route_may_take_a_while_and_then_has_to_hold() {
        use Next::{Again, Later, Passed, Settle};
        // The first that fits after others is not counted, and the longer pause follows it.
        assert_eq!(all(3, &[0, 12, 12, 10, 10, 10, 10]), [Later, Later, Later, Settle, Again, Again, Passed]);
    }

    #[test]
    fn the_longer_pause_comes_once_and_an_old_answer_after_it_is_final() {
        use Next::{Again, Later, Settle};
        let late = all(3, &[12, 10, 10, 12]);
        assert_eq!(late[..3], [Later, Settle, Again]);
        assert!(matches!(&late[3], Next::Differing(text) if text.contains("2 of 3 connections")), "{late:?}");
        // Where nothing was amiss before, there is nothing to wait for.
        assert_eq!(all(3, &[10, 12]), [Again, Again]);
        assert_eq!(all(3, &[12, 10, 0, 10]), [Later, Settle, Later, Again]);
    }

    #[test]
    fn a_connection_that_fails_is_followed_by_a_pause_even_when_the_answers_differ() {
        use Next::{Again, Later};
        assert_eq!(all(5, &[10, 12, 0, 0, 11, 0]), [Again, Again, Later, Later, Again, Later]);
    }

    #[test]
    fn a_connection_that_fails_in_between_begins_the_row_anew() {
        use Next::{Again, Later, Passed};
        assert_eq!(all(2, &[10, 0, 10, 10]), [Again, Later, Again, Passed]);
    }

    #[test]
    fn once_means_that_it_answers_at_all() {
        assert_eq!(all(1, &[12, 10]), [Next::Later, Next::Passed]);
    }
}
