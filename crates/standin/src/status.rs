//! A resource's status as Strimzi writes it: `Ready`, or `NotReady` with a reason, and any `Warning`s.

use super::Error;
use super::context::{Context, FULL_INTERVAL, key_of};
use crate::LOG;
use host::with_causes;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::runtime::controller::Action;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::info;

/// The result of a reconciliation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum State {
    Ready,
    NotReady {
        reason: String,
        message: String,
    },
    /// Left alone while the annotation `strimzi.io/pause-reconciliation` is set.
    Paused,
}

impl State {
    pub fn not_ready(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::NotReady { reason: reason.into(), message: message.into() }
    }

    /// What an error means for the resource.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Refused(refusal) => Self::not_ready(refusal.reason(), refusal.to_string()),
            Error::Waiting(what) => Self::not_ready("Creating", what.clone()),
            other => Self::not_ready("ReconciliationFailed", with_causes(other)),
        }
    }
}

/// Writes the result to the status of a topic or user. A rejected resource is reconciled again only at the usual
/// interval.
///
/// # Errors
/// The error of the reconciliation, so that it is retried soon.
pub async fn conclude(
    context: &Context,
    kind: &str,
    object: &DynamicObject,
    converged: Result<Value, Error>,
) -> Result<Action, Error> {
    let (state, fields, error) = match converged {
        Ok(fields) => (State::Ready, fields, None),
        Err(error) => (State::of(&error), json!({}), Some(error)),
    };
    write(context, object, &state, &[], fields).await?;
    match error {
        None | Some(Error::Refused(_)) => {
            context.succeeded(kind, &key_of(object));
            Ok(Action::requeue(FULL_INTERVAL))
        }
        Some(error) => Err(error),
    }
}

/// The list of conditions. A condition that has not changed keeps its time.
pub fn conditions(state: &State, warnings: &[String], before: &Value) -> Value {
    let now = OffsetDateTime::now_utc()
        .replace_nanosecond(0)
        .ok()
        .and_then(|now| now.format(&Rfc3339).ok())
        .unwrap_or_default();
    let mut desired: Vec<Value> = warnings
        .iter()
        .map(|message| json!({"type": "Warning", "status": "True", "reason": "Standin", "message": message}))
        .collect();
    desired.push(match state {
        State::Ready => json!({"type": "Ready", "status": "True"}),
        State::Paused => json!({"type": "ReconciliationPaused", "status": "True"}),
        State::NotReady { reason, message } => {
            json!({"type": "NotReady", "status": "True", "reason": reason, "message": message})
        }
    });
    for condition in &mut desired {
        let same = |old: &&Value| ["type", "reason", "message"].iter().all(|field| old[*field] == condition[*field]);
        let old = before.as_array().and_then(|list| list.iter().find(same));
        let since = old.map_or_else(|| json!(now), |old| old["lastTransitionTime"].clone());
        condition["lastTransitionTime"] = since;
    }
    Value::Array(desired)
}

/// The conditions in a few words, for the log.
fn summary(conditions: &Value) -> String {
    let one = |condition: &Value| {
        let field = |name: &str| condition[name].as_str().unwrap_or_default().to_owned();
        let words = [field("type"), field("reason"), field("message")];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    };
    conditions.as_array().map(|all| all.iter().map(one).collect::<Vec<_>>().join("; ")).unwrap_or_default()
}

/// Writes a status if it differs: the conditions, `observedGeneration` and `fields`.
///
/// # Errors
/// If the API server refuses. It is not an error if the resource is gone.
pub async fn write(
    context: &Context,
    object: &DynamicObject,
    state: &State,
    warnings: &[String],
    fields: Value,
) -> Result<(), Error> {
    let before = &object.data["status"];
    let mut status = fields;
    status["conditions"] = conditions(state, warnings, &before["conditions"]);
    status["observedGeneration"] = json!(object.metadata.generation);
    let unchanged = status.as_object().is_some_and(|fields| fields.iter().all(|(key, value)| before[key] == *value));
    if unchanged {
        return Ok(());
    }
    let types = object.types.clone().unwrap_or_default();
    let kind = context.catalog.kind(&types.kind, Some(&types.api_version)).await?;
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    let name = object.metadata.name.clone().unwrap_or_default();
    let patch = json!({"status": status});
    let written = kind
        .api(context.catalog.client(), &namespace)
        .patch_status(&name, &PatchParams::default(), &Patch::Merge(&patch))
        .await;
    match written {
        Ok(_) => {
            let (now, was) = (summary(&status["conditions"]), summary(&before["conditions"]));
            if now != was {
                let of = |text: String| if text.is_empty() { "without a status".to_owned() } else { text };
                let kind = &types.kind;
                info!(target: LOG, "{kind} {namespace}/{name}: {}, was {}", of(now), of(was));
            }
            Ok(())
        }
        Err(kube::Error::Api(answer)) if answer.code == 404 => Ok(()),
        Err(error) => {
            Err(kubeapi::Error::request(format!("write the status of {} {namespace}/{name}", types.kind))(error).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_says_what_a_status_came_to() {
        let state = conditions(&State::not_ready("Creating", "waiting for Pods"), &["disks".to_owned()], &Value::Null);
        assert_eq!(summary(&state), "Warning Standin disks; NotReady Creating waiting for Pods");
        assert_eq!(summary(&Value::Null), "");
    }

    #[test]
    fn an_unchanged_condition_keeps_its_time() {
        let before = json!([{"type": "NotReady", "status": "True", "reason": "Creating", "message": "m", "lastTransitionTime": "2026-01-01T00:00:00Z"}]);
        let same = conditions(&State::not_ready("Creating", "m"), &[], &before);
        assert_eq!(same, before);
        let other = conditions(&State::Ready, &["disks".to_owned()], &before);
        assert_eq!(other[0]["type"], "Warning");
        assert_eq!(other[1]["type"], "Ready");
        assert_ne!(other[1]["lastTransitionTime"], "2026-01-01T00:00:00Z");
        assert_eq!(other.as_array().map(Vec::len), Some(2));
    }
}
