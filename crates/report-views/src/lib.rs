//! Runs for people: the HTML page of a run, its summary in Markdown, the difference of two runs, tables of many runs, and the
//! matrix of implementations and versions. All are made from `model::Report`, as every view is.

mod attachments;
mod columns;
mod difference;
mod differences;
mod lanes;
mod matrix;
mod page;
mod plot;
mod summary;
mod table;
mod under_load;
mod view;

pub use attachments::{Attachments, Excerpt, Picture};
pub use difference::{changed_facts, difference};
pub use differences::differences;
pub use matrix::{Absent, ConformanceReport, Gone, Grid, Links, Profile};
pub use minijinja::Error as PageError;
pub use page::page;
pub use serde_saphyr::ser::Error as YamlError;
pub use summary::summary;
pub use table::table;
