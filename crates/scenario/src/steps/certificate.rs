//! `certificate`: creates a certificate in a Secret.

use super::{Access, Causes, NamedObject, StepDefinition, Touches};
use crate::Span;
use crate::lint::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Creates a certificate with an ECDSA P-256 key: a Secret of type `kubernetes.io/tls` with `tls.crt` (the chain),
/// `tls.key` and `ca.crt`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Certificate {
    /// The name of the Secret.
    pub secret: String,
    /// Default: the scenario's namespace.
    pub namespace: Option<String>,
    /// The certificate's SANs. `*.` stands for one label.
    pub dns_names: Vec<String>,
    /// Default: `lab-ca`.
    pub signed_by: Option<Signer>,
    /// The certificate expired yesterday. Default: false.
    #[serde(default)]
    pub expired: bool,
    /// How long the certificate is valid, such as `4320m` for three days. Default: 30 days.
    pub valid_for: Option<Span>,
}

/// The signer of a certificate.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signer {
    /// The lab's own CA, which a client trusts with `trust: lab-ca`.
    LabCa,
    /// A new CA that nobody trusts.
    UnknownCa,
    /// The certificate signs itself.
    Itself,
}

impl StepDefinition for Certificate {
    fn default_within() -> Option<Span> {
        None
    }

    fn within(&self) -> Option<Span> {
        None
    }

    fn set_within(&mut self, _: Span) {}

    fn summary(&self) -> String {
        format!("{} for {}", self.secret, self.dns_names.join(", "))
    }

    fn client(&self) -> Option<&str> {
        None
    }

    fn topic(&self) -> Option<&str> {
        None
    }

    fn touches(&self) -> Touches<'_> {
        Touches::Nothing
    }

    fn causes(&self) -> Causes {
        Causes::manifest()
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        if self.dns_names.is_empty() {
            context.error(
                "scenario::certificate",
                &format!("{at}/dns-names"),
                "the certificate names no host".into(),
                "empty",
                "list the names that clients verify, such as \"*.${id}.${domain}\"",
            );
        }
        if self.expired && self.valid_for.is_some() {
            context.error(
                "scenario::certificate",
                &format!("{at}/valid-for"),
                "`valid-for` has no effect on an expired certificate".into(),
                "has no effect here",
                "keep one of `expired` and `valid-for`",
            );
        }
    }

    fn object(&self) -> Option<NamedObject<'_>> {
        Some(NamedObject {
            key: "secret",
            kind: "Secret",
            name: &self.secret,
            namespace: self.namespace.as_deref(),
            access: Access::Writes,
        })
    }
}
