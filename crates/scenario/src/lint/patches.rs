//! Rules on patches, of steps and of sabotage.

use super::context::Context;
use super::steps::exactly_one;
use crate::{JsonOp, Patch};
use model::suggest;

/// `.spec.listeners` of kubectl, or `$.spec.listeners` of JSONPath, without the beginning.
fn slashes(place: &str) -> String {
    place.trim_start_matches(['$', '.']).replace('.', "/")
}

/// `at` is the place of the patch in `scenario.yaml`.
pub(super) fn check(context: &mut Context<'_>, at: &str, patch: &Patch) {
    let ways = usize::from(patch.merge.is_some()) + usize::from(patch.json.is_some());
    exactly_one(context, "scenario::patch", at, ways, "changes", "`merge: {...}` or `json: [...]`");
    for (index, change) in patch.json.iter().flatten().enumerate() {
        let at = format!("{at}/json/{index}");
        let places = [("path", Some(&change.path)), ("from", change.from.as_ref())];
        for (key, place) in places.into_iter().filter_map(|(key, place)| Some((key, place?))) {
            if !place.starts_with('/') {
                let message = format!("`{place}` is not a JSON pointer");
                let help = format!("begin with a slash and put slashes between: `/{}`", slashes(place));
                context.error("scenario::patch", &format!("{at}/{key}"), message, "not a JSON pointer", &help);
            }
        }
        let word = suggest::word(&change.op);
        let needs = match change.op {
            JsonOp::Add | JsonOp::Replace | JsonOp::Test => "value",
            JsonOp::Move | JsonOp::Copy => "from",
            JsonOp::Remove => "",
        };
        for (key, there) in [("value", change.value.is_some()), ("from", change.from.is_some())] {
            if there && key != needs {
                let message = format!("`{key}` has no meaning with `op: {word}`");
                context.error("scenario::patch", &format!("{at}/{key}"), message, "without meaning here", "remove it");
            } else if !there && key == needs {
                let message = format!("`op: {word}` needs `{key}`");
                let help = if key == "value" { "say what is to be there" } else { "say where the value comes from" };
                context.error("scenario::patch", &format!("{at}/op"), message, &format!("needs `{key}`"), help);
            }
        }
    }
}
