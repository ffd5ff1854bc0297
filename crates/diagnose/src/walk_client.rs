//! The client whose paths are walked.

use probe::{ConnectionConfig, Identity, Login, Mechanism, Trust};

/// How a client connects.
#[derive(Clone, Debug, Default)]
pub struct WalkClient {
    pub tls: bool,
    /// The authorities that the client trusts, PEM. Without them, a cluster that can be read gives its own cluster CA.
    pub ca: Option<String>,
    /// A client certificate chain and its key, PEM.
    pub identity: Option<(String, String)>,
    pub login: Option<Login>,
}

impl From<&ConnectionConfig> for WalkClient {
    fn from(access: &ConnectionConfig) -> Self {
        let ca = match &access.trust {
            Trust::None => None,
            Trust::Pem(pem) => Some(pem.clone()),
        };
        let login = |mechanism, user: &String, password: &String| {
            Some(Login { mechanism, user: user.clone(), password: password.clone() })
        };
        let (identity, login) = match &access.identity {
            Identity::Anonymous => (None, None),
            Identity::Tls { cert, key } => (Some((cert.clone(), key.clone())), None),
            Identity::Scram { user, password } => (None, login(Mechanism::ScramSha512, user, password)),
            Identity::Plain { user, password } => (None, login(Mechanism::Plain, user, password)),
        };
        Self { tls: access.trust != Trust::None, ca, identity, login }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_walked_with_its_own_protocol() {
        let scram = Identity::Scram { user: "a".into(), password: "b".into() };
        let walked = WalkClient::from(&ConnectionConfig::plaintext("h:1").with_identity(scram));
        assert!(!walked.tls && walked.ca.is_none());
        assert_eq!(walked.login.map(|login| login.mechanism), Some(Mechanism::ScramSha512));
        let plain = Identity::Plain { user: "a".into(), password: "b".into() };
        let walked = WalkClient::from(&ConnectionConfig::tls("h:1", "ca").with_identity(plain));
        assert!(walked.tls && walked.ca.as_deref() == Some("ca"));
        assert_eq!(walked.login.map(|login| login.mechanism), Some(Mechanism::Plain));
    }
}
