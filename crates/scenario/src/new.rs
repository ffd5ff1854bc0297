//! `scenario new`: writes a scenario that passes the linter and a lab, as a starting point.

use camino::{Utf8Path, Utf8PathBuf};
use std::fs;

const TEMPLATE: &str = "\
# yaml-language-server: $schema=../schema.json The reference of every key and step is docs/scenarios.md. To check this
# file: cargo xtask scenario lint NAME
name: NAME
title: Messages reach every broker through the gateway, and unknown names are refused
why: A client connects to each broker by its advertised name, so one name without a route makes a part of the data unreachable
tags: [my-own]
needs: {features: [TLSRoute]}
kafka: {cluster: shared, listener: external}

steps:
  - create-topic: {topic: \"orders-${id}\", partitions: 6}
  - produce-and-consume: {topic: \"orders-${id}\", messages: 300, every-broker: true}
  - refuse: {sni: \"nobody-${id}.${domain}\", cause: unknown-sni}

sabotage:
  # This adds a route for the name, so the `refuse` step must fail.
  - name: the unknown name gets a route
    apply: nobody.yaml
    before: create-topic
    expect: {step: refuse, cause: not-refused}
";

const MANIFEST: &str = "\
# The route is in the cluster's namespace, like its Service. The id in its name separates it from other runs.
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata:
  name: nobody-${id}
  namespace: ${kafka.namespace}
spec:
  parentRefs:
    - name: ${gateway.name}
      namespace: ${gateway.namespace}
  hostnames:
    - nobody-${id}.${domain}
  rules:
    - backendRefs:
        - name: ${cluster}-kafka-external-bootstrap
          port: 9094
";

/// Why `create` failed.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    #[error(
        "`{name}` cannot name a scenario: expected lower-case letters, digits and dashes, at most 50, as in `unknown-sni`"
    )]
    Name { name: String },
    #[error("{path} is there already: choose another name, or remove it first")]
    Exists { path: Utf8PathBuf },
    #[error("could not write {path}: {source}")]
    Write { path: Utf8PathBuf, source: std::io::Error },
}

/// Writes `root/name/scenario.yaml` and its manifest, and returns the path of the first.
///
/// # Errors
/// If the name is not valid, the folder already exists, or a file cannot be written.
pub fn create(root: &Utf8Path, name: &str) -> Result<Utf8PathBuf, NewError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 50 || !name.chars().all(fits) || name.starts_with('-') || name.ends_with('-') {
        return Err(NewError::Name { name: name.to_owned() });
    }
    let folder = root.join(name);
    let failed = |path: &Utf8Path| {
        let path = path.to_owned();
        move |source| NewError::Write { path, source }
    };
    fs::create_dir_all(root).map_err(failed(root))?;
    match fs::create_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(NewError::Exists { path: folder });
        }
        created => created.map_err(failed(&folder))?,
    }
    let file = folder.join("scenario.yaml");
    fs::write(&file, TEMPLATE.replace("NAME", name)).map_err(failed(&file))?;
    let manifest = folder.join("nobody.yaml");
    fs::write(&manifest, MANIFEST).map_err(failed(&manifest))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{lint, parse};
    use std::collections::BTreeMap;

    #[test]
    fn a_new_scenario_has_no_problems() {
        let text = TEMPLATE.replace("NAME", "my-first");
        let folder = parse(
            Utf8Path::new("scenarios/my-first"),
            &text,
            BTreeMap::from([("nobody.yaml".into(), MANIFEST.into())]),
        )
        .expect("the template is readable");
        let problems: Vec<String> = lint(&folder).iter().map(|problem| problem.render(100, false)).collect();
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn a_name_that_cannot_be_a_folder_is_refused() {
        for name in ["", "../up", "Upper", "-dash", "a b", "x/y"] {
            assert!(matches!(create(Utf8Path::new("/nonexistent"), name), Err(NewError::Name { .. })), "{name}");
        }
    }
}
