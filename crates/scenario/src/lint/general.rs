//! Rules on a scenario's name, sentences, links, tags and needs.

use super::context::Context;
use super::kinds::FEATURES;
use crate::Span;
use model::suggest;

/// The namespace is the name, a dash and six digits, and may have at most 63 characters.
const LONGEST_NAME: usize = 50;

pub(super) fn check(context: &mut Context<'_>) {
    name(context);
    sentence(context, "title", &context.scenario.title.clone());
    sentence(context, "why", &context.scenario.why.clone());
    links(context);
    tags(context);
    needs(context);
    let scenario = context.scenario;
    if scenario.within == Span::seconds(0) {
        context.error(
            "scenario::within",
            "/within",
            "`within` is zero".into(),
            "zero",
            "write a longer time, or remove it: the default is 2m",
        );
    }
    if scenario.steps.is_empty() {
        let help =
            "begin with `- create-topic: {topic: orders}` and `- produce-and-consume: {topic: orders, messages: 10}`";
        context.error("scenario::no-steps", "/steps", "the scenario has no steps".into(), "empty", help);
    }
    if scenario.sabotage.is_empty() {
        let help = "a scenario that cannot fail proves nothing: add one change that must make it fail, such as `delete:` of a route, with the step and the cause under `expect:`";
        context.error("scenario::no-sabotage", "/sabotage", "the scenario has no sabotage".into(), "empty", help);
    }
}

fn name(context: &mut Context<'_>) {
    let (folder, name) = (context.folder.name().to_owned(), &context.scenario.name);
    let label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if *name != folder {
        let message = format!("the name is `{name}`, but the folder is `{folder}`");
        context.error(
            "scenario::name",
            "/name",
            message,
            "not the folder's name",
            &format!("write `name: {folder}`, or rename the folder"),
        );
    } else if name.is_empty() || !name.chars().all(label) || name.starts_with('-') || name.ends_with('-') {
        let message = format!("the name `{name}` cannot be part of a namespace's name");
        context.error(
            "scenario::name",
            "/name",
            message,
            "not a DNS label",
            "use lower-case letters, digits and dashes, as in `unknown-sni`",
        );
    } else if name.len() > LONGEST_NAME {
        let message = format!("the name has {} characters, expected at most {LONGEST_NAME}", name.len());
        context.error(
            "scenario::name",
            "/name",
            message,
            "too long",
            "shorten it: the scenario's namespace begins with this name",
        );
    }
}

fn sentence(context: &mut Context<'_>, key: &str, text: &str) {
    let pointer = format!("/{key}");
    let trimmed = text.trim();
    let ends = trimmed.trim_end_matches(['.', '!', '?']);
    // A sentence ends only where a capital letter follows, so "e.g. x" and "v1.2 y" do not end one.
    let inner_end = [". ", "! ", "? "].iter().any(|end| {
        ends.match_indices(end).any(|(at, _)| ends[at + 2..].trim_start().starts_with(|c: char| c.is_uppercase()))
    });
    if trimmed.is_empty() {
        context.error(
            "scenario::sentence",
            &pointer,
            format!("`{key}` is empty"),
            "empty",
            "write one sentence: the report shows it",
        );
    } else if trimmed.contains('\n') || inner_end {
        let message = format!("`{key}` has more than one sentence");
        context.error(
            "scenario::sentence",
            &pointer,
            message,
            "more than one",
            "keep one sentence, and move the rest into a comment or a link",
        );
    }
}

fn links(context: &mut Context<'_>) {
    for (index, link) in context.scenario.links.iter().enumerate() {
        let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
        let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        let good = host.is_some_and(|host| host.contains('.') || host.starts_with("localhost"));
        if !good || link.contains(char::is_whitespace) {
            let pointer = format!("/links/{index}");
            let help = "write the whole address, beginning with `https://`";
            context.error("scenario::link", &pointer, format!("`{link}` is not a link"), "not a URL", help);
        }
    }
}

fn tags(context: &mut Context<'_>) {
    for (index, tag) in context.scenario.tags.iter().enumerate() {
        if tag.is_empty() || !tag.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            let pointer = format!("/tags/{index}");
            let help = "use lower-case letters, digits and dashes, since tags are typed on a command line";
            context.error("scenario::tag", &pointer, format!("`{tag}` cannot be a tag"), "not a tag", help);
        }
    }
}

fn needs(context: &mut Context<'_>) {
    let needs = &context.scenario.needs;
    for (index, feature) in needs.features.iter().enumerate() {
        if !FEATURES.contains(&feature.as_str()) {
            let help = match suggest::nearest(feature, FEATURES.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "the names are those of the Gateway API's conformance suite, such as `TLSRoute`, `TLSRouteModeTerminate` or `TCPRoute`".to_owned(),
            };
            let message = format!("`{feature}` is not a feature of the Gateway API");
            context.error("scenario::feature", &format!("/needs/features/{index}"), message, "unknown feature", &help);
        }
    }
    for (index, gateway) in needs.gateways.iter().enumerate() {
        let label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if gateway.is_empty() || !gateway.chars().all(label) {
            let help = "the names are those of the folders under fixtures/gateways, such as `envoy-gateway`";
            let message = format!("`{gateway}` is not the name of a gateway");
            context.error("scenario::gateway", &format!("/needs/gateways/{index}"), message, "not a name", help);
        }
    }
    for (part, version) in &needs.versions {
        let pointer = format!("/needs/versions/{part}");
        if version.is_empty() || !version.split('.').all(|number| number.parse::<u32>().is_ok()) {
            let message = format!("the version of {part} is `{version}`, expected numbers and dots");
            context.error(
                "scenario::version",
                &pointer,
                message,
                "not a version",
                "write it in quotes and without a `v`, as in \"1.31\"",
            );
        }
    }
    if needs.skip.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        let help = "write the reason: the report shows it in place of a result";
        context.error("scenario::reason", "/needs/skip", "`skip` gives no reason".into(), "empty", help);
    }
}
