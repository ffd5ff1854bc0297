//! The documentation as a book. mdBook makes it from a folder of its own, because the pages also lead to scenarios and fixtures,
//! which lie beside `docs`.

use camino::{Utf8Path, Utf8PathBuf};
use model::{Exit, FileError, paths};
use std::fs;
use std::process::ExitCode;
use std::time::Duration;

/// Longer than any build of it.
const WITHIN: Duration = Duration::from_secs(120);

/// What pages lead to, beside the pages themselves.
const BESIDE: [&str; 4] = ["docs", "scenarios", "fixtures", "crates/model"];

/// Without mdBook's preprocessors: one of them renames each README.md and leaves the links to it as they are.
const SETTINGS: &str = r#"
[book]
title = "Kafka Gateway Lab"
src = "src"
[build]
build-dir = "html"
create-missing = false
use-default-preprocessors = false
"#;

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("cannot start mdbook ({0}); install it with `cargo install mdbook --locked`")]
    Start(std::io::Error),
    #[error("mdbook ended with {0}")]
    Failed(String),
    #[error("{} of the book lead nowhere:\n{}", count(.0.len()), .0.join("\n"))]
    Links(Vec<String>),
}

fn count(links: usize) -> String {
    if links == 1 { "1 link".to_owned() } else { format!("{links} links") }
}

/// Builds it, and checks that its pages lead somewhere.
pub fn book() -> ExitCode {
    match build(paths::repo()) {
        Ok(index) => {
            println!("{index}");
            Exit::Passed.into()
        }
        Err(error) => {
            eprintln!("error: {error}");
            Exit::Failed.into()
        }
    }
}

fn build(checkout: &Utf8Path) -> Result<Utf8PathBuf, Error> {
    let place = checkout.join("target/book");
    let (source, html) = (place.join("src"), place.join("html"));
    for old in [&source, &html].into_iter().filter(|folder| folder.exists()) {
        fs::remove_dir_all(old).map_err(FileError::of("remove", old))?;
    }
    for folder in BESIDE {
        copy(&checkout.join(folder), &source.join(folder))?;
    }
    for entry in checkout.read_dir_utf8().map_err(FileError::of("list", checkout))?.flatten() {
        if entry.path().extension() == Some("md") {
            copy_file(entry.path(), &source.join(entry.file_name()))?;
        }
    }
    let contents = checkout.join("docs/SUMMARY.md");
    let text = fs::read_to_string(&contents).map_err(FileError::of("read", &contents))?;
    write(&source.join("SUMMARY.md"), &from_the_root(&text))?;
    write(&place.join("book.toml"), SETTINGS)?;
    mdbook(&place)?;
    // The page of a matrix leads to them as they are.
    for page in files(&source)?.iter().filter(|page| page.extension() == Some("md")) {
        copy_file(page, &html.join(page.strip_prefix(&source).unwrap_or(page)))?;
    }
    let broken = broken_links(&html)?;
    if broken.is_empty() { Ok(html.join("index.html")) } else { Err(Error::Links(broken)) }
}

/// The table of contents, with its links as seen from the checkout instead of `docs`.
fn from_the_root(contents: &str) -> String {
    contents.replace("](", "](docs/").replace("](docs/../", "](")
}

fn mdbook(place: &Utf8Path) -> Result<(), Error> {
    let command = duct::cmd!("mdbook", "build", place.as_str()).stdin_null();
    match host::command::run(&command, WITHIN, |_| {}).map_err(Error::Start)? {
        Some(output) if output.status.success() => Ok(()),
        Some(output) => Err(Error::Failed(output.status.to_string())),
        None => Err(Error::Failed(format!("no exit code within {} s", WITHIN.as_secs()))),
    }
}

/// The links between the pages that lead to no file, each with its page.
fn broken_links(html: &Utf8Path) -> Result<Vec<String>, FileError> {
    let mut broken = Vec::new();
    for page in files(html)?.iter().filter(|page| page.extension() == Some("html")) {
        let text = fs::read_to_string(page).map_err(FileError::of("read", page))?;
        for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            // Templates escape a slash too.
            let link = link.replace("&#x2f;", "/");
            let path = link.split(['#', '?']).next().unwrap_or_default();
            let outside = path.is_empty() || path.contains(':') || path.starts_with("//");
            if !outside && !page.parent().unwrap_or(html).join(path).exists() {
                broken.push(format!("{}: {link}", page.strip_prefix(html).unwrap_or(page)));
            }
        }
    }
    broken.sort();
    broken.dedup();
    Ok(broken)
}

fn files(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, FileError> {
    let mut found = Vec::new();
    for entry in folder.read_dir_utf8().map_err(FileError::of("list", folder))?.flatten() {
        if entry.path().is_dir() {
            found.extend(files(entry.path())?);
        } else {
            found.push(entry.path().to_owned());
        }
    }
    Ok(found)
}

fn copy(from: &Utf8Path, to: &Utf8Path) -> Result<(), FileError> {
    for file in files(from)? {
        copy_file(&file, &to.join(file.strip_prefix(from).unwrap_or(&file)))?;
    }
    Ok(())
}

fn copy_file(from: &Utf8Path, to: &Utf8Path) -> Result<(), FileError> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(FileError::of("make", folder))?;
    fs::copy(from, to).map_err(FileError::of("copy", from))?;
    Ok(())
}

fn write(path: &Utf8Path, text: &str) -> Result<(), FileError> {
    fs::write(path, text).map_err(FileError::of("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contents_are_seen_from_the_checkout() {
        let contents = "[a](../README.md)\n- [b](causes/c.md)\n- [d](../fixtures/gateways/README.md)\n";
        let wanted = "[a](README.md)\n- [b](docs/causes/c.md)\n- [d](fixtures/gateways/README.md)\n";
        assert_eq!(from_the_root(contents), wanted);
    }

    #[test]
    fn a_page_that_leads_nowhere_is_named() {
        let held = tempfile::tempdir().expect("a folder");
        let html = Utf8Path::from_path(held.path()).expect("UTF-8");
        fs::create_dir(html.join("docs")).expect("made");
        let links = ["..&#x2f;index.html#there", "none.html", "https://example.com/none", "#here"];
        let page: String = links.iter().map(|link| format!("<a href=\"{link}\">x</a>")).collect();
        fs::write(html.join("docs/one.html"), page).expect("written");
        fs::write(html.join("index.html"), "").expect("written");
        assert_eq!(broken_links(html).expect("read"), ["docs/one.html: none.html"]);
    }
}
