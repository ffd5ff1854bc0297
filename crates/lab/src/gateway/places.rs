//! Where the values of a `gateway.yaml` stand, so that a finding about one of them can name its line.

use super::GatewayFixture;
use super::fixture::FILE;
use camino::Utf8PathBuf;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::fs;

/// The places of a fixture's values.
pub(super) struct Places {
    path: Utf8PathBuf,
    /// `None` if the file changed since it was loaded and can no longer be read.
    file: Option<File>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    controller_name: Spanned<String>,
    class: Spanned<String>,
    features: Spanned<IgnoredAny>,
    labs: Labs,
}

#[derive(Deserialize)]
struct Labs {
    kind: Option<Kind>,
    local: Option<Local>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    images: Spanned<IgnoredAny>,
    manifests: Vec<BTreeMap<String, Spanned<String>>>,
    deployments: Spanned<IgnoredAny>,
    data_plane: Spanned<String>,
}

#[derive(Deserialize)]
struct Local {
    program: Spanned<String>,
}

impl Places {
    pub fn of(fixture: &GatewayFixture) -> Self {
        let path = fixture.dir.join(FILE);
        let file = fs::read_to_string(&path).ok().and_then(|text| serde_saphyr::from_str(&text).ok());
        Self { path, file }
    }

    pub fn class(&self) -> String {
        self.at(|file| Some(&file.class))
    }

    pub fn controller_name(&self) -> String {
        self.at(|file| Some(&file.controller_name))
    }

    pub fn features(&self) -> String {
        self.at(|file| Some(&file.features))
    }

    pub fn images(&self) -> String {
        self.at(|file| Some(&file.labs.kind.as_ref()?.images))
    }

    pub fn deployments(&self) -> String {
        self.at(|file| Some(&file.labs.kind.as_ref()?.deployments))
    }

    pub fn data_plane(&self) -> String {
        self.at(|file| Some(&file.labs.kind.as_ref()?.data_plane))
    }

    /// The place of a part's name: an entry of `manifests`, or the local lab's program.
    pub fn part(&self, name: &str) -> String {
        self.at(|file| {
            let listed = file.labs.kind.iter().flat_map(|kind| &kind.manifests);
            let part = listed.filter_map(|entry| entry.get("part")).find(|part| part.value == name);
            part.or_else(|| {
                file.labs.local.as_ref().map(|local| &local.program).filter(|program| program.value == name)
            })
        })
    }

    fn at<T>(&self, value: impl Fn(&File) -> Option<&Spanned<T>>) -> String {
        match self.file.as_ref().and_then(value) {
            Some(value) => format!("{}:{}", self.path, value.referenced.line()),
            None => self.path.to_string(),
        }
    }
}
