//! A run's report for people: one HTML page that needs nothing else, a summary in Markdown, and the difference of two runs. All
//! are made from `model::Report`, as every view is.

mod difference;
mod lanes;
mod page;
mod summary;
mod view;

pub use difference::difference;
pub use minijinja::Error as PageError;
pub use page::{Picture, page};
pub use summary::summary;
