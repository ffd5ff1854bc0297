//! `produce`: produces messages.

use super::messages::messages_step;

messages_step! {
    /// Produces messages.
    Produce, 1
}
