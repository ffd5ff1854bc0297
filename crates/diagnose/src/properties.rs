//! A Kafka client's properties file in Java's format, as far as a diagnosis needs it.
//!
//! A key that would change how the client connects and that is not supported is an error. A key that has nothing to do with
//! the connection is left alone.

use super::jaas;
use super::walk_client::WalkClient;
use probe::{Login, Mechanism};
use std::path::{Path, PathBuf};

/// Why a file cannot be used. A message never contains the value of a password.
#[derive(Debug, thiserror::Error)]
pub enum PropertiesError {
    #[error("cannot read {path}: {source}")]
    Read { path: String, source: std::io::Error },
    /// `place` is the file with the line.
    #[error("{place}: {key}: found {found}; expected {expected}")]
    Invalid { place: String, key: String, found: String, expected: String },
}

/// What a properties file says.
#[derive(Debug, Default)]
pub struct Properties {
    /// The value of `bootstrap.servers`.
    pub bootstrap: Option<String>,
    pub client: WalkClient,
}

/// One key with its value and its line.
struct Entry {
    line: usize,
    key: String,
    value: String,
}

/// Keys of the connection that this program uses.
const USED: [&str; 15] = [
    "bootstrap.servers",
    "security.protocol",
    "ssl.truststore.location",
    "ssl.truststore.certificates",
    "ssl.truststore.type",
    "ssl.truststore.password",
    "ssl.keystore.location",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.type",
    "ssl.keystore.password",
    "ssl.endpoint.identification.algorithm",
    "sasl.mechanism",
    "sasl.jaas.config",
    "ssl.protocol",
];

impl Properties {
    /// Reads the file. Relative paths in it are those of the current folder, as for Java.
    ///
    /// # Errors
    /// If the file or one that it names cannot be read, or if a key of the connection has an unknown name or value.
    pub fn read(path: &Path) -> Result<Self, PropertiesError> {
        Self::parse(&path.display().to_string(), &read(path)?)
    }

    fn parse(file: &str, text: &str) -> Result<Self, PropertiesError> {
        let entries = entries(text);
        let at = |line: usize| format!("{file}:{line}");
        let invalid = |entry: &Entry, found: &str, expected: &str| PropertiesError::Invalid {
            place: at(entry.line),
            key: entry.key.clone(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        };
        for entry in &entries {
            let connection = entry.key.starts_with("ssl.") || entry.key.starts_with("sasl.");
            if connection && !USED.contains(&entry.key.as_str()) {
                let near = model::suggest::nearest(&entry.key, USED);
                let expected = near.map_or_else(|| format!("one of {}", USED.join(", ")), |near| format!("`{near}`"));
                return Err(invalid(entry, "a key that is not supported", &expected));
            }
        }
        let get = |key: &str| entries.iter().rev().find(|entry| entry.key == key);
        let (tls, sasl) = match get("security.protocol") {
            None => (false, false),
            Some(entry) => match entry.value.to_ascii_uppercase().as_str() {
                "PLAINTEXT" => (false, false),
                "SSL" => (true, false),
                "SASL_PLAINTEXT" => (false, true),
                "SASL_SSL" => (true, true),
                _ => return Err(invalid(entry, &quoted(&entry.value), "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL")),
            },
        };
        for kind in ["ssl.truststore.type", "ssl.keystore.type"] {
            if let Some(entry) = get(kind).filter(|entry| tls && !entry.value.eq_ignore_ascii_case("PEM")) {
                let expected = "PEM; `openssl pkcs12 -in FILE -nokeys` converts a PKCS12 store";
                return Err(invalid(entry, &quoted(&entry.value), expected));
            }
        }
        if let Some(entry) = get("ssl.endpoint.identification.algorithm").filter(|entry| tls && entry.value.is_empty())
        {
            return Err(invalid(entry, "no value", "https: a diagnosis always compares the names in certificates"));
        }
        let stored = |location: &str, inline: &str| -> Result<Option<String>, PropertiesError> {
            if let Some(entry) = get(inline) {
                return Ok(Some(pem_lines(&entry.value)));
            }
            let Some(entry) = get(location) else { return Ok(None) };
            let text = read(&PathBuf::from(&entry.value))
                .map_err(|error| invalid(entry, &error.to_string(), "the path of a file in PEM form"))?;
            if text.contains("-----BEGIN") {
                Ok(Some(text))
            } else {
                Err(invalid(entry, &format!("no PEM text in {}", entry.value), "a file in PEM form"))
            }
        };
        let ca = if tls { stored("ssl.truststore.location", "ssl.truststore.certificates")? } else { None };
        let chain = if tls { stored("ssl.keystore.location", "ssl.keystore.certificate.chain")? } else { None };
        let identity = match (chain, get("ssl.keystore.key")) {
            (Some(chain), Some(key)) => Some((chain, pem_lines(&key.value))),
            // A PEM store holds both.
            (Some(both), None) => Some((both.clone(), both)),
            (None, _) => None,
        };
        let login = if sasl { Some(login(&entries, &invalid, file)?) } else { None };
        let bootstrap = get("bootstrap.servers").map(|entry| entry.value.clone());
        Ok(Self { bootstrap, client: WalkClient { tls, ca, identity, login } })
    }
}

fn login(
    entries: &[Entry],
    invalid: &dyn Fn(&Entry, &str, &str) -> PropertiesError,
    file: &str,
) -> Result<Login, PropertiesError> {
    let required = |key: &str, expected: &str| {
        entries.iter().rev().find(|entry| entry.key == key).ok_or_else(|| PropertiesError::Invalid {
            place: file.to_owned(),
            key: key.to_owned(),
            found: "no such key, although security.protocol requires SASL".to_owned(),
            expected: expected.to_owned(),
        })
    };
    let known = "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512";
    let entry = required("sasl.mechanism", known)?;
    let mechanism = Mechanism::ALL.into_iter().find(|one| one.name() == entry.value);
    let mechanism = mechanism.ok_or_else(|| invalid(entry, &quoted(&entry.value), known))?;
    let form = "`CLASS required username=\"...\" password=\"...\";`";
    let entry = required("sasl.jaas.config", form)?;
    let (module, user, password) = jaas::parse(&entry.value).map_err(|found| invalid(entry, &found, form))?;
    let wanted = if mechanism == Mechanism::Plain { "PlainLoginModule" } else { "ScramLoginModule" };
    if !module.ends_with(wanted) {
        return Err(invalid(
            entry,
            &quoted(&module),
            &format!("a {wanted}, as sasl.mechanism={} needs", mechanism.name()),
        ));
    }
    Ok(Login { mechanism, user, password })
}

fn read(path: &Path) -> Result<String, PropertiesError> {
    let at = || path.display().to_string();
    std::fs::read_to_string(path).map_err(|source| PropertiesError::Read { path: at(), source })
}

/// PEM with its line ends. Java takes a whole certificate in one line, with blanks where the line ends were.
fn pem_lines(text: &str) -> String {
    if text.contains('\n') || !text.contains("-----BEGIN") {
        return text.to_owned();
    }
    let mut out = String::new();
    for part in text.split("-----") {
        let part = part.trim();
        if part.starts_with("BEGIN ") || part.starts_with("END ") {
            out.extend(["-----", part, "-----\n"]);
        } else if !part.is_empty() {
            out.extend(part.split_whitespace().flat_map(|line| [line, "\n"]));
        }
    }
    out
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// The entries of the file, by Java's rules: comments with `#` or `!`, `=`, `:` or blanks between key and value, and a
/// backslash at the end of a line that goes on.
fn entries(text: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let mut logical = line.trim_start().to_owned();
        if logical.is_empty() || logical.starts_with(['#', '!']) {
            continue;
        }
        while goes_on(&logical) {
            logical.pop();
            let Some((_, next)) = lines.next() else { break };
            logical.push_str(next.trim_start());
        }
        let end = separator(&logical).unwrap_or(logical.len());
        let (key, rest) = logical.split_at(end);
        let rest = rest.trim_start();
        let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
        found.push(Entry { line: at + 1, key: unescaped(key), value: unescaped(value.trim_end_matches('\r')) });
    }
    found
}

fn goes_on(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Where the key ends: at the first separator without a backslash before it.
fn separator(line: &str) -> Option<usize> {
    let mut escaped = false;
    line.char_indices().find_map(|(at, one)| {
        let ends = !escaped && (one == '=' || one == ':' || one.is_whitespace());
        escaped = one == '\\' && !escaped;
        ends.then_some(at)
    })
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(one) = characters.next() {
        match (one, one == '\\') {
            (_, true) => match characters.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some('u') => {
                    let digits: String = characters.by_ref().take(4).collect();
                    out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                }
                Some(other) => out.push(other),
                None => {}
            },
            (other, false) => out.push(other),
        }
    }
    out
}

#[cfg(test)]
#[path = "properties_tests.rs"]
mod tests;
