//! `docs/gallery.md`, written from a run of the whole gallery.

use super::table::Table;
use model::paths;
use scenario::gallery::{Reason, Shelf};
use std::fmt::Write;

const HEAD: &str = "\
<!-- Generated from a run. `UPDATE_DOCS=1 cargo test --test gallery` writes it again. -->
# The gallery: faults, and what `diagnose` names

Each row is a folder below `fixtures/gallery`: what is set up and broken, how a client connects, and the cause that must be
named first. `cargo test --test gallery` makes each of them on a lab, diagnoses, compares, and restores what it changed. A
case fails if another cause comes first, if one is lost, or if one is invented.

";

/// Replaces the page.
pub fn write(table: &Table, reasons: &[Reason]) {
    let path = paths::repo().join("docs/gallery.md");
    match std::fs::write(&path, page(table, reasons)) {
        Ok(()) => println!("{path}"),
        Err(error) => eprintln!("error: cannot write {path}: {error}"),
    }
}

fn page(table: &Table, reasons: &[Reason]) -> String {
    let mut text = HEAD.to_owned();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "This run: a {} lab, {}, {}.\n", table.lab, table.gateway, table.kafka);
    for (shelf, heading) in [
        (Shelf::Faults, "Faults"),
        (Shelf::Pairs, "Two faults at once: the one nearer to the client comes first"),
        (Shelf::Healthy, "Healthy set-ups: no finding"),
    ] {
        let _ = writeln!(text, "## {heading}\n");
        let rows: Vec<_> = table.rows.iter().filter(|row| row.shelf == shelf).collect();
        let (ran, right) =
            (rows.iter().filter(|row| row.seconds.is_some()).count(), rows.iter().filter(|row| row.passed).count());
        let _ = write!(text, "{} cases, {ran} ran here, {right} right.", rows.len());
        if let Some((median, longest)) = table.times(shelf) {
            let _ = write!(text, " A diagnosis took {median:.1} s (median), {longest:.1} s at most.");
        }
        let _ = writeln!(text, "\n\n{}", table.markdown(shelf));
    }
    let _ = writeln!(text, "## Causes that no case shows\n\n| cause | why not |\n|---|---|");
    for Reason { cause, reason } in reasons {
        let _ = writeln!(text, "| [`{cause}`](causes/{cause}.md) | {reason} |");
    }
    text
}
