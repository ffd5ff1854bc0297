//! The cluster's authorities and the stand-in's own certificate, kept in Secrets as Strimzi keeps them.

use super::certs::{self, Identity};
use super::cluster::Cluster;
use super::context::{Context, Key};
use super::{Error, names, objects};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::ListParams;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// Both authorities, and the identity that the stand-in presents to brokers.
pub struct Authorities {
    pub cluster: Identity,
    pub clients: Identity,
    pub operator: Identity,
}

/// The Secrets of a cluster, by name.
pub type Secrets = BTreeMap<String, Secret>;

/// Lists the Secrets that have the cluster's label and belong to exactly this Kafka resource.
///
/// # Errors
/// If the API server refuses.
pub async fn secrets(context: &Context, cluster: &Cluster) -> Result<Secrets, Error> {
    let api = Api::<Secret>::namespaced(context.catalog.client().clone(), &cluster.namespace);
    let selector = format!("{}={},{}=Kafka", names::CLUSTER_LABEL, cluster.name, names::KIND_LABEL);
    let list = api.list(&ListParams::default().labels(&selector)).await;
    let list = list.map_err(kubeapi::Error::request(format!("list the Secrets of {}", cluster.name)))?;
    let own = |secret: &Secret| {
        let owners = secret.metadata.owner_references.as_deref().unwrap_or_default();
        owners.iter().any(|owner| owner.uid == cluster.uid)
    };
    Ok(list.items.into_iter().filter(own).filter_map(|secret| Some((secret.metadata.name.clone()?, secret))).collect())
}

/// A text in a Secret.
pub fn text(secret: &Secret, key: &str) -> Option<String> {
    String::from_utf8(secret.data.as_ref()?.get(key)?.0.clone()).ok()
}

/// The authorities from their Secrets. Missing or expiring ones are created.
///
/// # Errors
/// If they cannot be created or stored.
pub async fn ensure(context: &Context, key: &Key, cluster: &Cluster, secrets: &Secrets) -> Result<Authorities, Error> {
    let name = &cluster.name;
    let cluster_ca = authority(
        context,
        key,
        cluster,
        secrets,
        "cluster-ca",
        &names::cluster_ca_cert(name),
        &names::cluster_ca_key(name),
    )
    .await?;
    let clients_ca = authority(
        context,
        key,
        cluster,
        secrets,
        "clients-ca",
        &names::clients_ca_cert(name),
        &names::clients_ca_key(name),
    )
    .await?;
    let secret = names::operator_certs(name);
    let stored = secrets.get(&secret).and_then(|secret| {
        let known = text(secret, "ca.crt")? == cluster_ca.certificate;
        let identity =
            Identity { certificate: text(secret, "cluster-operator.crt")?, key: text(secret, "cluster-operator.key")? };
        known.then_some(identity)
    });
    let operator = match stored.filter(|identity| !identity.is_stale(OffsetDateTime::now_utc())) {
        Some(identity) => identity,
        None => {
            let identity = certs::internal(&cluster_ca, "cluster-operator", &BTreeSet::new())?;
            let data = [
                ("ca.crt", &cluster_ca.certificate),
                ("cluster-operator.crt", &identity.certificate),
                ("cluster-operator.key", &identity.key),
            ];
            store(context, key, cluster, &secret, &data).await?;
            identity
        }
    };
    Ok(Authorities { cluster: cluster_ca, clients: clients_ca, operator })
}

async fn authority(
    context: &Context,
    key: &Key,
    cluster: &Cluster,
    secrets: &Secrets,
    kind: &str,
    certificate_secret: &str,
    key_secret: &str,
) -> Result<Identity, Error> {
    let stored = || {
        Some(Identity {
            certificate: text(secrets.get(certificate_secret)?, "ca.crt")?,
            key: text(secrets.get(key_secret)?, "ca.key")?,
        })
    };
    if let Some(identity) = stored().filter(|identity| !identity.is_stale(OffsetDateTime::now_utc())) {
        return Ok(identity);
    }
    let identity = certs::authority(kind)?;
    store(context, key, cluster, key_secret, &[("ca.key", &identity.key)]).await?;
    store(context, key, cluster, certificate_secret, &[("ca.crt", &identity.certificate)]).await?;
    Ok(identity)
}

async fn store(
    context: &Context,
    key: &Key,
    cluster: &Cluster,
    name: &str,
    data: &[(&str, &String)],
) -> Result<(), Error> {
    let data = objects::secret_data(data.iter().map(|(key, text)| (*key, text.as_str())));
    let secret = objects::object(cluster, "v1", "Secret", name, json!({"type": "Opaque", "data": data}))?;
    context.apply(key, &secret).await
}
