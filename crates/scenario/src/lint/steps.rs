//! Runs the rules of each step, and holds the checks that several steps share.

use super::context::Context;
use crate::Step;

pub(super) fn check(context: &mut Context<'_>) {
    for (index, step) in context.steps() {
        let at = format!("/steps/{index}/{}", step.keyword());
        step.definition().check(context, &at);
        check_within(context, index, &at, step);
    }
}

fn check_within(context: &mut Context<'_>, index: usize, at: &str, step: &Step) {
    let whole = context.scenario.within;
    let Some(own) = step.within().filter(|own| *own > whole) else { return };
    let name = context.scenario.step_name(index);
    let message = format!("the step `{name}` may take {own}, but the whole scenario may take only {whole}");
    let pointer = if matches!(step, Step::Sleep(_)) { format!("{at}/for") } else { format!("{at}/within") };
    context.error(
        "scenario::within",
        &pointer,
        message,
        "longer than the scenario",
        &format!("shorten it, or give the scenario more time: `within: {own}` at the top"),
    );
}

/// Checks that a step has exactly one of several keys.
pub(crate) fn exactly_one(
    context: &mut Context<'_>,
    code: &'static str,
    at: &str,
    found: usize,
    verb: &str,
    ways: &str,
) {
    if found != 1 {
        let keyword = at.rsplit('/').next().unwrap_or_default();
        let message = format!(
            "the step `{keyword}` {verb} {}, expected exactly one thing",
            if found == 0 { "nothing" } else { "several things at once" }
        );
        context.error(
            code,
            at,
            message,
            if found == 0 { "nothing" } else { "too many" },
            &format!("write one of {ways}"),
        );
    }
}

/// Checks a count for which 0 would mean that the step does nothing.
pub(crate) fn at_least_one(context: &mut Context<'_>, pointer: &str, key: &str, found: u64) {
    if found == 0 {
        context.error(
            "scenario::zero",
            pointer,
            format!("`{key}` is 0, so the step proves nothing"),
            "zero",
            "write 1 or more",
        );
    }
}

/// Checks that a port is a number, or a variable that is a number.
pub(crate) fn check_port(context: &mut Context<'_>, pointer: &str, port: Option<&str>) {
    let Some(port) = port else { return };
    if !matches!(context.fill(port).parse::<u16>(), Ok(1..)) {
        let message = format!("the port `{port}`: expected a number from 1 to 65535 or a variable");
        context.error(
            "scenario::port",
            pointer,
            message,
            "not a port",
            "write a number, or a variable such as `${gateway.port}`",
        );
    }
}
