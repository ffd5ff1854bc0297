use super::*;
use std::fs;

fn parse(text: &str) -> Result<Properties, PropertiesError> {
    Properties::parse("client.properties", text)
}

fn problem(text: &str) -> String {
    parse(text).expect_err(text).to_string()
}

#[test]
fn the_file_that_the_lab_writes_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join("ca.crt");
    fs::write(&ca, "-----BEGIN CERTIFICATE-----\n").expect("written");
    let found = parse(&format!(
        "# a comment\nbootstrap.servers=b.test:9092\nsecurity.protocol=SSL\nssl.truststore.type=PEM\n\
         ssl.truststore.location={}\nlinger.ms=5\n",
        ca.display()
    ))
    .expect("sound");
    assert_eq!(found.bootstrap.as_deref(), Some("b.test:9092"));
    assert!(found.client.tls && found.client.ca.is_some() && found.client.identity.is_none());
}

#[test]
fn a_user_with_a_password_over_several_lines() {
    let found = parse(
        "security.protocol : sasl_ssl\nsasl.mechanism SCRAM-SHA-512\n\
         sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n   \
         username=\"alice\" \\\n   password=\"geheim\";\n\
         ssl.keystore.certificate.chain=CHAIN\\nMORE\nssl.keystore.key=KEY\n",
    )
    .expect("sound");
    let login = found.client.login.expect("a login");
    assert_eq!(
        (login.mechanism, login.user.as_str(), login.password.as_str()),
        (Mechanism::ScramSha512, "alice", "geheim")
    );
    assert_eq!(found.client.identity, Some(("CHAIN\nMORE".to_owned(), "KEY".to_owned())));
}

#[test]
fn bad_input_names_the_line_what_was_found_and_what_was_expected() {
    for (text, words) in [
        ("\nsecurity.protocol=TLS\n", "client.properties:2: security.protocol: found \"TLS\"; expected PLAINTEXT, SSL"),
        (
            "ssl.truststore.locaton=x\n",
            "client.properties:1: ssl.truststore.locaton: found a key that is not supported; expected `ssl.truststore.location`",
        ),
        (
            "security.protocol=SSL\nssl.truststore.type=JKS\n",
            "client.properties:2: ssl.truststore.type: found \"JKS\"; expected PEM",
        ),
        (
            "security.protocol=SSL\nssl.truststore.location=/nowhere/ca.crt\n",
            "client.properties:2: ssl.truststore.location: found cannot read /nowhere/ca.crt",
        ),
        (
            "security.protocol=SSL\nssl.endpoint.identification.algorithm=\n",
            "client.properties:2: ssl.endpoint.identification.algorithm: found no value",
        ),
        ("security.protocol=SASL_SSL\n", "sasl.mechanism: found no such key"),
        (
            "security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI\n",
            "client.properties:2: sasl.mechanism: found \"GSSAPI\"; expected PLAIN, SCRAM-SHA-256",
        ),
        (
            "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=M required username=\"a\" password=\"geheim\"\n",
            "client.properties:3: sasl.jaas.config: found a value without `;`",
        ),
        (
            "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=ScramLoginModule required username=\"a\" password=\"geheim\";\n",
            "a PlainLoginModule",
        ),
    ] {
        let found = problem(text);
        assert!(found.contains(words) && !found.contains("geheim"), "{words}: {found}");
    }
}

#[test]
fn without_a_protocol_a_client_speaks_plaintext() {
    let found = parse("bootstrap.servers=b.test:9092").expect("sound");
    assert!(!found.client.tls && found.client.login.is_none());
}

#[test]
fn pem_in_one_line_is_read_as_java_reads_it() {
    let pem = test_servers::Authority::new("ca").pem;
    let line = pem.trim().replace(['\r', '\n'], " ");
    let found = parse(&format!("security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.certificates={line}\n"));
    let lines = |text: &str| text.lines().map(ToOwned::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&found.expect("sound").client.ca.expect("a CA")), lines(&pem));
}
