//! How a client connects: the address, the authorities that it trusts, and its own identity.

use super::ClientError;
use super::context::{Context, Events};
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Which authorities the client trusts.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Plain text, without TLS.
    None,
    /// TLS with these authorities, in PEM.
    Pem(String),
}

/// The identity that the client presents.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    Anonymous,
    /// A client certificate chain and its key, in PEM.
    Tls {
        cert: String,
        key: String,
    },
    /// SCRAM-SHA-512.
    Scram {
        user: String,
        password: String,
    },
    /// PLAIN, whose password only TLS hides.
    Plain {
        user: String,
        password: String,
    },
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            // Keys and passwords must not reach a log through debug output.
            Self::Tls { .. } => f.write_str("Tls(..)"),
            Self::Scram { user, .. } => write!(f, "Scram({user})"),
            Self::Plain { user, .. } => write!(f, "Plain({user})"),
        }
    }
}

/// Everything that a Kafka client needs to connect.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ConnectionConfig {
    /// `host:port`, or several of them separated by commas.
    pub bootstrap: String,
    pub trust: Trust,
    pub identity: Identity,
}

impl ConnectionConfig {
    /// Plain text, anonymous.
    pub fn plaintext(bootstrap: impl Into<String>) -> Self {
        Self { bootstrap: bootstrap.into(), trust: Trust::None, identity: Identity::Anonymous }
    }

    /// TLS with these authorities, anonymous.
    pub fn tls(bootstrap: impl Into<String>, authorities: impl Into<String>) -> Self {
        Self { bootstrap: bootstrap.into(), trust: Trust::Pem(authorities.into()), identity: Identity::Anonymous }
    }

    pub fn with_identity(self, identity: Identity) -> Self {
        Self { identity, ..self }
    }

    /// Kafka's name for the protocol, as client properties and librdkafka expect it.
    pub fn security_protocol(&self) -> &'static str {
        match (&self.trust, &self.identity) {
            (Trust::None, Identity::Scram { .. } | Identity::Plain { .. }) => "SASL_PLAINTEXT",
            (Trust::None, _) => "PLAINTEXT",
            (Trust::Pem(_), Identity::Scram { .. } | Identity::Plain { .. }) => "SASL_SSL",
            (Trust::Pem(_), _) => "SSL",
        }
    }

    /// The settings for librdkafka. Timeouts and backoffs are short, because a lab is near and its routes come and go.
    pub fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("client.id", "kafka-gateway-lab")
            .set("security.protocol", self.security_protocol())
            // On a busy machine a broker took more than 5 s for a handshake with SCRAM.
            .set("socket.connection.setup.timeout.ms", "10000")
            .set("socket.timeout.ms", "10000")
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "500")
            .set("retry.backoff.ms", "50")
            .set("retry.backoff.max.ms", "500")
            .set("topic.metadata.refresh.interval.ms", "5000")
            .set("topic.metadata.refresh.fast.interval.ms", "100")
            // A lab's broker may change its address within seconds, and a lookup without a cache costs nothing here.
            .set("broker.address.ttl", "0")
            .set("allow.auto.create.topics", "false")
            .set("statistics.interval.ms", "200")
            .set_log_level(RDKafkaLogLevel::Info);
        if let Trust::Pem(authorities) = &self.trust {
            config.set("ssl.ca.pem", authorities);
        }
        match &self.identity {
            Identity::Anonymous => {}
            Identity::Tls { cert, key } => {
                config.set("ssl.certificate.pem", cert).set("ssl.key.pem", key);
            }
            Identity::Scram { user, password } => {
                config
                    .set("sasl.mechanisms", "SCRAM-SHA-512")
                    .set("sasl.username", user)
                    .set("sasl.password", password);
            }
            Identity::Plain { user, password } => {
                config.set("sasl.mechanisms", "PLAIN").set("sasl.username", user).set("sasl.password", password);
            }
        }
        config
    }

    /// A librdkafka client with `settings` on top, and the record of its events.
    pub(crate) fn create<T>(&self, operation: &str, settings: &[(&str, &str)]) -> Result<(T, Arc<Events>), ClientError>
    where
        T: FromClientConfigAndContext<Context>,
        Context: ClientContext,
    {
        // OpenSSL's first initialisation decides: this one leaves out its cleanup at the end of the process, which would
        // free what the threads of other clients still use.
        openssl_sys::init();
        let mut config = self.config();
        for (key, value) in settings {
            config.set(*key, *value);
        }
        let context = Context::default();
        let events = context.events();
        let client = config.create_with_context(context).map_err(|error| ClientError::kafka(operation, &error))?;
        Ok((client, events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_and_identity_choose_the_protocol() {
        let plain = ConnectionConfig::plaintext("localhost:9092");
        let tls = ConnectionConfig::tls("localhost:9092", "-----BEGIN CERTIFICATE-----");
        let scram = Identity::Scram { user: "alice".into(), password: "secret".into() };
        assert_eq!(plain.security_protocol(), "PLAINTEXT");
        assert_eq!(plain.with_identity(scram.clone()).security_protocol(), "SASL_PLAINTEXT");
        assert_eq!(tls.security_protocol(), "SSL");
        let access = tls.with_identity(scram);
        assert_eq!(access.security_protocol(), "SASL_SSL");
        assert_eq!(access.config().get("sasl.mechanisms"), Some("SCRAM-SHA-512"));
        assert!(!format!("{access:?}").contains("secret"));
        let plain = Identity::Plain { user: "alice".into(), password: "secret".into() };
        let access = access.with_identity(plain);
        assert_eq!((access.security_protocol(), access.config().get("sasl.mechanisms")), ("SASL_SSL", Some("PLAIN")));
        assert!(!format!("{access:?}").contains("secret"));
    }

    #[test]
    fn librdkafka_knows_every_setting() {
        ConnectionConfig::plaintext("localhost:9092").config().create_native_config().expect("the settings");
    }

    #[test]
    fn a_broken_certificate_is_an_error_and_not_a_panic() {
        let access = ConnectionConfig::tls("localhost:9092", "no certificate");
        let error = access
            .create::<rdkafka::producer::BaseProducer<Context>>("connect", &[])
            .err()
            .expect("a broken authority is refused");
        assert!(error.text.contains("ssl.ca.pem"), "{error}");
    }
}
