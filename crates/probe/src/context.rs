//! What librdkafka reports while it works, by broker.

use super::error::{BrokerAddr, ClientError, code_of};
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A client that reconnects for minutes logs the same few lines. The last ones say the most.
const LOG_LINES: usize = 200;

/// A line is dropped if it equals one of this many last lines.
const RECENT: usize = 10;

/// A broker that currently fails, since when, and with which text.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub broker: BrokerAddr,
    pub code: String,
    pub text: String,
    pub since: Instant,
}

/// A message that a broker acknowledged, or that failed permanently.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub sequence: usize,
    pub partition: i32,
    /// The offset, and the id of the broker that acknowledged.
    pub result: Result<(i64, i32), KafkaError>,
    pub at: Instant,
}

/// The counters of one connection, from librdkafka's statistics.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct BrokerStatistics {
    pub nodeid: i32,
    pub nodename: String,
    pub txbytes: u64,
    pub rxbytes: u64,
}

#[derive(Deserialize)]
struct Statistics {
    brokers: BTreeMap<String, BrokerStatistics>,
}

#[derive(Default)]
struct Seen {
    troubles: BTreeMap<(String, u16), Trouble>,
    log: VecDeque<String>,
    brokers: BTreeMap<i32, BrokerStatistics>,
    statistics_at: Option<Instant>,
    deliveries: Vec<Delivery>,
}

/// What has happened to one client so far.
#[derive(Default)]
pub(crate) struct Events(Mutex<Seen>);

impl Events {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn deliveries(&self) -> Vec<Delivery> {
        std::mem::take(&mut self.seen().deliveries)
    }

    pub fn log(&self) -> Vec<String> {
        self.seen().log.iter().cloned().collect()
    }

    pub fn broker(&self, id: i32) -> Option<BrokerStatistics> {
        self.seen().brokers.get(&id).cloned()
    }

    pub fn statistics_since(&self, instant: Instant) -> bool {
        self.seen().statistics_at.is_some_and(|at| at > instant)
    }

    /// The troubles that still exist, the longest first.
    pub fn troubles(&self) -> Vec<Trouble> {
        let mut troubles: Vec<_> = self.seen().troubles.values().cloned().collect();
        troubles.sort_by_key(|trouble| trouble.since);
        troubles
    }

    pub fn trouble_with(&self, host: &str, port: u16) -> Option<Trouble> {
        self.seen().troubles.get(&(host.to_owned(), port)).cloned()
    }

    /// The broker has answered, so its earlier error no longer counts.
    pub fn recovered(&self, host: &str, port: u16) {
        self.seen().troubles.remove(&(host.to_owned(), port));
    }

    /// Adds what is known to an error that has no broker yet: the trouble that has lasted longest, and the log.
    pub fn add_context(&self, mut error: ClientError) -> ClientError {
        if error.broker.is_none()
            && let Some(trouble) = self.troubles().into_iter().next()
        {
            error.broker = Some(trouble.broker);
            error.code = trouble.code;
            error.text = trouble.text;
        }
        error.log = self.log();
        error
    }

    fn trouble(&self, code: String, reason: &str) {
        let Some((broker, text)) = parse_broker(reason) else {
            return;
        };
        let mut seen = self.seen();
        let key = (broker.host.clone(), broker.port);
        let since = seen.troubles.get(&key).map_or_else(Instant::now, |known| known.since);
        seen.troubles.insert(key, Trouble { broker, code, text: text.to_owned(), since });
    }

    fn line(&self, line: String) {
        let mut seen = self.seen();
        // While brokers are away, librdkafka repeats the same few messages many times a second.
        if seen.log.iter().rev().take(RECENT).any(|recent| *recent == line) {
            return;
        }
        if seen.log.len() == LOG_LINES {
            seen.log.pop_front();
        }
        seen.log.push_back(line);
    }
}

/// Finds the broker and the message in librdkafka's text, such as `ssl://broker-11.kafka.test:9092/11: Disconnected
/// (after 3ms in state SSL_HANDSHAKE)`. Log lines begin with the thread's name, and plain text connections have no
/// scheme.
pub(crate) fn parse_broker(reason: &str) -> Option<(BrokerAddr, &str)> {
    let reason = reason.strip_prefix("[thrd:").and_then(|rest| rest.split_once("]: ")).map_or(reason, |(_, rest)| rest);
    let (address, text) = reason.split_once(": ").unwrap_or((reason, ""));
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (address, id) = address.rsplit_once('/')?;
    let (host, port) = address.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some((BrokerAddr { id: id.parse().ok(), host, port }, text))
}

/// The context of every librdkafka client of the harness.
#[derive(Clone, Default)]
pub(crate) struct Context(Arc<Events>);

impl Context {
    pub fn events(&self) -> Arc<Events> {
        self.0.clone()
    }
}

impl ClientContext for Context {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        // A connection that ends is only logged. An error of the connection follows with its own code.
        if facility == "FAIL" {
            self.0.trouble(format!("{:?}", RDKafkaErrorCode::BrokerTransportFailure), message);
        }
        self.0.line(format!("{facility}: {message}"));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = code_of(&error);
        // `2/2 brokers are down` adds nothing to the errors of the brokers.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) {
            self.0.line(format!("{code}: {reason}"));
        }
        self.0.trouble(code, reason);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        let Ok(statistics) = serde_json::from_slice::<Statistics>(statistics) else {
            return;
        };
        let mut seen = self.0.seen();
        seen.statistics_at = Some(Instant::now());
        for broker in statistics.brokers.into_values().filter(|broker| broker.nodeid >= 0) {
            // The group coordinator has a separate entry with the same id. The broker's own entry counts the most
            // bytes.
            let known = seen.brokers.get(&broker.nodeid);
            if known.is_none_or(|known| known.nodename != broker.nodename || known.rxbytes <= broker.rxbytes) {
                seen.brokers.insert(broker.nodeid, broker);
            }
        }
    }
}

impl ConsumerContext for Context {
    /// Errors, statistics and the log arrive through the same queue as messages, so it must be polled often.
    fn main_queue_min_poll_interval(&self) -> rdkafka::util::Timeout {
        Duration::from_millis(100).into()
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, sequence: usize) {
        let at = Instant::now();
        let delivery = match result {
            Ok(message) => {
                let result = Ok((message.offset(), broker_of(message)));
                Delivery { sequence, partition: message.partition(), result, at }
            }
            Err((error, message)) => {
                Delivery { sequence, partition: message.partition(), result: Err(error.clone()), at }
            }
        };
        self.0.seen().deliveries.push(delivery);
    }
}

/// The id of the broker that acknowledged or sent a message, or -1 if librdkafka does not know it.
pub(crate) fn broker_of(message: &BorrowedMessage<'_>) -> i32 {
    // SAFETY: the pointer belongs to the borrowed message and is valid as long as the borrow. The call only reads.
    // rdkafka has no safe accessor for it.
    unsafe { rdkafka::bindings::rd_kafka_message_broker_id(message.ptr()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_broker_is_found_in_librdkafkas_words() {
        let (broker, text) =
            parse_broker("sasl_ssl://broker-11.kafka.test:9092/11: Disconnected (after 3ms in state SSL_HANDSHAKE)")
                .expect("a broker");
        assert_eq!(broker, BrokerAddr { id: Some(11), host: "broker-11.kafka.test".into(), port: 9092 });
        assert_eq!(text, "Disconnected (after 3ms in state SSL_HANDSHAKE)");

        let (broker, _) = parse_broker("ssl://[::1]:9092/bootstrap: Connect failed").expect("a bootstrap");
        assert_eq!(broker, BrokerAddr { id: None, host: "::1".into(), port: 9092 });
        let (broker, text) =
            parse_broker("[thrd:127.0.0.1:4242/2]: 127.0.0.1:4242/2: Connect to ipv4#127.0.0.1:4242 failed: refused")
                .expect("a plain text broker");
        assert_eq!((broker.id, broker.port), (Some(2), 4242));
        assert_eq!(text, "Connect to ipv4#127.0.0.1:4242 failed: refused");
        assert_eq!(parse_broker("3/3 brokers are down"), None);
    }

    #[test]
    fn trouble_lasts_until_the_broker_answers() {
        let context = Context::default();
        let error = || KafkaError::Global(RDKafkaErrorCode::BrokerTransportFailure);
        context.error(error(), "ssl://broker-11.kafka.test:9092/11: Disconnected");
        let first = context.events().trouble_with("broker-11.kafka.test", 9092).expect("trouble");
        context.error(error(), "ssl://broker-11.kafka.test:9092/11: Connection refused");
        let second = context.events().trouble_with("broker-11.kafka.test", 9092).expect("trouble");
        assert_eq!((second.since, second.text.as_str()), (first.since, "Connection refused"));

        let explained = context.events().add_context(ClientError::harness("produce to orders", "timed out"));
        assert_eq!(explained.broker.and_then(|broker| broker.id), Some(11));
        assert_eq!(explained.code, "BrokerTransportFailure");
        assert_eq!(explained.log.len(), 2);

        context.events().recovered("broker-11.kafka.test", 9092);
        assert!(context.events().troubles().is_empty());
    }

    #[test]
    fn the_log_keeps_the_last_lines_only() {
        let context = Context::default();
        for number in 0..LOG_LINES + 5 {
            context.log(RDKafkaLogLevel::Info, "FAIL", &number.to_string());
        }
        let log = context.events().log();
        assert_eq!((log.len(), log[0].as_str()), (LOG_LINES, "FAIL: 5"));
        let last = log.last().cloned();
        context.log(RDKafkaLogLevel::Info, "FAIL", &(LOG_LINES + 4).to_string());
        context.error(KafkaError::Global(RDKafkaErrorCode::AllBrokersDown), "3/3 brokers are down");
        assert_eq!(context.events().log().last(), last.as_ref());
    }
}
