//! `ca-config-map`: writes the certificates of a CA into a ConfigMap.

use super::{Access, Causes, NamedObject, StepDefinition, Touches};
use crate::lint::Context;
use crate::{Span, Trust};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Creates a ConfigMap with the certificates of a CA at the key `ca.crt`, as a BackendTLSPolicy reads them.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CaConfigMap {
    /// The ConfigMap's name.
    pub name: String,
    /// Default: the scenario's namespace.
    pub namespace: Option<String>,
    /// The CA. Default: `cluster-ca`.
    pub trust: Option<Trust>,
}

impl StepDefinition for CaConfigMap {
    fn default_within() -> Option<Span> {
        None
    }

    fn within(&self) -> Option<Span> {
        None
    }

    fn set_within(&mut self, _: Span) {}

    fn summary(&self) -> String {
        self.name.clone()
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
        if matches!(self.trust, Some(Trust::Plaintext)) {
            context.error(
                "scenario::trust",
                &format!("{at}/trust"),
                "`plaintext` is no CA".into(),
                "no certificates",
                "write `cluster-ca`, `clients-ca`, `lab-ca` or `secret: {...}`",
            );
        }
    }

    fn object(&self) -> Option<NamedObject<'_>> {
        Some(NamedObject {
            key: "name",
            kind: "ConfigMap",
            name: &self.name,
            namespace: self.namespace.as_deref(),
            access: Access::Writes,
        })
    }
}
