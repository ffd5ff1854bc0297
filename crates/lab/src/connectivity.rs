//! The lab's connectivity check: a message through the route of every broker.

use super::{Error, Lab, client_files};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use probe::{ConnectionConfig, NewTopic, ProduceSpec};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(60);

/// The result of the connectivity check.
pub(super) struct Connectivity {
    /// The brokers. Each was reached by its own advertised name.
    pub(super) brokers: Vec<i32>,
    /// The cluster CA, PEM.
    pub(super) ca: String,
}

/// Produces and consumes one message per broker through the native listener.
pub(super) async fn through_every_route(lab: &Lab) -> Result<Connectivity, Error> {
    let ca = cluster_ca(lab).await?;
    let access = ConnectionConfig::tls(client_files::bootstrap(lab), &ca);
    let topic = format!("lab-proof-{}", probe::new_run());
    let outcome = round_trip(&access, &topic).await;
    // The round trip decides the result. A topic that cannot be deleted does not change it.
    let _ = probe::delete_topic(&access, &topic, WITHIN).await;
    match outcome {
        Ok(brokers) => Ok(Connectivity { brokers, ca }),
        Err(error) => {
            let settings = diagnose::Settings { access: Some(access), ..diagnose::Settings::default() };
            let subject = diagnose::Subject::Failure(error);
            let found = diagnose::diagnose(&lab.catalog, &lab.gateway_facts(), &subject, &settings).await;
            Err(Error::Proof { summary: format!("{} ({})", found.seen, found.cause), evidence: found.evidence })
        }
    }
}

async fn round_trip(access: &ConnectionConfig, topic: &str) -> Result<Vec<i32>, probe::ClientError> {
    let cluster = probe::cluster(access, WITHIN).await?;
    let brokers: Vec<i32> = cluster.brokers.iter().filter_map(|broker| broker.id).collect();
    let count = i32::try_from(brokers.len()).unwrap_or(i32::MAX);
    probe::create_topic(access, &NewTopic::new(topic, count, count.min(3)), WITHIN).await?;
    let spec = ProduceSpec { within: WITHIN, ..ProduceSpec::new(topic, brokers.len() as u64) };
    probe::produce_and_consume(access, &spec, None).await?;
    Ok(brokers)
}

/// The certificate authority that the operator created for the shared cluster.
async fn cluster_ca(lab: &Lab) -> Result<String, Error> {
    let name = format!("{}-cluster-ca-cert", lab.info.shared.cluster);
    let secrets: Api<Secret> = Api::namespaced(lab.catalog.client().clone(), &lab.info.shared.namespace);
    let secret = secrets.get(&name).await.map_err(kubeapi::Error::request(format!("read Secret {name}")))?;
    let pem = secret
        .data
        .as_ref()
        .and_then(|data| data.get("ca.crt"))
        .map(|bytes| String::from_utf8_lossy(&bytes.0).into_owned());
    pem.ok_or_else(|| Error::Proof {
        summary: format!("Secret {name} in namespace {} has no key ca.crt", lab.info.shared.namespace),
        evidence: Vec::new(),
    })
}
