//! The certificates that nodes present: their own, and those that users provide.

use super::authorities::{self, Secrets};
use super::certs::{self, Identity};
use super::cluster::{Cluster, Node};
use super::context::{Context, Key};
use super::node_objects::CERTIFIED;
use super::strict::Refusal;
use super::{Error, names};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// The certificates that users provide, by listener.
///
/// # Errors
/// If a Secret or a part of it is missing.
pub async fn custom(context: &Context, key: &Key, cluster: &Cluster) -> Result<BTreeMap<String, Identity>, Error> {
    let wanted: Vec<_> = cluster
        .spec
        .kafka
        .listeners
        .iter()
        .filter_map(|listener| Some((&listener.name, listener.configuration.broker_cert_chain_and_key.as_ref()?)))
        .collect();
    context.memory(key, |memory| memory.secrets = wanted.iter().map(|(_, own)| own.secret_name.clone()).collect());
    let api = Api::<Secret>::namespaced(context.catalog.client().clone(), &cluster.namespace);
    let mut custom = BTreeMap::new();
    for (listener, own) in wanted {
        let name = &own.secret_name;
        let secret = api.get_opt(name).await.map_err(kubeapi::Error::request(format!("read Secret {name}")))?;
        let secret = secret.ok_or_else(|| {
            Refusal::Invalid(format!(
                "Secret {name} with custom TLS certificate of listener {listener} does not exist."
            ))
        })?;
        let part = |field: &str| {
            authorities::text(&secret, field).filter(|text| !text.trim().is_empty()).ok_or_else(|| {
                Refusal::Invalid(format!(
                    "Secret {name} of listener {listener} has no {field}, which brokerCertChainAndKey names."
                ))
            })
        };
        custom.insert(listener.clone(), Identity { certificate: part(&own.certificate)?, key: part(&own.key)? });
    }
    Ok(custom)
}

/// A node's certificate, and the text that records its names and its authority. A stored certificate is reused if they
/// still match.
///
/// # Errors
/// If a new one cannot be created.
pub fn own(node: &Node<'_>, ca: &Identity, secrets: &Secrets) -> Result<(Identity, String), Error> {
    let sans = certs::sans(node);
    let mut hash = Sha256::new_with_prefix(&ca.certificate);
    for name in &sans {
        hash.update(name);
        hash.update(",");
    }
    let certified: String = hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let pod = node.pod();
    let stored = secrets.get(&pod).and_then(|secret| {
        let known = secret.metadata.annotations.as_ref()?.get(CERTIFIED)? == &certified;
        let part = |extension: &str| authorities::text(secret, &format!("{pod}.{extension}"));
        Some(Identity { certificate: part("crt")?, key: part("key")? }).filter(|_| known)
    });
    let own = match stored.filter(|identity| !identity.is_stale(OffsetDateTime::now_utc())) {
        Some(identity) => identity,
        None => certs::internal(ca, &names::component(&node.cluster.name), &sans)?,
    };
    Ok((own, certified))
}
