//! What `scenario list` shows.

use super::{Folder, Labs, Provider};

/// One scenario in a line.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct Row {
    pub name: String,
    pub title: String,
    pub tags: Vec<String>,
    /// What it needs of a lab, in words.
    pub needs: Vec<String>,
    pub sabotages: usize,
}

/// A row for each scenario, in the same order.
pub fn rows<'a>(folders: impl IntoIterator<Item = &'a Folder>) -> Vec<Row> {
    folders.into_iter().map(row).collect()
}

fn row(folder: &Folder) -> Row {
    let scenario = &folder.scenario;
    let needs = &scenario.needs;
    let mut words = needs.features.clone();
    if !needs.labs.is_empty() {
        let labs: Vec<&str> = needs
            .labs
            .iter()
            .map(|lab| match lab {
                Labs::Local => "local",
                Labs::Kind => "kind",
                Labs::Existing => "existing",
            })
            .collect();
        words.push(format!("lab {}", labs.join(" or ")));
    }
    match needs.kafka {
        Some(Provider::Strimzi) => words.push("Strimzi itself".to_owned()),
        Some(Provider::Standin) => words.push("the stand-in".to_owned()),
        None => {}
    }
    words.extend(needs.kinds.iter().map(|kind| format!("kind {kind}")));
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
