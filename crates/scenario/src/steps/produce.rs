//! `produce`: produces messages.

use super::messages::messages_step;

messages_step! {
    /// Messages in.
    Produce, 1
}
