//! `consume`: consumes what a `produce` step wrote.

use super::messages::messages_step;

messages_step! {
    /// Consumes what an earlier `produce` step wrote.
    Consume, 1
}
