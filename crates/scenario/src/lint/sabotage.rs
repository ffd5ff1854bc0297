//! Rules on sabotage: it must be able to make the scenario fail at the step and for the cause that it names.

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
                "describe the change in a few words: the report shows them",
            );
        } else if !names.insert(sabotage.name.as_str()) {
            let message = format!("two sabotages are called `{}`", sabotage.name);
            context.error(
                "scenario::sabotage",
                &format!("{at}/name"),
                message,
                "the second one",
                "give it another name: reports identify a sabotage by its name",
            );
        }
        actions(context, &at, sabotage);
        let expected = step(context, &steps, &format!("{at}/expect/step"), &sabotage.expect.step);
        if let Some(expected) = expected {
            cause(context, &at, sabotage, expected);
            shorter(context, &at, sabotage, expected);
            before_expected_step(context, &steps, &at, sabotage, expected);
        }
    }
}

/// On a busy machine a step may take this long although nothing is wrong.
const SURELY_DONE: Span = Span::seconds(5);

/// Checks that `within` shortens the deadline of the step that must fail.
fn shorter(context: &mut Context<'_>, at: &str, sabotage: &Sabotage, expected: usize) {
    let Some(within) = sabotage.expect.within else { return };
    let Some(step) = context.scenario.steps.get(expected).map(|step| &step.value.step) else { return };
    let name = context.scenario.step_name(expected);
    let pointer = format!("{at}/expect/within");
    match step.within().filter(|_| !matches!(step, Step::Sleep(_))) {
        None => {
            let message = format!("the step `{name}` has no deadline that `within` could shorten");
            context.error("scenario::within", &pointer, message, "has no effect here", "remove it");
        }
        Some(own) if within >= own => {
            let message = format!("`{within}` is not shorter than the step's own deadline of {own}");
            let help = "remove it, or give the sabotage less time";
            context.error("scenario::within", &pointer, message, "not shorter", help);
        }
        Some(_) if within == Span::seconds(0) => {
            let message = format!("`within` gives the step `{name}` no time");
            context.error(
                "scenario::within",
                &pointer,
                message,
                "zero",
                "write a few seconds: they are enough for a wait to fail",
            );
        }
        Some(_) if within < SURELY_DONE => {
            let message = format!("the step `{name}` may need more than {within} although nothing is wrong");
            let help = "give the step 5s or more: a step that also fails without the sabotage proves nothing";
            context.warning("scenario::within", &pointer, message, "below 5 s", help);
        }
        Some(_) => {}
    }
}

fn actions(context: &mut Context<'_>, at: &str, sabotage: &Sabotage) {
    let set =
        [sabotage.delete.is_some(), sabotage.apply.is_some(), sabotage.patch.is_some(), sabotage.leave_out.is_some()];
    let count = set.iter().filter(|set| **set).count();
    if count != 1 {
        let what = if count == 0 { "does nothing" } else { "does several things at once" };
        let message = format!("the sabotage `{}` {what}, expected exactly one action", sabotage.name);
        context.error(
            "scenario::sabotage",
            &format!("{at}/name"),
            message,
            if count == 0 { "no action" } else { "too many actions" },
            "write one of `delete`, `apply`, `patch` and `leave-out`",
        );
    }
    if let Some(patch) = &sabotage.patch {
        patch.check(context, &format!("{at}/patch"));
    }
    if sabotage.before.is_some() && sabotage.leave_out.is_some() {
        let help = "remove `before`: it only moves `delete`, `apply` and `patch`";
        context.error(
            "scenario::sabotage",
            &format!("{at}/before"),
            "`before` has no effect with `leave-out`".into(),
            "has no effect here",
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

fn before_expected_step(context: &mut Context<'_>, steps: &[String], at: &str, sabotage: &Sabotage, expected: usize) {
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
                "it must come before the step that must fail"
            };
            context.error("scenario::sabotage-late", &pointer, message, "too late", help);
        }
    }
    // Deleting an object before a step creates it has no effect.
    let (Some(target), None) = (&sabotage.delete, &sabotage.leave_out) else { return };
    let done_before =
        sabotage.before.as_ref().and_then(|before| context.scenario.find_step(before)).unwrap_or(expected);
    let name = context.fill(&target.name);
    let creators: Vec<usize> = context
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
    if let Some(first) = creators.first().filter(|first| **first >= done_before) {
        let message = format!(
            "the {} `{}` is deleted before the step `{}` creates it",
            target.kind,
            target.name,
            context.scenario.step_name(*first)
        );
        context.error(
            "scenario::sabotage-late",
            &format!("{at}/delete"),
            message,
            "does not exist yet",
            "expect a later step to fail",
        );
    }
}

fn cause(context: &mut Context<'_>, at: &str, sabotage: &Sabotage, expected: usize) {
    let Some(step) = context.scenario.steps.get(expected).map(|step| &step.value.step) else { return };
    let cause = sabotage.expect.cause;
    let pointer = format!("{at}/expect/cause");
    let name = context.scenario.step_name(expected);
    if let Step::Refuse(refuse) = step
        && refuse.cause == cause
    {
        let message = format!("`{name}` requires the cause `{cause}`, so the step passes when it sees that cause");
        context.error(
            "scenario::cause",
            &pointer,
            message,
            "not a failure of this step",
            "expect `not-refused` if the sabotage makes the attempt succeed, otherwise the new cause",
        );
        return;
    }
    let causes = step.definition().causes();
    if causes.contains(cause) {
        return;
    }
    let message = format!("the step `{name}` never fails for the cause `{cause}`");
    context.error("scenario::cause", &pointer, message, "not a cause of this step", causes.help);
}
