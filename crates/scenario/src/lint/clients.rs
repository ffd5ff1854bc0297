//! Rules on `clients:`.

use super::context::Context;
use crate::{ClusterUse, Identity, Library, Step, Trust};
use model::suggest;
use std::collections::BTreeSet;

pub(super) fn check(context: &mut Context<'_>) {
    let defined: BTreeSet<&str> = context.scenario.clients.keys().map(String::as_str).collect();
    let mut used = BTreeSet::new();
    for (index, step) in context.steps() {
        let Some(client) = step.client() else { continue };
        used.insert(client);
        if !defined.contains(client) && client != "default" {
            let pointer = format!("/steps/{index}/{}/client", step.keyword());
            let message = format!("the scenario has no client `{client}`");
            let help = match suggest::nearest(client, defined.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if defined.is_empty() => format!("define it: `clients: {{{client}: {{}}}}`"),
                None => format!("the clients are {}", suggest::all_of(defined.iter().copied())),
            };
            context.error("scenario::unknown-client", &pointer, message, "no such client", &help);
        }
    }
    other_clients(context);
    for client in defined.difference(&used) {
        let message = format!("no step uses the client `{client}`");
        let help = "remove it, or name it in a step: `client: ...`";
        context.error("scenario::unused-client", &format!("/clients/{client}"), message, "never used", help);
    }
    users(context);
    trusts(context);
    bootstraps(context);
    if context.scenario.kafka.cluster == ClusterUse::Existing && context.scenario.kafka.listener_name.is_none() {
        addresses(context, &used);
    }
}

/// On an existing cluster, the scenario must say where a client connects.
fn addresses(context: &mut Context<'_>, used: &BTreeSet<&str>) {
    for name in used {
        let client = context.scenario.clients.get(*name);
        if client.is_some_and(|client| client.bootstrap.is_some() || client.port_forward.is_some()) {
            continue;
        }
        let pointer = if client.is_some() { format!("/clients/{name}") } else { "/kafka".to_owned() };
        context.error(
            "scenario::bootstrap",
            &pointer,
            format!("the client `{name}` has no address to connect to"),
            "needs an address",
            "write `listener-name` under `kafka`, or `bootstrap` in the client",
        );
    }
}

/// Only librdkafka is in this process. The others are programs, which can only produce and consume.
fn other_clients(context: &mut Context<'_>) {
    for (index, step) in context.steps() {
        let library = step.client().and_then(|client| context.scenario.clients.get(client)?.library);
        let Some(library) = library.filter(|library| *library != Library::Librdkafka) else { continue };
        let label = format!("not with {}", library.name());
        let at = format!("/steps/{index}/{}", step.keyword());
        match step {
            Step::ProduceAndConsume(step) if step.brokers.is_none() => {}
            Step::ProduceAndConsume(_) => context.error(
                "scenario::other-client",
                &format!("{at}/brokers"),
                format!("{} chooses partitions by the messages' keys, not by `brokers`", library.name()),
                &label,
                "remove it; `every-broker: true` checks that every broker took messages",
            ),
            _ => context.error(
                "scenario::other-client",
                &format!("{at}/client"),
                format!("{} cannot do `{}`", library.name(), step.keyword()),
                &label,
                "use it for `produce-and-consume`, and another client here",
            ),
        }
    }
}

/// Checks that a manifest defines each client's KafkaUser.
fn users(context: &mut Context<'_>) {
    let defined: BTreeSet<String> =
        context.objects.iter().filter(|object| object.kind == "KafkaUser").map(|object| object.name.clone()).collect();
    let kafka_namespace = context.fill("${kafka.namespace}");
    for (name, client) in &context.scenario.clients {
        let (user, key, namespace) = match &client.identity {
            // A scenario on wrong passwords may need a user that does not exist.
            Some(Identity::Scram { user, password: None, namespace }) => (user, "scram", namespace),
            Some(Identity::Plain { user, password: None, namespace }) => (user, "plain", namespace),
            Some(Identity::Tls { user, namespace }) => (user, "tls", namespace),
            Some(Identity::Scram { password: Some(_), .. } | Identity::Plain { password: Some(_), .. }) | None => {
                continue;
            }
        };
        // The contents of other namespaces are not known without the cluster.
        let elsewhere = namespace.as_ref().is_some_and(|namespace| {
            let namespace = context.fill(namespace);
            namespace != kafka_namespace && namespace != context.fill("${namespace}")
        });
        if elsewhere || context.scenario.kafka.cluster == ClusterUse::Existing {
            continue;
        }
        if !defined.contains(&context.fill(user)) {
            let pointer = format!("/clients/{name}/identity/{key}/user");
            let help = match defined.first() {
                Some(_) => format!("the manifests have {}", suggest::all_of(defined.iter().map(String::as_str))),
                None => "add a manifest with a `KafkaUser` of this name".to_owned(),
            };
            context.error(
                "scenario::unknown-user",
                &pointer,
                format!("no manifest defines the KafkaUser `{user}`"),
                "not in the manifests",
                &help,
            );
        }
    }
}

/// A list of CAs has at least one, and each is one.
fn trusts(context: &mut Context<'_>) {
    for (name, client) in &context.scenario.clients {
        let Some(Trust::AnyOf(several)) = &client.trust else { continue };
        if several.is_empty() || several.iter().any(|one| matches!(one, Trust::AnyOf(_) | Trust::Plaintext)) {
            context.error(
                "scenario::trust",
                &format!("/clients/{name}/trust/any-of"),
                format!("the client `{name}` does not name CAs alone"),
                "not a list of CAs",
                "list `cluster-ca`, `clients-ca`, `lab-ca` and `secret: {...}`, at least one of them",
            );
        }
    }
}

fn bootstraps(context: &mut Context<'_>) {
    for (name, client) in &context.scenario.clients {
        if client.bootstrap.is_some() && client.port_forward.is_some() {
            let pointer = format!("/clients/{name}/port-forward");
            let message = format!("the client `{name}` has both `bootstrap` and `port-forward`");
            context.error(
                "scenario::bootstrap",
                &pointer,
                message,
                "one too many",
                "keep one: each says where the client connects first",
            );
        }
        let Some(bootstrap) = &client.bootstrap else { continue };
        let filled = context.fill(bootstrap);
        let port = filled.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
        if !matches!(port, Some(Ok(1..))) {
            let pointer = format!("/clients/{name}/bootstrap");
            let message = format!("the bootstrap address is `{bootstrap}`, expected a host and a port");
            context.error(
                "scenario::bootstrap",
                &pointer,
                message,
                "not host:port",
                "write it as `bootstrap.${domain}:${gateway.port}`",
            );
        }
    }
}
