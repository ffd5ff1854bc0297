//! Every link of the documentation that stays in this repository leads somewhere: the file exists, and so does the heading.

use camino::{Utf8Path, Utf8PathBuf};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;

fn repository() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Markdown file that git would commit.
fn pages() -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![repository().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir_utf8().expect("it lists").flatten() {
            let (path, name) = (entry.path().to_owned(), entry.file_name());
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if path.extension() == Some("md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The links of a page, with the line of each.
fn links(text: &str) -> Vec<(String, usize)> {
    let line = |range: &Range<usize>| text[..range.start].matches('\n').count() + 1;
    let link = |(event, range)| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            Some((dest_url.into_string(), line(&range)))
        }
        _ => None,
    };
    Parser::new_ext(text, pulldown_cmark::Options::ENABLE_TABLES).into_offset_iter().filter_map(link).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let (mut found, mut heading) = (BTreeSet::new(), None::<String>);
    for event in Parser::new_ext(text, pulldown_cmark::Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&words);
                }
            }
            Event::End(TagEnd::Heading(_)) => found.extend(heading.take().map(|heading| anchor(&heading))),
            _ => {}
        }
    }
    found
}

fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// What is wrong with a link of `page`, if anything.
fn wrong(page: &Utf8Path, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = link.split_once('#').map_or((link, None), |(path, heading)| (path, Some(heading)));
    let target = if path.is_empty() { page.to_owned() } else { page.parent().unwrap_or(page).join(path) };
    if !target.exists() {
        return Some(format!("there is no {path}"));
    }
    let heading = heading?;
    // A line of a source file is no heading.
    if target.extension() != Some("md") {
        return None;
    }
    let text = fs::read_to_string(&target).expect("it reads");
    (!anchors(&text).contains(heading)).then(|| format!("{path} has no heading #{heading}"))
}

#[test]
fn every_link_inside_the_repository_leads_somewhere() {
    let pages = pages();
    let (mut broken, mut looked_at) = (Vec::new(), 0);
    for page in &pages {
        for (link, line) in links(&fs::read_to_string(page).expect("it reads")) {
            looked_at += 1;
            let place = page.strip_prefix(repository()).unwrap_or(page);
            broken.extend(wrong(page, &link).map(|why| format!("{place}:{line}: {link}: {why}")));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(pages.len() > 50 && looked_at > 200, "{} pages, {looked_at} links", pages.len());
}

#[test]
fn a_link_to_nothing_is_found() {
    let page = repository().join("README.md");
    assert_eq!(wrong(&page, "docs/none.md").as_deref(), Some("there is no docs/none.md"));
    let heading = wrong(&page, "docs/scenarios.md#no-such-heading");
    assert_eq!(heading.as_deref(), Some("docs/scenarios.md has no heading #no-such-heading"));
    assert_eq!(wrong(&page, "docs/scenarios.md#variables"), None);
    assert_eq!(wrong(&page, "https://example.com/none"), None);
    assert_eq!(links("a\n\n| [b](c) |\n|---|\n"), [("c".to_owned(), 3)]);
    assert_eq!(anchor("What `lab up` does, in 3 steps"), "what-lab-up-does-in-3-steps");
}

/// Otherwise the book leaves it out, and links to it lead nowhere.
#[test]
fn every_page_of_the_docs_is_in_the_table_of_contents() {
    let docs = repository().join("docs");
    let contents = docs.join("SUMMARY.md");
    let listed: BTreeSet<Utf8PathBuf> = links(&fs::read_to_string(&contents).expect("it reads"))
        .into_iter()
        .map(|(link, _)| docs.join(link).canonicalize_utf8().expect("it exists"))
        .collect();
    let missing: Vec<_> = pages()
        .into_iter()
        .filter(|page| page.starts_with(&docs) && *page != contents && !listed.contains(page))
        .collect();
    assert!(missing.is_empty(), "add to docs/SUMMARY.md: {missing:?}");
}
