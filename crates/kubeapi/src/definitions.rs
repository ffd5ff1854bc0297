//! Custom resource definitions: an object of a new kind can be made only after its definition is established.

use super::{Catalog, ConditionState, Error, ObjectRef, conditions, wait_for};
use kube::api::DynamicObject;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(30);

/// Waits until the API server serves what `object` defines. Returns at once if the object defines nothing.
///
/// # Errors
/// If the definition's names conflict with another one's, or the API server takes too long.
pub async fn established(catalog: &Catalog, object: &DynamicObject) -> Result<(), Error> {
    let Some(types) = object.types.as_ref().filter(|types| types.kind == "CustomResourceDefinition") else {
        return Ok(());
    };
    let reference = ObjectRef {
        api_version: types.api_version.clone(),
        kind: types.kind.clone(),
        namespace: String::new(),
        name: object.metadata.name.clone().unwrap_or_default(),
    };
    wait_for(catalog, &reference, "Established", WITHIN, |seen| {
        let Some(seen) = seen else { return ConditionState::NotYet("it does not exist".to_owned()) };
        let all = conditions(seen);
        let is = |name: &str, status: &str| all.iter().find(|c| c["type"] == name && c["status"] == status).copied();
        if is("Established", "True").is_some() {
            return ConditionState::Met;
        }
        match is("NamesAccepted", "False") {
            Some(refused) => {
                ConditionState::Failed(refused["message"].as_str().unwrap_or("its names conflict").to_owned())
            }
            None => ConditionState::NotYet("it is not established".to_owned()),
        }
    })
    .await
}
