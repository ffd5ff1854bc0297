//! Turns a client's description into the settings of its connection.

use super::{Context, authority as lab_authority, existing, failure, forward};
use k8s_openapi::ByteString;
use kubeapi::{Catalog, ConditionState, ObjectRef, wait_for};
use model::{Cause, Failure};
use probe::{ConnectionConfig, Identity, Trust};
use scenario::Library;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long an operator may take to create the Secret of a user or a cluster.
const SECRET_WITHIN: Duration = Duration::from_secs(60);

/// The client of a step that names none.
pub const DEFAULT: &str = "default";

/// The connection settings of the named client, built once per run.
///
/// # Errors
/// If there is no such client, or one of its Secrets does not appear in time.
pub async fn access(context: &mut Context<'_>, name: Option<&str>) -> Result<ConnectionConfig, Failure> {
    let name = name.unwrap_or(DEFAULT);
    if let Some(access) = context.clients.get(name) {
        return Ok(access.clone());
    }
    let described = match context.job.scenario.clients.get(name) {
        Some(client) => context.resolve(client)?,
        None if name == DEFAULT => scenario::Client::default(),
        None => {
            return Err(Failure::new(Cause::Unknown, format!("client {name}"), "the scenario has no such client"));
        }
    };
    let bootstrap = match (&described.bootstrap, &described.port_forward) {
        (Some(bootstrap), _) => bootstrap.clone(),
        (None, Some(target)) => forward::open(context, target).await?,
        (None, None) => match context.job.scenario.kafka.default_bootstrap() {
            Some(address) => context.fill(address)?,
            None => existing::bootstrap(context).await?,
        },
    };
    let trust = trust(context, described.trust.as_ref()).await?;
    let identity = identity(context, described.identity.as_ref()).await?;
    let access = ConnectionConfig { bootstrap, trust, identity };
    context.secrets.add_client(&access);
    context.clients.insert(name.to_owned(), access.clone());
    Ok(access)
}

/// The library of the named client.
pub fn library(context: &Context<'_>, name: Option<&str>) -> Library {
    let client = context.job.scenario.clients.get(name.unwrap_or(DEFAULT));
    client.and_then(|client| client.library).unwrap_or(Library::Librdkafka)
}

/// The CA certificates of the Kafka cluster in use, in PEM.
///
/// # Errors
/// If the Secret does not appear in time.
pub async fn cluster_ca(context: &Context<'_>) -> Result<String, Failure> {
    secret_text_for(context, &context.kafka_namespace, &format!("{}-cluster-ca-cert", context.cluster), "ca.crt").await
}

/// The lab's own CA, in PEM.
///
/// # Errors
/// If it cannot be created.
pub fn lab_ca(context: &Context<'_>) -> Result<String, Failure> {
    lab_authority::lab_ca(&context.lab.dir)
        .map_err(|error| Failure::new(Cause::Unknown, "the lab's CA", error.to_string()))
}

async fn trust(context: &Context<'_>, trust: Option<&scenario::Trust>) -> Result<Trust, Failure> {
    match trust {
        Some(scenario::Trust::Plaintext) => Ok(Trust::None),
        some => certificates(context, some).await.map(Trust::Pem),
    }
}

/// The certificates of all the CAs, in PEM. Those of the Kafka cluster in use if none is named.
///
/// # Errors
/// If a Secret does not appear in time, or the trust is in no CA.
pub async fn certificates(context: &Context<'_>, trust: Option<&scenario::Trust>) -> Result<String, Failure> {
    match trust.unwrap_or(&scenario::Trust::ClusterCa) {
        scenario::Trust::AnyOf(several) => {
            let mut all = String::new();
            for one in several {
                all += &authority(context, one).await?;
                all.push('\n');
            }
            Ok(all)
        }
        one => authority(context, one).await,
    }
}

/// The certificates of one CA, in PEM.
async fn authority(context: &Context<'_>, trust: &scenario::Trust) -> Result<String, Failure> {
    match trust {
        scenario::Trust::ClusterCa => cluster_ca(context).await,
        scenario::Trust::ClientsCa => {
            let name = format!("{}-clients-ca-cert", context.cluster);
            secret_text_for(context, &context.kafka_namespace, &name, "ca.crt").await
        }
        scenario::Trust::LabCa => lab_ca(context),
        scenario::Trust::Secret { name, key, namespace } => {
            let namespace = namespace.as_deref().unwrap_or(&context.namespace);
            secret_text_for(context, namespace, name, key).await
        }
        // The linter refuses both within a list.
        scenario::Trust::AnyOf(_) | scenario::Trust::Plaintext => {
            Err(Failure::new(Cause::Unknown, "the certificates of one CA", "no CA is named"))
        }
    }
}

async fn identity(context: &Context<'_>, who: Option<&scenario::Identity>) -> Result<Identity, Failure> {
    // An operator creates a user's Secret in the namespace of the KafkaUser, which is the cluster's.
    let of = |namespace: &Option<String>| namespace.clone().unwrap_or_else(|| context.kafka_namespace.clone());
    match who {
        None => Ok(Identity::Anonymous),
        Some(scenario::Identity::Scram { user, password, namespace }) => {
            let password = password_of(context, user, password.as_deref(), &of(namespace)).await?;
            Ok(Identity::Scram { user: user.clone(), password })
        }
        Some(scenario::Identity::Plain { user, password, namespace }) => {
            let password = password_of(context, user, password.as_deref(), &of(namespace)).await?;
            Ok(Identity::Plain { user: user.clone(), password })
        }
        Some(scenario::Identity::Tls { user, namespace }) => Ok(Identity::Tls {
            cert: secret_text_for(context, &of(namespace), user, "user.crt").await?,
            key: secret_text_for(context, &of(namespace), user, "user.key").await?,
        }),
    }
}

/// The written password, or the one in the KafkaUser's Secret.
async fn password_of(
    context: &Context<'_>,
    user: &str,
    written: Option<&str>,
    namespace: &str,
) -> Result<String, Failure> {
    match written {
        Some(password) => Ok(password.to_owned()),
        None => secret_text_for(context, namespace, user, "password").await,
    }
}

async fn secret_text_for(context: &Context<'_>, namespace: &str, name: &str, key: &str) -> Result<String, Failure> {
    let read = secret_text(&context.lab.catalog, namespace, name, key);
    let expected = || format!("key {key} of Secret {namespace}/{name}");
    context.clock.waiting(read).await.map_err(|error| failure::kubernetes(expected(), &error))
}

/// A key of a Secret. Waits until it exists.
///
/// # Errors
/// If it does not appear in time.
pub async fn secret_text(catalog: &Catalog, namespace: &str, name: &str, key: &str) -> Result<String, kubeapi::Error> {
    let secret = ObjectRef {
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    let mut found = None;
    wait_for(catalog, &secret, &format!("key {key}"), SECRET_WITHIN, |seen| {
        let Some(seen) = seen else { return ConditionState::NotYet("it does not exist".to_owned()) };
        let data: BTreeMap<String, ByteString> = serde_json::from_value(seen.data["data"].clone()).unwrap_or_default();
        match data.get(key) {
            Some(ByteString(bytes)) => {
                found = Some(String::from_utf8_lossy(bytes).into_owned());
                ConditionState::Met
            }
            // Only names: a Secret's content is never shown.
            None => ConditionState::NotYet(format!(
                "it has the keys {}",
                data.keys().cloned().collect::<Vec<_>>().join(", ")
            )),
        }
    })
    .await?;
    Ok(found.unwrap_or_default())
}
