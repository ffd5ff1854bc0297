//! The lab's block in /etc/hosts, for those who asked for it with `--hosts`.

use crate::file_error::FileError;
use camino::{Utf8Path, Utf8PathBuf};
use std::{fs, io};

fn system() -> Utf8PathBuf {
    "/etc/hosts".into()
}

fn marks(lab: &str) -> (String, String) {
    (format!("# kafka-gateway-lab {lab}: begin"), format!("# kafka-gateway-lab {lab}: end"))
}

/// Puts the lab's block into the system's hosts file, in place of an older one.
pub(super) fn write(lab: &str, block: &str) -> Result<(), FileError> {
    change(&system(), |text| with_block(text, lab, block))
}

/// Takes the lab's block out again, if it is there.
pub(super) fn remove(lab: &str) -> Result<(), FileError> {
    change(&system(), |text| without_block(text, lab))
}

fn change(path: &Utf8Path, edit: impl FnOnce(&str) -> String) -> Result<(), FileError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(FileError::of("read", path)(error)),
    };
    let edited = edit(&text);
    // Written in place: in a container the file is a mount, which cannot be renamed over.
    if edited == text { Ok(()) } else { fs::write(path, edited).map_err(FileError::of("write", path)) }
}

fn with_block(text: &str, lab: &str, block: &str) -> String {
    let (begin, end) = marks(lab);
    let mut edited = without_block(text, lab);
    if !edited.is_empty() && !edited.ends_with('\n') {
        edited.push('\n');
    }
    edited + &begin + "\n" + block.trim_end() + "\n" + &end + "\n"
}

fn without_block(text: &str, lab: &str) -> String {
    let (begin, end) = marks(lab);
    let mut inside = false;
    text.split_inclusive('\n')
        .filter(|line| {
            let line = line.trim_end();
            let was_inside = inside;
            inside = (inside || line == begin) && line != end;
            !was_inside && line != begin
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "127.0.0.1 localhost\n::1 localhost";

    #[test]
    fn a_block_is_replaced_and_removed_without_trace() {
        let once = with_block(BEFORE, "lab", "127.0.0.1 a.kafka.test\n");
        let twice = with_block(&once, "lab", "127.0.0.1 b.kafka.test\n");
        assert!(!twice.contains("a.kafka.test") && twice.contains("b.kafka.test"), "{twice}");
        assert_eq!(without_block(&twice, "lab"), format!("{BEFORE}\n"));
    }

    #[test]
    fn another_labs_block_stays() {
        let both = with_block(&with_block(BEFORE, "one", "1.1.1.1 one"), "two", "2.2.2.2 two");
        let left = without_block(&both, "one");
        assert!(left.contains("2.2.2.2 two") && !left.contains("1.1.1.1 one"), "{left}");
    }
}
