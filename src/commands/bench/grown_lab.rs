//! A local lab of its own with another number of brokers.

use super::checkout::Checkout;
use super::contestant::{Contestant, Error as Failure};
use super::curve::Curve;
use host::Progress;
use model::{FileError, LabDir, paths};
use std::error::Error;
use std::fs;

/// It has the name of the lab of `bench lab`, so that at most one is there.
const NAME: &str = "bench";

/// How many scenarios run on each lab.
const SCENARIOS: u32 = 6;

/// A message through every broker, however many there are.
const EVERY_BROKER: &str = "\
title: A message reaches each broker through the gateway
why: The number of connections grows with the number of brokers, and nothing else of the scenario does
tags: [bench]
needs: {features: [TLSRoute]}
kafka: {cluster: shared, listener: external}
steps:
  - create-topic: {topic: \"orders-${id}\", partitions: 30, replicas: REPLICAS}
  - produce-and-consume: {topic: \"orders-${id}\", messages: 300, every-broker: true}
sabotage:
  - name: the topic is never created
    leave-out: create-topic
    expect: {step: produce-and-consume, cause: unknown-topic}
";

/// Lab up, a few scenarios and lab down with each number of brokers. Prints what was measured, even if a larger lab then
/// fails.
///
/// # Errors
/// If there is a lab of that name already, or one of the commands fails.
pub async fn brokers(sizes: &[u32], port_base: u16) -> Result<(), Box<dyn Error>> {
    let dir = LabDir::of(NAME)?;
    if dir.mark()?.is_some() {
        return Err(format!(
            "there is a lab named {NAME} already; remove it with `cargo xtask lab down --name {NAME}`"
        )
        .into());
    }
    let mut curves = [
        Curve::new("lab up (local, all parts cached)", "broker"),
        Curve::new(format!("{SCENARIOS} scenarios that reach every broker, one at a time"), "broker"),
        Curve::new("lab down", "broker"),
    ];
    let measured = tokio::select! {
        measured = measure(sizes, port_base, &mut curves) => measured,
        Ok(()) = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    // Whatever happened, nothing of this lab stays.
    let stopped = lab::down(&dir, NAME, &Progress::stderr()).await;
    curves.iter().for_each(|curve| print!("{curve}"));
    measured?;
    Ok(stopped?)
}

async fn measure(sizes: &[u32], port_base: u16, curves: &mut [Curve; 3]) -> Result<(), Box<dyn Error>> {
    let path = paths::fixtures().join("kafka/shared.yaml");
    let shared = fs::read_to_string(&path).map_err(FileError::of("read", &path))?;
    let [up, run, down] = curves;
    for &size in sizes {
        eprintln!("{size} brokers");
        let checkout = Checkout::new()?;
        checkout.replace_shared_cluster(&with_brokers(&shared, size).map_err(|line| {
            format!("{path} has no line `{line}` that could be replaced for another number of brokers")
        })?)?;
        for number in 0..SCENARIOS {
            checkout.add(&format!("every-broker-{number}"), &every_broker(size))?;
        }
        let port_base = port_base.to_string();
        let command = |arguments: &[&str]| -> Result<Contestant, Failure> {
            Ok(Contestant::ours(arguments.iter().copied().chain(["--name", NAME]))?.with(checkout.variable()))
        };
        up.add(size, command(&["lab", "up", "--lab", "local", "--port-base", &port_base])?.run().await?.wall);
        run.add(size, command(&["scenario", "run", "--jobs", "1"])?.run().await?.wall);
        down.add(size, command(&["lab", "down"])?.run().await?.wall);
    }
    Ok(())
}

/// The scenario for so many brokers.
fn every_broker(brokers: u32) -> String {
    EVERY_BROKER.replace("REPLICAS", &brokers.min(3).to_string())
}

/// The shared cluster with so many brokers, and with as many replicas as these can have.
///
/// # Errors
/// The line that is not there exactly once.
fn with_brokers(shared: &str, brokers: u32) -> Result<String, String> {
    let (replicas, in_sync) = (brokers.min(3), brokers.min(2));
    let changes = [
        ("  replicas: 3\n  roles: [broker]".to_owned(), format!("  replicas: {brokers}\n  roles: [broker]")),
        ("default.replication.factor: 3".to_owned(), format!("default.replication.factor: {replicas}")),
        ("min.insync.replicas: 2".to_owned(), format!("min.insync.replicas: {in_sync}")),
        ("offsets.topic.replication.factor: 3".to_owned(), format!("offsets.topic.replication.factor: {replicas}")),
        (
            "transaction.state.log.replication.factor: 3".to_owned(),
            format!("transaction.state.log.replication.factor: {replicas}"),
        ),
        ("transaction.state.log.min.isr: 2".to_owned(), format!("transaction.state.log.min.isr: {in_sync}")),
    ];
    let mut text = shared.to_owned();
    for (from, to) in changes {
        if shared.matches(&from).count() != 1 {
            return Err(from);
        }
        text = text.replace(&from, &to);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shared_cluster_can_have_one_broker_or_many() {
        let path = paths::fixtures().join("kafka/shared.yaml");
        let shared = fs::read_to_string(path).expect("it is there");
        assert_eq!(with_brokers(&shared, 3).expect("fits"), shared, "three are what is there");
        let one = with_brokers(&shared, 1).expect("fits");
        assert!(one.contains("replicas: 1\n  roles: [broker]") && one.contains("min.insync.replicas: 1"), "{one}");
        let nine = with_brokers(&shared, 9).expect("fits");
        assert!(nine.contains("replicas: 9\n  roles: [broker]") && nine.contains("default.replication.factor: 3"));
        assert_eq!(with_brokers("a: 1\n", 3), Err("  replicas: 3\n  roles: [broker]".to_owned()));
    }

    #[test]
    fn its_scenario_lints() {
        let checkout = Checkout::new().expect("made");
        checkout.add("every-broker-0", &every_broker(9)).expect("written");
        let folder = scenario::load(&checkout.scenarios().join("every-broker-0")).expect("it can be read");
        assert_eq!(scenario::lint(&folder).len(), 0);
    }
}
