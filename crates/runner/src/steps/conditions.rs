//! Checks whether an object fulfils a `wait` step.

use ::kube::api::DynamicObject;
use kubeapi::{ConditionState, conditions};
use scenario::Wait;
use serde_json::Value;

/// What the step waits for, as a text.
pub fn expectation(wait: &Wait) -> String {
    if wait.gone {
        return "gone".to_owned();
    }
    if let Some(field) = &wait.field {
        return match &wait.equals {
            Some(value) => format!("{field} = {value}"),
            None => format!("{field} exists"),
        };
    }
    let mut text = wait.condition.clone().unwrap_or_default();
    text = format!("{text}={}", wait.status.as_deref().unwrap_or("True"));
    if let Some(reason) = &wait.reason {
        text = format!("{text} ({reason})");
    }
    text
}

/// Checks one object.
pub fn check(wait: &Wait, object: Option<&DynamicObject>) -> ConditionState {
    match object {
        None if wait.gone => ConditionState::Met,
        None => ConditionState::NotYet("it does not exist".to_owned()),
        Some(_) if wait.gone => ConditionState::NotYet("it still exists".to_owned()),
        Some(object) => match &wait.field {
            Some(pointer) => field(pointer, wait.equals.as_ref(), object),
            None => condition(wait, object),
        },
    }
}

fn field(pointer: &str, equals: Option<&Value>, object: &DynamicObject) -> ConditionState {
    // The whole object, because a pointer may also lead into its metadata.
    let whole = serde_json::to_value(object).unwrap_or_default();
    match (whole.pointer(pointer), equals) {
        (None | Some(Value::Null), _) => ConditionState::NotYet(format!("no {pointer}")),
        (Some(_), None) => ConditionState::Met,
        (Some(found), Some(expected)) if same(found, expected) => ConditionState::Met,
        (Some(found), Some(_)) => ConditionState::NotYet(format!("{pointer} = {found}")),
    }
}

/// A number equals its text, because a variable can only be written as a string.
fn same(found: &Value, expected: &Value) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    found == expected || (!found.is_object() && !found.is_array() && text(found) == text(expected))
}

fn condition(wait: &Wait, object: &DynamicObject) -> ConditionState {
    let kind = wait.condition.as_deref().unwrap_or_default();
    let all = conditions(object);
    let matching: Vec<_> = all.iter().filter(|condition| condition["type"] == kind).collect();
    if matching.is_empty() {
        let seen: Vec<_> = all.iter().map(|condition| describe(condition)).collect();
        let seen = if seen.is_empty() { "no conditions".to_owned() } else { seen.join(", ") };
        return ConditionState::NotYet(format!("no condition {kind}; found: {seen}"));
    }
    for condition in &matching {
        let status = wait.status.as_deref().unwrap_or("True");
        let reason = wait.reason.as_deref();
        let stale = match (condition["observedGeneration"].as_i64(), object.metadata.generation) {
            (Some(observed), Some(generation)) => observed < generation,
            _ => false,
        };
        if stale {
            return ConditionState::NotYet(format!(
                "{}, which is for an older generation of the object",
                describe(condition)
            ));
        }
        if condition["status"] != status || reason.is_some_and(|reason| condition["reason"] != reason) {
            return ConditionState::NotYet(describe(condition));
        }
    }
    ConditionState::Met
}

fn describe(condition: &Value) -> String {
    let part = |name: &str| condition[name].as_str().unwrap_or_default().to_owned();
    let mut text = format!("{}={}", part("type"), part("status"));
    if !part("reason").is_empty() {
        text = format!("{text} ({})", part("reason"));
    }
    if !part("message").is_empty() {
        text = format!("{text}: {}", part("message"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wait(text: &str) -> Wait {
        serde_saphyr::from_str(&format!("{{kind: TLSRoute, name: x, within: 1s, {text}}}")).expect("a wait")
    }

    fn route(conditions: Value) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "TLSRoute",
            "metadata": {"name": "x", "generation": 2},
            "status": {"parents": [{"conditions": conditions}]},
        }))
        .expect("an object")
    }

    fn seen(wait: &Wait, object: Option<&DynamicObject>) -> String {
        match check(wait, object) {
            ConditionState::Met => "met".to_owned(),
            ConditionState::NotYet(text) | ConditionState::Failed(text) => text,
        }
    }

    #[test]
    fn a_condition_is_met_with_its_status_reason_and_generation() {
        let accepted = wait("condition: Accepted");
        let good = json!({"type": "Accepted", "status": "True", "reason": "Accepted", "observedGeneration": 2});
        assert_eq!(seen(&accepted, Some(&route(json!([good])))), "met");
        let refused = json!({"type": "Accepted", "status": "False", "reason": "NoMatchingParent", "message": "no"});
        assert_eq!(seen(&accepted, Some(&route(json!([good, refused])))), "Accepted=False (NoMatchingParent): no");
        assert_eq!(seen(&wait("condition: Accepted, status: 'False'"), Some(&route(json!([refused])))), "met");
        let other = wait("condition: Accepted, status: 'False', reason: NotAllowedByListeners");
        assert_eq!(seen(&other, Some(&route(json!([refused])))), "Accepted=False (NoMatchingParent): no");
        let old = json!({"type": "Accepted", "status": "True", "observedGeneration": 1});
        assert_eq!(
            seen(&accepted, Some(&route(json!([old])))),
            "Accepted=True, which is for an older generation of the object"
        );
        assert_eq!(seen(&accepted, Some(&route(json!([])))), "no condition Accepted; found: no conditions");
        assert_eq!(seen(&accepted, None), "it does not exist");
    }

    #[test]
    fn a_field_is_waited_for_by_value() {
        let generation = wait("field: /metadata/generation, equals: '2'");
        assert_eq!(seen(&generation, Some(&route(json!([])))), "met");
        let other = wait("field: /metadata/generation, equals: 3");
        assert_eq!(seen(&other, Some(&route(json!([])))), "/metadata/generation = 2");
        assert_eq!(seen(&wait("field: /status/x"), Some(&route(json!([])))), "no /status/x");
    }

    #[test]
    fn the_end_of_an_object_can_be_waited_for() {
        let gone = wait("gone: true");
        assert_eq!(seen(&gone, None), "met");
        assert_eq!(seen(&gone, Some(&route(json!([])))), "it still exists");
    }
}
