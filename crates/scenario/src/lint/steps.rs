//! Rules on each step by itself.

use super::context::Context;
use super::kinds::kind;
use super::patches;
use crate::{PortState, ProbeWants, Refuse, Restart, Sleep, Span, Step, Wait};
use model::suggest;
use std::collections::BTreeSet;

/// A sleep that is longer than this is a scenario on time, not a wait for something.
const LONGEST_SLEEP: Span = Span::seconds(60);

pub(super) fn check(context: &mut Context<'_>) {
    for (index, step) in context.steps() {
        let at = format!("/steps/{index}/{}", step.keyword());
        match step {
            Step::Patch(patch) => patches::check(context, &at, patch),
            Step::DescribeCluster(describe) => {
                at_least_one(context, &format!("{at}/times"), "times", describe.times.map_or(1, u64::from));
            }
            Step::Wait(wait) => check_wait(context, &at, wait),
            Step::Refuse(refuse) => check_refuse(context, &at, refuse),
            Step::Sleep(sleep) => check_sleep(context, &at, sleep),
            Step::Restart(restart) => {
                let named = usize::from(restart.broker.is_some()) + usize::from(restart.gateway);
                exactly_one(context, "scenario::restart", &at, named, "restarts", "`broker: 10` or `gateway: true`");
                check_in_sync(context, &at, restart);
            }
            Step::Probe(probe) => {
                let wants = &probe.expect;
                let none = wants.san.is_none()
                    && wants.terminated_by.is_none()
                    && wants.kafka.is_none()
                    && wants.broker.is_none()
                    && wants.alpn.is_none();
                if none {
                    let help = "say at least one of `san`, `terminated-by`, `kafka`, `broker` and `alpn`; for a name that must not be answered use `refuse`";
                    context.error(
                        "scenario::probe",
                        &format!("{at}/expect"),
                        "the probe expects nothing, so it can never fail".into(),
                        "empty",
                        help,
                    );
                }
                check_cluster(context, &at, wants);
                check_port(context, &format!("{at}/port"), probe.port.as_deref());
                if let Some(times) = probe.times {
                    at_least_one(context, &format!("{at}/times"), "times", u64::from(times));
                }
            }
            Step::ProbeTcp(probe) => {
                check_port(context, &format!("{at}/port"), Some(&probe.port));
                if probe.broker.is_some() && probe.expect != PortState::Kafka {
                    context.error(
                        "scenario::probe",
                        &format!("{at}/broker"),
                        "only a port that is answered by Kafka has a broker".into(),
                        "without meaning here",
                        "expect `kafka`, or remove `broker`",
                    );
                }
            }
            Step::Produce(step) | Step::Consume(step) | Step::ProduceAndConsume(step) => {
                at_least_one(context, &format!("{at}/messages"), "messages", u64::from(step.messages));
                if step.brokers.as_ref().is_some_and(Vec::is_empty) {
                    context.error(
                        "scenario::brokers",
                        &format!("{at}/brokers"),
                        "`brokers` names no broker".into(),
                        "empty",
                        "remove it to use every partition",
                    );
                }
                if step.every_broker && step.brokers.is_some() {
                    context.error(
                        "scenario::brokers",
                        &format!("{at}/brokers"),
                        "`every-broker` and `brokers` exclude each other".into(),
                        "one too many",
                        "keep `every-broker` to demand all, `brokers` to use some",
                    );
                }
            }
            Step::Stop(stop) if stop.undisturbed && stop.disturbed => context.error(
                "scenario::disturbed",
                &format!("{at}/disturbed"),
                "`undisturbed` and `disturbed` exclude each other".into(),
                "one too many",
                "keep one: no connection may be cut, or one has to be",
            ),
            Step::CreateTopic(step) => {
                at_least_one(context, &format!("{at}/partitions"), "partitions", step.partitions.map_or(1, u64::from));
                at_least_one(context, &format!("{at}/replicas"), "replicas", step.replicas.map_or(1, u64::from));
            }
            Step::Churn(churn) => at_least_one(context, &format!("{at}/times"), "times", u64::from(churn.times)),
            Step::Connections(step) => at_least_one(context, &format!("{at}/count"), "count", u64::from(step.count)),
            Step::Certificate(step) if step.dns_names.is_empty() => {
                context.error(
                    "scenario::certificate",
                    &format!("{at}/dns-names"),
                    "the certificate names no host".into(),
                    "empty",
                    "every client verifies the name: list the names, such as \"*.${id}.${domain}\"",
                );
            }
            Step::Start(step) => {
                if step.rate.is_some() && step.every.is_some() {
                    context.error(
                        "scenario::rate",
                        &format!("{at}/every"),
                        "the workload has both `rate` and `every`".into(),
                        "one too many",
                        "keep `rate` for many messages a second, `every` for one now and then",
                    );
                }
                at_least_one(context, &format!("{at}/rate"), "rate", step.rate.map_or(1, u64::from));
            }
            _ => {}
        }
        check_within(context, index, &at, step);
    }
}

/// The cluster of a probe's broker: without a broker it means nothing, and the scenario must know the cluster.
fn check_cluster(context: &mut Context<'_>, at: &str, wants: &ProbeWants) {
    let Some(cluster) = &wants.cluster else { return };
    let pointer = format!("{at}/expect/cluster");
    if wants.broker.is_none() {
        let message = "`cluster` says whose broker it is, and no `broker` is expected".into();
        let help = "add `broker`, the node id, or remove `cluster`";
        context.error("scenario::probe", &pointer, message, "without meaning here", help);
        return;
    }
    let filled = context.fill(cluster);
    let in_use = context.fill("${cluster}");
    let made = context.objects.iter().filter(|object| object.kind == "Kafka").map(|object| object.name.clone());
    let known: BTreeSet<String> = made.chain([in_use]).collect();
    if !known.contains(&filled) {
        let message = format!("the scenario has no Kafka cluster `{cluster}`");
        let help = match suggest::nearest(&filled, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the clusters are {}", suggest::all_of(known.iter().map(String::as_str))),
        };
        context.error("scenario::cluster-name", &pointer, message, "no such cluster", &help);
    }
}

fn check_in_sync(context: &mut Context<'_>, at: &str, restart: &Restart) {
    for (key, there, fits, help) in [
        ("in-sync", restart.in_sync, restart.broker.is_some(), "a gateway has no replicas: remove it"),
        ("client", restart.client.is_some(), restart.in_sync, "nobody is asked: add `in-sync: true`, or remove it"),
    ] {
        if there && !fits {
            let message = format!("`{key}` has no meaning in this restart");
            context.error("scenario::restart", &format!("{at}/{key}"), message, "without meaning here", help);
        }
    }
}

fn check_wait(context: &mut Context<'_>, at: &str, wait: &Wait) {
    let ways = usize::from(wait.condition.is_some()) + usize::from(wait.field.is_some()) + usize::from(wait.gone);
    exactly_one(
        context,
        "scenario::wait",
        at,
        ways,
        "waits for",
        "`condition: Accepted`, `field: /status/...` or `gone: true`",
    );
    for (key, there, needs) in [
        ("status", wait.status.is_some(), "condition"),
        ("reason", wait.reason.is_some(), "condition"),
        ("equals", wait.equals.is_some(), "field"),
    ] {
        let fits = if needs == "condition" { wait.condition.is_some() } else { wait.field.is_some() };
        if there && !fits && ways == 1 {
            let message = format!("`{key}` says something of a `{needs}`, and there is none");
            context.error(
                "scenario::wait",
                &format!("{at}/{key}"),
                message,
                "without meaning here",
                &format!("remove it, or add `{needs}`"),
            );
        }
    }
    if let Some(field) = wait.field.as_ref().filter(|field| !field.starts_with('/')) {
        let message = format!("`{field}` is not a JSON pointer");
        context.error(
            "scenario::wait",
            &format!("{at}/field"),
            message,
            "not a JSON pointer",
            &format!("begin with a slash and put slashes between: `/{}`", field.replace('.', "/")),
        );
    }
    if let Some(status) = wait.status.as_ref().filter(|status| !matches!(status.as_str(), "True" | "False" | "Unknown"))
    {
        let message = format!("a condition's status is never `{status}`");
        context.error(
            "scenario::wait",
            &format!("{at}/status"),
            message,
            "unknown status",
            "expected `\"True\"`, `\"False\"` or `\"Unknown\"`, in quotes",
        );
    }
    if wait.within == Span::seconds(0) {
        context.error(
            "scenario::within",
            &format!("{at}/within"),
            "the wait has no time at all".into(),
            "zero",
            "a route is usually accepted within 30s, a Kafka ready within 2m",
        );
    }
    let (Some(condition), Some(known)) = (&wait.condition, kind(&wait.kind)) else { return };
    if known.conditions.is_empty() {
        let message = format!("a {} has no conditions, so it never becomes `{condition}`", wait.kind);
        context.error(
            "scenario::condition",
            &format!("{at}/condition"),
            message,
            "never comes",
            "wait for a `field`, or for `gone: true`",
        );
    } else if !known.conditions.contains(&condition.as_str()) {
        let message = format!("a {} never has the condition `{condition}`", wait.kind);
        let all = format!("it has {}", suggest::all_of(known.conditions.iter().copied()));
        let help = match suggest::nearest(condition, known.conditions.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? In full: {all}"),
            None => all,
        };
        context.error("scenario::condition", &format!("{at}/condition"), message, "never comes", &help);
    }
}

fn check_refuse(context: &mut Context<'_>, at: &str, refuse: &Refuse) {
    let attempts =
        usize::from(refuse.sni.is_some()) + usize::from(refuse.no_sni) + usize::from(refuse.client.is_some());
    exactly_one(context, "scenario::refuse", at, attempts, "tries", "`sni: name`, `no-sni: true` or `client: name`");
    if attempts != 1 {
        return;
    }
    let by_client = refuse.client.is_some();
    for (key, there, fits, help) in [
        ("port", refuse.port.is_some(), !by_client, "a client's port is that of its `bootstrap`"),
        ("topic", refuse.topic.is_some(), by_client, "a TLS handshake knows no topics: use `client`"),
        (
            "broker",
            refuse.broker.is_some(),
            refuse.topic.is_some(),
            "a client reaches a broker by producing to its partitions: add `client` and `topic`",
        ),
    ] {
        if there && !fits {
            context.error(
                "scenario::refuse",
                &format!("{at}/{key}"),
                format!("`{key}` has no meaning in this attempt"),
                "without meaning here",
                help,
            );
        }
    }
    use model::Cause::{ConditionUnmet, Content, ManifestRefused, NotRefused, Unknown};
    if matches!(refuse.cause, NotRefused | ManifestRefused | ConditionUnmet | Content | Unknown) {
        let message = format!("an attempt is never refused for the cause `{}`", refuse.cause);
        context.error(
            "scenario::cause",
            &format!("{at}/cause"),
            message,
            "no cause of a refusal",
            "say why the attempt fails, such as `unknown-sni` or `route-missing`",
        );
    }
    check_port(context, &format!("{at}/port"), refuse.port.as_deref());
    at_least_one(context, &format!("{at}/times"), "times", refuse.times.map_or(1, u64::from));
}

fn check_sleep(context: &mut Context<'_>, at: &str, sleep: &Sleep) {
    if sleep.because.trim().is_empty() {
        context.error(
            "scenario::reason",
            &format!("{at}/because"),
            "`because` gives no reason".into(),
            "empty",
            "say why no condition can be waited for instead",
        );
    }
    if sleep.r#for > LONGEST_SLEEP {
        let message = format!("a sleep of {} is too long: at most {LONGEST_SLEEP}", sleep.r#for);
        context.error(
            "scenario::sleep",
            &format!("{at}/for"),
            message,
            "too long",
            "wait for a condition, or shorten the timeout of what you sleep for",
        );
    }
}

fn check_port(context: &mut Context<'_>, pointer: &str, port: Option<&str>) {
    let Some(port) = port else { return };
    if !matches!(context.fill(port).parse::<u16>(), Ok(1..)) {
        let message = format!("the port `{port}`: expected a number from 1 to 65535 or a variable");
        context.error("scenario::port", pointer, message, "not a port", "such as `${gateway.port}`");
    }
}

fn check_within(context: &mut Context<'_>, index: usize, at: &str, step: &Step) {
    let whole = context.scenario.within;
    let Some(own) = step.within().filter(|own| *own > whole) else { return };
    let name = context.scenario.step_name(index);
    let message = format!("the step `{name}` may take {own}, but the scenario only {whole}");
    let pointer = if matches!(step, Step::Sleep(_)) { format!("{at}/for") } else { format!("{at}/within") };
    context.error(
        "scenario::within",
        &pointer,
        message,
        "more than the whole",
        &format!("shorten it, or give the scenario more: `within: {own}` at the top"),
    );
}

/// One of several keys says what is done.
pub(super) fn exactly_one(
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
        context.error(code, at, message, if found == 0 { "nothing" } else { "too many" }, &format!("one of {ways}"));
    }
}

fn at_least_one(context: &mut Context<'_>, pointer: &str, key: &str, found: u64) {
    if found == 0 {
        context.error(
            "scenario::zero",
            pointer,
            format!("`{key}` is 0, so the step shows nothing"),
            "zero",
            "expected at least 1",
        );
    }
}
