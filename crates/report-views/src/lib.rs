//! A run's report for people: one HTML page that needs nothing else, a summary in Markdown, and the difference of two runs. All
//! are made from `model::Report`, as every view is.

mod attachments;
mod difference;
mod lanes;
mod page;
mod summary;
mod view;

pub use attachments::{Attachments, Excerpt, Picture};
pub use difference::{changed_facts, difference};
pub use minijinja::Error as PageError;
pub use page::page;
pub use summary::summary;
