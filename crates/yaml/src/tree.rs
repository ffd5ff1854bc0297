//! Reads YAML with the place of every key and value.

use super::problem::{Problem, Source};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Options, Spanned};
use std::fmt;
use std::ops::Range;

/// Deeper nesting is refused before it can exhaust the stack.
const DEEPEST: usize = 100;

/// A value and the bytes of the file where it starts.
#[derive(Clone, Debug)]
pub struct Node {
    pub span: Range<usize>,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub enum Content {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub span: Range<usize>,
    pub value: Node,
}

impl Node {
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.content {
            Content::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The place of a path such as `/steps/3/wait`, or of its nearest existing parent. The place of a mapping is its
    /// key.
    pub fn place(&self, pointer: &str) -> Range<usize> {
        let mut node = self;
        let mut place = self.span.clone();
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let next = match &node.content {
                Content::Map(entries) => entries.iter().find(|entry| entry.key == step).map(|entry| {
                    let nested = matches!(entry.value.content, Content::Map(_) | Content::List(_) | Content::Null);
                    (if nested { entry.span.clone() } else { entry.value.span.clone() }, &entry.value)
                }),
                Content::List(items) => {
                    step.parse().ok().and_then(|index: usize| items.get(index)).map(|item| (item.head(), item))
                }
                _ => None,
            };
            let Some((found, value)) = next else { break };
            place = found;
            node = value;
        }
        place
    }

    /// The first key of a mapping, otherwise the value itself.
    pub fn head(&self) -> Range<usize> {
        match &self.content {
            Content::Map(entries) => entries.first().map_or_else(|| self.span.clone(), |entry| entry.span.clone()),
            _ => self.span.clone(),
        }
    }

    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(truth) => Value::Bool(*truth),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Content::Map(entries) => {
                Value::Object(entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect())
            }
        }
    }

    /// A description for messages, such as "the number 30".
    pub fn describe(&self) -> String {
        match &self.content {
            Content::Null => "nothing".to_owned(),
            Content::Bool(truth) => format!("`{truth}`"),
            Content::Number(number) => format!("the number {number}"),
            Content::Text(text) if text.chars().count() > 40 => "a string".to_owned(),
            Content::Text(text) => format!("the string `{text}`"),
            Content::List(_) => "a list".to_owned(),
            Content::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// The documents of a YAML file. A document without content is `Null`. The code of an error begins with `family`.
///
/// # Errors
/// What is not valid YAML, or more than the limits allow.
pub fn documents(source: &Source, family: &str) -> Result<Vec<Node>, Box<Problem>> {
    let text = source.text();
    let raw: Vec<Spanned<Raw>> = serde_saphyr::from_multiple_with_options(text, options(text))
        .map_err(|error| Box::new(syntax(source, family, &error)))?;
    Ok(raw.into_iter().map(|node| finish(node, text)).collect())
}

/// Limits on depth and size, so that no input can exhaust memory or stack. A text without aliases has fewer nodes than bytes,
/// so only aliases that multiply meet the limits of a large one.
pub fn options(text: &str) -> Options {
    let mut budget = serde_saphyr::budget::Budget::default();
    budget.max_depth = DEEPEST;
    budget.max_documents = budget.max_documents.max(text.len());
    budget.max_nodes = budget.max_nodes.max(text.len());
    budget.max_events = budget.max_events.max(text.len().saturating_mul(2));
    let mut options = Options::default();
    options.budget = Some(budget);
    options
}

/// Turns an error of the YAML parser into a problem at its place.
pub fn syntax(source: &Source, family: &str, error: &serde_saphyr::Error) -> Problem {
    let error = error.without_snippet();
    let text = source.text();
    let span = error.location().map_or(0..0, |location| bytes(location, text));
    let duplicate = match error {
        serde_saphyr::Error::DuplicateMappingKey { key, .. } => Some(key.clone().unwrap_or_default()),
        _ => None,
    };
    if let Some(key) = duplicate {
        return Problem::error(format!("{family}::duplicate-key"), source, format!("the key `{key}` occurs twice"))
            .at(span, "the second one")
            .help("remove one of the two");
    }
    let rendered = error.to_string();
    let message = rendered.split(" at line ").next().unwrap_or(&rendered).to_owned();
    if message.contains("budget breached") {
        let message = format!("the file is not read to its end: {message}");
        return Problem::error(format!("{family}::syntax"), source, message)
            .at(span, "the parser stopped here")
            .help("write fewer aliases and less deep nesting, or split the file");
    }
    let problem = Problem::error(format!("{family}::syntax"), source, format!("the file is not valid YAML: {message}"));
    problem.at(span.clone(), "the parser stopped here").help(syntax_help(&message, text, span.start))
}

/// The most likely reason for a parser's error.
fn syntax_help(message: &str, text: &str, at: usize) -> &'static str {
    let line_start = text[..at.min(text.len())].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    if line.trim_start_matches(' ').starts_with('\t') {
        "indent YAML with spaces, not with tabs"
    } else if message.contains("quote") {
        "close the quotation mark: one above is probably never closed"
    } else if message.contains("flow") && line.contains("${") {
        "put the string with `${...}` in double quotes: inside `{ }` and `[ ]`, YAML reads its braces as a mapping"
    } else {
        "look for a missing quotation mark, bracket or colon, or for wrong indentation, here or in the line above"
    }
}

/// The bytes of a place. The parser reports them, except in errors of its scanner, which count characters.
fn bytes(location: Location, text: &str) -> Range<usize> {
    let span = location.span();
    let known = span.byte_offset().zip(span.byte_len()).map(|(start, length)| (start as usize, length as usize));
    if let Some((start, length)) = known.filter(|(start, length)| start + length <= text.len()) {
        return start..start + length;
    }
    let line_start: usize = text.split_inclusive('\n').take((location.line().max(1) - 1) as usize).map(str::len).sum();
    let column = location.column().max(1) - 1;
    let in_line: usize =
        text[line_start..].chars().take(column as usize).take_while(|c| *c != '\n').map(char::len_utf8).sum();
    let start = line_start + in_line;
    start..start + text[start..].chars().next().map_or(0, char::len_utf8)
}

fn finish(node: Spanned<Raw>, text: &str) -> Node {
    let span = bytes(node.referenced, text);
    let content = match node.value {
        Raw::Null => Content::Null,
        Raw::Bool(truth) => Content::Bool(truth),
        Raw::Number(number) => Content::Number(number),
        Raw::Text(text) => Content::Text(text),
        Raw::List(items) => Content::List(items.into_iter().map(|item| finish(item, text)).collect()),
        Raw::Map(entries) => Content::Map(
            entries
                .into_iter()
                .map(|(key, value)| Entry {
                    span: bytes(key.referenced, text),
                    key: key.value,
                    value: finish(value, text),
                })
                .collect(),
        ),
    };
    Node { span, content }
}

enum Raw {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any YAML value")
            }
            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }
            fn visit_none<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
                Raw::deserialize(deserializer)
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Raw, E> {
                Ok(Raw::Bool(truth))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Raw, E> {
                Ok(Raw::Number(number.into()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Raw, E> {
                Ok(Raw::Number(number.into()))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Raw, E> {
                // JSON cannot express infinity, and no field here needs it.
                Ok(serde_json::Number::from_f64(number).map_or_else(|| Raw::Text(number.to_string()), Raw::Number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
                Ok(Raw::Text(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Raw::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
                let mut map = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    map.push(entry);
                }
                Ok(Raw::Map(map))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
