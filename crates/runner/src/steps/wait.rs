//! Executes `wait`.

use super::conditions::{check, expectation};
use super::{Execute, Outcome};
use crate::gateway_addresses::learn;
use crate::{Context, failure};
use ::kube::api::DynamicObject;
use kubeapi::{ConditionState, wait_for, wait_for_all};
use scenario::Wait;

impl Execute for Wait {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let words = expectation(self);
        let catalog = &context.lab.catalog;
        let line = context.line.clone();
        let shown = |object: Option<&DynamicObject>| {
            let progress = check(self, object);
            if let ConditionState::NotYet(seen) = &progress {
                line.seen(seen);
            }
            progress
        };
        let waited = if self.name == "*" {
            let namespace = self.namespace.as_deref().unwrap_or(&context.namespace);
            let all = wait_for_all(catalog, &self.kind, namespace, &words, self.within.0, |all| {
                if all.is_empty() && !self.gone {
                    return ConditionState::NotYet("none exists".to_owned());
                }
                for (name, object) in all {
                    match shown(Some(object)) {
                        ConditionState::Met => {}
                        ConditionState::NotYet(seen) => return ConditionState::NotYet(format!("{name}: {seen}")),
                        ConditionState::Failed(seen) => return ConditionState::Failed(format!("{name}: {seen}")),
                    }
                }
                ConditionState::Met
            });
            context.clock.waiting(all).await
        } else {
            let object = context.object(&self.kind, &self.name, self.namespace.as_deref()).await?;
            let one = wait_for(catalog, &object, &words, self.within.0, shown);
            context.clock.waiting(one).await
        };
        let waited = match waited {
            // Whatever is waited for, a Gateway may have its address now.
            Ok(()) if !self.gone => context.clock.waiting(learn(context)).await,
            other => other,
        };
        let Err(error) = waited else { return Ok(Vec::new()) };
        let failure = failure::kubernetes(format!("{} {}: {words}", self.kind, self.name), &error);
        let namespace = self.namespace.as_deref().unwrap_or(&context.namespace);
        let name = (self.name != "*").then_some(self.name.as_str());
        let names = context.clock.waiting(diagnose::beside(catalog, &self.kind, namespace, name)).await;
        Err(failure.with_evidence(names))
    }
}
