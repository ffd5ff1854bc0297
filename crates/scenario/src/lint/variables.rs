//! Rules on `${...}`, in `scenario.yaml` and in manifests.

use super::context::Context;
use crate::problem::{Problem, Source};
use crate::tree::{Content, Node};
use model::vars::{When, Wrong};
use model::{Listener, vars};
use std::ops::Range;

pub(super) fn check(context: &mut Context<'_>) {
    let slot = context.scenario.kafka.listener.is_some_and(Listener::is_slot);
    let mut problems = Vec::new();
    for (file, text) in &context.folder.manifests {
        let source = Source::new(&format!("scenarios/{}/{file}", context.folder.name()), text);
        look(&source, text, &|span| span, slot, &mut problems);
    }
    texts(&context.folder.source, &context.folder.tree, slot, &mut problems);
    problems.into_iter().for_each(|problem| context.push(problem));
}

fn texts(source: &Source, node: &Node, slot: bool, problems: &mut Vec<Problem>) {
    match &node.content {
        Content::Text(text) => {
            // In the file the text may be quoted, so that it begins one byte later.
            let raw = source.text().get(node.span.start..).unwrap_or_default();
            let quote = usize::from(raw.starts_with(['"', '\'']));
            let plain = raw.get(quote..).is_some_and(|raw| raw.starts_with(text.as_str()));
            let start = node.span.start + quote;
            let place = move |span: Range<usize>| start + span.start..start + span.end;
            let whole = node.span.clone();
            look(source, text, &move |span| if plain { place(span) } else { whole.clone() }, slot, problems);
        }
        Content::List(items) => items.iter().for_each(|item| texts(source, item, slot, problems)),
        Content::Map(entries) => entries.iter().for_each(|entry| texts(source, &entry.value, slot, problems)),
        _ => {}
    }
}

fn look(
    source: &Source,
    text: &str,
    place: &dyn Fn(Range<usize>) -> Range<usize>,
    slot: bool,
    problems: &mut Vec<Problem>,
) {
    let (used, wrong) = vars::scan(text);
    for error in wrong {
        let (code, label) = match error.wrong {
            Wrong::Unfinished => ("scenario::unfinished-variable", "never closed"),
            _ => ("scenario::unknown-variable", "unknown variable"),
        };
        let problem = Problem::error(code, source, error.wrong.to_string());
        problems.push(problem.at(place(error.span.clone()), label).help(error.advice()));
    }
    for (variable, span) in used {
        if variable.when == When::Slot && !slot {
            let message = format!("`${{{}}}` has no value without a slot", variable.name);
            problems.push(
                Problem::error("scenario::slot-variable", source, message).at(place(span), "needs a slot").help(
                    "write `kafka: {cluster: shared, listener: slot}`, which gives the scenario a listener to itself",
                ),
            );
        }
    }
}
