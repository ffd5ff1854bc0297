//! The `${...}` variables of the lab's own manifests: ports, NodePorts and images.

use super::{Error, Image};
use model::Ports;
use std::collections::BTreeMap;

/// The NodePorts that the lab's ports lead to, in the order of [`Ports::all`]. They are fixed, so that a gateway's
/// manifests and the cluster's port mappings match for every `--port-base`.
pub const NODE_PORTS: [u16; 7] = [30992, 30993, 30994, 31000, 31001, 31002, 31003];

/// Values by the names of their variables.
#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// `port.passthrough`, `port.terminate`, `port.second`, `port.tcp.0` and so on, and `node-port.` with the same
    /// names.
    pub fn of_ports(ports: &Ports) -> Self {
        let fixed = ["passthrough", "terminate", "second"].map(str::to_owned);
        let names = fixed.into_iter().chain((0..).map(|index| format!("tcp.{index}")));
        let mut values = Self::default();
        for ((name, port), node_port) in names.zip(ports.all()).zip(NODE_PORTS) {
            values.set(format!("port.{name}"), port.to_string());
            values.set(format!("node-port.{name}"), node_port.to_string());
        }
        values
    }

    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// `image.NAME` for each image of a fixture.
    pub fn set_images(&mut self, images: &BTreeMap<String, Image>) {
        for (name, image) in images {
            self.set(format!("image.{name}"), &image.image);
        }
    }

    /// The text with every variable replaced.
    ///
    /// # Errors
    /// [`Error::Variable`] if a variable has no value.
    pub fn fill(&self, file: &str, text: &str) -> Result<String, Error> {
        let mut parts = text.split("${");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or((part, ""));
            let Some(value) = self.0.get(name) else {
                let known = self.0.keys().cloned().collect::<Vec<_>>().join(", ");
                let line = filled.matches('\n').count() + 1;
                return Err(Error::Variable { file: file.to_owned(), line, variable: name.to_owned(), known });
            };
            filled.push_str(value);
            filled.push_str(rest);
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_of_a_lab_has_a_node_port() {
        assert_eq!(Ports::from_base(9092).all().count(), NODE_PORTS.len());
    }

    #[test]
    fn variables_are_replaced_and_unknown_ones_named() {
        let values = Values::of_ports(&Ports::from_base(9092));
        let text = values.fill("f", "${port.terminate}:${node-port.terminate} ${port.tcp.3}->${node-port.tcp.3}");
        assert_eq!(text.expect("all known"), "9093:30993 9103->31003");
        let error = values.fill("gw.yaml", "a: ${port.third}").expect_err("unknown").to_string();
        assert!(error.starts_with("gw.yaml:1: no value for ${port.third}"), "{error}");
        let error = values.fill("gw.yaml", "a: ${port.terminate}\nb:\n${x}").expect_err("unknown").to_string();
        assert!(error.starts_with("gw.yaml:3: no value for ${x}"), "{error}");
    }
}
