//! Finds what looks like a secret in a text of any kind: a log, a properties file, JSON or YAML.

use std::ops::Range;

/// What is written in place of a secret.
pub const HIDDEN: &str = "[hidden]";

/// The ends of names whose values are secret.
const NAMES: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "credentials",
    "api_key",
    "apikey",
    "private_key",
];

/// Whether a value with this name is a secret, such as `ssl.key.password` or `ADMIN_TOKEN`.
pub fn is_sensitive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|end| name.ends_with(end))
}

/// The text with everything hidden that looks like a secret: private keys, tokens, and values with such names.
pub fn hide_patterns(text: &str) -> String {
    let text = replaced(text, &private_keys(text));
    let text = replaced(&text, &tokens(&text));
    replaced(&text, &assignments(&text))
}

/// `ranges` are sorted and do not overlap.
fn replaced(text: &str, ranges: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for range in ranges {
        out.push_str(&text[from..range.start]);
        out.push_str(HIDDEN);
        from = range.end;
    }
    out.push_str(&text[from..]);
    out
}

/// The lines between the marks of the keys in a PEM file.
pub fn key_lines(pem: &str) -> Vec<&str> {
    let blocks = private_keys(pem).into_iter().flat_map(|range| pem[range].lines());
    blocks.filter(|line| !line.contains("-----")).collect()
}

/// Keys in PEM. One whose beginning or end was cut off, as at the limits of a log, counts too.
fn private_keys(text: &str) -> Vec<Range<usize>> {
    const MARK: &str = "PRIVATE KEY-----";
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(MARK).map(|at| from + at) {
        let dashes = text[from..at].rfind("-----").map_or(from, |dashes| from + dashes);
        let range = if text[dashes..at].starts_with("-----END") {
            body_before(text, from, dashes)..at + MARK.len()
        } else {
            let rest = at + MARK.len();
            let end = text[rest..].find(MARK).map_or(text.len(), |end| rest + end + MARK.len());
            dashes..end
        };
        from = range.end;
        found.push(range);
    }
    found
}

/// Where the lines of base64 before `end` begin.
fn body_before(text: &str, from: usize, end: usize) -> usize {
    let is_body = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '\n' | '\r' | '\\' | ' ');
    let before = &text[from..end];
    from + before.trim_end_matches(is_body).len()
}

/// JSON Web Tokens, and what follows `Bearer` or `Authorization: Basic`.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (mark, shortest) in [("eyJ", 30), ("Bearer ", 8), ("uthorization: Basic ", 4)] {
        for (at, _) in text.match_indices(mark) {
            let start = if mark == "eyJ" { at } else { at + mark.len() };
            let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '~');
            let length = text[start..].find(|c| !is_token(c)).unwrap_or(text.len() - start);
            // A JSON Web Token has three parts.
            let whole = mark != "eyJ" || text[start..start + length].matches('.').count() >= 2;
            if length >= shortest && whole && !found.iter().any(|one| one.contains(&start)) {
                found.push(start..start + length);
            }
        }
    }
    found.sort_by_key(|range| range.start);
    found
}

/// The values of sensitive names: `name=value`, `"name": "value"`, `--name value`, and `name: value` at the beginning of a line.
fn assignments(text: &str) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<Range<usize>> = NAMES
        .iter()
        .flat_map(|name| lower.match_indices(name).map(|(at, name)| (at, at + name.len())))
        .filter_map(|(start, end)| value_after(text, start, end))
        .collect();
    found.sort_by_key(|range| (range.start, range.end));
    found.dedup_by(|later, earlier| later.start < earlier.end);
    found
}

fn value_after(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let rest = &text[end..];
    let (unquoted, quoted) = match ["\\\"", "\"", "'"].into_iter().find_map(|quote| rest.strip_prefix(quote)) {
        Some(unquoted) => (unquoted, true),
        None => (rest, false),
    };
    let spaced = unquoted.trim_start_matches(' ');
    let value = match spaced.strip_prefix(['=', ':']) {
        Some(value) if spaced.starts_with('=') || quoted || begins_line(text, start) => value,
        None if unquoted.starts_with(' ') && is_flag(text, start) => spaced,
        _ => return None,
    };
    let value = value.trim_start_matches(' ');
    if quoted && spaced.starts_with(':') && !value.starts_with(['"', '\'', '\\']) {
        // A number or a truth value, without which JSON would not be JSON.
        return None;
    }
    let (value, length) =
        match ["\\\"", "\"", "'"].into_iter().find_map(|quote| Some((quote, value.strip_prefix(quote)?))) {
            Some((quote, inside)) => (inside, inside.find(quote).or_else(|| inside.find('\n')).unwrap_or(inside.len())),
            None => {
                let ends =
                    |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '&' | '"' | '\'' | ')' | '}' | ']' | '\\');
                (value, value.find(ends).unwrap_or(value.len()))
            }
        };
    let known = &value[..length];
    // A reference to a secret is none, and neither is what was hidden before.
    let harmless = known.is_empty()
        || ["null", "true", "false"].contains(&known)
        || known.starts_with(['$', '{', '['])
        || known.chars().all(|c| c == '*');
    // The value reaches to the end of the text.
    let from = text.len() - value.len();
    (!harmless).then(|| from..from + length)
}

/// Whether only a key, perhaps of a YAML list, stands between the line's beginning and `at`.
fn begins_line(text: &str, at: usize) -> bool {
    let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..at];
    let key = line.trim_start().trim_start_matches("- ");
    key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Whether the name that ends at `at` is an option, such as `--admin-password`.
fn is_flag(text: &str, at: usize) -> bool {
    let word = text[..at].rsplit(char::is_whitespace).next().unwrap_or_default();
    word.starts_with("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_a_sensitive_name_are_hidden() {
        for (text, hidden) in [
            ("ssl.keystore.password=s3cr3t", "ssl.keystore.password=[hidden]"),
            ("ssl.key.password = s3cr3t\nnext", "ssl.key.password = [hidden]\nnext"),
            (
                r#"ScramLoginModule required username="a" password="s3 cr3t";"#,
                r#"ScramLoginModule required username="a" password="[hidden]";"#,
            ),
            (r#"{"user":"a","password":"s3cr3t"}"#, r#"{"user":"a","password":"[hidden]"}"#),
            (r#"{\"token\": \"s3cr3t\"}"#, r#"{\"token\": \"[hidden]\"}"#),
            ("spec:\n  - dbPassword: s3cr3t\n", "spec:\n  - dbPassword: [hidden]\n"),
            ("psql --password s3cr3t --host h", "psql --password [hidden] --host h"),
            ("GET /?user=a&token=s3cr3t&b=1", "GET /?user=a&token=[hidden]&b=1"),
            ("Authorization: Bearer abcdefgh-ijk", "Authorization: Bearer [hidden]"),
            ("authorization: Basic YWxpY2U6czNjcjN0", "authorization: Basic [hidden]"),
        ] {
            assert_eq!(hide_patterns(text), hidden);
        }
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
        assert_eq!(hide_patterns(&format!("sent {token}, ok")), "sent [hidden], ok");
    }

    #[test]
    fn private_keys_are_hidden_even_if_a_part_of_them_was_cut_off() {
        let body = "MIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n";
        let whole = format!("a\n-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----\nb");
        assert_eq!(hide_patterns(&whole), "a\n[hidden]\nb");
        let (_, end) = whole.split_once("PRIVATE KEY-----\n").expect("a beginning");
        assert_eq!(hide_patterns(end), "[hidden]\nb");
        let (start, _) = whole.split_once("-----END").expect("an end");
        assert_eq!(hide_patterns(start), "a\n[hidden]");
        assert_eq!(key_lines(&whole), ["MIIEvQIBADANBgkq", "hkiG9w0BAQEFAASC"]);
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        assert_eq!(hide_patterns(certificate), certificate, "a certificate is public");
        let both = format!("{certificate}{whole}");
        assert_eq!(key_lines(&both), key_lines(&whole), "also one that stands beside its key");
    }

    #[test]
    fn what_a_reader_needs_stays() {
        for text in [
            "wanted   key password of Secret kafka/alice",
            "Secret kafka/alice: keys password, sasl.jaas.config",
            "the broker refused the password: SaslAuthenticationException",
            "ssl.keystore.password = [hidden]",
            "ssl.truststore.password = null",
            "password=${secrets:kafka/alice:password}",
            r#"{"secretName": "alice", "secretKeyRef": {"key": "password"}}"#,
            r#"{"automountServiceAccountToken": false, "maxToken": 7}"#,
            "useToken=true",
            "delegation.token.expiry.time.ms = 86400000",
            "ResolvedRefs=False (InvalidCertificateRef: no such Secret)",
            "é password",
        ] {
            assert_eq!(hide_patterns(text), text);
        }
    }
}
