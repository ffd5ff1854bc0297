//! The gallery: faults, healthy set-ups and pairs of faults, as data, with what `diagnose` must name for each.

mod case;
mod check;
mod compose;
mod problems;
mod read;
mod reasons;

pub use case::{Case, Setup, Shelf};
pub use compose::Group;
pub use problems::{Reported, page, reported, wrong};
pub use read::{Entry, Gallery, read};
pub use reasons::{Reason, missing, reasons};

#[cfg(test)]
mod tests;
