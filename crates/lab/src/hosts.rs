//! The lab's lines in the system's hosts file, for users who requested them with `--hosts`.
//!
//! The file belongs to the user. Each line of the lab contains the lab's name, so that exactly these lines are removed
//! again, whatever stands between them. The file is handled as bytes, changed by one process at a time, and replaced as
//! a whole.

mod replace;

use camino::Utf8PathBuf;
use model::FileError;

fn system() -> Utf8PathBuf {
    "/etc/hosts".into()
}

/// Checks, without changing it, that the system's hosts file can be written. A lab is started only after that.
///
/// # Errors
/// If it cannot be written.
pub(super) fn check() -> Result<(), FileError> {
    let path = system();
    match std::fs::OpenOptions::new().append(true).open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Err(FileError::of("write", path)(error)),
        _ => Ok(()),
    }
}

/// Writes the lab's lines into the system's hosts file, and replaces older ones. Each of `lines` has an address and a
/// name.
pub(super) fn write(lab: &str, lines: &str) -> Result<(), FileError> {
    replace::replace(&system(), |text| with_lines(text, lab, lines))
}

/// Removes the lab's lines, if there are any.
pub(super) fn remove(lab: &str) -> Result<(), FileError> {
    replace::replace(&system(), |text| without_lines(text, lab))
}

fn tag(lab: &str) -> String {
    format!("# kafka-gateway-lab {lab}")
}

fn with_lines(text: &[u8], lab: &str, lines: &str) -> Vec<u8> {
    let mut edited = without_lines(text, lab);
    if !edited.is_empty() && !edited.ends_with(b"\n") {
        edited.push(b'\n');
    }
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        edited.extend_from_slice(format!("{} {}\n", line.trim_end(), tag(lab)).as_bytes());
    }
    edited
}

fn without_lines(text: &[u8], lab: &str) -> Vec<u8> {
    let (own, begin, end) = (tag(lab), format!("{}: begin", tag(lab)), format!("{}: end", tag(lab)));
    let mut in_block = false;
    let mut kept = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let shown = line.trim_ascii_end();
        // The first version of the lab wrote lines without a tag, between two comment lines. The second one may be
        // missing.
        in_block = shown == begin.as_bytes() || (in_block && is_name_of_a_lab(shown));
        if in_block || shown == end.as_bytes() || (shown.ends_with(own.as_bytes()) && !shown.starts_with(b"#")) {
            continue;
        }
        kept.extend_from_slice(line);
    }
    kept
}

/// Whether the line has an address and one name below the labs' domain, as the first version wrote them.
fn is_name_of_a_lab(line: &[u8]) -> bool {
    let words: Vec<_> = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    words.len() == 2 && words[1].ends_with(b".kafka.test")
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8Path;

    /// The number of this lab's lines in the file.
    fn count(path: &Utf8Path, lab: &str) -> usize {
        let text = std::fs::read(path).expect("readable");
        text.split(|byte| *byte == b'\n').filter(|line| line.ends_with(tag(lab).as_bytes())).count()
    }

    const BEFORE: &str = "127.0.0.1 localhost\n::1 localhost";

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn lines_are_replaced_and_removed_without_a_trace() {
        let once = with_lines(BEFORE.as_bytes(), "lab", "127.0.0.1 a.kafka.test\n");
        let twice = with_lines(&once, "lab", "127.0.0.1 b.kafka.test\n127.0.0.1 c.kafka.test\n");
        let shown = text(&twice);
        assert!(!shown.contains("a.kafka.test"), "{shown}");
        assert!(shown.contains("127.0.0.1 b.kafka.test # kafka-gateway-lab lab\n"), "{shown}");
        assert_eq!(text(&without_lines(&twice, "lab")), format!("{BEFORE}\n"));
        assert_eq!(text(&without_lines(BEFORE.as_bytes(), "lab")), BEFORE);
    }

    #[test]
    fn the_user_s_lines_stay_where_they_are_even_between_the_lab_s() {
        let before = "10.1.2.3 prod-db.corp\n127.0.0.1 a.kafka.test # kafka-gateway-lab lab\n10.1.2.4 vpn.corp\n\
                      127.0.0.1 b.kafka.test # kafka-gateway-lab lab\n# kafka-gateway-lab lab\n";
        assert_eq!(
            text(&without_lines(before.as_bytes(), "lab")),
            "10.1.2.3 prod-db.corp\n10.1.2.4 vpn.corp\n# kafka-gateway-lab lab\n"
        );
    }

    #[test]
    fn a_block_of_the_first_version_ends_at_the_first_line_that_is_not_the_lab_s() {
        let block = "127.0.0.1 localhost\n# kafka-gateway-lab t2h: begin\n127.0.0.1 bootstrap.kafka.test\n";
        let theirs = "10.1.2.3 prod-db.corp\n10.1.2.4 broker-1.kafka.test vpn.corp\n";
        for (end, after) in [("", ""), ("# kafka-gateway-lab t2h: end\n", ""), ("", "127.0.0.1 own.kafka.test\n")] {
            let before = format!("{block}{end}{theirs}{after}");
            let remaining = without_lines(before.as_bytes(), "t2h");
            assert_eq!(text(&remaining), format!("127.0.0.1 localhost\n{theirs}{after}"));
        }
        let inside = format!("{block}10.1.2.3 mine\n# kafka-gateway-lab t2h: end\n");
        assert_eq!(text(&without_lines(inside.as_bytes(), "t2h")), "127.0.0.1 localhost\n10.1.2.3 mine\n");
    }

    #[test]
    fn another_lab_s_lines_stay() {
        let both = with_lines(&with_lines(BEFORE.as_bytes(), "one", "1.1.1.1 one"), "two-one", "2.2.2.2 two");
        let remaining = without_lines(&both, "one");
        assert!(
            text(&remaining).contains("2.2.2.2 two") && !text(&remaining).contains("1.1.1.1"),
            "{}",
            text(&remaining)
        );
    }

    #[test]
    fn bytes_that_are_not_utf_8_go_through_unchanged() {
        let before = b"127.0.0.1 localhost\n10.0.0.7 caf\xe9.corp\n";
        let with = with_lines(before, "lab", "127.0.0.1 a.kafka.test");
        assert!(with.starts_with(before));
        assert_eq!(without_lines(&with, "lab"), before);
    }

    #[test]
    fn many_labs_change_the_file_at_once_and_nothing_is_lost() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("hosts");
        std::fs::write(&path, BEFORE).expect("written");
        let labs: Vec<String> = (0..8).map(|n| format!("lab-{n}")).collect();
        let rounds = |change: &(dyn Fn(&str) + Sync)| {
            std::thread::scope(|scope| {
                for lab in &labs {
                    scope.spawn(move || change(lab));
                }
            });
        };
        rounds(&|lab| replace::replace(&path, |text| with_lines(text, lab, "127.0.0.1 a.kafka.test")).expect("added"));
        assert_eq!(labs.iter().map(|lab| count(&path, lab)).sum::<usize>(), labs.len());
        rounds(&|lab| replace::replace(&path, |text| without_lines(text, lab)).expect("removed"));
        assert_eq!(std::fs::read_to_string(&path).expect("read"), format!("{BEFORE}\n"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1, "nothing is left beside it");
    }
}
