//! What the page shows of a failure's folder of diagnostics. The folder has no secrets, because the runner hides them in it.

use camino::{Utf8Path, Utf8PathBuf};
use model::ScenarioResult;
use report_views::{Attachments, Excerpt, Picture};
use std::fs;

/// How much of a file the page shows. A manifest matters from its beginning, and a log from its end.
const OF_A_FILE: usize = 16 << 10;
/// How many manifests, and how many logs, the page shows of a failure.
const FILES: usize = 12;
/// How much of all files the page shows. A page of a run in which everything failed must still open.
const OF_ALL: usize = 8 << 20;
/// What the linter accepts is far smaller, and a log's end was cut when it was collected.
const LARGEST: u64 = 4 << 20;

/// What the page has shown so far.
#[derive(Default)]
pub struct Attached {
    bytes: usize,
}

#[derive(Clone, Copy)]
enum Keep {
    Beginning,
    End,
}

impl Attached {
    /// Reads for one result after the other.
    pub fn reader(mut self) -> impl FnMut(&ScenarioResult) -> Attachments {
        move |result| self.of(result)
    }

    fn of(&mut self, result: &ScenarioResult) -> Attachments {
        let Some(folder) = result.diagnostics() else { return Attachments::default() };
        let pictures = files(&folder.join("diagnosis"), "txt")
            .into_iter()
            .filter_map(|path| Some(Picture { client: path.file_stem()?.to_owned(), text: read(&path)? }));
        let pictures = pictures.collect();
        let events: Vec<_> = folders(folder).iter().map(|one| one.join("events.txt")).collect();
        let mut logs = events;
        logs.extend(files(&folder.join("logs"), "log"));
        Attachments {
            pictures,
            manifests: self.excerpts(folder, files(&folder.join("manifests"), "yaml"), Keep::Beginning),
            logs: self.excerpts(folder, logs, Keep::End),
        }
    }

    fn excerpts(&mut self, folder: &Utf8Path, paths: Vec<Utf8PathBuf>, keep: Keep) -> Vec<Excerpt> {
        let mut found = Vec::new();
        for path in paths {
            let Some(text) = read(&path).filter(|text| !text.trim().is_empty()) else { continue };
            let (text, cut) = shortened(&text, keep);
            if found.len() == FILES || self.bytes + text.len() > OF_ALL {
                break;
            }
            self.bytes += text.len();
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string();
            found.push(Excerpt { name, text: text.to_owned(), cut });
        }
        found
    }
}

/// The part of a text that the page shows, and what it leaves out. Only whole lines stay.
fn shortened(text: &str, keep: Keep) -> (&str, Option<String>) {
    if text.len() <= OF_A_FILE {
        return (text, None);
    }
    let whole = |from: usize| (from..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let (part, which) = match keep {
        Keep::Beginning => (text[..whole(OF_A_FILE)].rsplit_once('\n').map(|(part, _)| part), "last"),
        Keep::End => (text[whole(text.len() - OF_A_FILE)..].split_once('\n').map(|(_, part)| part), "first"),
    };
    let part = part.unwrap_or_default();
    (part, Some(format!("the {which} {} kB are left out", (text.len() - part.len()).div_ceil(1024))))
}

fn read(path: &Utf8Path) -> Option<String> {
    let bytes = model::regular_file::read(path, LARGEST).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The files with this ending, by name.
fn files(folder: &Utf8Path, ending: &str) -> Vec<Utf8PathBuf> {
    let mut found: Vec<_> = entries(folder).into_iter().filter(|path| path.extension() == Some(ending)).collect();
    found.sort();
    found
}

fn folders(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found: Vec<_> = entries(folder).into_iter().filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn entries(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| Utf8PathBuf::try_from(entry.path()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Verdict;
    use model::sample::{failure, result};

    fn failed(folder: &Utf8Path) -> ScenarioResult {
        let mut failed = result("red", Verdict::Failed(failure()));
        failed.attempts[0].diagnostics = Some(folder.to_owned());
        failed
    }

    #[test]
    fn the_files_of_a_failure_are_read_and_a_long_one_in_part() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(dir.path()).expect("UTF-8");
        let long: String = (0..4000).map(|line| format!("é line {line}\n")).collect();
        for (name, text) in [
            ("diagnosis/default.txt", "broker 11 ✗ route\n"),
            ("manifests/kafka.yaml", long.as_str()),
            ("logs/traefik.log", long.as_str()),
            ("logs/empty.log", "\n"),
            ("kafka/events.txt", "an event\n"),
        ] {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        let found = Attached::default().of(&failed(folder));
        assert_eq!(found.pictures, [Picture { client: "default".into(), text: "broker 11 ✗ route\n".into() }]);
        let names = |all: &[Excerpt]| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&found.manifests), ["manifests/kafka.yaml"]);
        assert_eq!(names(&found.logs), ["kafka/events.txt", "logs/traefik.log"], "an empty file says nothing");
        let (manifest, log) = (&found.manifests[0], &found.logs[1]);
        assert!(manifest.text.starts_with("é line 0\n") && manifest.text.len() <= OF_A_FILE + 4);
        assert!(log.text.starts_with("é line ") && log.text.ends_with("é line 3999\n") && log.text.len() <= OF_A_FILE);
        assert!(manifest.cut.as_deref().is_some_and(|cut| cut.starts_with("the last ")), "{:?}", manifest.cut);
        assert!(log.cut.as_deref().is_some_and(|cut| cut.starts_with("the first ")), "{:?}", log.cut);
    }

    #[test]
    fn all_files_together_are_bounded() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(dir.path()).expect("UTF-8");
        fs::create_dir(folder.join("logs")).expect("made");
        for number in 0..FILES + 3 {
            fs::write(folder.join(format!("logs/{number}.log")), "x\n".repeat(OF_A_FILE)).expect("written");
        }
        let mut attached = Attached::default();
        let mut shown = 0;
        for _ in 0..100 {
            let found = attached.of(&failed(folder));
            assert!(found.logs.len() <= FILES);
            shown += found.logs.iter().map(|one| one.text.len()).sum::<usize>();
        }
        assert!(shown <= OF_ALL && shown > OF_ALL / 2, "{shown}");
    }
}
