//! `diagnose listen`

use cli::{ListenArgs, Output};
use model::{Cause, Exit, visible};
use probe::{Heard, Spoken, hear};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// The time for one connection. A client that waits longer for an answer has shown what it sends.
const WITHIN: Duration = Duration::from_secs(10);

/// Shows each connection until Ctrl-C, or until so many were shown as the user wants.
///
/// # Errors
/// If the port cannot be used.
pub async fn listen(args: &ListenArgs) -> Result<Exit, Box<dyn std::error::Error>> {
    let wanted = format!("{}:{}", args.address, args.port);
    let listener = TcpListener::bind((args.address, args.port))
        .await
        .map_err(|error| format!("cannot listen at {wanted}: {error}; choose another --port or --address"))?;
    eprintln!("listening at {}: point bootstrap.servers of the client at this address", listener.local_addr()?);
    let (sender, mut heard) = mpsc::channel(16);
    let mut shown = 0;
    while args.count.is_none_or(|count| shown < count) {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, from) = accepted?;
                let sender = sender.clone();
                tokio::spawn(async move { sender.send(hear(stream, from, WITHIN).await).await });
            }
            Some(one) = heard.recv() => {
                match args.output {
                    Output::Text => print!("{}", text(&one)),
                    Output::Json => println!("{}", serde_json::json!(one)),
                }
                shown += 1;
            }
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    Ok(Exit::Passed)
}

fn text(heard: &Heard) -> String {
    let mut lines = vec![format!("connection from {}: {}", heard.from, spoken(heard.speaks))];
    if let Some(hello) = &heard.hello {
        let list = |all: &[String]| if all.is_empty() { "none".to_owned() } else { all.join(", ") };
        let name = match &hello.server_name {
            Some(name) => name.clone(),
            None => format!("none, so no gateway can choose a route ({})", page(Cause::NoSni)),
        };
        let parts: Vec<_> = hello.segments.iter().map(ToString::to_string).collect();
        let split = match parts.len() {
            0 | 1 => "in one segment".to_owned(),
            many => {
                let page = page(Cause::ClientHelloSplit);
                format!("in {many} segments ({}), which some gateways do not take ({page})", parts.join(" + "))
            }
        };
        lines.push(format!("  server name   {name}"));
        lines.push(format!("  ALPN          {}", list(&hello.alpn)));
        lines.push(format!("  versions      {}", list(&hello.versions)));
        lines.push(format!("  groups        {}", list(&hello.groups)));
        lines.push(format!("  ClientHello   {} bytes {split}", hello.bytes));
        lines.push(match &heard.handshake_failed {
            None => "  handshake     completed: the client accepted a certificate that is signed by nobody".to_owned(),
            Some(why) => format!(
                "  handshake     not completed ({why}): a client that verifies certificates rejects this one, which is signed by \
                 itself, so its requests stay unknown"
            ),
        });
    }
    for request in &heard.requests {
        let id = request.client_id.as_deref().unwrap_or("none");
        lines.push(format!(
            "  request       {} (key {}, version {}), client id {id}",
            request.api, request.key, request.version
        ));
    }
    match &heard.sasl_mechanism {
        Some(mechanism) => lines.push(format!("  SASL          {mechanism}")),
        None if heard.requests.len() > 1 => lines.push("  SASL          none".to_owned()),
        None => {}
    }
    lines.iter().map(|line| format!("{}\n", visible(line))).collect()
}

fn spoken(speaks: Spoken) -> String {
    match speaks {
        Spoken::Tls => "it speaks TLS".to_owned(),
        Spoken::PlaintextKafka => {
            format!("it speaks Kafka without TLS, so it sends no server name ({})", page(Cause::WrongProtocol))
        }
        Spoken::Http => "it speaks HTTP, so it is no Kafka client".to_owned(),
        Spoken::Nothing => "it sent nothing".to_owned(),
        Spoken::SomethingElse => "it speaks neither TLS nor Kafka nor HTTP".to_owned(),
    }
}

fn page(cause: Cause) -> String {
    format!("{}, {}", cause.number(), cause.page())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_hello_has_its_page() {
        let heard = Heard {
            from: "127.0.0.1:50000".parse().expect("an address"),
            speaks: Spoken::Tls,
            hello: Some(probe::Hello {
                server_name: None,
                alpn: Vec::new(),
                versions: vec!["TLS 1.3".into()],
                groups: vec!["X25519MLKEM768".into()],
                cipher_suites: 3,
                bytes: 1800,
                segments: vec![1400, 400],
            }),
            handshake_failed: Some("received fatal alert: UnknownCA\x1b[31m".into()),
            requests: Vec::new(),
            sasl_mechanism: None,
        };
        let text = text(&heard);
        assert!(text.contains("docs/causes/no-sni.md") && text.contains("docs/causes/client-hello-split.md"), "{text}");
        assert!(text.contains("1800 bytes in 2 segments (1400 + 400)"), "{text}");
        assert!(!text.contains('\x1b'), "a client chooses some of these texts");
    }
}
