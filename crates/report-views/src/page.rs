//! The HTML page.

use super::attachments::Attachments;
use super::view::View;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use model::{Report, ScenarioResult};
use std::error::Error;

/// The page: one file, which needs no network. `attached` gives what was collected at a result's failure.
///
/// # Errors
/// If the template does not fit the data, which a test would have noticed.
pub fn page(report: &Report, attached: impl FnMut(&ScenarioResult) -> Attachments) -> Result<String, minijinja::Error> {
    let undrawn = |error: Box<dyn Error>| minijinja::Error::new(ErrorKind::InvalidOperation, error.to_string());
    let view = View::of(report, attached).map_err(undrawn)?;
    environment()?.render_named_str("report.html", include_str!("report.html"), Serde(view))
}

/// What every page's template may use.
///
/// # Errors
/// If the syntax is not valid, which a test would have noticed.
pub(crate) fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.add_template("colours.css", include_str!("colours.css"))?;
    // Names, certificates and logs come from the outside. All of them are text.
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_filter("seconds", |value: f64| format!("{value:.1} s"));
    environment.add_filter("percent", |value: f64| format!("{value:.3}%"));
    environment.add_filter("linked", |text: &str| text.starts_with("https://") || text.starts_with("http://"));
    Ok(environment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attachments::{Excerpt, Picture};
    use model::Verdict;
    use model::sample::{failure, report, result};

    fn attached() -> Attachments {
        let excerpt = |name: &str, text: &str| Excerpt { name: name.into(), text: text.into(), cut: None };
        Attachments {
            pictures: vec![Picture { client: "default".into(), text: "broker 11 ✗ route ─ · tls".into() }],
            manifests: vec![excerpt("manifests/kafka.yaml", "kind: Kafka\nnote: <b>\n")],
            logs: vec![Excerpt {
                cut: Some("the first 12 kB are left out".into()),
                ..excerpt("logs/traefik.log", "</pre>no route")
            }],
        }
    }

    fn rendered(report: &Report) -> String {
        page(report, |_| attached()).expect("a page")
    }

    #[test]
    fn the_files_of_a_failure_are_folded_and_stay_text() {
        let html = rendered(&report(vec![result("red", Verdict::Failed(failure()))]));
        for part in [
            "<b class=\"fault\">✗ route</b> ─ · tls",
            "<details class=\"file\" data-from=\"start\"><summary><code>manifests&#x2f;kafka.yaml</code>",
            "kind: Kafka\nnote: &lt;b&gt;",
            "the first 12 kB are left out",
            "&lt;&#x2f;pre&gt;no route",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(
            !html.contains("data-from=\"start\" open") && !html.contains("data-from=\"end\" open"),
            "they are long"
        );
    }

    #[test]
    fn a_version_stands_beside_its_origin() {
        let mut report = report(Vec::new());
        report.lab.versions.insert("traefik".into(), "3.7.15, from a wheel".into());
        let html = rendered(&report);
        assert!(html.contains("<td>3.7.15</td><td class=\"soft\">from a wheel</td><td class=\"soft\"></td>"), "{html}");
        report.lab.checksums.insert("traefik".into(), "5ca1ab1e".into());
        assert!(rendered(&report).contains("<code>5ca1ab1e</code>"));
    }

    #[test]
    fn a_failure_is_shown_with_its_cause_its_picture_and_its_evidence() {
        let html = rendered(&report(vec![result("red", Verdict::Failed(failure()))]));
        let failure = failure();
        // A slash is escaped like every other character that has a meaning in HTML.
        let page = failure.cause.page().replace('/', "&#x2f;");
        for part in [&failure.cause.number(), &page, "broker 11 <b", "id=\"r0\"", "href=\"#r0\""] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn text_from_outside_stays_text() {
        let mut failure = failure();
        failure.seen = "<script>alert(1)</script>".into();
        failure.evidence = vec!["<img src=x onerror=alert(2)>".into()];
        let mut result = result("red", Verdict::Failed(failure));
        result.title = "</title><b>".into();
        result.links = vec!["javascript:alert(3)".into(), "https://example.com/?a=1&b=\"".into()];
        let html = rendered(&report(vec![result]));
        for part in ["<script>alert", "<img", "</title><b>", "href=\"javascript:"] {
            assert!(!html.contains(part), "{part} in {html}");
        }
        assert!(html.contains("&lt;script&gt;"));
    }

    #[test]
    fn the_page_needs_no_other_file() {
        let html = rendered(&report(vec![result("a", Verdict::Passed)]));
        for part in ["src=", "<link", "@import", "url(", "fetch("] {
            assert!(!html.contains(part), "{part}");
        }
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">") && html.contains("<main"));
    }
}
