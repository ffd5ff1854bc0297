//! `sasl.jaas.config`: one login module with its options.

/// The module's class, the user and the password. The text of an error never contains a value.
pub(super) fn parse(text: &str) -> Result<(String, String, String), String> {
    let text = text.trim();
    let text = text.strip_suffix(';').ok_or("a value without `;` at its end")?;
    let (module, rest) = text.trim().split_once(char::is_whitespace).ok_or("only one word")?;
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("required").ok_or("a module that is not `required`")?;
    let options = options(rest)?;
    let get = |name: &str| {
        let found = options.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone()).ok_or_else(|| format!("no option `{name}`"))
    };
    Ok((module.to_owned(), get("username")?, get("password")?))
}

fn options(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or("an option without `=`")?;
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => until_quote(quoted).ok_or("an option whose quote does not end")?,
            None => {
                let end = after.find(char::is_whitespace).unwrap_or(after.len());
                (after[..end].to_owned(), &after[end..])
            }
        };
        found.push((key.trim().to_owned(), value));
        rest = next.trim_start();
    }
    Ok(found)
}

/// The text up to the closing quote, and what follows it. A backslash takes the next character as it is.
fn until_quote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, one)) = characters.next() {
        match one {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_with_a_user_and_a_password() {
        let text = r#"org.apache.kafka.common.security.scram.ScramLoginModule required
            username="alice" password="a\"b = c;";"#;
        let (module, user, password) = parse(text).expect("sound");
        assert!(module.ends_with("ScramLoginModule"));
        assert_eq!((user.as_str(), password.as_str()), ("alice", "a\"b = c;"));
        assert_eq!(parse("M required username=a password=b;").expect("sound").2, "b");
    }

    #[test]
    fn an_error_names_what_is_wrong_and_no_password() {
        for (text, words) in [
            ("M required username=\"a\" password=\"geheim\"", "`;`"),
            ("M optional username=\"a\" password=\"geheim\";", "required"),
            ("M required username=\"a\" pass=\"geheim\";", "`password`"),
            ("M required username=\"a\" password=\"geheim;", "quote"),
            ("M;", "one word"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(words) && !error.contains("geheim"), "{text}: {error}");
        }
    }
}
