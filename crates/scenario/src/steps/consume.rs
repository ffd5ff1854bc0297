//! `consume`: consumes what a `produce` step wrote.

use super::messages::messages_step;

messages_step! {
    /// Messages out.
    Consume, 1
}
