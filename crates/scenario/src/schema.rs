//! Generates the JSON Schema of `scenario.yaml` from the types.

use super::step_item::ID;
use super::{Scenario, Step};
use schemars::JsonSchema;
use serde_json::Value;
use std::collections::BTreeMap;

/// The schema as a value. Its keys are sorted, so that the features of other crates do not change the committed file.
pub fn schema() -> Value {
    of::<Scenario>()
}

/// The same for another type whose files contain steps.
pub(crate) fn of<T: JsonSchema>() -> Value {
    let mut schema = schemars::schema_for!(T).to_value();
    name_steps(&mut schema);
    say_default_deadlines(&mut schema);
    sorted(schema)
}

/// Adds the optional name of a step, which the enum's variants do not have.
fn name_steps(schema: &mut Value) {
    for step in schema["$defs"]["Step"]["oneOf"].as_array_mut().into_iter().flatten() {
        step["properties"][ID] = serde_json::json!({
            "type": "string",
            "description": "The name of the step in sabotage and in reports.",
        });
    }
}

/// Adds the default of each step's `within`, which is a constant in the code, to the description.
fn say_default_deadlines(schema: &mut Value) {
    let defaults: BTreeMap<String, String> = Step::default_deadlines()
        .filter_map(|(keyword, within)| Some((definition(schema, keyword)?, within.to_string())))
        .collect();
    for (name, within) in defaults {
        let property = &mut schema["$defs"][&name]["properties"]["within"];
        let text = property["description"].as_str().unwrap_or_default();
        property["description"] = format!("{text} Default: {within}.").into();
    }
}

/// The name of the definition that has a step's keys.
fn definition(schema: &Value, keyword: &str) -> Option<String> {
    let steps = schema["$defs"]["Step"]["oneOf"].as_array()?;
    let reference = steps.iter().find_map(|step| step["properties"].get(keyword)?["$ref"].as_str())?;
    reference.strip_prefix("#/$defs/").map(ToOwned::to_owned)
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            let entries: BTreeMap<String, Value> =
                entries.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// The text that `scenario schema` prints and that `scenarios/schema.json` contains.
pub fn schema_text() -> String {
    // Printing a JSON value cannot fail. The alternate form is indented.
    format!("{:#}\n", schema())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_the_one_of_the_types() {
        let path = model::paths::scenarios().join("schema.json");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, schema_text()).expect("scenarios/schema.json can be written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == schema_text(), "scenarios/schema.json has drifted: run UPDATE_DOCS=1 cargo test schema");
    }

    #[test]
    fn each_default_deadline_is_described_once() {
        let schema = schema();
        for (keyword, within) in Step::default_deadlines() {
            let name = definition(&schema, keyword).expect(keyword);
            let text = schema["$defs"][&name]["properties"]["within"]["description"].as_str().expect(keyword);
            assert!(text.ends_with(&format!(". Default: {within}.")), "{keyword}: {text}");
            assert_eq!(text.matches("Default").count(), 1, "{keyword}: {text}");
        }
        assert!(Step::default_deadlines().any(|(keyword, within)| keyword == "refuse" && within.to_string() == "15s"));
    }

    #[test]
    fn every_committed_scenario_names_the_schema_for_editors() {
        for name in crate::names(&model::paths::scenarios()) {
            let text = std::fs::read_to_string(model::paths::scenarios().join(&name).join("scenario.yaml"))
                .expect("a scenario is readable");
            assert!(text.starts_with("# yaml-language-server: $schema=../schema.json\n"), "{name}");
        }
    }
}
