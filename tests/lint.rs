//! Lints the broken scenarios in `tests/broken/<name>/` and compares the messages with snapshots. The messages are part
//! of the product, so read every change of them.

use camino::{Utf8Path, Utf8PathBuf};
use model::paths;
use scenario::{Problem, Schemas, Severity};
use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The usual width of a terminal.
const WIDTH: usize = 100;

fn broken() -> Utf8PathBuf {
    paths::repo().join("tests/broken")
}

fn problems(folder: &Utf8Path, schemas: &Schemas) -> Vec<Problem> {
    match scenario::load(folder) {
        Ok(folder) => scenario::lint_with_schemas(&folder, schemas),
        Err(broken) => broken.problems,
    }
}

/// The codes that a folder expects, in comments `# expect: CODE`. The snapshots alone would accept a message that is
/// missing.
fn expected(folder: &Utf8Path) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for entry in folder.read_dir_utf8().expect("a folder") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a readable file");
        let text = String::from_utf8_lossy(&bytes);
        codes.extend(text.lines().filter_map(|line| line.strip_prefix("# expect: ")).map(ToOwned::to_owned));
    }
    codes
}

/// The stand-in's CRDs, and small test CRDs in place of the Gateway API's bundle, which is not in the repository.
fn schemas() -> Schemas {
    let path = paths::repo().join("tests/broken/crds.yaml");
    let text = std::fs::read_to_string(&path).expect("the CRDs of the tests are readable");
    Schemas::from_texts([(path.as_str(), text.as_str())]).expect("the CRDs of the tests are YAML")
}

fn rendered(problems: &[Problem]) -> String {
    let mut text = String::new();
    for problem in problems {
        let place = problem.position().map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
        let heading = format!("{}{place}: {}", problem.file(), problem.severity);
        text.extend([heading.as_str(), "\n", &problem.render(WIDTH, false), "\n"]);
    }
    text
}

#[test]
fn each_broken_folder_is_explained() {
    let schemas = schemas();
    let (mut seen, mut wrong) = (0, Vec::new());
    for entry in broken().read_dir_utf8().expect("tests/broken is a folder") {
        let entry = entry.expect("an entry of tests/broken");
        // The snapshots are in this folder.
        if !entry.path().is_dir() || entry.file_name() == "messages" {
            continue;
        }
        seen += 1;
        let name = entry.file_name();
        let problems = problems(entry.path(), &schemas);
        let above_notes = problems.iter().filter(|problem| problem.severity > Severity::Note);
        let found: BTreeSet<String> = above_notes.map(|problem| problem.code.clone().into_owned()).collect();
        let expected = expected(entry.path());
        if found != expected || expected.is_empty() {
            wrong.push(format!("{name}: found {found:?}, and `# expect:` says {expected:?}"));
        }
        insta::with_settings!({ snapshot_path => "broken/messages", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name.to_owned(), rendered(&problems));
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 40, "only {seen} broken folders");
}

#[test]
fn the_committed_scenarios_are_clean() {
    let schemas = Schemas::at_hand().unwrap_or_else(|problem| panic!("{}", problem.render(WIDTH, false)));
    let mut seen = 0;
    for loaded in scenario::load_all(&paths::scenarios()) {
        let folder = loaded.unwrap_or_else(|broken| panic!("{}", rendered(&broken.problems)));
        let mut found = scenario::lint_with_schemas(&folder, &schemas);
        // The available schemas depend on the machine, so notes about missing ones are ignored.
        found.retain(|problem| problem.severity > Severity::Note);
        assert!(found.is_empty(), "{}", rendered(&found));
        seen += 1;
    }
    assert!(seen >= 5, "only {seen} scenarios");
}

/// Each of thousands of wrong steps is reported at its place, with a short excerpt.
#[test]
fn many_problems_in_a_large_file_are_shown_briefly() {
    let step = format!("  - refus: {{sni: \"{}\"}}\n", "x".repeat(300));
    let text = format!(
        "name: many\ntitle: t\nwhy: w\nkafka: {{cluster: shared}}\nsteps:\n{}sabotage: []\n",
        step.repeat(3000)
    );
    let broken = scenario::parse("scenarios/many".into(), &text, Default::default()).expect_err("no step is known");
    assert_eq!(broken.problems.len(), 3000);
    let last = &broken.problems[2999];
    assert_eq!(last.position(), Some((3005, 5)));
    let shown = last.render(WIDTH, false);
    assert!(shown.contains("3005 │") && shown.contains("refus") && shown.len() < 2000, "{shown}");
}

#[test]
fn one_broken_folder_does_not_hide_another() {
    let all = scenario::load_all(&broken());
    assert!(all.iter().any(Result::is_ok) && all.iter().any(Result::is_err));
}

/// Follows `docs/tutorial.md` word for word, up to the part that needs a lab.
#[test]
fn the_tutorial_works_word_for_word() {
    let tutorial = std::fs::read_to_string(paths::repo().join("docs/tutorial.md")).expect("the tutorial is readable");
    let blocks: Vec<&str> = tutorial.split("```").skip(1).step_by(2).collect();
    let block = |start: &str| -> &str {
        let found = blocks.iter().filter_map(|block| block.strip_prefix(start)).next();
        found.unwrap_or_else(|| panic!("the tutorial has a block {start:?}"))
    };
    let root = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tutorial");
    // The folder does not exist in the first run.
    let _ = std::fs::remove_dir_all(&root);
    let file = scenario::create(&root, "my-first").expect("scenario new my-first");
    let folder = root.join("my-first");
    let written = std::fs::read_to_string(&file).expect("the new scenario is readable");
    assert!(written.contains(block("yaml\nsteps:\n")), "section 1 shows the steps");
    assert!(written.contains("\nsabotage:\n"), "section 4 shows a sabotage");
    for line in block("yaml\nsabotage:\n").lines() {
        assert!(written.contains(line), "section 4: {line}");
    }

    std::fs::write(&file, written.replace(" messages: ", " mesages: ")).expect("section 2: misspell");
    let found = problems(&folder, &Schemas::default());
    let shown: Vec<String> = found.iter().map(|problem| problem.render(WIDTH, false)).collect();
    let without_blanks = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(without_blanks(&shown.join("\n")), without_blanks(block("text\n")).trim_end());

    let probe = block("yaml\n  - probe:");
    let probe = format!("  - probe:{probe}  - refuse:");
    std::fs::write(&file, written.replace("  - refuse:", &probe)).expect("section 3: a probe");
    let found: Vec<Problem> = problems(&folder, &schemas());
    assert!(found.is_empty(), "{}", rendered(&found));
}

/// The fuzz target. It changes single bytes of every scenario and manifest in the repository, including the broken
/// ones. The parser and the linter must report problems and must never panic.
///
/// By default it makes a few thousand changes, the same in every run. With `LINT_FUZZ_SECONDS=600` it runs for ten
/// minutes, from the seed `LINT_FUZZ_SEED` or a random one. A panic shows the seed and the text. Add that text as a
/// folder of `tests/broken`.
#[test]
fn changed_bytes_never_panic() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let end = number("LINT_FUZZ_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs());
    let seed = number("LINT_FUZZ_SEED").unwrap_or_else(|| if end.is_some() { clock() } else { 0x5eed }).max(1);
    let corpus: Vec<_> = [paths::scenarios(), broken()]
        .iter()
        .flat_map(|root| scenario::names(root).into_iter().map(|name| root.join(name)))
        .filter_map(|path| Some((std::fs::read_to_string(path.join("scenario.yaml")).ok()?, manifests(&path), path)))
        .collect();
    let schemas = schemas();
    let mut random = Random(seed);
    let mut changes = 0;
    loop {
        for (text, manifests, path) in &corpus {
            for _ in 0..15 {
                let (mut text, mut manifests) = (text.clone(), manifests.clone());
                if manifests.is_empty() || random.below(2) == 0 {
                    text = random.change(&text);
                } else {
                    let pick = random.below(manifests.len());
                    if let Some(manifest) = manifests.values_mut().nth(pick) {
                        *manifest = random.change(manifest);
                    }
                }
                changes += 1;
                let outcome = std::panic::catch_unwind(|| match scenario::parse(path, &text, manifests.clone()) {
                    Ok(folder) => rendered(&scenario::lint_with_schemas(&folder, &schemas)),
                    Err(broken) => rendered(&broken.problems),
                });
                assert!(outcome.is_ok(), "seed {seed}, change {changes} of {path}:\n{text}\n{manifests:#?}");
            }
        }
        if end.is_none_or(|end| Instant::now() >= end) {
            break;
        }
    }
    println!("{changes} changes from seed {seed}, no panic");
}

fn manifests(path: &Utf8Path) -> std::collections::BTreeMap<String, String> {
    let entries = path.read_dir_utf8().expect("a scenario's folder").filter_map(Result::ok);
    entries
        .filter(|entry| entry.file_name().ends_with(".yaml") && entry.file_name() != "scenario.yaml")
        .filter_map(|entry| Some((entry.file_name().to_owned(), std::fs::read_to_string(entry.path()).ok()?)))
        .collect()
}

/// xorshift64, so that every run makes the same changes.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    /// Makes one to four insertions, deletions or replacements, of bytes with a meaning in YAML or of random bytes.
    fn change(&mut self, text: &str) -> String {
        const TELLING: &[&str] = &[
            "{",
            "}",
            "[",
            "]",
            ":",
            ": ",
            "- ",
            "\n",
            "\t",
            "\"",
            "'",
            "&a ",
            "*a",
            "!!int ",
            "---\n",
            "|",
            ">",
            "%",
            "#",
            "${",
            "$${",
            "${domain}",
            "~",
            "<<: ",
            "0x",
            "-1",
            "1e999",
            "é",
            "\u{0}",
            "\u{feff}",
            "??",
            "99999999999999999999",
        ];
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(4) {
                0 if at < bytes.len() => {
                    bytes.remove(at);
                }
                1 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                2 => {
                    let end = (at + self.below(40)).min(bytes.len());
                    bytes.drain(at..end);
                }
                _ => {
                    let telling = TELLING[self.below(TELLING.len())];
                    bytes.splice(at..at, telling.bytes());
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
