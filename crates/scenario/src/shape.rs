//! Checks a tree against the schema of a scenario. It reports every unknown key, wrong type and missing key with its
//! place. serde would stop at the first error, and would point at the wrong token for a missing key.

use super::problem::{Problem, Source};
use super::tree::{Content, Entry, Node};
use model::suggest;
use serde_json::Value;
use std::ops::Range;

/// Reports every place where `root` does not match `schema`, which has the form that schemars writes.
pub(crate) fn check(source: &Source, root: &Node, schema: &Value) -> Vec<Problem> {
    let mut checker = Checker { source, schema, problems: Vec::new() };
    checker.node(root, schema, "the scenario", root.head(), None);
    checker.problems
}

struct Checker<'a> {
    source: &'a Source,
    schema: &'a Value,
    problems: Vec<Problem>,
}

impl<'a> Checker<'a> {
    /// `holder` is the place of the value's key. `meaning` is the key's description.
    fn node(&mut self, node: &Node, schema: &'a Value, name: &str, holder: Range<usize>, meaning: Option<&'a str>) {
        let schema = self.follow(schema);
        let meaning = meaning.or_else(|| text(schema, "description"));
        if let Some(choices) = schema["anyOf"].as_array() {
            // schemars writes an optional value like this. A key without a value counts as absent.
            let Some(choice) = choices.iter().find(|choice| choice["type"] != "null") else { return };
            if !matches!(node.content, Content::Null) {
                self.node(node, choice, name, holder, meaning);
            }
            return;
        }
        if schema.get("oneOf").is_some() || schema.get("enum").is_some() || schema.get("const").is_some() {
            self.choice(node, schema, name, holder);
            return;
        }
        let Some(kind) = kind_of(schema) else { return };
        let optional = schema["type"].as_array().is_some_and(|types| types.iter().any(|t| t == "null"));
        match (kind, &node.content) {
            (_, Content::Null) if optional => {}
            ("string", Content::Text(found)) => self.pattern(node, schema, name, found),
            // A number is accepted as a string, as in `port: 9092`. A boolean is not, because `True` and "True" differ.
            ("string", Content::Number(number)) => self.pattern(node, schema, name, &number.to_string()),
            ("boolean", Content::Bool(_)) => {}
            ("integer", Content::Number(number)) => self.whole(node, schema, name, number, meaning),
            ("array", Content::List(items)) => {
                let item_name = match name {
                    "`steps`" => "a step".to_owned(),
                    "`sabotage`" => "a sabotage".to_owned(),
                    list => format!("an item of {list}"),
                };
                for item in items {
                    self.node(item, &schema["items"], &item_name, item.head(), meaning);
                }
            }
            ("object", Content::Map(_)) => self.object(node, schema, name, holder),
            ("object", _) => {
                let required: Vec<&str> = required(schema).collect();
                let needs = format!("it needs {}", suggest::all_of(required.iter().copied()));
                self.wrong_type(node, name, "object", holder, if required.is_empty() { meaning } else { Some(&needs) });
            }
            (kind, _) => self.wrong_type(node, name, kind, holder, meaning),
        }
    }

    fn object(&mut self, node: &Node, schema: &'a Value, name: &str, holder: Range<usize>) {
        let Content::Map(entries) = &node.content else { return };
        let properties = schema["properties"].as_object();
        let mut misspelt = Vec::new();
        for entry in entries {
            let known = properties.and_then(|known| known.get(&entry.key));
            if let Some(property) = known {
                let meaning = text(property, "description");
                self.node(&entry.value, property, &format!("`{}`", entry.key), entry.span.clone(), meaning);
            } else if schema["additionalProperties"] == false {
                let names = properties.into_iter().flat_map(|known| known.keys().map(String::as_str));
                let taken = |name: &&str| !entries.iter().any(|entry| entry.key == **name);
                let free: Vec<&str> = names.filter(taken).collect();
                misspelt.extend(suggest::nearest(&entry.key, free.iter().copied()));
                let problem =
                    Problem::error("scenario::unknown-key", self.source, format!("{name} has no key `{}`", entry.key));
                self.problems
                    .push(problem.at(entry.span.clone(), "unknown key").help(suggest::advice(&entry.key, free)));
            } else if schema["additionalProperties"].is_object() {
                let named = format!("`{}`", entry.key);
                self.node(&entry.value, &schema["additionalProperties"], &named, entry.span.clone(), None);
            }
        }
        for required in required(schema) {
            // The misspelt key has already been reported, with this key as the suggestion.
            if node.entry(required).is_none() && !misspelt.contains(&required) {
                let problem =
                    Problem::error("scenario::missing-key", self.source, format!("{name} has no `{required}`"));
                let problem = problem.at(holder.clone(), format!("needs `{required}`"));
                let meaning = properties.and_then(|known| known.get(required)).and_then(|p| text(p, "description"));
                self.problems.push(match meaning {
                    Some(meaning) => problem.help(format!("`{required}`: {}", one_line(meaning))),
                    None => problem,
                });
            }
        }
    }

    /// An enum: strings, and mappings with one key.
    fn choice<'n>(&mut self, node: &'n Node, schema: &'a Value, name: &str, holder: Range<usize>) {
        let (mut words, mut keyed) = (Vec::new(), Vec::new());
        collect(schema, &mut words, &mut keyed);
        let keys: Vec<&str> = keyed.iter().map(|(key, _)| *key).collect();
        let all: Vec<&str> = words.iter().chain(&keys).copied().collect();
        let unknown = |found: &str, span: Range<usize>| {
            Problem::error("scenario::unknown-word", self.source, format!("{name} cannot be `{found}`"))
                .at(span, "unknown value")
                .help(suggest::advice(found, all.iter().copied()))
        };
        // Keys that may accompany the one key, such as a step's `id`.
        let beside = |key: &str| {
            let choices = schema["oneOf"].as_array().into_iter().flatten();
            let mut properties = choices.filter_map(|choice| {
                let optional = !required(choice).any(|required| required == key);
                choice["properties"].get(key).filter(|_| optional)
            });
            properties.next()
        };
        let keywords = |entries: &'n [Entry]| entries.iter().filter(|entry| beside(&entry.key).is_none());
        if let Content::Map(entries) = &node.content {
            for entry in entries {
                if let Some(inner) = beside(&entry.key) {
                    self.node(&entry.value, inner, &format!("`{}`", entry.key), entry.span.clone(), None);
                }
            }
        }
        match &node.content {
            // A rule of the linter suggests the current word.
            Content::Text(found) if words.contains(&found.as_str()) || former(schema, found) => {}
            Content::Text(found) if keys.contains(&found.as_str()) => self.problems.push(
                Problem::error("scenario::wrong-type", self.source, format!("`{found}` needs a value"))
                    .at(node.span.clone(), "found a string, expected a mapping")
                    .help(format!("write it as `{found}: ...`")),
            ),
            Content::Text(found) => self.problems.push(unknown(found, node.span.clone())),
            Content::Map(entries) if keywords(entries).count() == 1 => {
                let Some(entry) = keywords(entries).next() else { return };
                match keyed.iter().find(|(key, _)| *key == entry.key) {
                    Some((key, inner)) => {
                        self.node(&entry.value, inner, &format!("`{key}`"), entry.span.clone(), None);
                    }
                    None => self.problems.push(unknown(&entry.key, entry.span.clone())),
                }
            }
            Content::Map(entries) if !keys.is_empty() => {
                let found: Vec<&str> = keywords(entries).map(|entry| entry.key.as_str()).collect();
                let (message, label) = match found.len() {
                    0 => (format!("{name} has no keyword, expected exactly one"), "needs a keyword"),
                    several => (format!("{name} has {several} keys, expected exactly one"), "one too many"),
                };
                let span = keywords(entries).nth(1).map_or(holder, |second| second.span.clone());
                let both_known = found.len() > 1 && found.iter().all(|key| keys.contains(key));
                let help = if both_known {
                    "write each as a separate item: begin the second with `- `".to_owned()
                } else {
                    format!(
                        "indent the step's keys below its keyword, or write them inside `{{ }}`; the keyword must be {}",
                        suggest::one_of(keys)
                    )
                };
                self.problems
                    .push(Problem::error("scenario::one-key", self.source, message).at(span, label).help(help));
            }
            _ => {
                let problem = Problem::error(
                    "scenario::wrong-type",
                    self.source,
                    format!("{name}: found {}, expected {}", node.describe(), suggest::one_of(all)),
                );
                let span = if matches!(node.content, Content::Null) { holder } else { node.head() };
                self.problems.push(problem.at(span, "wrong type"));
            }
        }
    }

    fn pattern(&mut self, node: &Node, schema: &Value, name: &str, found: &str) {
        // The only pattern in the types is that of a duration.
        if schema.get("pattern").is_some()
            && let Err(error) = found.parse::<super::Span>()
        {
            let problem = Problem::error("scenario::duration", self.source, format!("{name}: {error}"));
            self.problems.push(problem.at(node.span.clone(), "not a duration"));
        }
    }

    fn whole(&mut self, node: &Node, schema: &Value, name: &str, number: &serde_json::Number, meaning: Option<&str>) {
        let (least, most) = match schema["format"].as_str() {
            Some("uint16") => (0, i128::from(u16::MAX)),
            Some("uint32") => (0, i128::from(u32::MAX)),
            Some("uint64") => (0, i128::from(u64::MAX)),
            Some("int32") => (i128::from(i32::MIN), i128::from(i32::MAX)),
            _ => (i128::from(i64::MIN), i128::from(u64::MAX)),
        };
        let value = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        if value.is_none_or(|value| value < least || value > most) {
            let message = format!("{name}: found the number {number}, expected a whole number from {least} to {most}");
            let problem =
                Problem::error("scenario::number", self.source, message).at(node.span.clone(), "out of range");
            self.problems.push(with_meaning(problem, meaning));
        }
    }

    fn wrong_type(&mut self, node: &Node, name: &str, kind: &str, holder: Range<usize>, meaning: Option<&str>) {
        let expected = match kind {
            "string" => "a string",
            "integer" => "a whole number",
            "boolean" => "`true` or `false`",
            "array" => "a list",
            "object" => "a mapping",
            other => other,
        };
        let message = format!("{name}: found {}, expected {expected}", node.describe());
        let span = if matches!(node.content, Content::Null) { holder } else { node.head() };
        let problem = Problem::error("scenario::wrong-type", self.source, message).at(span, "wrong type");
        self.problems.push(match (&node.content, kind) {
            (Content::Bool(_), "string") => problem.help("put it in quotes, as in \"True\""),
            (Content::Text(_), "array") => {
                problem.help("write the list as `[...]`, or each item on its own line after `- `")
            }
            _ => with_meaning(problem, meaning),
        });
    }

    fn follow(&self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.schema.pointer(pointer).unwrap_or(schema),
            None => schema,
        }
    }
}

fn with_meaning(problem: Problem, meaning: Option<&str>) -> Problem {
    match meaning {
        Some(meaning) => problem.help(one_line(meaning)),
        None => problem,
    }
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn kind_of(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        _ => None,
    }
}

/// The strings and the one-key mappings among the alternatives of an enum.
fn collect<'a>(schema: &'a Value, words: &mut Vec<&'a str>, keyed: &mut Vec<(&'a str, &'a Value)>) {
    for choice in schema["oneOf"].as_array().into_iter().flatten() {
        collect(choice, words, keyed);
    }
    words.extend(schema["const"].as_str());
    words.extend(schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str));
    if schema["type"] == "object" {
        keyed.extend(required(schema).filter_map(|key| Some((key, schema["properties"].get(key)?))));
    }
}

/// Whether this is a word of an earlier release, which this release still reads.
fn former(schema: &Value, word: &str) -> bool {
    schema["x-former-words"].as_array().is_some_and(|former| former.iter().any(|one| one == word))
}

fn text<'a>(schema: &'a Value, key: &str) -> Option<&'a str> {
    schema[key].as_str()
}

pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
