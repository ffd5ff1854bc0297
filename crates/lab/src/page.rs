//! The short page at the end of `lab up`.

use super::Lab;
use super::client_files::{ClientFiles, bootstrap};
use super::health::named;
use camino::Utf8Path;
use model::{KafkaProvider, LabFacts, LabInfo};
use std::fmt::{self, Write};
use std::time::Duration;

/// What runs where, how to reach it, and what to try next.
///
/// `hosts` says whether the lab's names are in /etc/hosts.
pub fn page(lab: &Lab, took: Duration, hosts: bool) -> String {
    // Writing to a String cannot fail.
    let mut text = String::new();
    let _ = render(&mut text, lab, took, hosts);
    text
}

/// The gateway's name, with its version if it is known.
pub(super) fn with_version(info: &LabInfo) -> String {
    let name = &info.gateway.name;
    LabFacts::from(info).version(name).map_or_else(|| name.clone(), |version| format!("{name} {version}"))
}

fn render(out: &mut String, lab: &Lab, took: Duration, hosts: bool) -> fmt::Result {
    let info = &lab.info;
    let named = named(&info.name);
    let files = ClientFiles::of(lab);
    let ports = &info.gateway.ports;
    writeln!(out, "\nThe {} lab {:?} is up after {:.1} s.\n", info.kind, info.name, took.as_secs_f64())?;
    let operator = match info.kafka {
        KafkaProvider::Strimzi => "Strimzi",
        KafkaProvider::Standin => "a stand-in for Strimzi's operator, not Strimzi itself",
    };
    writeln!(
        out,
        "  gateway            {} at {}, GatewayClass {}",
        with_version(info),
        info.gateway.address,
        info.gateway.class
    )?;
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
    writeln!(out, "  client properties  {}", short(&files.properties))?;
    writeln!(out, "  kubeconfig         {}", short(&info.kubeconfig))?;
    if hosts {
        writeln!(
            out,
            "\nThe lab's names are in /etc/hosts, for every client; `cargo xtask lab down{named}` removes them."
        )?;
    } else {
        writeln!(
            out,
            "\nThe harness resolves *.{} by itself, and so do Java's tools with the output of `cargo xtask lab env{named}`. Other \
             clients need these names in /etc/hosts (`lab up --hosts` writes them):\n",
            info.domain
        )?;
        for line in std::fs::read_to_string(&files.hosts).unwrap_or_default().lines() {
            writeln!(out, "  {line}")?;
        }
    }
    writeln!(out, "\nTry next:\n")?;
    writeln!(out, "  cargo xtask scenario run native-tlsroute{named}")?;
    writeln!(out, "  cargo xtask lab status --probe{named}")?;
    writeln!(out, "  kubectl --kubeconfig {} get kafka,tlsroutes,pods -A", short(&info.kubeconfig))?;
    writeln!(out, "  kcat -F {} -L", short(&files.kcat))
}

/// A path as a user types it: with `~` for the home folder, if that needs no quoting.
fn short(path: &Utf8Path) -> String {
    shortened(path, std::env::var("HOME").ok().as_deref())
}

fn shortened(path: &Utf8Path, home: Option<&str>) -> String {
    let below = home.filter(|home| !home.is_empty()).and_then(|home| path.strip_prefix(home).ok());
    let plain = |text: &Utf8Path| text.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
    match below.filter(|below| plain(below)) {
        Some(below) => format!("~/{below}"),
        None => path.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn it_names_the_class_and_does_not_ask_for_what_was_just_done() {
        let (_held, lab) = testing::lab("page");
        let without = page(&lab, Duration::from_secs(3), false);
        assert!(without.contains("GatewayClass traefik"), "{without}");
        assert!(without.contains("`lab up --hosts` writes them"), "{without}");
        let first = without.split("Try next:").nth(1).and_then(|rest| rest.trim().lines().next());
        assert_eq!(first, Some("cargo xtask scenario run native-tlsroute --name page"));
        let with = page(&lab, Duration::from_secs(3), true);
        assert!(!with.contains("lab up --hosts") && with.contains("are in /etc/hosts"), "{with}");
    }

    #[test]
    fn the_home_folder_is_a_tilde() {
        let path = Utf8Path::new("/home/u/.local/state/lab");
        assert_eq!(shortened(path, Some("/home/u")), "~/.local/state/lab");
        assert_eq!(shortened(path, Some("/home/other")), path.as_str());
        assert_eq!(shortened(Utf8Path::new("/home/u/a b/lab"), Some("/home/u")), "/home/u/a b/lab");
        assert_eq!(shortened(path, None), path.as_str());
    }
}
