//! The reference of the language, generated from the types: `docs/scenarios.md`.

use super::shape::one_line;
use super::{Step, lint, schema};
use model::Cause;
use model::vars::{TABLE, When};
use serde_json::Value;
use std::fmt::Write;

const HEAD: &str = "\
<!-- Generated from the types of crates/scenario. `UPDATE_DOCS=1 cargo test -p scenario --lib` writes it again. -->
# The scenario language

A scenario is a folder below `scenarios/` with a `scenario.yaml` and manifests. The lab replaces the variables in the
manifests and applies them. `cargo xtask scenario new NAME` writes a first scenario, `cargo xtask scenario lint` finds
errors without a lab, and [the tutorial](tutorial.md) takes ten minutes.

With the first line `# yaml-language-server: $schema=../schema.json`, an editor completes keys and values.

Unknown keys are errors. A duration has a unit: `500ms`, `30s`, `2m`. Keys without \"required\" are optional. Inside
`{ }` and `[ ]`, a string with `${...}` must be in quotes.

";

const EXISTING: &str = "\
An existing cluster, with a topic that the lab deletes at the end:

```yaml
kafka: {cluster: existing, name: prod, namespace: kafka, listener-name: outside}
clients:
  known: {identity: {tls: {user: somebody, namespace: kafka}}}
steps:
  - create-topic: {topic: orders, client: known}
  - produce-and-consume: {topic: orders, client: known, messages: 30}
```
";

/// The reference as Markdown.
pub fn reference() -> String {
    let schema = schema();
    let mut text = HEAD.to_owned();
    // Writing to a String cannot fail.
    let _ = sections(&mut text, &schema);
    text
}

fn sections(out: &mut String, schema: &Value) -> std::fmt::Result {
    writeln!(out, "## scenario.yaml\n\n{}\n", description(schema))?;
    table(out, schema, schema)?;
    for (title, name) in [("needs", "Needs"), ("kafka", "KafkaUse"), ("clients", "Client")] {
        let definition = &schema["$defs"][name];
        writeln!(out, "### `{title}`\n\n{}\n", description(definition))?;
        table(out, schema, definition)?;
    }
    writeln!(out, "### `kafka.cluster`\n\n{}\n", description(&schema["$defs"]["ClusterUse"]))?;
    choices(out, &schema["$defs"]["ClusterUse"])?;
    writeln!(out, "{EXISTING}")?;
    for (title, name) in
        [("port-forward", "PortForward"), ("trust", "Trust"), ("identity", "Identity"), ("kafka.listener", "Listener")]
    {
        let definition = &schema["$defs"][name];
        writeln!(out, "### `{title}`\n\n{}\n", description(definition))?;
        if definition.get("properties").is_some() {
            table(out, schema, definition)?;
        } else {
            choices(out, definition)?;
        }
    }
    writeln!(
        out,
        "## Steps\n\nEach item of `steps` is a mapping with one key, the step's keyword. The item may also have an \
         `id: a-name`.\nSabotage and reports use that name. Without it, the name is the keyword, with `#2` for the second \
         step of its kind.\n"
    )?;
    for keyword in Step::KEYWORDS {
        let Some((meaning, definition)) = step(schema, keyword) else { continue };
        writeln!(out, "### `{keyword}`\n\n{meaning}\n")?;
        match definition["properties"].as_object() {
            Some(_) => {
                let more = description(definition);
                if more.len() > meaning.len() {
                    writeln!(out, "{more}\n")?;
                }
                table(out, schema, definition)?;
            }
            None => writeln!(out, "Its value is the name of a file in the scenario's folder.\n")?,
        }
    }
    writeln!(out, "### `patch.json`\n\n{}\n", description(&schema["$defs"]["JsonChange"]))?;
    table(out, schema, &schema["$defs"]["JsonChange"])?;
    writeln!(out, "### `probe.expect`\n\n{}\n", description(&schema["$defs"]["ProbeWants"]))?;
    table(out, schema, &schema["$defs"]["ProbeWants"])?;
    writeln!(out, "## Sabotage\n\n{}\n", description(&schema["$defs"]["Sabotage"]))?;
    table(out, schema, &schema["$defs"]["Sabotage"])?;
    writeln!(out, "### `expect`\n\n{}\n", description(&schema["$defs"]["Expectation"]))?;
    table(out, schema, &schema["$defs"]["Expectation"])?;
    writeln!(out, "## Causes\n\n{}\n", description(&schema["$defs"]["Cause"]))?;
    causes(out, &schema["$defs"]["Cause"])?;
    variables(out)?;
    conditions(out)
}

fn causes(out: &mut String, definition: &Value) -> std::fmt::Result {
    writeln!(out, "| cause | meaning | for example |\n|---|---|---|")?;
    for choice in definition["oneOf"].as_array().into_iter().flatten() {
        let Ok(cause) = serde_json::from_value::<Cause>(choice["const"].clone()) else { continue };
        writeln!(out, "| `{cause}` | {} | {} |", description(choice), cause.example())?;
    }
    writeln!(out)
}

fn variables(out: &mut String) -> std::fmt::Result {
    writeln!(out, "## Variables\n")?;
    writeln!(
        out,
        "The lab replaces variables in every string of `scenario.yaml` and everywhere in manifests. There are no"
    )?;
    writeln!(out, "expressions. `$${{` stands for the two characters `${{`.\n")?;
    writeln!(out, "| variable | for example | meaning |\n|---|---|---|")?;
    for variable in TABLE {
        let when = match variable.when {
            When::Always => "",
            When::Exclusive => " Only with an exclusive listener.",
            When::Copy => " Only in a manifest that `apply-copies` applies.",
        };
        writeln!(out, "| `${{{}}}` | `{}` | {}{when} |", variable.name, variable.sample, variable.meaning)?;
    }
    writeln!(out)
}

fn conditions(out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "## Conditions\n\nThe condition types that `wait` accepts for each kind.\n\n| kind | conditions |\n|---|---|"
    )?;
    for (kind, conditions) in lint::conditions_table() {
        let conditions: Vec<String> = conditions.iter().map(|condition| format!("`{condition}`")).collect();
        writeln!(out, "| {kind} | {} |", conditions.join(", "))?;
    }
    Ok(())
}

fn table(out: &mut String, schema: &Value, definition: &Value) -> std::fmt::Result {
    writeln!(out, "| key | type | meaning |\n|---|---|---|")?;
    let required: Vec<&str> =
        definition["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut properties: Vec<_> = definition["properties"].as_object().into_iter().flatten().collect();
    properties.sort_by_key(|(key, _)| !required.contains(&key.as_str()));
    for (key, property) in properties {
        let needed = if required.contains(&key.as_str()) { "**required** " } else { "" };
        let kind = kind(schema, property);
        let mut meaning = description(property);
        if meaning.is_empty() {
            meaning = description(follow(schema, property));
        }
        writeln!(out, "| `{key}` | {needed}{kind} | {} |", meaning.replace('|', "\\|"))?;
    }
    writeln!(out)
}

fn choices(out: &mut String, definition: &Value) -> std::fmt::Result {
    writeln!(out, "| word | meaning |\n|---|---|")?;
    for choice in definition["oneOf"].as_array().into_iter().flatten() {
        for (word, inner) in choice["properties"].as_object().into_iter().flatten() {
            let fields: Vec<String> = inner["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(field, property)| {
                    let needed =
                        inner["required"].as_array().is_some_and(|required| required.iter().any(|r| r == field));
                    format!("`{field}`{}: {}", if needed { " (required)" } else { "" }, description(property))
                })
                .collect();
            writeln!(out, "| `{word}: {{...}}` | {} {} |", description(choice), fields.join(" "))?;
        }
        if let Some(word) = choice["const"].as_str() {
            writeln!(out, "| `{word}` | {} |", description(choice))?;
        }
    }
    for word in definition["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        writeln!(out, "| `{word}` | |")?;
    }
    writeln!(out)
}

fn step<'a>(schema: &'a Value, keyword: &str) -> Option<(String, &'a Value)> {
    let variants = schema["$defs"]["Step"]["oneOf"].as_array()?;
    let variant = variants.iter().find(|variant| variant["properties"].get(keyword).is_some())?;
    Some((description(variant), follow(schema, &variant["properties"][keyword])))
}

fn follow<'a>(schema: &'a Value, property: &'a Value) -> &'a Value {
    let property = property["anyOf"].as_array().and_then(|choices| choices.first()).unwrap_or(property);
    match property["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => schema.pointer(pointer).unwrap_or(property),
        None => property,
    }
}

fn kind(schema: &Value, property: &Value) -> String {
    let target = follow(schema, property);
    let mut words = Vec::new();
    for choice in target["oneOf"].as_array().into_iter().flatten() {
        words.extend(choice["const"].as_str().map(|word| format!("`{word}`")));
        words.extend(
            choice["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(|word| format!("`{word}`")),
        );
        words.extend(choice["properties"].as_object().into_iter().flatten().map(|(word, _)| format!("`{word}`")));
    }
    if words.len() > 6 {
        return "see below".to_owned();
    }
    if !words.is_empty() {
        return words.join(", ");
    }
    let kind = match &target["type"] {
        Value::String(kind) => kind.as_str(),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        _ => "",
    };
    match kind {
        "string" if target.get("pattern").is_some() => "time".to_owned(),
        "string" => "string".to_owned(),
        "integer" => "number".to_owned(),
        "boolean" => "`true`, `false`".to_owned(),
        "array" => format!("list: {}", self::kind(schema, &target["items"])),
        "object" => "mapping".to_owned(),
        _ => "anything".to_owned(),
    }
}

fn description(schema: &Value) -> String {
    one_line(schema["description"].as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_reference_is_the_one_of_the_types() {
        let path = model::paths::repo().join("docs/scenarios.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, super::reference()).expect("docs/scenarios.md can be written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == super::reference(),
            "docs/scenarios.md has drifted: run UPDATE_DOCS=1 cargo test reference"
        );
    }

    #[test]
    fn every_key_has_a_description() {
        for line in super::reference().lines() {
            assert!(!line.ends_with("|  |") && !line.ends_with("| |"), "without a meaning: {line}");
        }
    }
}
