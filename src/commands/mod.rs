//! The heavy commands, one function each: they read arguments and print text, and the library does the work.

mod bench;
mod conformance;
mod diagnose;
mod doctor;
mod gateway;
mod images;
mod lab;
mod listen;
mod manifest;
mod matrix;
mod parity;
mod report;
mod scenario;
mod ticker;
mod walkthrough;

pub use bench::{compare as bench_compare, growth as bench_growth, lab as bench_lab, scenarios as bench_scenarios};
pub use conformance::conformance;
pub use diagnose::diagnose;
pub use doctor::doctor;
pub use gateway::{check as check_gateway, new as new_gateway};
pub use images::{list as list_images, load as load_images, save as save_images};
pub use lab::{down, env, logs, status, up};
pub use matrix::matrix;
pub use parity::{compare, snapshot};
pub use report::{diff as report_diff, open as open_report, table as report_table};
pub use scenario::run;
pub use walkthrough::walkthrough;
