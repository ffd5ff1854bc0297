//! The kinds of lab and the operators, as values of flags.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use model::{KafkaProvider, LabKind};
use std::fmt;

/// The word for a lab that this machine's capabilities decide.
pub const AUTO: &str = "auto";

/// A kind of lab, or `None` for the automatic choice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LabChoice(pub Option<LabKind>);

impl fmt::Display for LabChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.map_or(AUTO, LabKind::word))
    }
}

/// Reads `--lab`.
pub fn lab() -> impl TypedValueParser<Value = LabChoice> {
    let help = |kind| match kind {
        LabKind::Kind => "A KIND cluster",
        LabKind::Local => "Processes on loopback, without a container engine",
        LabKind::Existing => "Your own cluster: nothing is installed unless a flag asks for it",
    };
    let auto = PossibleValue::new(AUTO)
        .help("kind if a container engine answers and its node image is available, otherwise local");
    let kinds = [LabKind::Kind, LabKind::Local, LabKind::Existing];
    let values = kinds.map(|kind| PossibleValue::new(kind.word()).help(help(kind)));
    PossibleValuesParser::new([auto].into_iter().chain(values))
        .map(|word| LabChoice(LabKind::ALL.into_iter().find(|kind| kind.word() == word)))
}

/// Reads `--lab` of `gateway check`, which installs the gateway and so needs a lab that it may remove.
pub fn lab_of_a_check() -> impl TypedValueParser<Value = LabKind> {
    let kinds =
        [(LabKind::Kind, "A KIND cluster"), (LabKind::Local, "Processes on loopback, without a container engine")];
    let values = kinds.map(|(kind, help)| PossibleValue::new(kind.word()).help(help));
    PossibleValuesParser::new(values).try_map(|word| {
        LabKind::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(|| format!("{word} is not a kind of lab"))
    })
}

/// Reads `--kafka`.
pub fn kafka() -> impl TypedValueParser<Value = KafkaProvider> {
    let help = |provider| match provider {
        KafkaProvider::Strimzi => "The Strimzi operator",
        KafkaProvider::Standin => "Our stand-in for the operator, which reads the same resources",
    };
    let values = KafkaProvider::ALL.map(|provider| PossibleValue::new(provider.word()).help(help(provider)));
    PossibleValuesParser::new(values).try_map(|word| {
        KafkaProvider::ALL
            .into_iter()
            .find(|provider| provider.word() == word)
            .ok_or_else(|| format!("{word} is not an operator"))
    })
}
