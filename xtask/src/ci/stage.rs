//! The stages, as data, in the order of their cost: what fails within seconds comes first.

use super::need::Need;
use std::fmt;

/// One stage: cargo commands that must all succeed.
pub struct Stage {
    pub name: &'static str,
    /// What is true if it passes.
    pub proves: &'static str,
    pub needs: Need,
    /// With `Some`, it runs on this one of three days, unless it is named: what does not fit into one run is in another.
    pub turn: Option<u64>,
    /// Whether it uses a lab that must be stopped at the end.
    pub lab: bool,
    /// Variables to add to the environment of its commands.
    pub env: &'static [(&'static str, &'static str)],
    /// The arguments for cargo. `{shard}` is today's third, and `{scratch}` is a folder that exists as long as the
    /// stage.
    pub commands: &'static [&'static [&'static str]],
}

const LOCAL_UP: &[&str] = &["xtask", "lab", "up"];
const LOCAL: &[(&str, &str)] = &[("LAB", "local")];
const KIND: &[&[&str]] = &[&["xtask", "lab", "up"], &["xtask", "scenario", "run"], &["xtask", "lab", "down"]];
/// The walkthroughs too. One of the three stages with a KIND cluster takes 9 to 15 minutes of two processors, so each day has one.
const KIND_WALKED: &[&[&str]] = &[
    &["xtask", "lab", "up"],
    &["xtask", "scenario", "run"],
    &["xtask", "walkthrough", "2024", "--yes"],
    &["xtask", "walkthrough", "2026", "--yes"],
    &["xtask", "lab", "down"],
];

pub const STAGES: &[Stage] = &[
    Stage {
        name: "format",
        proves: "every Rust file is formatted by rustfmt",
        commands: &[&["fmt", "--all", "--check"]],
        ..Stage::WITHOUT_LAB
    },
    Stage {
        name: "clippy",
        proves: "the compiler and clippy have no warnings for any crate, test or binary",
        commands: &[&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]],
        ..Stage::WITHOUT_LAB
    },
    Stage {
        name: "clippy-e2e",
        proves: "the same for the tests that need a lab, which `--all-targets` leaves out",
        commands: &[&["clippy", "--test", "e2e", "--test", "gallery", "--", "-D", "warnings"]],
        ..Stage::WITHOUT_LAB
    },
    Stage {
        name: "deny",
        proves: "dependencies have known licences and sources, and no crate is duplicated without a reason",
        needs: Need::CargoDeny,
        commands: &[&["deny", "check", "licenses", "bans", "sources"]],
        ..Stage::WITHOUT_LAB
    },
    Stage {
        name: "light-build",
        proves: "xtask compiles by itself, with only the features that it requests",
        commands: &[&["check", "--package", "xtask"]],
        ..Stage::WITHOUT_LAB
    },
    Stage { name: "test", proves: "every test that needs no lab passes", commands: &[&["test"]], ..Stage::WITHOUT_LAB },
    Stage {
        name: "lint",
        proves: "every scenario is well-formed",
        commands: &[&["xtask", "scenario", "lint"]],
        ..Stage::WITHOUT_LAB
    },
    Stage {
        name: "book",
        proves: "the documentation is a book, and its pages lead somewhere",
        needs: Need::MdBook,
        commands: &[&["xtask", "book"]],
        ..Stage::WITHOUT_LAB
    },
    Stage {
        name: "local-e2e",
        proves: "every scenario passes on the local lab at its first attempt",
        commands: &[LOCAL_UP, &["test", "--test", "e2e"]],
        ..Stage::ON_LOCAL_LAB
    },
    Stage {
        name: "local-gallery",
        proves: "`diagnose` names each fault of the gallery first, and finds nothing in healthy set-ups",
        commands: &[LOCAL_UP, &["test", "--test", "gallery"]],
        ..Stage::ON_LOCAL_LAB
    },
    Stage {
        name: "local-sabotage",
        proves: "each sabotage makes its scenario fail for the named cause; one third of the scenarios each day",
        commands: &[LOCAL_UP, &["xtask", "scenario", "run", "--sabotage", "--shard", "{shard}"]],
        ..Stage::ON_LOCAL_LAB
    },
    Stage {
        name: "local-walkthrough",
        proves: "each step of both walkthroughs does what it says on the local lab",
        commands: &[
            LOCAL_UP,
            &["xtask", "walkthrough", "2024", "--yes"],
            &["xtask", "walkthrough", "clean"],
            &["xtask", "walkthrough", "2026", "--yes"],
            &["xtask", "walkthrough", "clean"],
        ],
        ..Stage::ON_LOCAL_LAB
    },
    Stage {
        name: "parity",
        proves: "the stand-in differs from Strimzi only where fixtures/standin/differences.yaml says so",
        commands: &[
            LOCAL_UP,
            &["xtask", "parity", "snapshot", "{scratch}/standin.json"],
            &["xtask", "parity", "compare", "{scratch}/standin.json", "fixtures/standin/strimzi-1.2.0.json"],
        ],
        ..Stage::ON_LOCAL_LAB
    },
    Stage {
        name: "local-bench",
        proves: "scenarios pass beside scripts of the same name, if kcat and kubectl are there; growth is measured at two sizes",
        commands: &[
            LOCAL_UP,
            &[
                "xtask",
                "bench",
                "compare",
                "--runs",
                "1",
                "--times",
                "5",
                "--idle",
                "2",
                "unknown-sni",
                "native",
                "apply",
            ],
            &["xtask", "bench", "growth", "lint", "reports", "run", "--sizes", "20,60", "--scenarios", "5,20"],
        ],
        ..Stage::ON_LOCAL_LAB
    },
    Stage {
        name: "local-down",
        proves: "the local lab stops and leaves nothing behind that would prevent the next one",
        commands: &[&["xtask", "lab", "down"]],
        ..Stage::ON_LOCAL_LAB
    },
    Stage {
        name: "bench",
        proves: "a lab starts in each of the ways that `bench lab` measures; its times are in the output",
        commands: &[&["xtask", "bench", "lab", "--runs", "1"]],
        ..Stage::ON_LOCAL_LAB
    },
    Stage {
        name: "kind-envoy-gateway",
        proves: "every scenario passes on a KIND cluster behind Envoy Gateway, with the stand-in",
        turn: Some(1),
        env: &[("LAB", "kind"), ("LAB_KAFKA", "standin"), ("LAB_GATEWAY", "envoy-gateway")],
        ..Stage::ON_KIND_LAB
    },
    Stage {
        name: "kind-traefik",
        proves: "every scenario and both walkthroughs pass on a KIND cluster behind Traefik, with the stand-in",
        turn: Some(0),
        env: &[("LAB", "kind"), ("LAB_KAFKA", "standin"), ("LAB_GATEWAY", "traefik")],
        commands: KIND_WALKED,
        ..Stage::ON_KIND_LAB
    },
    Stage {
        name: "kind-envoy-gateway-separate",
        proves: "the same behind Envoy Gateway as it comes, with an Envoy and an address for each Gateway",
        turn: Some(2),
        env: &[("LAB", "kind"), ("LAB_KAFKA", "standin"), ("LAB_GATEWAY", "envoy-gateway-separate")],
        commands: KIND_WALKED,
        ..Stage::ON_KIND_LAB
    },
];

impl Stage {
    const WITHOUT_LAB: Self =
        Self { name: "", proves: "", needs: Need::Nothing, turn: None, lab: false, env: &[], commands: &[] };
    const ON_LOCAL_LAB: Self = Self { lab: true, env: LOCAL, ..Self::WITHOUT_LAB };
    const ON_KIND_LAB: Self = Self { lab: true, needs: Need::DockerEngine, commands: KIND, ..Self::WITHOUT_LAB };
}

/// The stage as `--list` shows it. Its commands can be copied into a shell.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.name, self.proves)?;
        writeln!(f, "    needs {}", self.needs)?;
        if self.turn.is_some() {
            writeln!(f, "    runs on every third day, and when it is named")?;
        }
        for command in self.commands {
            writeln!(f, "    {}", shown(self.env, command.iter().copied()))?;
        }
        Ok(())
    }
}

/// A cargo command, as a user would type it.
pub fn shown<'a>(env: &[(&str, &str)], arguments: impl Iterator<Item = &'a str>) -> String {
    let env = env.iter().map(|(name, value)| format!("{name}={value}"));
    env.chain(["cargo".to_owned()]).chain(arguments.map(str::to_owned)).collect::<Vec<_>>().join(" ")
}

/// The stages with these names, or all of them, in the order of [`STAGES`].
///
/// # Errors
/// The first name that is not a stage.
pub fn select(names: &[String]) -> Result<Vec<&'static Stage>, UnknownStage> {
    let known = || STAGES.iter().map(|stage| stage.name);
    if let Some(wrong) = names.iter().find(|name| !known().any(|known| known == name.as_str())) {
        return Err(UnknownStage { name: wrong.clone(), advice: model::suggest::advice(wrong, known()) });
    }
    let chosen = |stage: &&Stage| names.is_empty() || names.iter().any(|name| name == stage.name);
    Ok(STAGES.iter().filter(chosen).collect())
}

#[derive(Debug, thiserror::Error)]
#[error("unknown stage `{name}`; {advice} (`cargo xtask ci --list` describes them)")]
pub struct UnknownStage {
    name: String,
    advice: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn names(wanted: &[&str]) -> Vec<&'static str> {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        select(&wanted).expect("known").iter().map(|stage| stage.name).collect()
    }

    #[test]
    fn stages_run_in_their_own_order_and_once() {
        assert_eq!(names(&["test", "format", "test"]), ["format", "test"]);
        assert_eq!(names(&[]).len(), STAGES.len());
    }

    #[test]
    fn an_unknown_stage_is_named_with_the_nearest() {
        let error = select(&["format".into(), "clipy".into()]).err().expect("unknown").to_string();
        assert!(error.starts_with("unknown stage `clipy`; did you mean `clippy`?"), "{error}");
    }

    #[test]
    fn every_stage_is_whole_and_has_a_name_of_its_own() {
        let distinct: BTreeSet<&str> = STAGES.iter().map(|stage| stage.name).collect();
        assert_eq!(distinct.len(), STAGES.len());
        for stage in STAGES {
            assert!(!stage.proves.is_empty() && !stage.commands.is_empty(), "{}", stage.name);
        }
    }

    /// Otherwise nothing would stop it.
    #[test]
    fn a_stage_that_brings_a_lab_up_says_so() {
        for stage in STAGES {
            let ups = stage.commands.iter().any(|command| command.contains(&"up") || command.contains(&"e2e"));
            assert!(!ups || stage.lab || stage.name == "clippy-e2e", "{}", stage.name);
        }
    }
}
