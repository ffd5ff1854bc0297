use super::*;
use crate::{CommandResult, Record, transcript};

const SMALL: &str = "
title: A title
post: https://example.com/post
about: What it is about.
adapt:
  - {files: [one.yaml], commands: true, find: my-class, replace: \"${gateway.class}\", why: the lab has one}
steps:
  - {name: first, title: First, why: Because., shows: [one.yaml], run: [\"echo my-class\"], expect: [my-class]}
  - {name: only-kind, title: Only kind, why: Because., when: [kind], run: [\"true\"], expect: [x]}
";

fn folder(walkthrough: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(FILE), walkthrough).expect("written");
    fs::write(folder.path().join("one.yaml"), "class: my-class\n").expect("written");
    folder
}

fn read(walkthrough: &str) -> Result<Story, String> {
    let folder = folder(walkthrough);
    Story::read(Utf8Path::from_path(folder.path()).expect("UTF-8")).map_err(|error| error.to_string())
}

fn of_a_lab() -> Variables {
    let mut variables = Variables::new();
    for (name, value) in [("gateway.class", "traefik"), ("gateway.port", "9092"), ("gateway.address", "127.0.0.1")] {
        assert!(variables.set(name, value), "{name}");
    }
    variables
}

#[test]
fn a_lab_has_its_own_values_in_files_commands_and_expectations() {
    let story = read(SMALL).expect("sound");
    let (adapted, changes) = story.adapted(&[Place::Local], &of_a_lab()).expect("it has a value");
    assert_eq!(adapted.files()["one.yaml"], "class: traefik\n");
    assert_eq!((adapted.steps.len(), adapted.steps[0].run[0].as_str()), (1, "echo traefik"));
    assert_eq!(adapted.steps[0].expect, ["traefik"]);
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].from.as_str(), changes[0].to.as_str()), ("my-class", "traefik"));
    assert_eq!(story.files()["one.yaml"], "class: my-class\n", "the post's stays");
}

#[test]
fn each_mistake_is_named() {
    let wrong = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "{from}");
        read(&SMALL.replace(from, to)).expect_err("a mistake")
    };
    for (from, to, said) in [
        ("why: Because., shows", "wy: Because., shows", "unknown field `wy`"),
        ("name: only-kind", "name: first", "two steps have the name \"first\""),
        ("shows: [one.yaml]", "shows: [two.yaml]", "step first shows \"two.yaml\""),
        ("expect: [my-class]", "expect: []", "step first: expected a text in `expect`"),
        ("run: [\"echo my-class\"]", "run: []", "step first: expected a command"),
        ("run: [\"echo my-class\"]", "run: [echo]", "expected this text in a command"),
        ("find: my-class", "find: your-class", "`find: your-class`: expected this text in one.yaml"),
        ("when: [kind]", "when: [kid]", "unknown variant `kid`"),
    ] {
        let error = wrong(from, to);
        assert!(error.contains(said) && error.contains(FILE), "{said} in {error}");
    }
}

#[test]
fn a_step_that_does_not_exist_is_an_error_with_the_nearest() {
    let error = read(SMALL).expect("sound").position("frist").expect_err("there is none").to_string();
    assert_eq!(error, "unknown step `frist`; did you mean `first`?");
}

fn committed() -> impl Iterator<Item = Story> {
    let folder = paths::fixtures().join("walkthrough");
    let mut names: Vec<String> =
        folder.read_dir_utf8().expect("there").flatten().map(|entry| entry.file_name().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["2024", "2026"]);
    names.into_iter().map(|name| Story::load(&name).expect("sound"))
}

#[test]
fn the_committed_ones_fit_each_kind_of_lab() {
    for story in committed() {
        for places in [
            [Place::Local, Place::Shared, Place::Standin],
            [Place::Kind, Place::Separate, Place::Strimzi],
            [Place::Kind, Place::Shared, Place::Standin],
        ] {
            let (adapted, _) = story.adapted(&places, &of_a_lab()).expect("every variable has a value");
            let broken = adapted.steps.iter().filter(|step| !step.afterwards.is_empty() || step.exit != 0).count();
            assert!(broken >= 3, "{}: three things to break, not {broken}", story.name);
            assert!(adapted.steps.iter().any(|step| step.yours), "{}: the reader's own turn", story.name);
        }
    }
}

/// What the commands printed when the page was written: everything between them in its `console` blocks.
fn record(story: &Story, page: &str) -> Record {
    let mut blocks = page.split("\n```console\n").skip(1).map(|rest| rest.split("\n```\n").next().unwrap_or_default());
    let mut record = Record::default();
    for step in &story.steps {
        let block = blocks.next().unwrap_or_default();
        let mut rest = block.strip_suffix('\n').unwrap_or(block);
        let commands: Vec<&String> = step.run.iter().chain(&step.afterwards).collect();
        let mut ran = Vec::new();
        for (index, command) in commands.iter().enumerate() {
            rest = rest.strip_prefix(&format!("$ {}", command.trim_end())).unwrap_or_default();
            let next = commands.get(index + 1).and_then(|next| rest.find(&format!("\n$ {}", next.trim_end())));
            let (output, after) = rest.split_at(next.unwrap_or(rest.len()));
            ran.push(CommandResult {
                command: (*command).clone(),
                output: output.trim_start().to_owned(),
                exit: Some(0),
            });
            rest = after.trim_start_matches('\n');
        }
        record.steps.push((step.name.clone(), ran));
    }
    record
}

/// The page is written by a walk on the local lab. It drifts when a text, a manifest or a command changes, or what a command must
/// print.
#[test]
fn the_transcripts_in_the_docs_are_of_these_walkthroughs() {
    for story in committed() {
        let name = &story.name;
        let path = paths::repo().join("docs").join(format!("walkthrough-{name}.md"));
        let page = fs::read_to_string(&path).expect("there");
        let again = format!("write {path} again: `cargo xtask walkthrough {name} --yes --transcript {path}`");
        let (story, _) = story.adapted(&[Place::Local, Place::Shared, Place::Standin], &of_a_lab()).expect("values");
        let record = record(&story, &page);
        let place = page.split_once("--transcript FILE` on ").and_then(|(_, rest)| rest.split_once(". Its manifests"));
        let place = place.map_or("", |(place, _)| place);
        assert!(transcript(&story, &record, place, "/no/such/folder") == page, "{again}");
        for (step, (_, ran)) in story.steps.iter().zip(&record.steps).filter(|(step, _)| !step.yours) {
            let output: String = ran.iter().map(|one| one.output.as_str()).collect();
            assert_eq!(step.problem_in(&output), None, "step {}: {again}", step.name);
        }
    }
}
