//! Executes `certificate`.

use super::ownership::{Ownership, ownership, protected};
use super::{Execute, Outcome, objects};
use crate::authority::{CertificateRequest, Signer};
use crate::{Context, authority, failure};
use ::kube::api::DynamicObject;
use kubeapi::MANAGER;
use model::{Cause, Failure};
use scenario::{Certificate, Signer as By};
use serde_json::json;

impl Execute for Certificate {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let expected = format!("a certificate for {}", self.dns_names.join(", "));
        let signer = match self.signed_by.as_ref().unwrap_or(&By::LabCa) {
            By::LabCa => Signer::Lab(&context.lab.dir),
            By::UnknownCa => Signer::UnknownCa,
            By::Itself => Signer::Itself,
        };
        let failed = |text: String| Failure::new(Cause::Unknown, &expected, text);
        let request = CertificateRequest {
            dns_names: &self.dns_names,
            signer,
            expired: self.expired,
            valid_for: self.valid_for.map(|span| span.0),
        };
        let issued = authority::make(&request).map_err(|error| failed(error.to_string()))?;
        let secret: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": self.secret, "namespace": self.namespace.as_deref().unwrap_or(&context.namespace)},
            "stringData": {"tls.crt": issued.chain, "tls.key": issued.key, "ca.crt": issued.authority},
        }))
        .map_err(|error| failed(error.to_string()))?;
        let target = context.object("Secret", &self.secret, self.namespace.as_deref()).await?;
        let exists = objects::get(context, &target).await?.is_some();
        if ownership(context, &target, exists).of_a_secret() == Ownership::Protected {
            return Err(protected(&target));
        }
        context.journal.record_creation(&target);
        let applied = kubeapi::apply(&context.lab.catalog, &secret, &context.namespace, MANAGER);
        context.clock.waiting(applied).await.map_err(|error| failure::kubernetes(&expected, &error))?;
        Ok(vec![format!("{target} for {}", self.dns_names.join(", "))])
    }
}
