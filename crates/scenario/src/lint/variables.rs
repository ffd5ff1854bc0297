//! Rules on `${...}`, in `scenario.yaml` and in manifests.

use super::context::Context;
use crate::problem::{Problem, Source};
use crate::steps::Step;
use crate::tree::{Content, Node};
use model::vars::{When, Wrong};
use model::{FORMER_WORDS, Listener, vars};
use std::collections::BTreeSet;
use std::ops::Range;

pub(super) fn check(context: &mut Context<'_>) {
    let exclusive = context.scenario.kafka.listener.is_some_and(Listener::is_exclusive);
    let copied: BTreeSet<&str> = context
        .steps()
        .filter_map(|(_, step)| match step {
            Step::ApplyCopies(copies) => Some(copies.file.as_str()),
            _ => None,
        })
        .collect();
    let mut problems = Vec::new();
    for (file, text) in &context.folder.manifests {
        let source = Source::new(&format!("scenarios/{}/{file}", context.folder.name()), text);
        let has = Has { exclusive, copy: copied.contains(file.as_str()) };
        check_text(&source, text, &|span| span, has, &mut problems);
    }
    let has = Has { exclusive, copy: false };
    texts(&context.folder.source, &context.folder.tree, has, &mut problems);
    problems.into_iter().for_each(|problem| context.push(problem));
    former_listener(context);
}

/// Which variables have a value in a text, beside those that always have one.
#[derive(Clone, Copy)]
struct Has {
    exclusive: bool,
    copy: bool,
}

fn texts(source: &Source, node: &Node, has: Has, problems: &mut Vec<Problem>) {
    match &node.content {
        Content::Text(text) => {
            // If the text is quoted in the file, it begins one byte later.
            let raw = source.text().get(node.span.start..).unwrap_or_default();
            let quote = usize::from(raw.starts_with(['"', '\'']));
            let plain = raw.get(quote..).is_some_and(|raw| raw.starts_with(text.as_str()));
            let start = node.span.start + quote;
            let place = move |span: Range<usize>| start + span.start..start + span.end;
            let whole = node.span.clone();
            check_text(source, text, &move |span| if plain { place(span) } else { whole.clone() }, has, problems);
        }
        Content::List(items) => items.iter().for_each(|item| texts(source, item, has, problems)),
        Content::Map(entries) => entries.iter().for_each(|entry| texts(source, &entry.value, has, problems)),
        _ => {}
    }
}

fn check_text(
    source: &Source,
    text: &str,
    place: &dyn Fn(Range<usize>) -> Range<usize>,
    has: Has,
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
        if variable.when == When::Copy && !has.copy {
            let message = format!("`${{{}}}` has no value here", variable.name);
            problems.push(
                Problem::error("scenario::copy-variable", source, message)
                    .at(place(span.clone()), "requires a copy")
                    .help("only a manifest that a step `apply-copies: {file: FILE, copies: N}` applies has it"),
            );
        }
        if variable.when == When::Exclusive && !has.exclusive {
            let message = format!("`${{{}}}` has no value without an exclusive listener", variable.name);
            problems.push(
                Problem::error("scenario::listener-variable", source, message)
                    .at(place(span.clone()), "requires an exclusive listener")
                    .help("write `kafka: {cluster: shared, listener: exclusive-tls}`: no other scenario then uses that listener"),
            );
        }
        if let Some(former) = variable.former.filter(|former| text[span.clone()] == format!("${{{former}}}")) {
            let message = format!("the variable `${{{former}}}` is now called `${{{}}}`", variable.name);
            problems.push(former_word(source, message, place(span), &format!("${{{}}}", variable.name)));
        }
    }
}

/// A warning about a word of an earlier release. This release still reads the word.
fn former_word(source: &Source, message: String, place: Range<usize>, today: &str) -> Problem {
    Problem::warning("scenario::former-word", source, message)
        .at(place, "a word of an earlier release")
        .help(format!("write `{today}`; the next release no longer reads the old word"))
}

fn former_listener(context: &mut Context<'_>) {
    let place = context.folder.tree.place("/kafka/listener");
    let source = &context.folder.source;
    // The parsed model does not keep the spelling of the word.
    let written = source.text().get(place.clone()).unwrap_or_default().trim_matches(['"', '\'']);
    if let Some((former, today)) = FORMER_WORDS.iter().find(|(former, _)| *former == written) {
        let message = format!("the listener `{former}` is now called `{today}`");
        let problem = former_word(source, message, place, today);
        context.push(problem);
    }
}
