//! Operations of steps and cleanup on single objects.

use super::ownership::{Ownership, ownership, protected};
use crate::journal::Undo;
use crate::{Context, failure};
use ::kube::api::DynamicObject;
use kubeapi::{Catalog, ConditionState, MANAGER, ObjectRef, wait_for};
use model::Failure;
use std::time::Duration;

/// How long an object may keep its finalizers.
const GONE_WITHIN: Duration = Duration::from_secs(45);

/// Applies one object of a manifest, and records how to undo that.
///
/// # Errors
/// If the API server refuses it, or the object must not be changed.
pub async fn apply(context: &mut Context<'_>, object: &DynamicObject, file: &str) -> Result<ObjectRef, Failure> {
    let types = object.types.clone().unwrap_or_default();
    if types.kind == "Secret" {
        // An API server that refuses a Secret may quote it.
        context.secrets.add_secret(object);
    }
    let name = object.metadata.name.clone().unwrap_or_default();
    let target = context.object(&types.kind, &name, object.metadata.namespace.as_deref()).await?;
    let target = ObjectRef { api_version: types.api_version, ..target };
    let before = if context.journal.owns(&target) { None } else { get(context, &target).await? };
    match (ownership(context, &target, before.is_some()), before) {
        (Ownership::Protected, _) => return Err(protected(&target)),
        (Ownership::Borrowed, Some(was)) => {
            context.journal.push(Undo::Restore { object: target.clone(), was: Box::new(was) });
        }
        _ => context.journal.record_creation(&target),
    }
    let applied = kubeapi::apply(&context.lab.catalog, object, &context.namespace, MANAGER);
    let applied = context.clock.waiting(applied).await;
    applied.map_err(|error| failure::kubernetes(format!("the API server accepts {target} of {file}"), &error))
}

/// Deletes an object and waits until it is gone, or until a new object with the same name exists.
pub async fn remove(catalog: &Catalog, object: &ObjectRef, uid: Option<&str>) -> Result<(), kubeapi::Error> {
    kubeapi::delete(catalog, object).await?;
    wait_for(catalog, object, "gone", GONE_WITHIN, |seen| match seen {
        None => ConditionState::Met,
        Some(seen) if uid.is_some() && seen.metadata.uid.as_deref() != uid => ConditionState::Met,
        Some(seen) => {
            let finalizers = seen.metadata.finalizers.clone().unwrap_or_default();
            ConditionState::NotYet(format!("it still exists, with the finalizers [{}]", finalizers.join(", ")))
        }
    })
    .await
}

/// The current object, or `None`.
///
/// # Errors
/// If the API server refuses the request.
pub async fn get(context: &Context<'_>, object: &ObjectRef) -> Result<Option<DynamicObject>, Failure> {
    let failed = |error: &kubeapi::Error| failure::kubernetes(format!("reading {object}"), error);
    let kind = context.clock.waiting(context.lab.catalog.kind(&object.kind, Some(&object.api_version))).await;
    let api = kind.map_err(|error| failed(&error))?.api(context.lab.catalog.client(), &object.namespace);
    context
        .clock
        .waiting(api.get_opt(&object.name))
        .await
        .map_err(|error| failed(&kubeapi::Error::request(format!("read {object}"))(error)))
}
