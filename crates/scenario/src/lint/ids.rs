//! Rules on the names of steps.

use super::context::Context;
use crate::Step;
use std::collections::BTreeSet;

/// Checks that a step's name is unique and is not a keyword: `wait` already names the first step of its kind.
pub(super) fn check(context: &mut Context<'_>) {
    let mut seen = BTreeSet::new();
    for (index, step) in context.scenario.steps.iter().enumerate() {
        let Some(id) = &step.value.id else { continue };
        let pointer = format!("/steps/{index}/id");
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !id.starts_with(|c: char| c.is_ascii_lowercase()) || !id.chars().all(kebab) || id.ends_with('-') {
            let message = format!("`{id}` cannot name a step");
            let help = "use lower-case letters, digits and dashes, a letter first, as in `routes-accepted`";
            context.error("scenario::step-id", &pointer, message, "not a name", help);
        } else if Step::KEYWORDS.contains(&id.as_str()) || id == "sabotage" {
            let message = format!("`{id}` is a reserved word, so it cannot name a step");
            let help = "say what the step is for, as in `routes-accepted`";
            context.error("scenario::step-id", &pointer, message, "reserved", help);
        } else if !seen.insert(id.as_str()) {
            let message = format!("two steps are called `{id}`");
            context.error("scenario::step-id", &pointer, message, "the second one", "give it a name of its own");
        }
    }
}
