//! Whether a name answers as wanted each time, or only now and then.

use crate::client::{Peer, Whose, counted};

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
    /// It was as wanted often enough in a row.
    Passed,
    /// Now the wanted broker answers and now another one: how often each of them.
    Differing(String),
}

/// The answers of one probe's connections.
///
/// Before the first answer as wanted, others may be those of a route that is still being programmed. After it they are
/// not: then the name leads to several brokers, and to ask until the wanted one answers would hide it.
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
                if self.differing { Next::Again } else { Next::Later }
            }
        };
        // The whole number is asked for, so that the counts say how it is spread.
        if self.differing {
            return if self.peers.len() >= self.times.max(2) { self.tell() } else { Next::Again };
        }
        next
    }

    fn wanted(&mut self, peer: Option<Peer>) -> Next {
        let first = self.peers.is_empty();
        self.peers.extend(peer);
        if self.times > 1 && first && self.troubled && !self.peers.is_empty() {
            // The gateway has just taken the route over, perhaps not in each of its threads: that one does not count.
            return Next::Later;
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
        use Next::{Again, Later, Passed};
        // The first that fits after others is not counted.
        assert_eq!(all(3, &[0, 12, 12, 10, 10, 10, 10]), [Later, Later, Later, Later, Again, Again, Passed]);
        let late = all(3, &[12, 10, 10, 12, 10]);
        assert!(matches!(late.last(), Some(Next::Differing(_)) | Some(Next::Again)), "{late:?}");
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
