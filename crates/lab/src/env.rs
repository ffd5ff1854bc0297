//! Shell variables for working with a lab by hand.

use super::Lab;
use super::client_files::{ClientFiles, bootstrap, quoted};

/// `export` lines for a POSIX shell.
pub fn variables(lab: &Lab) -> String {
    pairs(lab).into_iter().map(|(name, value)| format!("export {name}={}\n", quoted(&value))).collect()
}

/// The same variables, for the environment of a program.
pub fn pairs(lab: &Lab) -> Vec<(&'static str, String)> {
    let files = ClientFiles::of(lab);
    let mut all = vec![
        ("KUBECONFIG", lab.info.kubeconfig.to_string()),
        ("LAB_NAME", lab.info.name.clone()),
        ("LAB_PORT_BASE", lab.info.gateway.ports.passthrough.to_string()),
        ("LAB_GATEWAY_CLASS", lab.info.gateway.class.clone()),
        ("LAB_BOOTSTRAP", bootstrap(lab)),
        ("LAB_CA", files.ca.to_string()),
        ("LAB_HOSTS", files.java_hosts.to_string()),
        ("LAB_CLIENT_PROPERTIES", files.properties.to_string()),
        ("LAB_KCAT_CONFIG", files.kcat.to_string()),
        // Not in KAFKA_OPTS, which may contain a setting of the user's: a JVM with such a file knows no other names.
        ("LAB_JAVA_OPTS", format!("-Djdk.net.hosts.file={}", files.java_hosts)),
    ];
    if files.tools.exists() {
        all.push(("LAB_KAFKA_TOOLS", files.tools.to_string()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn what_one_types_by_hand_is_there() {
        let (_held, lab) = testing::lab("env");
        let text = variables(&lab);
        for line in [
            "export LAB_PORT_BASE='9092'",
            "export LAB_GATEWAY_CLASS='traefik'",
            "export LAB_HOSTS='/",
            "export LAB_JAVA_OPTS='-D",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.contains("KAFKA_OPTS"), "it is the user's: {text}");
        assert!(!text.contains("LAB_KAFKA_TOOLS"), "they are not there: {text}");
        std::fs::create_dir_all(ClientFiles::of(&lab).tools).expect("made");
        assert!(variables(&lab).contains("export LAB_KAFKA_TOOLS='"));
    }
}
