//! What a lab says of itself: its processes, its Kafka clusters, and what the stand-in does not honour.

use super::choose::word;
use super::{Error, KafkaProvider, Lab, LabKind, pods};
use crate::kube::conditions;
use crate::{kindlab, local};
use kube::api::ListParams;
use std::fmt::{self, Display};

/// One line about an object's state.
#[derive(Debug)]
pub struct Condition {
    pub object: String,
    pub healthy: bool,
    pub says: String,
}

/// The state of a lab.
#[derive(Debug)]
pub struct Status {
    pub title: String,
    pub components: Vec<local::status::Component>,
    pub conditions: Vec<Condition>,
}

impl Status {
    /// Whether everything that should run runs, and every resource is ready.
    pub fn healthy(&self) -> bool {
        self.components.iter().all(|component| component.process.is_some())
            && self.conditions.iter().all(|condition| condition.healthy)
    }
}

/// Looks at everything once.
///
/// # Errors
/// When processes cannot be listed. An API server that does not answer is a line, not an error.
pub async fn status(lab: &Lab) -> Result<Status, Error> {
    let components = match lab.info.kind {
        LabKind::Local => local::status::components(&lab.dir, &lab.info.gateway.name)?,
        LabKind::Kind | LabKind::Existing if lab.info.kafka == KafkaProvider::Standin => {
            local::status::agent_only(&lab.dir)?
        }
        LabKind::Kind | LabKind::Existing => Vec::new(),
    };
    let mut lines = Vec::new();
    if lab.info.kind == LabKind::Kind {
        let status = kindlab::status(&lab.dir, &lab.info.name).await?;
        let healthy = matches!(status, kindlab::Status::Answering { .. });
        lines.push(Condition { object: "the cluster".to_owned(), healthy, says: status.to_string() });
        if !healthy {
            return Ok(Status { title: title(lab), components, conditions: lines });
        }
    }
    lines.extend(pods::of(lab).await?.into_iter().map(|pod| Condition {
        object: format!("Pod {}/{}", pod.namespace, pod.name),
        healthy: pod.healthy,
        says: pod.says,
    }));
    for kind in ["Gateway", "Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser"] {
        lines.extend(of_kind(lab, kind).await);
    }
    Ok(Status { title: title(lab), components, conditions: lines })
}

fn title(lab: &Lab) -> String {
    format!("lab {} ({}, {})", lab.info.name, word(lab.info.kind), lab.info.gateway.name)
}

async fn of_kind(lab: &Lab, kind: &str) -> Vec<Condition> {
    let failed = |says: String| vec![Condition { object: kind.to_owned(), healthy: false, says }];
    let served = match lab.catalog.kind(kind, None).await {
        Ok(served) => served,
        Err(error) => return failed(error.to_string()),
    };
    let api: kube::Api<kube::api::DynamicObject> = kube::Api::all_with(lab.catalog.client().clone(), &served.resource);
    let objects = match api.list(&ListParams::default()).await {
        Ok(objects) => objects,
        Err(error) => return failed(error.to_string()),
    };
    objects
        .into_iter()
        .map(|object| {
            let all = conditions(&object);
            let bad = all.iter().find(|c| {
                let negative = matches!(c["type"].as_str(), Some("NotReady" | "Conflicted" | "Warning"));
                (c["status"] == "True") == negative
            });
            let text = |field: &str, c: &serde_json::Value| c[field].as_str().unwrap_or_default().to_owned();
            Condition {
                object: format!(
                    "{kind} {}/{}",
                    object.metadata.namespace.as_deref().unwrap_or_default(),
                    object.metadata.name.as_deref().unwrap_or_default()
                ),
                // A warning is worth reading, but nothing is broken by it.
                healthy: bad.is_none_or(|c| c["type"] == "Warning"),
                says: match bad {
                    Some(c) => format!("{} {}: {}", text("type", c), text("reason", c), text("message", c)),
                    None => all.first().map_or_else(|| "no status".to_owned(), |c| text("type", c)),
                },
            }
        })
        .collect()
}

impl Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.title)?;
        for component in &self.components {
            match &component.process {
                Some(process) => {
                    let listening: Vec<_> = process.listening.iter().take(4).map(ToString::to_string).collect();
                    let more = process.listening.len().saturating_sub(listening.len());
                    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                    writeln!(
                        f,
                        "  {:<44} process {:<8} up {:>6} s  {}{more}",
                        component.name,
                        process.pid,
                        process.age.as_secs(),
                        listening.join(" ")
                    )?;
                }
                None => writeln!(f, "  {:<44} DOES NOT RUN; its log: {}", component.name, component.log)?,
            }
        }
        writeln!(f)?;
        for condition in &self.conditions {
            writeln!(f, "  {:<44} {}", condition.object, condition.says)?;
        }
        Ok(())
    }
}
