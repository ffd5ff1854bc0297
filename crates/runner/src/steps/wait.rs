//! wait.

use super::Outcome;
use super::conditions::{check, wanted};
use crate::{Context, StepFailure};
use ::kube::api::DynamicObject;
use kubeapi::{ConditionState, wait_for, wait_for_all};
use scenario::Wait;

pub async fn wait(context: &mut Context<'_>, step: &Wait) -> Outcome {
    let words = wanted(step);
    let catalog = &context.lab.catalog;
    let line = context.line.clone();
    let shown = |object: Option<&DynamicObject>| {
        let progress = check(step, object);
        if let ConditionState::NotYet(seen) = &progress {
            line.seen(seen);
        }
        progress
    };
    let waited = if step.name == "*" {
        let namespace = step.namespace.as_deref().unwrap_or(&context.namespace);
        let all = wait_for_all(catalog, &step.kind, namespace, &words, step.within.0, |all| {
            if all.is_empty() && !step.gone {
                return ConditionState::NotYet("there is none".to_owned());
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
        let object = context.object(&step.kind, &step.name, step.namespace.as_deref()).await?;
        let one = wait_for(catalog, &object, &words, step.within.0, shown);
        context.clock.waiting(one).await
    };
    let Err(error) = waited else { return Ok(Vec::new()) };
    let failure = StepFailure::kube(format!("{} {}: {words}", step.kind, step.name), &error);
    let namespace = step.namespace.as_deref().unwrap_or(&context.namespace);
    let name = (step.name != "*").then_some(step.name.as_str());
    let names = context.clock.waiting(diagnose::beside(catalog, &step.kind, namespace, name)).await;
    Err(failure.with_evidence(names))
}
