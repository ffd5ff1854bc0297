//! Opens the page in a headless Chromium, as a reader would. Skipped where none is installed.

use model::sample::{failure, report, result};
use model::{Report, StepOutcome, StepResult, Verdict};
use report_views::{Attachments, Excerpt, Picture, page};
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the browser may take, with all that this machine does beside it.
const WITHIN: Duration = Duration::from_secs(120);

/// What the browser made of a page.
struct Opened {
    dom: String,
    /// What the page's script wrote to the console, errors included.
    console: Vec<String>,
}

/// `None` where no Chromium is installed, which is said.
fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = env::var_os("PATH").unwrap_or_default();
    let found =
        env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|one| one.is_file());
    if found.is_none() {
        eprintln!("skipped: none of {} is on the PATH", names.join(", "));
    }
    found
}

/// Opens a file of this machine. The browser has a profile of its own and no network.
fn opened(browser: &Path, folder: &Path, url: &str) -> Opened {
    let (dom, log) = (folder.join("dom.html"), folder.join("log.txt"));
    let mut child = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--no-first-run", "--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(url)
        .stdin(Stdio::null())
        .stdout(File::create(&dom).expect("a file"))
        .stderr(File::create(&log).expect("a file"))
        .spawn()
        .expect("it starts");
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("its state") {
            assert!(status.success(), "Chromium ended with {status}");
            break;
        }
        if begun.elapsed() > WITHIN {
            child.kill().expect("it is ours");
            child.wait().expect("it was killed");
            panic!("Chromium did not open the page within {WITHIN:?}");
        }
        sleep(Duration::from_millis(50));
    }
    let log = String::from_utf8_lossy(&fs::read(&log).expect("its log")).into_owned();
    Opened {
        dom: fs::read_to_string(&dom).expect("the page"),
        console: log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect(),
    }
}

/// Writes the page and opens it with this fragment.
fn opened_page(browser: &Path, html: &str, fragment: &str) -> Opened {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.html");
    fs::write(&path, html).expect("written");
    opened(browser, folder.path(), &format!("file://{}{fragment}", path.display()))
}

/// A run with this many results of eight steps each. Every tenth failed.
fn run(results: usize) -> Report {
    let step = |place: u32| StepResult {
        label: format!("probe#{place}"),
        line: u64::from(place) + 12,
        summary: "broker-10.kafka.test is answered by broker 10".into(),
        started: f64::from(place) / 2.0,
        seconds: 0.5,
        waited: 0.5,
        outcome: StepOutcome::Passed,
        evidence: Vec::new(),
        workload: None,
        diagnosis: None,
    };
    let one = |number: usize| {
        let verdict = if number % 10 == 9 { Verdict::Failed(failure()) } else { Verdict::Passed };
        let mut one = result(&format!("scenario-{number}"), verdict);
        one.steps = (1..=8).map(step).collect();
        one
    };
    report((0..results).map(one).collect())
}

fn html(report: &Report) -> String {
    let excerpt = |name: &str| Excerpt { name: name.into(), text: "a line\n".repeat(200), cut: None };
    let attached = || Attachments {
        pictures: vec![Picture {
            client: "default".into(), text: "broker 11  ✓ tcp ─ ✗ route ─ · tls\n".into()
        }],
        manifests: vec![excerpt("manifests/kafka.yaml")],
        logs: vec![excerpt("logs/traefik.log")],
    };
    let of = |result: &model::ScenarioResult| match result.diagnostics() {
        Some(_) => attached(),
        None => Attachments::default(),
    };
    page(report, of).expect("a page")
}

/// How many results the page shows and hides.
fn shown_and_hidden(dom: &str) -> (usize, usize) {
    let results: Vec<&str> = dom
        .match_indices("<details class=\"result")
        .filter_map(|(at, _)| dom[at..].find('>').map(|end| &dom[at..at + end]))
        .collect();
    let hidden = results.iter().filter(|tag| tag.contains(" hidden=\"\"")).count();
    (results.len() - hidden, hidden)
}

#[test]
fn a_link_chooses_what_the_page_shows_and_nothing_is_wrong_with_its_script() {
    let Some(browser) = chromium() else { return };
    let html = html(&run(20));
    for (fragment, shown, said) in [
        ("", 20, "20 of 20 shown"),
        ("#show=failed", 2, "2 of 20 shown"),
        ("#show=passed&text=scenario-1", 10, "10 of 20 shown"),
        ("#text=ROUTE-missing", 2, "2 of 20 shown"),
        ("#text=nowhere", 0, "0 of 20 shown"),
    ] {
        let page = opened_page(&browser, &html, fragment);
        assert_eq!(shown_and_hidden(&page.dom), (shown, 20 - shown), "{fragment}");
        assert!(page.dom.contains(&format!(">{said}<")), "{fragment}: {said}");
        assert_eq!(page.console, Vec::<String>::new(), "{fragment}");
    }
}

/// Without this, the test above could not fail.
#[test]
fn an_error_in_a_script_is_noticed() {
    let Some(browser) = chromium() else { return };
    let broken = html(&run(2)).replace("\"use strict\";", "\"use strict\"; setTimeout(() => nobody.knows());");
    let page = opened_page(&browser, &broken, "");
    assert!(page.console.iter().any(|line| line.contains("nobody is not defined")), "{:?}", page.console);
}

/// The time is printed and not asserted, because it depends on what else runs.
#[test]
fn a_page_with_2000_results_opens() {
    let Some(browser) = chromium() else { return };
    let html = html(&run(2000));
    let page = opened_page(&browser, &html, "");
    assert_eq!(shown_and_hidden(&page.dom), (2000, 0));
    assert_eq!(page.console, Vec::<String>::new());
    let after = page.dom.split_once("data-ready-after=\"").and_then(|(_, rest)| rest.split('"').next());
    let after: u32 = after.and_then(|text| text.parse().ok()).expect("the page says when it was ready");
    println!("2000 results, {} kB: ready after {after} ms", html.len() / 1024);
}
