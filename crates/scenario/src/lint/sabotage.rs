//! Rules on sabotage: it must be able to turn the scenario red, at the step and for the cause that it names.

use super::context::Context;
use crate::steps::StepDefinition;
use crate::{Sabotage, Span, Step};
use model::suggest;

pub(super) fn check(context: &mut Context<'_>) {
    let mut names = std::collections::BTreeSet::new();
    let steps: Vec<String> = (0..context.scenario.steps.len()).map(|index| context.scenario.step_name(index)).collect();
    for (index, sabotage) in context.scenario.sabotage.iter().enumerate() {
        let (at, sabotage) = (format!("/sabotage/{index}"), &sabotage.value);
        if sabotage.name.trim().is_empty() {
            context.error(
                "scenario::sabotage",
                &format!("{at}/name"),
                "the sabotage has no name".into(),
                "empty",
                "say in a few words what is done: it is a line of the report",
            );
        } else if !names.insert(sabotage.name.as_str()) {
            let message = format!("two sabotages are called `{}`", sabotage.name);
            context.error(
                "scenario::sabotage",
                &format!("{at}/name"),
                message,
                "the second one",
                "a report must tell them apart",
            );
        }
        actions(context, &at, sabotage);
        let expected = step(context, &steps, &format!("{at}/expect/step"), &sabotage.expect.step);
        if let Some(expected) = expected {
            cause(context, &at, sabotage, expected);
            shorter(context, &at, sabotage, expected);
            in_time(context, &steps, &at, sabotage, expected);
        }
    }
}

/// Below it, a step on a busy machine may not be done although nothing is wrong.
const SURELY_DONE: Span = Span::seconds(5);

/// `within` shortens the deadline of the step that is to fail, which needs to have a longer one.
fn shorter(context: &mut Context<'_>, at: &str, sabotage: &Sabotage, expected: usize) {
    let Some(within) = sabotage.expect.within else { return };
    let Some(step) = context.scenario.steps.get(expected).map(|step| &step.value.step) else { return };
    let name = context.scenario.step_name(expected);
    let pointer = format!("{at}/expect/within");
    match step.within().filter(|_| !matches!(step, Step::Sleep(_))) {
        None => {
            let message = format!("the step `{name}` has no deadline that could be shortened");
            context.error("scenario::within", &pointer, message, "without meaning here", "remove it");
        }
        Some(own) if within >= own => {
            let message = format!("`{within}` is no shorter than the step's own deadline of {own}");
            let help = "remove it, or give the sabotage less time";
            context.error("scenario::within", &pointer, message, "not shorter", help);
        }
        Some(_) if within == Span::seconds(0) => {
            let message = format!("the step `{name}` has no time at all");
            context.error("scenario::within", &pointer, message, "zero", "some seconds are enough for a wait to fail");
        }
        Some(_) if within < SURELY_DONE => {
            let message = format!("the step `{name}` may take more than {within} when nothing is wrong");
            let help =
                "with less time than the step usually needs, it is red without the sabotage, which proves nothing";
            context.warning("scenario::within", &pointer, message, "below 5 s", help);
        }
        Some(_) => {}
    }
}

fn actions(context: &mut Context<'_>, at: &str, sabotage: &Sabotage) {
    let there =
        [sabotage.delete.is_some(), sabotage.apply.is_some(), sabotage.patch.is_some(), sabotage.leave_out.is_some()];
    let count = there.iter().filter(|there| **there).count();
    if count != 1 {
        let what = if count == 0 { "does nothing" } else { "does several things at once" };
        let message = format!("the sabotage `{}` {what}, expected exactly one action", sabotage.name);
        context.error(
            "scenario::sabotage",
            &format!("{at}/name"),
            message,
            if count == 0 { "no action" } else { "too many actions" },
            "one of `delete`, `apply`, `patch` and `leave-out`",
        );
    }
    if let Some(patch) = &sabotage.patch {
        patch.check(context, &format!("{at}/patch"));
    }
    if sabotage.before.is_some() && sabotage.leave_out.is_some() {
        let help = "remove it: a step is left out where it stands";
        context.error(
            "scenario::sabotage",
            &format!("{at}/before"),
            "`before` has no meaning with `leave-out`".into(),
            "without meaning here",
            help,
        );
    }
}

fn step(context: &mut Context<'_>, names: &[String], pointer: &str, reference: &str) -> Option<usize> {
    let found = context.scenario.find_step(reference);
    if found.is_none() {
        let help = match suggest::nearest(reference, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the steps are {}", suggest::all_of(names.iter().map(String::as_str))),
        };
        context.error(
            "scenario::unknown-step",
            pointer,
            format!("the scenario has no step `{reference}`"),
            "no such step",
            &help,
        );
    }
    found
}

fn in_time(context: &mut Context<'_>, steps: &[String], at: &str, sabotage: &Sabotage, expected: usize) {
    let expected_name = context.scenario.step_name(expected);
    for (key, reference) in [("leave-out", &sabotage.leave_out), ("before", &sabotage.before)] {
        let Some(reference) = reference else { continue };
        let pointer = format!("{at}/{key}");
        let Some(index) = step(context, steps, &pointer, reference) else { continue };
        let late = if key == "leave-out" { index >= expected } else { index > expected };
        if late {
            let message = format!("`{key}: {reference}` comes too late to make `{expected_name}` fail");
            let help = if index == expected {
                "a step that is left out cannot fail: expect a later one"
            } else {
                "it must come before the step that is to fail"
            };
            context.error("scenario::sabotage-late", &pointer, message, "too late", help);
        }
    }
    // What is deleted before anything made it changes nothing.
    let (Some(target), None) = (&sabotage.delete, &sabotage.leave_out) else { return };
    let done_before =
        sabotage.before.as_ref().and_then(|before| context.scenario.find_step(before)).unwrap_or(expected);
    let name = context.fill(&target.name);
    let makers: Vec<usize> = context
        .steps()
        .filter(|(_, step)| match step {
            Step::Apply(apply) => context
                .objects
                .iter()
                .any(|object| object.file == apply.0 && object.kind == target.kind && object.name == name),
            _ => false,
        })
        .map(|(index, _)| index)
        .collect();
    if let Some(first) = makers.first().filter(|first| **first >= done_before) {
        let message = format!(
            "the {} `{}` is deleted before the step `{}` makes it",
            target.kind,
            target.name,
            context.scenario.step_name(*first)
        );
        context.error(
            "scenario::sabotage-late",
            &format!("{at}/delete"),
            message,
            "not there yet",
            "expect a step after that one",
        );
    }
}

fn cause(context: &mut Context<'_>, at: &str, sabotage: &Sabotage, expected: usize) {
    let Some(step) = context.scenario.steps.get(expected).map(|step| &step.value.step) else { return };
    let wanted = sabotage.expect.cause;
    let pointer = format!("{at}/expect/cause");
    let name = context.scenario.step_name(expected);
    if let Step::Refuse(refuse) = step
        && refuse.cause == wanted
    {
        let message = format!("`{name}` demands the cause `{wanted}`, so it passes where that is seen");
        context.error(
            "scenario::cause",
            &pointer,
            message,
            "not a failure there",
            "expect `not-refused` where the sabotage opens the way, or the other cause that it brings",
        );
        return;
    }
    let causes = step.definition().causes();
    if causes.contains(wanted) {
        return;
    }
    let message = format!("the step `{name}` never fails for the cause `{wanted}`");
    context.error("scenario::cause", &pointer, message, "never given there", causes.help);
}
