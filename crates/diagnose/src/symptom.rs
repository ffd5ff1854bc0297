//! What librdkafka's own code and text already prove.

use model::Cause;
use probe::ClientError;

/// The causes from Kafka's own answers. The connection works, so there is nothing to look for in the network.
pub(super) fn answered(error: &ClientError) -> Option<Cause> {
    match error.code.as_str() {
        "Authentication" | "SaslAuthenticationFailed" => Some(authentication(error)),
        "TopicAuthorizationFailed"
        | "GroupAuthorizationFailed"
        | "ClusterAuthorizationFailed"
        | "TransactionalIdAuthorizationFailed" => Some(Cause::Authorization),
        "UnknownTopicOrPartition" | "UnknownTopic" | "UnknownPartition" => Some(Cause::UnknownTopic),
        _ => None,
    }
}

/// librdkafka also reports a failed authentication if the handshake lacked the required client certificate.
fn authentication(error: &ClientError) -> Cause {
    if wants_certificate(&error.text) { Cause::ClientCertificate } else { Cause::Authentication }
}

/// OpenSSL's words for the alerts with which a broker rejects a client's certificate, or its absence.
pub(super) fn wants_certificate(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["certificate required", "alert bad certificate", "alert certificate unknown", "alert unknown ca"]
        .iter()
        .any(|words| text.contains(words))
}

/// OpenSSL's words for a broker's certificate that the client rejects, for any reason.
pub(super) fn refuses_certificate(text: &str) -> bool {
    text.contains("certificate verify failed")
}

/// Whether the client only waited without success.
pub(super) fn timed_out(error: &ClientError) -> bool {
    ["MessageTimedOut", "OperationTimedOut", "RequestTimedOut", "TimedOutQueue"].contains(&error.code.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::types::RDKafkaErrorCode;

    fn error(code: RDKafkaErrorCode, text: &str) -> ClientError {
        ClientError {
            broker: None,
            operation: "produce to orders".into(),
            code: format!("{code:?}"),
            text: text.into(),
            log: Vec::new(),
            served: Vec::new(),
        }
    }

    #[test]
    fn kafkas_answers_are_causes_by_themselves() {
        let table = [
            (RDKafkaErrorCode::Authentication, Some(Cause::Authentication)),
            (RDKafkaErrorCode::SaslAuthenticationFailed, Some(Cause::Authentication)),
            (RDKafkaErrorCode::TopicAuthorizationFailed, Some(Cause::Authorization)),
            (RDKafkaErrorCode::GroupAuthorizationFailed, Some(Cause::Authorization)),
            (RDKafkaErrorCode::ClusterAuthorizationFailed, Some(Cause::Authorization)),
            (RDKafkaErrorCode::UnknownTopicOrPartition, Some(Cause::UnknownTopic)),
            (RDKafkaErrorCode::UnknownTopic, Some(Cause::UnknownTopic)),
            (RDKafkaErrorCode::BrokerTransportFailure, None),
            (RDKafkaErrorCode::SSL, None),
        ];
        for (code, cause) in table {
            assert_eq!(answered(&error(code, "")), cause, "{code:?}");
        }
    }

    #[test]
    fn a_refused_client_certificate_is_no_wrong_password() {
        let text = "SSL handshake failed: ssl3_read_bytes: tlsv13 alert certificate required: SSL alert number 116";
        assert_eq!(answered(&error(RDKafkaErrorCode::Authentication, text)), Some(Cause::ClientCertificate));
        assert!(!wants_certificate("certificate verify failed: broker certificate could not be verified"));
    }

    #[test]
    fn timeouts_are_known_by_their_codes() {
        assert!(timed_out(&error(RDKafkaErrorCode::MessageTimedOut, "")));
        assert!(timed_out(&error(RDKafkaErrorCode::OperationTimedOut, "")));
        assert!(!timed_out(&error(RDKafkaErrorCode::BrokerTransportFailure, "")));
    }
}
