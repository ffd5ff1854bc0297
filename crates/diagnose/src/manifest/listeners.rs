//! The listeners of the Kafka resources, and what each broker advertises there.

use super::brokers::{Broker, Brokers};
use super::documents::{Document, Documents};
use model::strimzi::template;
use serde_json::Value;

/// The port that a broker advertises at a `tlsroute` listener which names none.
const TLSROUTE_PORT: u16 = 443;

/// A listener of a Kafka resource.
#[derive(Debug)]
pub(super) struct KafkaListener<'a> {
    pub document: &'a Document,
    index: usize,
    pub name: String,
    pub kind: String,
    pub port: u16,
    pub tls: bool,
    /// The brokers that are known: those that the pools fix, or else those that the listener configures.
    pub brokers: Vec<Advertised>,
    pub known: Brokers,
}

/// What a broker advertises, with the places of the fields that say so.
#[derive(Clone, Debug)]
pub(super) struct Advertised {
    pub id: u32,
    /// `None` if it is the name of a Service or a Pod, which depends on more than the listener.
    pub host: Option<(String, String)>,
    pub port: u16,
    pub port_at: String,
    /// The hostname of the route that the operator writes for it.
    pub route_host: Option<(String, String)>,
}

impl Advertised {
    pub(super) fn address(&self) -> Option<String> {
        self.host.as_ref().map(|(host, _)| format!("{host}:{}", self.port))
    }
}

impl<'a> KafkaListener<'a> {
    pub(super) fn all(documents: &'a Documents) -> Vec<Self> {
        let mut found = Vec::new();
        for document in documents.of("Kafka") {
            let known = Brokers::of(documents, document);
            let listeners = document.spec()["kafka"]["listeners"].as_array();
            for (index, value) in listeners.into_iter().flatten().enumerate() {
                found.extend(read(document, index, value, &known));
            }
        }
        found
    }

    pub(super) fn value(&self) -> &Value {
        &self.document.spec()["kafka"]["listeners"][self.index]
    }

    pub(super) fn configuration(&self) -> &Value {
        &self.value()["configuration"]
    }

    /// The place of a field of the listener.
    pub(super) fn pointer(&self, field: &str) -> String {
        format!("/spec/kafka/listeners/{}{field}", self.index)
    }

    /// `listener NAME of Kafka NAMESPACE/NAME`.
    pub(super) fn title(&self) -> String {
        format!("listener {} of Kafka {}", self.name, self.document.key())
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.index == other.index
    }

    /// The entries of `brokers`, each with its id.
    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, u32, &Value)> {
        entries(self.configuration())
    }

    /// What a broker with this id advertises.
    pub(super) fn advertised(&self, id: u32) -> Advertised {
        let pool = self.known.exact.iter().flatten().find(|broker| broker.id == id).map(|broker| broker.pool.as_str());
        advertised(self.document, &self.pointer(""), self.value(), id, pool)
    }
}

fn read<'a>(document: &'a Document, index: usize, value: &'a Value, known: &Brokers) -> Option<KafkaListener<'a>> {
    let mut listener = KafkaListener {
        document,
        index,
        name: value["name"].as_str()?.to_owned(),
        kind: value["type"].as_str()?.to_owned(),
        port: u16::try_from(value["port"].as_u64()?).ok()?,
        tls: value["tls"].as_bool()?,
        brokers: Vec::new(),
        known: known.clone(),
    };
    let ids: Vec<u32> = match &known.exact {
        Some(brokers) => brokers.iter().map(|Broker { id, .. }| *id).collect(),
        None => entries(&value["configuration"]).map(|(_, id, _)| id).collect(),
    };
    listener.brokers = ids.into_iter().map(|id| listener.advertised(id)).collect();
    Some(listener)
}

fn entries(configuration: &Value) -> impl Iterator<Item = (usize, u32, &Value)> {
    let all = configuration["brokers"].as_array().into_iter().flatten().enumerate();
    all.filter_map(|(index, entry)| Some((index, u32::try_from(entry["broker"].as_u64()?).ok()?, entry)))
}

fn advertised(document: &Document, base: &str, value: &Value, id: u32, pool: Option<&str>) -> Advertised {
    let configuration = &value["configuration"];
    let entry = entries(configuration).find(|(_, one, _)| *one == id);
    // The name of a broker's Pod needs its pool.
    let pod = pool.map(|pool| format!("{}-{pool}-{id}", document.name));
    let own = |field: &str| {
        let (index, _, entry) = entry.as_ref()?;
        let host = entry[field].as_str()?;
        Some((host.to_owned(), format!("{base}/configuration/brokers/{index}/{field}")))
    };
    let from_template = |field: &str| {
        let template = configuration[field].as_str()?;
        if template.contains("{nodePodName}") && pod.is_none() {
            return None;
        }
        let host = template::host(template, id, pod.as_deref().unwrap_or_default());
        Some((host, format!("{base}/configuration/{field}")))
    };
    let route_host = own("host").or_else(|| from_template("hostTemplate"));
    let host = own("advertisedHost").or_else(|| from_template("advertisedHostTemplate")).or_else(|| route_host.clone());
    let own_port = entry.as_ref().and_then(|(index, _, entry)| {
        let port = u16::try_from(entry["advertisedPort"].as_u64()?).ok()?;
        Some((port, format!("{base}/configuration/brokers/{index}/advertisedPort")))
    });
    let template = &configuration["advertisedPortTemplate"];
    let template = template.as_str().map(ToOwned::to_owned).or_else(|| Some(template.as_u64()?.to_string()));
    let computed = || {
        let port = template::port(template.as_deref()?, id).ok()?;
        Some((port, format!("{base}/configuration/advertisedPortTemplate")))
    };
    let default = || match value["type"].as_str() {
        Some("tlsroute") => TLSROUTE_PORT,
        _ => value["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
    };
    let (port, port_at) = own_port
        .or_else(computed)
        .unwrap_or_else(|| (default(), format!("{base}/configuration/advertisedPortTemplate")));
    Advertised { id, host, port, port_at, route_host }
}
