//! Connects to every broker of every Kafka cluster through the gateway, as a client does.

use super::gather::of_the_lab;
use super::summary::{Probe, ProbedBroker};
use crate::Lab;
use ::kube::api::{Api, DynamicObject, ListParams};
use diagnose::{Settings, Subject};
use futures::future::join_all;
use host::with_causes;
use k8s_openapi::api::core::v1::Secret;
use kubeapi::Error;
use model::Failure;
use probe::{ConnectionConfig, NodeIdentity};
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// The time for the metadata, and again for the identity of each broker.
const WITHIN: Duration = Duration::from_secs(5);

/// The time for a cluster as a whole, including the diagnosis of failures.
const ALTOGETHER: Duration = Duration::from_secs(20);

/// A listener that an anonymous client can use.
#[derive(Debug, Eq, PartialEq)]
struct Way {
    listener: String,
    bootstrap: String,
}

/// Probes every Kafka cluster, in parallel.
pub(super) async fn all(lab: &Lab) -> Vec<Probe> {
    let clusters = match timeout(WITHIN, kafkas(lab)).await {
        Ok(Ok(clusters)) => clusters,
        Ok(Err(error)) => return vec![unasked("every cluster", with_causes(&error), true)],
        Err(_) => return vec![unasked("every cluster", format!("no answer within {WITHIN:?}"), true)],
    };
    join_all(clusters.iter().map(|kafka| async move {
        let title = title(kafka);
        match timeout(ALTOGETHER, one(lab, kafka, &title)).await {
            Ok(probe) => probe,
            Err(_) => unasked(&title, format!("not everything answered within {} s", ALTOGETHER.as_secs()), true),
        }
    }))
    .await
}

fn unasked(cluster: &str, problem: String, failed: bool) -> Probe {
    let cluster = cluster.to_owned();
    Probe { cluster, listener: None, bootstrap: None, problem: Some(problem), failed, brokers: Vec::new() }
}

async fn kafkas(lab: &Lab) -> Result<Vec<DynamicObject>, Error> {
    let kind = lab.catalog.kind("Kafka", None).await?;
    let api: Api<DynamicObject> = Api::all_with(lab.catalog.client().clone(), &kind.resource);
    let all = api.list(&ListParams::default()).await.map_err(Error::request("list every Kafka"))?;
    Ok(all.items.into_iter().filter(|kafka| of_the_lab(lab, kafka)).collect())
}

async fn one(lab: &Lab, kafka: &DynamicObject, title: &str) -> Probe {
    let Some(way) = way(kafka, lab.info.gateway.ports.passthrough) else {
        let why = "every tlsroute listener requires authentication; only a scenario can probe those";
        return unasked(title, why.to_owned(), false);
    };
    let mut probe = Probe {
        cluster: title.to_owned(),
        listener: Some(way.listener.clone()),
        bootstrap: Some(way.bootstrap.clone()),
        problem: None,
        failed: false,
        brokers: Vec::new(),
    };
    let access = match authority(lab, kafka).await {
        Ok(ca) => ConnectionConfig::tls(way.bootstrap, ca),
        Err(error) => return Probe { problem: Some(with_causes(&error)), failed: true, ..probe },
    };
    let asked = async {
        let cluster = probe::cluster(&access, WITHIN).await?;
        Ok((cluster, probe::identify(&access, WITHIN).await?))
    };
    let (cluster, identities) = match asked.await {
        Ok(both) => both,
        Err(error) => {
            let found = explained(lab, Subject::Failure(error), &access).await;
            return Probe { problem: Some(summary(&found)), failed: true, ..probe };
        }
    };
    let addresses = cluster.brokers.into_iter().filter_map(|broker| Some((broker.id?, broker.host, broker.port)));
    probe.brokers = join_all(addresses.map(|(id, host, port)| {
        let (access, identity) = (&access, identities.get(&id));
        async move {
            let advertised = format!("{host}:{port}");
            let problem = match identity {
                Some(NodeIdentity::Confirmed) => None,
                Some(NodeIdentity::Another) => Some("another broker answers there (wrong-broker)".to_owned()),
                Some(NodeIdentity::Unknown(_)) | None => {
                    Some(summary(&explained(lab, Subject::Address { host, port }, access).await))
                }
            };
            ProbedBroker { id, advertised, reached: problem.is_none(), problem }
        }
    }))
    .await;
    probe.brokers.sort_by_key(|broker| broker.id);
    probe
}

async fn explained(lab: &Lab, subject: Subject, access: &ConnectionConfig) -> Failure {
    let settings = Settings { access: Some(access.clone()), ..Settings::default() };
    diagnose::diagnose(&lab.catalog, &lab.gateway_facts(), &subject, &settings).await
}

fn summary(found: &Failure) -> String {
    format!("{} ({})", found.seen, found.cause)
}

/// The first listener that a TLSRoute leads to and that requires no authentication. `usual` is the port if the resource
/// names none: an advertised port of 443 is Strimzi's default, and no gateway of the lab uses it.
fn way(kafka: &DynamicObject, usual: u16) -> Option<Way> {
    let listeners = kafka.data["spec"]["kafka"]["listeners"].as_array()?;
    let open = |listener: &&Value| listener["type"] == "tlsroute" && listener["authentication"].is_null();
    let listener = listeners.iter().find(open)?;
    let configuration = &listener["configuration"];
    let host = configuration["bootstrap"]["host"].as_str()?;
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let port = number(&configuration["advertisedPortTemplate"]).unwrap_or_else(|| u64::from(usual));
    Some(Way { listener: listener["name"].as_str()?.to_owned(), bootstrap: format!("{host}:{port}") })
}

async fn authority(lab: &Lab, kafka: &DynamicObject) -> Result<String, Error> {
    let name = format!("{}-cluster-ca-cert", kafka.metadata.name.as_deref().unwrap_or_default());
    let namespace = kafka.metadata.namespace.as_deref().unwrap_or_default();
    let secrets: Api<Secret> = Api::namespaced(lab.catalog.client().clone(), namespace);
    let secret = secrets.get(&name).await.map_err(Error::request(format!("read Secret {namespace}/{name}")))?;
    let pem = secret.data.as_ref().and_then(|data| data.get("ca.crt"));
    Ok(pem.map(|bytes| String::from_utf8_lossy(&bytes.0).into_owned()).unwrap_or_default())
}

fn title(kafka: &DynamicObject) -> String {
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{}/{}", of(&kafka.metadata.namespace), of(&kafka.metadata.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kafka(listeners: &str) -> DynamicObject {
        let text = format!(
            "{{apiVersion: kafka.strimzi.io/v1, kind: Kafka, metadata: {{name: c, namespace: n}}, \
             spec: {{kafka: {{listeners: {listeners}}}}}}}"
        );
        serde_saphyr::from_str(&text).expect("an object")
    }

    #[test]
    fn the_way_in_is_a_tlsroute_listener_that_asks_for_no_name() {
        let listeners = "[{name: plain, type: internal}, \
            {name: mtls, type: tlsroute, authentication: {type: tls}, configuration: {bootstrap: {host: m.test}}}, \
            {name: open, type: tlsroute, configuration: {bootstrap: {host: b.test}, advertisedPortTemplate: '19092'}}]";
        let found = way(&kafka(listeners), 9092).expect("a way");
        assert_eq!(found, Way { listener: "open".to_owned(), bootstrap: "b.test:19092".to_owned() });
        let unnamed = "[{name: open, type: tlsroute, configuration: {bootstrap: {host: b.test}}}]";
        assert_eq!(way(&kafka(unnamed), 9092).expect("a way").bootstrap, "b.test:9092");
        assert_eq!(way(&kafka("[{name: plain, type: internal}]"), 9092), None);
    }
}
