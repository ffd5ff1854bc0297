//! What a failure's folder of diagnostics offers to the page.

use serde::Serialize;

/// The files of one failure, read beforehand. The page itself reads nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Attachments {
    pub pictures: Vec<Picture>,
    /// The manifests with this run's values.
    pub manifests: Vec<Excerpt>,
    /// Logs and events until the failure.
    pub logs: Vec<Excerpt>,
}

/// A path as the diagnosis drew it, for one client.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Picture {
    pub client: String,
    pub text: String,
}

/// A file, or a part of it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Excerpt {
    /// The path in the folder of diagnostics.
    pub name: String,
    pub text: String,
    /// What is left out, such as `the first 12 kB are left out`.
    pub cut: Option<String>,
}

/// A piece of a picture.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Part {
    pub text: String,
    /// Whether it is the hop at which the path ends.
    pub fault: bool,
}

/// The mark of a faulty hop, as the diagnosis draws it.
const FAULT: char = '✗';
/// The line between two hops.
const BETWEEN: &str = " ─ ";

/// The picture in pieces, with each faulty hop alone in one.
pub fn parts(picture: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = picture;
    while let Some(start) = rest.find(FAULT) {
        let (before, from) = rest.split_at(start);
        let end = [from.find(BETWEEN), from.find('\n')].into_iter().flatten().min().unwrap_or(from.len());
        let (fault, after) = from.split_at(end);
        parts.push(Part { text: before.to_owned(), fault: false });
        parts.push(Part { text: fault.to_owned(), fault: true });
        rest = after;
    }
    parts.push(Part { text: rest.to_owned(), fault: false });
    parts.retain(|part| !part.text.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_faulty_hop_is_a_part_of_its_own() {
        let text = "bootstrap  ✓ name ─ ✓ tcp\nbroker 11  ✓ name ─ ✗ route ─ · backend\nbroker 12  ✗ tcp\n";
        let found = parts(text);
        let faults: Vec<_> = found.iter().filter(|part| part.fault).map(|part| part.text.as_str()).collect();
        assert_eq!(faults, ["✗ route", "✗ tcp"]);
        assert_eq!(found.iter().map(|part| part.text.as_str()).collect::<String>(), text, "nothing is lost");
        assert_eq!(parts("no fault").len(), 1);
    }
}
