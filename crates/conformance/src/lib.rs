//! The Gateway API's own conformance tests as a witness: they run on the same lab as the scenarios, with an echo server instead
//! of Kafka, and their verdicts are compared.

mod comparison;
mod echo_image;
mod error;
mod known;
mod outcome;
mod suite;
mod table;

pub use comparison::{Agreement, Comparison, Row};
pub use error::Error;
pub use known::{Known, KnownTest};
pub use outcome::{Outcome, TestVerdict, read as read_outcomes};
pub use suite::{Run, run};
