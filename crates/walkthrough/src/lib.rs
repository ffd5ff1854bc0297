//! Posts as guided walkthroughs. A walkthrough is a folder under `fixtures/walkthrough`: plain manifests, and the steps in
//! `walkthrough.yaml`, each with its commands and what they must print. Knows nothing about a lab but a few values.

mod adapt;
mod error;
mod folder;
mod shell;
mod step;
mod story;
mod transcript;
mod walk;

pub use adapt::{Adaptation, Change, Place};
pub use error::Error;
pub use folder::Folder;
pub use shell::{CommandResult, Shell};
pub use step::{Need, Step, Today};
pub use story::Story;
pub use transcript::transcript;
pub use walk::{Audience, Choice, Event, Record, Walk};
