//! From `causes.yaml` to `cause_list.rs` and `docs/causes`. It only runs in tests: what it writes is committed.

use super::Severity;
use super::paths::repo;
use serde::Deserialize;
use std::fmt::Write;
use std::{collections::BTreeSet, fs};

const SOURCE: &str = "crates/model/causes.yaml";

/// One entry. A field that is missing or misspelt fails the test.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    number: u16,
    severity: Severity,
    summary: String,
    example: String,
    see: Vec<String>,
    why: String,
    found: String,
    repair: String,
    links: Vec<String>,
}

impl Entry {
    fn variant(&self) -> String {
        let word = |word: &str| word[..1].to_uppercase() + &word[1..];
        self.name.split('-').map(word).collect()
    }

    fn code(&self) -> String {
        format!("KGL{:03}", self.number)
    }
}

fn entries() -> Vec<Entry> {
    let text = fs::read_to_string(repo().join(SOURCE)).expect("causes.yaml");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{SOURCE}: {error}"))
}

fn list(entries: &[Entry]) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "//! Generated from `{SOURCE}`: `UPDATE_DOCS=1 cargo test -p model --lib` writes it anew.\n")?;
    writeln!(out, "use crate::cause::{{CauseEntry, Severity}};\nuse schemars::JsonSchema;")?;
    writeln!(out, "use serde::{{Deserialize, Serialize}};\n")?;
    writeln!(out, "/// The cause of a failed connection or request, as precise as the evidence allows.")?;
    writeln!(
        out,
        "#[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]"
    )?;
    writeln!(out, "#[serde(rename_all = \"kebab-case\")]\npub enum Cause {{")?;
    for entry in entries {
        writeln!(out, "    /// {}\n    {},", entry.summary, entry.variant())?;
    }
    writeln!(out, "}}\n\nimpl Cause {{\n    /// Every cause, in the order of their numbers.")?;
    writeln!(out, "    pub const ALL: [Self; {}] = [", entries.len())?;
    for entry in entries {
        writeln!(out, "        Self::{},", entry.variant())?;
    }
    writeln!(
        out,
        "    ];\n\n    pub(crate) fn entry(self) -> &'static CauseEntry {{\n        &ENTRIES[self as usize]\n    }}\n}}\n"
    )?;
    writeln!(out, "static ENTRIES: [CauseEntry; {}] = [", entries.len())?;
    for entry in entries {
        writeln!(
            out,
            "    CauseEntry {{\n        name: {:?},\n        number: {},\n        severity: Severity::{:?},\n        \
             summary: {:?},\n        example: {:?},\n        repair: {:?},\n    }},",
            entry.name, entry.number, entry.severity, entry.summary, entry.example, entry.repair
        )?;
    }
    writeln!(out, "];")?;
    Ok(out)
}

fn page(entry: &Entry) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "<!-- Generated from {SOURCE}: `UPDATE_DOCS=1 cargo test -p model --lib` writes it anew. -->")?;
    writeln!(out, "# {} {}\n\n{}\n", entry.code(), entry.name, entry.summary)?;
    writeln!(out, "Severity: {}. [All causes](README.md)\n\n## What you see\n", entry.severity.word())?;
    for line in &entry.see {
        writeln!(out, "- {line}")?;
    }
    writeln!(out, "\n## Why\n\n{}\n\n## How it was found\n\n{}\n", entry.why, entry.found)?;
    writeln!(out, "## How to repair it\n\n{}\n\n## Example\n\n{}\n\n## Links\n", entry.repair, entry.example)?;
    for link in &entry.links {
        writeln!(out, "- <{link}>")?;
    }
    Ok(out)
}

fn index(entries: &[Entry]) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "<!-- Generated from {SOURCE}: `UPDATE_DOCS=1 cargo test -p model --lib` writes it anew. -->")?;
    writeln!(out, "# Causes\n")?;
    writeln!(out, "`cargo xtask diagnose` and failed scenarios name one of these. Names and numbers never change.\n")?;
    writeln!(out, "| number | cause | severity | meaning |\n|---|---|---|---|")?;
    for entry in entries {
        let Entry { name, summary, severity, .. } = entry;
        writeln!(out, "| {} | [{name}]({name}.md) | {} | {summary} |", entry.code(), severity.word())?;
    }
    Ok(out)
}

/// Every generated file, by its path from the root of the repository.
fn generated(entries: &[Entry]) -> Result<Vec<(String, String)>, std::fmt::Error> {
    let mut files = vec![
        ("crates/model/src/cause_list.rs".to_owned(), list(entries)?),
        ("docs/causes/README.md".to_owned(), index(entries)?),
    ];
    for entry in entries {
        files.push((format!("docs/causes/{}.md", entry.name), page(entry)?));
    }
    Ok(files)
}

#[test]
fn the_committed_causes_are_those_of_the_data_file() {
    let files = generated(&entries()).expect("written");
    let folder = repo().join("docs/causes");
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    if update {
        fs::create_dir_all(&folder).expect("docs/causes");
    }
    for (path, text) in &files {
        let file = repo().join(path);
        if update {
            fs::write(&file, text).expect("written");
        }
        let committed = fs::read_to_string(&file).unwrap_or_default();
        assert!(committed == *text, "{path} has drifted from {SOURCE}: run UPDATE_DOCS=1 cargo test -p model --lib");
    }
    for entry in folder.read_dir_utf8().expect("docs/causes").flatten() {
        let path = format!("docs/causes/{}", entry.file_name());
        assert!(files.iter().any(|(known, _)| *known == path), "{path} belongs to no cause of {SOURCE}");
    }
}

#[test]
fn names_and_numbers_are_unique_and_nothing_is_empty() {
    let entries = entries();
    let names: BTreeSet<_> = entries.iter().map(|entry| &entry.name).collect();
    assert_eq!(names.len(), entries.len(), "a name is there twice");
    for (position, entry) in entries.iter().enumerate() {
        assert_eq!(usize::from(entry.number), position + 1, "{}: numbers are never given again", entry.name);
        let texts = [&entry.summary, &entry.example, &entry.why, &entry.found, &entry.repair];
        assert!(texts.iter().all(|text| !text.trim().is_empty()), "{}: a text is empty", entry.name);
        assert!(!entry.see.is_empty() && !entry.links.is_empty(), "{}: no symptom or no link", entry.name);
        assert!(entry.links.iter().all(|link| link.starts_with("https://")), "{}: {:?}", entry.name, entry.links);
        assert!(!entry.summary.contains('|') && !entry.example.contains('|'), "{}: breaks a table", entry.name);
    }
}

#[test]
fn a_field_that_is_missing_is_an_error() {
    let text = fs::read_to_string(repo().join(SOURCE)).expect("causes.yaml");
    for field in ["name", "number", "severity", "summary", "example", "why", "found", "repair", "see", "links"] {
        let broken = text.replacen(&format!("\n  {field}:"), "\n  misspelt:", 1).replacen(
            &format!("\n- {field}:"),
            "\n- misspelt:",
            1,
        );
        assert_ne!(broken, text, "{field}");
        assert!(serde_saphyr::from_str::<Vec<Entry>>(&broken).is_err(), "{field}");
    }
}

/// The texts by which people find a page: each stands in the page of its cause.
#[test]
fn what_people_paste_leads_to_its_page() {
    let entries = entries();
    for (name, words) in [
        ("wrong-protocol", "369295616"),
        ("wrong-protocol", "1213486160"),
        ("wrong-protocol", "352518912"),
        ("wrong-protocol", "Disconnected while requesting ApiVersion"),
        ("certificate-name", "No subject alternative DNS name matching"),
        ("untrusted-certificate", "PKIX path building failed"),
        ("unresolved-name", "Failed to resolve"),
        ("unknown-sni", "Kubernetes Ingress Controller Fake Certificate"),
    ] {
        let entry = entries.iter().find(|entry| entry.name == name).expect(name);
        assert!(entry.see.iter().any(|line| line.contains(words)), "{name}: {words}");
    }
}
