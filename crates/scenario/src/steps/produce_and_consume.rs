//! `produce-and-consume`: messages in, messages out. Each half has the whole time.

use super::messages::messages_step;

messages_step! {
    /// Messages in, and out again.
    ProduceAndConsume, 2
}
