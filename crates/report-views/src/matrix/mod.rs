//! The matrix: each scenario on each implementation, version and lab, as a page, as a Markdown table, and as reports in the
//! form of the Gateway API.

mod cell;
mod column;
mod conformance;
mod grid;
mod links;
mod markdown;
mod page;

pub use column::Absent;
pub use conformance::{ConformanceReport, Profile};
pub use grid::{Gone, Grid};
pub use links::Links;
