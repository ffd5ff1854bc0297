//! Shell variables for working with a lab by hand.

use super::Lab;
use super::client_files::{ClientFiles, bootstrap};

/// `export` lines for a POSIX shell.
pub fn variables(lab: &Lab) -> String {
    let files = ClientFiles::of(lab);
    [
        ("KUBECONFIG", lab.info.kubeconfig.to_string()),
        ("LAB_NAME", lab.info.name.clone()),
        ("LAB_BOOTSTRAP", bootstrap(lab)),
        ("LAB_CA", files.ca.to_string()),
        ("LAB_CLIENT_PROPERTIES", files.properties.to_string()),
        ("LAB_KCAT_CONFIG", files.kcat.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| format!("export {name}={}\n", quoted(&value)))
    .collect()
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_quote_in_a_path_ends_no_word() {
        assert_eq!(quoted("/home/o'neill/lab"), r"'/home/o'\''neill/lab'");
    }
}
