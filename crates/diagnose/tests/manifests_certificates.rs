//! Certificates in Secrets that are among the files.

use diagnose::manifest::{Inputs, Report, check};
use test_servers::Authority;

fn gateway(hostname: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: kafka}}\nspec:\n  listeners:\n  \
         - name: kafka\n    protocol: TLS\n    port: 9093\n    hostname: \"{hostname}\"\n    tls:\n      mode: Terminate\n      \
         certificateRefs: [{{name: edge}}]\n"
    )
}

const ROUTE: &str = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: TLSRoute\nmetadata: {name: r, namespace: kafka}\nspec:\n  \
                     parentRefs: [{name: edge}]\n  hostnames: [b.example.com]\n  rules: [{backendRefs: [{name: s, port: 1}]}]\n";

fn secret(pem: &str) -> String {
    let lines: String = pem.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: edge, namespace: kafka}}\nstringData:\n  tls.key: secret-key\n  tls.crt: |\n{lines}"
    )
}

fn checked(text: &str) -> Report {
    let mut inputs = Inputs::default();
    inputs.add("input.yaml", text);
    check(inputs, None, &[])
}

fn causes(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.cause.name()).collect()
}

#[test]
fn names_and_dates_are_compared() {
    let authority = Authority::new("the authority");
    let good = authority.leaf("edge", &["b.example.com"]);
    let of = |hostname: &str, pem: &str| checked(&format!("{}{ROUTE}{}", gateway(hostname), secret(pem)));
    // The certificates of the tests end within two days.
    assert_eq!(causes(&of("b.example.com", &good.cert)), ["certificate-expires-soon"]);
    assert_eq!(causes(&of("*.example.com", &good.cert)), ["certificate-expires-soon"], "its route has the name");
    let other = authority.leaf("edge", &["c.example.com"]);
    let report = of("*.example.com", &other.cert);
    assert_eq!(causes(&report), ["certificate-name", "certificate-expires-soon"]);
    let message = report.findings[0].problem.message();
    assert!(message.contains("is for c.example.com, and clients ask for b.example.com"), "{message}");
    let expired = authority.expired(&["b.example.com"]);
    assert_eq!(causes(&of("b.example.com", &expired.cert)), ["certificate-expired"]);
    let nonsense = of("b.example.com", "nonsense");
    assert!(causes(&nonsense).is_empty(), "it is not judged");
    assert!(nonsense.not_checked.iter().any(|gap| gap.contains("no PEM text")), "{:?}", nonsense.not_checked);
}

#[test]
fn what_a_secret_contains_is_never_shown() {
    let expired = Authority::new("the authority").expired(&["b.example.com"]);
    let text = format!("{}{ROUTE}{}", gateway("b.example.com"), secret(&expired.cert));
    let report = checked(&text);
    for shown in [report.text(200, false), report.json().to_string(), diagnose::manifest::github(&report)] {
        assert!(shown.contains("certificate-expired") && !shown.contains("secret-key"), "{shown}");
        assert!(!shown.contains("BEGIN CERTIFICATE"), "{shown}");
    }
    assert!(report.text(200, false).contains("input.yaml:"), "the place is named: {}", report.text(200, false));
    let broken = checked(&text.replace("tls.crt: |", "tls.crt: [\n  x: |"));
    assert_eq!(broken.problems.len(), 1);
    assert!(!broken.text(200, false).contains("secret-key"), "{}", broken.text(200, false));
}
