//! Tests the documented exit codes of the `lab` binary without a lab. The codes of a failed scenario (1) and a failed
//! cleanup (4) are tested with the reports.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Much longer than any of these commands takes. It ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs the binary without a lab and without a last run.
fn lab(arguments: &[&str]) -> (Option<i32>, String) {
    let state = tempfile::tempdir().expect("a folder");
    let child = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(arguments)
        .env("LAB_STATE", state.path())
        .env("LAB_NAME", "nothing")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lab starts");
    let output = ended(child, arguments);
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.code(), said)
}

fn ended(mut child: Child, arguments: &[&str]) -> Output {
    let start = Instant::now();
    while child.try_wait().expect("its state").is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().expect("killed");
            panic!("{arguments:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.wait_with_output().expect("its output")
}

fn assert_code(arguments: &[&str], code: i32, words: &str) {
    let (found, said) = lab(arguments);
    assert_eq!(found, Some(code), "{arguments:?}: {said}");
    assert!(said.contains(words), "{arguments:?}: {said}");
}

#[test]
fn a_selection_without_a_match_exits_with_two() {
    assert_code(&["scenario", "run", "nativ-tlsroute"], 2, "did you mean `native-tlsroute`?");
    assert_code(&["scenario", "run", "native-tlsroute", "tag:nope"], 2, "no scenario has the tag `nope`; the tags are");
    assert_code(&["scenario", "run", "--shard", "4/3"], 2, "expected I/N");
    assert_code(&["scenario", "run", "--rerun-failed"], 2, "there is no last run");
    assert_code(&["scenario", "run", "--frobnicate"], 2, "--frobnicate");
    assert_code(&["lab", "up", "--gateway", "nginx"], 2, "unknown gateway");
}

#[test]
fn a_replay_names_what_no_longer_exists() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("report.json");
    let path = path.to_str().expect("UTF-8");
    let write = |name: &str| {
        let report = model::sample::report(vec![model::sample::result(name, model::Verdict::Passed)]);
        std::fs::write(path, runner::report::json(&report).expect("JSON")).expect("written");
    };
    write("gone-meanwhile");
    assert_code(&["scenario", "run", "--replay", path], 2, "included gone-meanwhile, which no longer exists");
    assert_code(&["scenario", "run", "--replay", "/nowhere/report.json"], 2, "cannot read /nowhere/report.json");
    assert_code(&["scenario", "run", "native", "--replay", path], 2, "cannot be used with");
    write("native-tlsroute");
    assert_code(&["scenario", "run", "--replay", path], 3, "nothing");
}

#[test]
fn a_missing_lab_exits_with_three() {
    assert_code(&["scenario", "run", "native-tlsroute"], 3, "nothing");
    assert_code(&["scenario", "run", "native-tlsroute", "--sabotage", "--shard", "1/1"], 3, "nothing");
}

#[test]
fn commands_that_need_a_lab_say_that_none_is_up() {
    for verb in ["status", "logs", "env"] {
        assert_code(&["lab", verb], 3, "nothing");
    }
    assert_code(&["parity", "snapshot"], 3, "nothing");
}

#[test]
fn taking_down_a_lab_that_does_not_exist_succeeds() {
    assert_code(&["lab", "down"], 0, "");
}

#[test]
fn comparing_a_file_that_is_not_a_snapshot_names_the_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("empty.json");
    std::fs::write(&path, "{").expect("written");
    let path = path.to_str().expect("UTF-8");
    assert_code(&["parity", "compare", path, path], 2, "empty.json");
}

#[test]
fn a_file_that_is_not_a_report_exits_with_two_and_does_not_hang() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = |name: &str| dir.path().join(name);
    let made = Command::new("mkfifo").arg(path("pipe")).status().expect("mkfifo");
    assert!(made.success());
    std::fs::write(path("garbage"), b"\xff\x00 not a report").expect("written");
    std::fs::write(path("other.json"), b"{\"schema\": 99}").expect("written");
    let wrong = [
        (path("pipe"), "it is not a regular file"),
        ("/dev/zero".into(), "it is not a regular file"),
        (path("garbage"), "cannot read"),
        (path("other.json"), "has schema 99"),
        (path("gone"), "No such file"),
    ];
    for (path, words) in wrong {
        let path: &Path = &path;
        let arguments = ["report", "table", path.to_str().expect("UTF-8")];
        let (code, said) = lab(&arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(words) && !said.contains("run scenarios once"), "{arguments:?}: {said}");
    }
}

#[test]
fn the_exit_code_of_a_check_of_manifests_says_what_was_found() {
    let sets = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/diagnose/tests/manifests");
    let set = |name: &str| sets.join(name).to_str().expect("UTF-8").to_owned();
    let (healthy, broken) = (set("healthy-by-hand"), set("listener-misspelt"));
    let of = |more: &[&str], code, words| {
        let arguments: Vec<&str> = ["diagnose", "manifest"].iter().chain(more).copied().collect();
        assert_code(&arguments, code, words);
    };
    of(&[&healthy], 0, "7 objects in 3 files: no fault found");
    of(&[&broken], 1, "routes.yaml:9:20");
    of(&[&broken, "-o", "github"], 1, "line=9,col=20,title=KGL006 route-not-accepted::");
    of(&[&broken, "-o", "json"], 1, "\"number\": \"KGL006\"");
    of(&[&broken, "--ignore", "route-not-accepted"], 0, "no fault found");
    // Standard input is empty here.
    of(&["-"], 0, "0 objects in 1 file");
    of(&[], 2, "<FILE>...");
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("not.yaml");
    std::fs::write(&path, "a: [").expect("written");
    of(&[&broken, path.to_str().expect("UTF-8")], 2, "KGL006 route-not-accepted");
    of(&[path.to_str().expect("UTF-8")], 2, "the file is not valid YAML");
    of(&["no-such-file.yaml"], 2, "cannot read no-such-file.yaml: No such file");
}

#[test]
fn a_walkthrough_can_be_read_without_a_lab_and_names_a_step_that_does_not_exist() {
    let explained = ["walkthrough", "2026", "--explain", "--name", "there-is-none"];
    assert_code(&explained, 0, "$ kubectl apply -f kafka.yaml");
    assert_code(&explained, 0, "https://strimzi.io/blog/2026/07/09/");
    assert_code(&[&explained[..], &["--from", "kafkas"]].concat(), 2, "unknown step `kafkas`; did you mean `kafka`?");
    assert_code(&["walkthrough", "2026", "--yes", "--name", "there-is-none"], 3, "no lab named there-is-none is up");
    assert_code(&["walkthrough", "2025"], 2, "unknown post; expected `2024` or `2026`");
}

#[test]
fn a_matrix_that_no_lab_can_run_is_a_page_with_the_reason_and_keeps_its_selection() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("matrix");
    let folder = folder.to_str().expect("UTF-8");
    let matrix = |lab: &str, code: i32, words: &str| {
        assert_code(&["matrix", "--gateway", "contour", "--lab", lab, "--folder", folder, "weights"], code, words);
    };
    matrix("local", 0, "1 of 1: contour-local-standin: skipped, because ");
    let page = std::fs::read_to_string(Path::new(folder).join("matrix.html")).expect("the page");
    assert!(page.contains("<b>contour</b>") && page.contains("skipped, because"), "{page}");
    matrix("kind", 2, "--lab was local and is kind; give another `--folder`");
    let unknown = ["matrix", "--gateway", "traefik", "--lab", "local", "--versions", "contour=1.33.8", "weights"];
    assert_code(&unknown, 2, "contour is a gateway, but not among those of `--gateway`");
    assert_code(&["matrix", "page", "/nowhere/report.json"], 2, "expected the report.json of a run");
}

#[test]
fn a_matrix_in_which_a_deviation_is_gone_exits_with_one_and_names_the_finding() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
    let report = |name: &str, verdict: model::Verdict| {
        let report = model::sample::report(vec![model::sample::result("listener-isolation", verdict)]);
        std::fs::write(path(name), serde_json::to_string(&report).expect("JSON")).expect("written");
    };
    report("gone.json", model::Verdict::UnexpectedPass { link: "l".into(), expected: None });
    let arguments = ["matrix", "page", &path("gone.json"), "--folder", &path("page")];
    assert_code(&arguments, 1, "correct docs/findings/traefik-listener-isolation.md");
    report("fine.json", model::Verdict::Passed);
    assert_code(&["matrix", "page", &path("fine.json"), "--folder", &path("page")], 0, "matrix.html");
}
