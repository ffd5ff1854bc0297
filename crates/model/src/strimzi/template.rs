//! The placeholders of `hostTemplate`, `advertisedHostTemplate` and `advertisedPortTemplate`.

/// Why a template has no value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TemplateError {
    #[error("the port template `{template}` is not a formula of whole numbers, {{nodeId}}, + - and *: {problem}")]
    Formula { template: String, problem: String },
    #[error("the port template `{template}` yields {value} for node {node}, but a port is 1 to 65535")]
    Range { template: String, node: u32, value: i64 },
}

/// The host name from a template. `{nodeId}` and `{nodePodName}` are replaced.
pub fn host(template: &str, node: u32, pod: &str) -> String {
    template.replace("{nodeId}", &node.to_string()).replace("{nodePodName}", pod)
}

/// The port from a template: a number, or a formula such as `9000 + {nodeId}` with `+`, `-` and `*`, which binds
/// tighter.
///
/// # Errors
/// If the text is not such a formula, or its value is not a port.
pub fn port(template: &str, node: u32) -> Result<u16, TemplateError> {
    let formula = template.replace("{nodeId}", &node.to_string());
    let broken = |problem: &str| TemplateError::Formula { template: template.to_owned(), problem: problem.to_owned() };
    // `sum` is the sum of the finished terms; `term` is the current product, with its sign.
    let (mut sum, mut term, mut operator) = (0_i64, None::<i64>, b'+');
    let mut rest = formula.trim_start();
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().map_err(|_| broken(&format!("expected a number at `{rest}`")))?;
        let overflow = || broken("the numbers are too large");
        match (operator, term) {
            (b'*', Some(left)) => term = Some(left.checked_mul(number).ok_or_else(overflow)?),
            (sign, left) => {
                sum = sum.checked_add(left.unwrap_or(0)).ok_or_else(overflow)?;
                term = Some(if sign == b'-' { -number } else { number });
            }
        }
        rest = rest[digits..].trim_start();
        match rest.bytes().next() {
            None => break,
            Some(sign @ (b'+' | b'-' | b'*')) => operator = sign,
            Some(_) => return Err(broken(&format!("expected an operator at `{rest}`"))),
        }
        rest = rest[1..].trim_start();
    }
    let value = sum + term.unwrap_or(0);
    u16::try_from(value).ok().filter(|port| *port > 0).ok_or(TemplateError::Range {
        template: template.to_owned(),
        node,
        value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_know_the_node_and_its_pod() {
        assert_eq!(host("broker-{nodeId}.kafka.test", 10, "c-broker-10"), "broker-10.kafka.test");
        assert_eq!(host("{nodePodName}.kafka.test", 10, "c-broker-10"), "c-broker-10.kafka.test");
    }

    #[test]
    fn ports_are_fixed_or_computed() {
        for (template, expected) in [
            ("9092", 9092),
            ("9000 + {nodeId}", 9012),
            ("9100-{nodeId}*2", 9076),
            ("{nodeId}*{nodeId}+1", 145),
            (" 443 ", 443),
        ] {
            assert_eq!(port(template, 12), Ok(expected), "{template}");
        }
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for template in ["", "port", "9000 +", "9000 / 2", "9000 {nodeId}", "(9000)", "99999999999999999999"] {
            assert!(matches!(port(template, 1), Err(TemplateError::Formula { .. })), "{template}");
        }
        for template in ["0", "65536", "1 - {nodeId}"] {
            assert!(matches!(port(template, 1), Err(TemplateError::Range { .. })), "{template}");
        }
    }
}
