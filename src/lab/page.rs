//! The short page that `lab up` ends with.

use super::client_files::{ClientFiles, bootstrap};
use super::{KafkaProvider, Lab};
use std::fmt::{self, Write};
use std::time::Duration;

/// What runs where, how it is reached, and what to try next.
pub fn page(lab: &Lab, took: Duration) -> String {
    // Writing into a String cannot fail.
    let mut text = String::new();
    let _ = render(&mut text, lab, took);
    text
}

fn render(out: &mut String, lab: &Lab, took: Duration) -> fmt::Result {
    let info = &lab.info;
    let files = ClientFiles::of(lab);
    let ports = &info.gateway.ports;
    writeln!(out, "\nThe lab {} is up after {:.1} s.\n", info.name, took.as_secs_f64())?;
    let operator = match info.kafka {
        KafkaProvider::Strimzi => "Strimzi",
        KafkaProvider::Standin => "a stand-in for Strimzi's operator, not Strimzi itself",
    };
    writeln!(out, "  gateway            {} at {}", info.gateway.name, info.gateway.address)?;
    writeln!(
        out,
        "  ports              passthrough {}, terminate {}, second passthrough {}, TCPRoute {}-{}",
        ports.passthrough,
        ports.terminate,
        ports.second,
        ports.tcp.first().copied().unwrap_or_default(),
        ports.tcp.last().copied().unwrap_or_default()
    )?;
    writeln!(out, "  Kafka              {}/{}, by {operator}", info.shared.namespace, info.shared.cluster)?;
    writeln!(out, "  bootstrap address  {}", bootstrap(lab))?;
    writeln!(out, "  client properties  {}", files.properties)?;
    writeln!(out, "  kubeconfig         {}", info.kubeconfig)?;
    for (part, version) in &info.versions {
        writeln!(out, "  {part:<17}  {version}")?;
    }
    writeln!(
        out,
        "\nThe harness resolves *.{} by itself. Other clients need these names (`lab up --hosts` writes them for you):\n",
        info.domain
    )?;
    for line in std::fs::read_to_string(&files.hosts).unwrap_or_default().lines() {
        writeln!(out, "  {line}")?;
    }
    writeln!(out, "\nTry next:\n")?;
    writeln!(out, "  cargo test --test e2e")?;
    writeln!(out, "  kubectl --kubeconfig {} get kafka,tlsroutes,pods -A", info.kubeconfig)?;
    writeln!(out, "  kcat -F {} -L", files.kcat)
}
