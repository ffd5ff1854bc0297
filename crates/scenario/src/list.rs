//! What `scenario list` shows.

use super::Folder;
use model::visible;

/// One scenario of the list.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct Row {
    pub name: String,
    pub title: String,
    pub tags: Vec<String>,
    /// What the scenario needs from a lab, as texts.
    pub needs: Vec<String>,
    pub sabotages: usize,
}

/// A row for each scenario, in the same order.
pub fn rows<'a>(folders: impl IntoIterator<Item = &'a Folder>) -> Vec<Row> {
    folders.into_iter().map(row).collect()
}

/// The rows as text, at most `width` columns wide unless a word is longer.
pub fn listing(rows: &[Row], width: usize) -> String {
    let name_width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).min(LONGEST_NAME);
    let indent = name_width + 2;
    let mut text = String::new();
    for row in rows {
        let mut facts = Vec::new();
        if !row.tags.is_empty() {
            facts.push(format!("tags {}", row.tags.join(", ")));
        }
        if !row.needs.is_empty() {
            facts.push(format!("needs {}", row.needs.join(", ")));
        }
        let mut lines = wrap(&row.title, width.saturating_sub(indent));
        for fact in facts {
            // The continuation lines of a fact are indented further.
            let wrapped = wrap(&fact, width.saturating_sub(indent + 2));
            lines.extend(
                wrapped.into_iter().enumerate().map(
                    |(at, line)| {
                        if at == 0 { format!("  {line}") } else { format!("    {line}") }
                    },
                ),
            );
        }
        let mut name = visible(&row.name).into_owned();
        for line in lines {
            text.extend([&format!("{name:<indent$}"), visible(&line).as_ref(), "\n"]);
            name.clear();
        }
    }
    text
}

/// A longer name only shifts its own first line.
const LONGEST_NAME: usize = 36;

/// Breaks a text of one line between words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn row(folder: &Folder) -> Row {
    let scenario = &folder.scenario;
    let needs = &scenario.needs;
    let mut words = needs.features.clone();
    if !needs.labs.is_empty() {
        let labs: Vec<&str> = needs.labs.iter().map(|lab| lab.word()).collect();
        words.push(format!("lab {}", labs.join(" or ")));
    }
    words.extend(needs.kafka.map(|kafka| format!("kafka {}", kafka.word())));
    words.extend(needs.kinds.iter().map(|kind| format!("kind {kind}")));
    words.extend(needs.network_policies.then(|| "enforced NetworkPolicies".to_owned()));
    words.extend(needs.node_network.then(|| "reachable nodes".to_owned()));
    words.extend(needs.versions.iter().map(|(part, version)| format!("{part} {version}")));
    if let Some(reason) = &needs.skip {
        words.push(format!("skipped: {reason}"));
    }
    Row {
        name: folder.name().to_owned(),
        title: scenario.title.clone(),
        tags: scenario.tags.clone(),
        needs: words,
        sabotages: scenario.sabotage.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_broken_between_words_and_shows_its_tags() {
        let row = Row {
            name: "native-tlsroute".into(),
            title: "Every broker is reached by its own name through the native listener".into(),
            tags: vec!["post-2026".into(), "tls".into()],
            needs: vec!["TLSRoute".into(), "skipped: nobody wrote it yet, and it needs a server of its own".into()],
            sabotages: 1,
        };
        let text = listing(&[row], 60);
        assert_eq!(
            text,
            "native-tlsroute  Every broker is reached by its own name\n\
             \x20                through the native listener\n\
             \x20                  tags post-2026, tls\n\
             \x20                  needs TLSRoute, skipped: nobody wrote it\n\
             \x20                    yet, and it needs a server of its own\n"
        );
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    }
}
