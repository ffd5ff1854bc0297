//! apply, delete, patch, churn.

use super::Outcome;
use super::standing::{Standing, left_alone, standing};
use crate::journal::{Undo, as_new, inverse, way_back};
use crate::{Context, StepFailure};
use ::kube::api::{DynamicObject, Patch as KubePatch, PatchParams};
use kubeapi::{Catalog, ConditionState, MANAGER, ObjectRef, wait_for};
use model::Cause;
use scenario::{Churn, Patch, Target};
use serde_json::Value;
use std::time::Duration;

/// How long an object may hold on to its finalizers.
const GONE_WITHIN: Duration = Duration::from_secs(45);

pub async fn apply(context: &mut Context<'_>, file: &str) -> Outcome {
    let objects = context.manifest(file)?;
    let mut evidence = Vec::new();
    for object in &objects {
        evidence.push(format!("applied {}", apply_one(context, object, file).await?));
    }
    Ok(evidence)
}

async fn apply_one(context: &mut Context<'_>, object: &DynamicObject, file: &str) -> Result<ObjectRef, StepFailure> {
    let types = object.types.clone().unwrap_or_default();
    let name = object.metadata.name.clone().unwrap_or_default();
    let target = context.object(&types.kind, &name, object.metadata.namespace.as_deref()).await?;
    let target = ObjectRef { api_version: types.api_version, ..target };
    let before = if context.journal.owns(&target) { None } else { get(context, &target).await? };
    match (standing(context, &target, before.is_some()), before) {
        (Standing::LeftAlone, _) => return Err(left_alone(&target)),
        (Standing::Borrowed, Some(was)) => {
            context.journal.push(Undo::Restore { object: target.clone(), was: Box::new(was) });
        }
        _ => context.journal.applies(&target),
    }
    let applied = kubeapi::apply(&context.lab.catalog, object, &context.namespace, MANAGER);
    let applied = context.clock.waiting(applied).await;
    applied.map_err(|error| StepFailure::kube(format!("the API server takes {target} of {file}"), &error))
}

pub async fn delete(context: &mut Context<'_>, target: &Target) -> Outcome {
    let object = context.object(&target.kind, &target.name, target.namespace.as_deref()).await?;
    let wanted = format!("{object} is deleted");
    let Some(was) = get(context, &object).await? else {
        return Err(StepFailure::new(Cause::ConditionUnmet, wanted, "it does not exist"));
    };
    match standing(context, &object, true) {
        Standing::LeftAlone => return Err(left_alone(&object)),
        Standing::Borrowed => {
            context.journal.push(Undo::Restore { object: object.clone(), was: Box::new(was.clone()) });
        }
        Standing::Own => {}
    }
    let removed = context.clock.waiting(remove(&context.lab.catalog, &object, was.metadata.uid.as_deref())).await;
    removed.map_err(|error| StepFailure::kube(wanted, &error))?;
    context.journal.deleted(&object);
    Ok(Vec::new())
}

/// Deletes an object and waits until it is gone, or until another of the same name has taken its place.
pub async fn remove(catalog: &Catalog, object: &ObjectRef, uid: Option<&str>) -> Result<(), kubeapi::Error> {
    kubeapi::delete(catalog, object).await?;
    wait_for(catalog, object, "gone", GONE_WITHIN, |seen| match seen {
        None => ConditionState::Met,
        Some(seen) if uid.is_some() && seen.metadata.uid.as_deref() != uid => ConditionState::Met,
        Some(seen) => {
            let finalizers = seen.metadata.finalizers.clone().unwrap_or_default();
            ConditionState::NotYet(format!("it is still there, with the finalizers [{}]", finalizers.join(", ")))
        }
    })
    .await
}

pub async fn patch(context: &mut Context<'_>, patch: &Patch) -> Outcome {
    let object = context.object(&patch.kind, &patch.name, patch.namespace.as_deref()).await?;
    let wanted = format!("{object} is changed");
    let Some(before) = get(context, &object).await? else {
        return Err(StepFailure::new(Cause::ConditionUnmet, wanted, "it does not exist"));
    };
    let kind = context.lab.catalog.kind(&object.kind, Some(&object.api_version)).await;
    let kind = kind.map_err(|error| StepFailure::kube(&wanted, &error))?;
    let api = kind.api(context.lab.catalog.client(), &object.namespace);
    let change = change(patch).map_err(|seen| StepFailure::new(Cause::ManifestRefused, &wanted, seen))?;
    let refused = |error| StepFailure::kube(&wanted, &kubeapi::Error::request(format!("patch {object}"))(error));
    let params = PatchParams { field_validation: Some(::kube::api::ValidationDirective::Strict), ..Default::default() };
    let standing = standing(context, &object, true);
    if standing == Standing::LeftAlone {
        return Err(left_alone(&object));
    }
    if standing == Standing::Borrowed {
        let whole = serde_json::to_value(&before).unwrap_or_default();
        let merge = match &patch.merge {
            Some(merge) => inverse(merge, &whole),
            // What the operations come to is asked first, since the way back is put down before anything is done.
            None => {
                let trial = PatchParams { dry_run: true, ..params.clone() };
                let after = context.clock.waiting(api.patch(&object.name, &trial, &change)).await.map_err(refused)?;
                way_back(&serde_json::to_value(as_new(&after)).unwrap_or_default(), &as_new_value(&before))
            }
        };
        context.journal.push(Undo::PatchBack { object: object.clone(), merge });
    }
    context.clock.waiting(api.patch(&object.name, &params, &change)).await.map_err(refused)?;
    Ok(Vec::new())
}

fn as_new_value(object: &DynamicObject) -> Value {
    serde_json::to_value(as_new(object)).unwrap_or_default()
}

/// The patch as the API server takes it.
fn change(patch: &Patch) -> Result<KubePatch<Value>, String> {
    match (&patch.merge, &patch.json) {
        (Some(merge), None) => Ok(KubePatch::Merge(merge.clone())),
        (None, Some(changes)) => {
            let operations = serde_json::to_value(changes).and_then(serde_json::from_value);
            operations.map(KubePatch::Json).map_err(|error| error.to_string())
        }
        _ => Err("a patch has either `merge` or `json`".to_owned()),
    }
}

pub async fn churn(context: &mut Context<'_>, churn: &Churn) -> Outcome {
    let objects = context.manifest(&churn.file)?;
    for _ in 0..churn.times {
        let mut applied = Vec::new();
        for object in &objects {
            applied.push(apply_one(context, object, &churn.file).await?);
        }
        for object in applied.iter().rev() {
            let deleted = context.clock.waiting(kubeapi::delete(&context.lab.catalog, object)).await;
            deleted.map_err(|error| StepFailure::kube(format!("{object} is deleted"), &error))?;
            context.journal.deleted(object);
        }
    }
    Ok(vec![format!("{} objects came and went {} times", objects.len(), churn.times)])
}

/// The object as it is, or nothing.
///
/// # Errors
/// When the API server refuses.
pub async fn get(context: &Context<'_>, object: &ObjectRef) -> Result<Option<DynamicObject>, StepFailure> {
    let failed = |error: &kubeapi::Error| StepFailure::kube(format!("a look at {object}"), error);
    let kind = context.clock.waiting(context.lab.catalog.kind(&object.kind, Some(&object.api_version))).await;
    let api = kind.map_err(|error| failed(&error))?.api(context.lab.catalog.client(), &object.namespace);
    context
        .clock
        .waiting(api.get_opt(&object.name))
        .await
        .map_err(|error| failed(&kubeapi::Error::request(format!("read {object}"))(error)))
}
