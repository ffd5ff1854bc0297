//! The Secret, the credential and the access rules of a KafkaUser, and their removal when the resource is gone.

use super::acl_requests::Acl;
use super::admin::AdminError;
use super::certs::{self, Identity};
use super::context::{API_VERSION, Context, Key, key_of};
use super::model::{AuthType, UserSpec};
use super::strict::{self, Refusal};
use super::topics::cluster_of;
use super::{Error, acls, authorities, names, objects, status};
use crate::LOG;
use host::with_causes;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{DynamicObject, ListParams};
use kube::runtime::controller::Action;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio_rustls::rustls::crypto::ring;
use tracing::warn;

const PASSWORD_LENGTH: usize = 32;
const LISTED_WITHIN: Duration = Duration::from_secs(5);

/// Brings a user closer to its resource, and writes the state to its status.
///
/// # Errors
/// If a step failed. The status reports it too.
pub async fn user(object: Arc<DynamicObject>, context: Arc<Context>) -> Result<Action, Error> {
    let _turn = context.turn("KafkaUser", &key_of(&object)).await;
    let Some(object) = context.current("KafkaUser", &object).await? else { return Ok(Action::await_change()) };
    let Some(cluster) = cluster_of(&object) else { return Ok(Action::await_change()) };
    let converged = converge(&context, &object, &cluster).await;
    status::conclude(&context, "KafkaUser", &object, converged).await
}

async fn converge(context: &Context, object: &DynamicObject, cluster: &Key) -> Result<Value, Error> {
    let spec: UserSpec = strict::spec(&object.data["spec"])?;
    let (_, name) = key_of(object);
    let desired = acls::of(&name, &spec)?;
    let kind = spec.authentication.as_ref().map(|authentication| authentication.kind);
    let mut admin = context.admin(cluster).await?;
    let secret = match kind {
        Some(AuthType::ScramSha512) => {
            let password = scram_secret(context, object, cluster, &name).await?;
            let mut salt = [0; 16];
            random(&mut salt)?;
            admin.set_scram(&name, &password, salt).await?;
            true
        }
        Some(AuthType::Tls) => {
            tls_secret(context, object, cluster, &name).await?;
            admin.delete_scram(&name).await?;
            true
        }
        None => {
            admin.delete_scram(&name).await?;
            false
        }
    };
    let principal = acls::principal(&name, &spec);
    match admin.set_acls(&principal, &desired, LISTED_WITHIN).await {
        Ok(true) => {}
        Ok(false) => return Err(Error::Waiting("the brokers do not list the user's access rules yet".to_owned())),
        Err(error) if is_without_authorizer(&error) && desired.is_empty() => {}
        Err(error) if is_without_authorizer(&error) => {
            let text =
                "Simple authorization ACL rules are configured but not supported in the Kafka cluster configuration.";
            return Err(Refusal::Invalid(text.to_owned()).into());
        }
        Err(error) => return Err(error.into()),
    }
    let mut fields = json!({"username": principal.trim_start_matches("User:")});
    if secret {
        fields["secret"] = json!(name);
    }
    Ok(fields)
}

fn is_without_authorizer(error: &AdminError) -> bool {
    matches!(error, AdminError::Refused { code, .. } if code.contains("SecurityDisabled"))
}

/// Keeps the existing password, or creates one.
async fn scram_secret(context: &Context, object: &DynamicObject, cluster: &Key, user: &str) -> Result<String, Error> {
    let stored = stored(context, object).await?.and_then(|secret| authorities::text(&secret, "password"));
    let password = match stored.filter(|password| !password.is_empty()) {
        Some(password) => password,
        None => new_password()?,
    };
    let jaas = format!(
        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"{user}\" password=\"{password}\";"
    );
    store(context, object, cluster, &[("password", &password), ("sasl.jaas.config", &jaas)]).await?;
    Ok(password)
}

async fn tls_secret(context: &Context, object: &DynamicObject, cluster: &Key, user: &str) -> Result<(), Error> {
    let api = Api::<Secret>::namespaced(context.catalog.client().clone(), &cluster.0);
    let read = async |secret: String, field: &str| -> Result<String, Error> {
        let found = api.get_opt(&secret).await.map_err(kubeapi::Error::request(format!("read Secret {secret}")))?;
        let text = found.and_then(|secret| authorities::text(&secret, field));
        text.ok_or_else(|| Error::Waiting(format!("Secret {secret} has no {field} yet")))
    };
    let ca = Identity {
        certificate: read(names::clients_ca_cert(&cluster.1), "ca.crt").await?,
        key: read(names::clients_ca_key(&cluster.1), "ca.key").await?,
    };
    let stored = stored(context, object).await?.and_then(|secret| {
        let known = authorities::text(&secret, "ca.crt")? == ca.certificate;
        let text = |field: &str| authorities::text(&secret, field);
        Some(Identity { certificate: text("user.crt")?, key: text("user.key")? }).filter(|_| known)
    });
    let own = match stored.filter(|identity| !identity.is_stale(OffsetDateTime::now_utc())) {
        Some(identity) => identity,
        None => certs::user(&ca, user)?,
    };
    let data = [("ca.crt", &ca.certificate), ("user.crt", &own.certificate), ("user.key", &own.key)];
    store(context, object, cluster, &data).await
}

/// The user's Secret, if it belongs to exactly this user.
async fn stored(context: &Context, object: &DynamicObject) -> Result<Option<Secret>, Error> {
    let (namespace, name) = key_of(object);
    let api = Api::<Secret>::namespaced(context.catalog.client().clone(), &namespace);
    let found = api.get_opt(&name).await.map_err(kubeapi::Error::request(format!("read Secret {namespace}/{name}")))?;
    let own = |secret: &Secret| {
        secret.metadata.owner_references.iter().flatten().any(|owner| Some(&owner.uid) == object.metadata.uid.as_ref())
    };
    Ok(found.filter(own))
}

async fn store(
    context: &Context,
    object: &DynamicObject,
    cluster: &Key,
    data: &[(&str, &String)],
) -> Result<(), Error> {
    let (namespace, name) = key_of(object);
    let secret: DynamicObject = serde_json::from_value(json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {
            "name": name, "namespace": namespace,
            "labels": {
                names::CLUSTER_LABEL: cluster.1, names::KIND_LABEL: "KafkaUser",
                "app.kubernetes.io/managed-by": objects::MANAGER,
            },
            "ownerReferences": [{
                "apiVersion": API_VERSION, "kind": "KafkaUser", "name": name, "uid": object.metadata.uid,
                "controller": false, "blockOwnerDeletion": false,
            }],
        },
        "data": objects::secret_data(data.iter().map(|(key, text)| (*key, text.as_str()))),
    }))?;
    kubeapi::apply(&context.catalog, &secret, &namespace, objects::MANAGER).await?;
    Ok(())
}

/// Letters and digits, so that it needs no quoting anywhere.
fn new_password() -> Result<String, Error> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut password = String::new();
    while password.len() < PASSWORD_LENGTH {
        let mut bytes = [0; 64];
        random(&mut bytes)?;
        // Six bits select a character. The two values beyond the alphabet are skipped, so that every character is
        // equally likely.
        let chosen = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 63)));
        password.extend(chosen.take(PASSWORD_LENGTH - password.len()).map(|byte| char::from(*byte)));
    }
    Ok(password)
}

fn random(bytes: &mut [u8]) -> Result<(), Error> {
    ring::default_provider().secure_random.fill(bytes).map_err(|_| Error::Random)
}

/// Removes credentials and rules that no KafkaUser of the cluster requires, as Strimzi's user operator does.
///
/// # Errors
/// If the API server or the broker refuses.
pub async fn prune(context: &Context, cluster: &Key) -> Result<(), Error> {
    let kind = context.catalog.kind("KafkaUser", Some(API_VERSION)).await?;
    let mut admin = context.admin(cluster).await?;
    let credentials = admin.scram_users().await?;
    let rules = match admin.acls(None).await {
        Ok(rules) => rules,
        Err(error) if is_without_authorizer(&error) => BTreeSet::new(),
        Err(error) => return Err(error.into()),
    };
    // Users are listed after the brokers' credentials, so a user that is created in between is in this list.
    let params = ListParams::default().labels(&format!("{}={}", names::CLUSTER_LABEL, cluster.1));
    let list = kind.api(context.catalog.client(), &cluster.0).list(&params).await;
    let list = list.map_err(kubeapi::Error::request(format!("list the users of {}", cluster.1)))?;
    let users: BTreeSet<String> = list.items.into_iter().filter_map(|user| user.metadata.name).collect();
    for user in credentials.difference(&users) {
        admin.delete_scram(user).await?;
    }
    let excess: Vec<&Acl> = rules.iter().filter(|rule| !users.contains(user_of(&rule.principal))).collect();
    Ok(admin.delete_acls(excess).await?)
}

fn user_of(principal: &str) -> &str {
    let name = principal.strip_prefix("User:").unwrap_or(principal);
    name.strip_prefix("CN=").unwrap_or(name)
}

/// Runs [`prune`] in the background. What it misses, the next run finds.
pub fn prune_in_background(context: &Arc<Context>, cluster: &Key) {
    let (context, cluster) = (Arc::clone(context), cluster.clone());
    tokio::spawn(async move {
        let pruned = prune(&context, &cluster).await;
        // Without a broker, there is nothing to prune.
        if let Err(error) = &pruned
            && !matches!(error, Error::Waiting(_))
        {
            let (namespace, name) = &cluster;
            warn!(target: LOG, "could not prune the users of {namespace}/{name}: {}", with_causes(error));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_plain_and_different() {
        let password = new_password().expect("a password");
        assert_eq!(password.len(), PASSWORD_LENGTH);
        assert!(password.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{password}");
        assert_ne!(password, new_password().expect("another"));
    }

    #[test]
    fn principals_lead_back_to_users() {
        assert_eq!(user_of("User:alice"), "alice");
        assert_eq!(user_of("User:CN=alice"), "alice");
    }
}
