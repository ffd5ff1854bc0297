//! `${...}`: the variables of scenarios and manifests. The list is closed, there are no expressions, and `$${` stands
//! for `${`.

use super::suggest;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// When a variable has a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    Always,
    /// Only with an exclusive listener.
    Exclusive,
    /// Only in a manifest that a step applies in copies.
    Copy,
}

/// One variable.
#[derive(Debug)]
pub struct Variable {
    pub name: &'static str,
    /// Its name in earlier releases, which is still understood.
    pub former: Option<&'static str>,
    /// What it stands for.
    pub meaning: &'static str,
    /// A typical value, which the linter substitutes.
    pub sample: &'static str,
    pub when: When,
}

const fn always(name: &'static str, sample: &'static str, meaning: &'static str) -> Variable {
    Variable { name, former: None, meaning, sample, when: When::Always }
}

const fn exclusive(name: &'static str, former: &'static str, sample: &'static str, meaning: &'static str) -> Variable {
    Variable { name, former: Some(former), meaning, sample, when: When::Exclusive }
}

/// All variables.
pub const TABLE: &[Variable] = &[
    always("scenario", "a-scenario", "The scenario's name."),
    always(
        "id",
        "0a1b2c",
        "Six hexadecimal digits that only this run of the scenario has: for names in shared places.",
    ),
    always("namespace", "a-scenario-0a1b2c", "The scenario's own namespace: `${scenario}-${id}`."),
    always("domain", "kafka.test", "Every name below it leads to the gateway."),
    always("cluster", "my-cluster", "The Kafka cluster in use: the shared one, or with `cluster: own` the one named."),
    always("kafka.namespace", "kafka", "The namespace of the Kafka cluster in use."),
    always("gateway.class", "traefik", "The GatewayClass of the gateway under test."),
    always(
        "gateway.name",
        "lab",
        "The shared Gateway: TLS passthrough for `*.${domain}`, open to routes from all namespaces.",
    ),
    always("gateway.namespace", "kafka", "The namespace of the shared Gateway."),
    always("gateway.address", "127.0.0.1", "The address where the gateway accepts connections."),
    always("gateway.port", "9092", "The port for TLS passthrough listeners."),
    always("gateway.terminate-port", "9093", "The port for listeners that terminate TLS."),
    always("gateway.second-port", "9094", "A second port for TLS passthrough listeners."),
    always("gateway.tcp-port", "9100", "The TCP port for a bootstrap route."),
    always("gateway.tcp-port-10", "9101", "The TCP port for a route to broker 10."),
    always("gateway.tcp-port-11", "9102", "The TCP port for a route to broker 11."),
    always("gateway.tcp-port-12", "9103", "The TCP port for a route to broker 12."),
    exclusive(
        "listener",
        "slot",
        "slot1",
        "The name of the exclusive listener in the `Kafka` resource, as it stands in names of Services.",
    ),
    exclusive(
        "listener.domain",
        "slot.domain",
        "slot1.kafka.test",
        "The domain of the exclusive listener: brokers advertise `broker-{nodeId}.${listener.domain}`.",
    ),
    exclusive("listener.port", "slot.port", "9101", "The port of the exclusive listener's Services."),
    Variable { name: "copy", former: None, meaning: "The number of the copy, from 1.", sample: "1", when: When::Copy },
];

/// The entry of a variable, by its name or by its former one.
pub fn find(name: &str) -> Option<&'static Variable> {
    TABLE.iter().find(|variable| variable.name == name || variable.former == Some(name))
}

/// What is wrong with a `${`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Wrong {
    #[error("unknown variable `${{{name}}}`")]
    Unknown { name: String },
    #[error("`${{` without `}}`")]
    Unfinished,
    #[error("the variable `${{{name}}}` has no value here")]
    NoValue { name: String },
}

/// A `${` that cannot be replaced, with its position in the text.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{wrong} (line {line}, column {column}); {}", self.advice())]
pub struct Error {
    pub wrong: Wrong,
    /// The range in bytes.
    pub span: Range<usize>,
    pub line: usize,
    pub column: usize,
}

impl Error {
    fn new(wrong: Wrong, text: &str, span: Range<usize>) -> Self {
        let before = &text[..span.start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { wrong, span, line, column }
    }

    /// What to do about it.
    pub fn advice(&self) -> String {
        match &self.wrong {
            Wrong::Unknown { name } => suggest::advice(name, TABLE.iter().map(|variable| variable.name)),
            Wrong::Unfinished => "close it with `}`, or write `$${` for the two characters themselves".to_owned(),
            Wrong::NoValue { name } => match find(name).map(|variable| variable.when) {
                Some(When::Exclusive) => {
                    "it requires an exclusive listener: `kafka: {cluster: shared, listener: exclusive-tls}`".to_owned()
                }
                Some(When::Copy) => "only a manifest that `apply-copies` applies has it".to_owned(),
                _ => "this lab does not offer it".to_owned(),
            },
        }
    }
}

/// Values for variables.
#[derive(Clone, Debug, Default)]
pub struct Variables(BTreeMap<&'static str, String>);

impl Variables {
    pub fn new() -> Self {
        Self::default()
    }

    /// The values that the linter substitutes.
    pub fn samples() -> Self {
        Self(TABLE.iter().map(|variable| (variable.name, variable.sample.to_owned())).collect())
    }

    /// Sets a value. Returns false if there is no such variable.
    #[must_use]
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> bool {
        match find(name) {
            Some(variable) => {
                self.0.insert(variable.name, value.into());
                true
            }
            None => false,
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(find(name)?.name).map(String::as_str)
    }
}

/// A piece of a text.
enum Piece<'a> {
    Text(&'a str),
    /// `$${`
    Escape,
    Name(&'a str),
    Unfinished,
}

fn pieces(text: &str) -> impl Iterator<Item = (Piece<'_>, Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        if rest.is_empty() {
            return None;
        }
        let start = at;
        let (piece, length) = if rest.starts_with("$${") {
            (Piece::Escape, 3)
        } else if let Some(inside) = rest.strip_prefix("${") {
            // A name ends on its own line: an unfinished name must not swallow the rest of the file.
            match inside.find(['}', '\n', '"', '\'', '$']) {
                Some(end) if inside[end..].starts_with('}') => (Piece::Name(&inside[..end]), end + 3),
                end => (Piece::Unfinished, 2 + end.unwrap_or(inside.len())),
            }
        } else {
            let next = [rest.find("$${"), rest.find("${")].into_iter().flatten().min().unwrap_or(rest.len());
            (Piece::Text(&rest[..next]), next)
        };
        at += length;
        Some((piece, start..at))
    })
}

/// The variables in a text with their positions, and every `${` that is not a variable.
pub fn scan(text: &str) -> (Vec<(&'static Variable, Range<usize>)>, Vec<Error>) {
    let (mut used, mut wrong) = (Vec::new(), Vec::new());
    for (piece, span) in pieces(text) {
        match piece {
            Piece::Name(name) => match find(name) {
                Some(variable) => used.push((variable, span)),
                None => wrong.push(Error::new(Wrong::Unknown { name: name.to_owned() }, text, span)),
            },
            Piece::Unfinished => wrong.push(Error::new(Wrong::Unfinished, text, span)),
            Piece::Text(_) | Piece::Escape => {}
        }
    }
    (used, wrong)
}

/// The text with every variable replaced.
///
/// # Errors
/// An unknown or unfinished `${`, or a variable without a value, with its position.
pub fn substitute(text: &str, variables: &Variables) -> Result<String, Error> {
    let mut result = String::with_capacity(text.len());
    for (piece, span) in pieces(text) {
        let wrong = match piece {
            Piece::Text(plain) => {
                result.push_str(plain);
                continue;
            }
            Piece::Escape => {
                result.push_str("${");
                continue;
            }
            Piece::Name(name) => match variables.get(name) {
                Some(value) => {
                    result.push_str(value);
                    continue;
                }
                None if find(name).is_some() => Wrong::NoValue { name: name.to_owned() },
                None => Wrong::Unknown { name: name.to_owned() },
            },
            Piece::Unfinished => Wrong::Unfinished,
        };
        return Err(Error::new(wrong, text, span));
    }
    Ok(result)
}

/// A text with its variables replaced, and a map back to positions in the original.
pub struct Filled {
    pub text: String,
    /// Where each piece begins: in `text`, and in the original.
    starts: Vec<(usize, usize)>,
}

impl Filled {
    /// Replaces what can be replaced and keeps the rest.
    pub fn new(text: &str, variables: &Variables) -> Self {
        let mut filled = Self { text: String::with_capacity(text.len()), starts: Vec::new() };
        for (piece, span) in pieces(text) {
            filled.starts.push((filled.text.len(), span.start));
            filled.text.push_str(match piece {
                Piece::Escape => "${",
                Piece::Name(name) => variables.get(name).unwrap_or(&text[span]),
                Piece::Text(_) | Piece::Unfinished => &text[span],
            });
        }
        filled
    }

    /// Maps a position in the filled text to the original.
    pub fn original(&self, at: usize) -> usize {
        let index = self.starts.partition_point(|(filled, _)| *filled <= at).saturating_sub(1);
        let Some((filled, original)) = self.starts.get(index) else { return at };
        let shifted = original + (at - filled);
        // A position inside a replaced variable maps to at most the variable's end.
        self.starts.get(index + 1).map_or(shifted, |(_, next)| shifted.min(*next))
    }
}

/// Replaces every variable in every text of an item, such as a step, a client or a sabotage. In the values of a patch,
/// a text that consists of one variable with a number becomes that number, because a patch cannot express it otherwise.
///
/// # Errors
/// As for [`substitute`], with the position within the one text.
pub fn resolve<T: Serialize + DeserializeOwned>(item: &T, variables: &Variables) -> Result<T, ResolveError> {
    let mut value = serde_json::to_value(item)?;
    replace(&mut value, variables, false)?;
    Ok(serde_json::from_value(value)?)
}

/// An item of a scenario whose variables cannot be replaced.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    #[error(transparent)]
    Variable(#[from] Error),
    #[error("with its variables replaced, it is no longer a valid item of a scenario: {0}")]
    Form(#[from] serde_json::Error),
}

fn replace(value: &mut Value, variables: &Variables, numbers: bool) -> Result<(), Error> {
    match value {
        Value::String(text) if text.contains("${") => {
            let whole = numbers && text.starts_with("${") && text.find('}') == Some(text.len() - 1);
            let replaced = substitute(text, variables)?;
            *value = match replaced.parse::<u64>() {
                Ok(number) if whole => number.into(),
                _ => Value::String(replaced),
            };
        }
        Value::Array(items) => {
            for item in items {
                replace(item, variables, numbers)?;
            }
        }
        Value::Object(entries) => {
            for (key, item) in entries {
                replace(item, variables, numbers || matches!(key.as_str(), "merge" | "equals" | "value"))?;
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Variables {
        let mut variables = Variables::new();
        assert!(variables.set("domain", "kafka.test"));
        assert!(variables.set("gateway.port", "9092"));
        variables
    }

    #[test]
    fn variables_are_replaced_and_escapes_kept() {
        let replaced = substitute("x.${domain}:${gateway.port} costs $5, $${domain}", &two());
        assert_eq!(replaced.as_deref(), Ok("x.kafka.test:9092 costs $5, ${domain}"));
    }

    #[test]
    fn a_misspelt_variable_is_placed_and_a_better_one_suggested() {
        let error = substitute("a: 1\nb: ${domian}", &two()).expect_err("no such variable");
        assert_eq!((error.line, error.column, error.span.clone()), (2, 4, 8..17));
        assert_eq!(error.to_string(), "unknown variable `${domian}` (line 2, column 4); did you mean `domain`?");
    }

    #[test]
    fn an_unfinished_variable_ends_with_its_line() {
        for text in ["${domain", "a: ${domain\nb: }", "\"${domain\"}", "${"] {
            let error = substitute(text, &two()).expect_err(text);
            assert_eq!(error.wrong, Wrong::Unfinished, "{text}");
        }
    }

    #[test]
    fn a_former_name_is_still_understood() {
        let mut variables = two();
        assert!(variables.set("slot.port", "9101"));
        assert_eq!(substitute("${slot.port} ${listener.port}", &variables).as_deref(), Ok("9101 9101"));
        assert_eq!(scan("${slot}").0[0].0.name, "listener");
    }

    #[test]
    fn a_variable_without_a_value_says_what_it_needs() {
        let error = substitute("${listener}", &two()).expect_err("no exclusive listener");
        assert!(error.to_string().contains("listener: exclusive-tls"), "{error}");
    }
}
