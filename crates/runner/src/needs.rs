//! Whether a scenario makes sense on this lab.
use super::slot;
use lab::backends::cluster::images;
use model::{KafkaProvider, LabInfo, LabKind, Verdict};
use scenario::{Labs, Provider, Scenario};

/// The verdict of a scenario that need not be tried: `skipped` or `unsupported`, with the reason.
pub fn unmet(scenario: &Scenario, info: &LabInfo) -> Option<Verdict> {
    let needs = &scenario.needs;
    if let Some(reason) = &needs.skip {
        return Some(Verdict::Skipped { reason: reason.clone() });
    }
    let here = lab(info.kind);
    if !needs.labs.is_empty() && !needs.labs.contains(&here) {
        let labs: Vec<_> = needs.labs.iter().map(|lab| word(*lab)).collect();
        let reason = format!("it needs the lab to be {}, and this one is {}", labs.join(" or "), word(here));
        return Some(Verdict::Skipped { reason });
    }
    if !needs.gateways.is_empty() && !needs.gateways.contains(&info.gateway.name) {
        let reason = format!(
            "it uses settings of {} and the gateway here is {}",
            needs.gateways.join(" or "),
            info.gateway.name
        );
        return Some(Verdict::Skipped { reason });
    }
    match (needs.kafka, info.kafka) {
        (Some(Provider::Strimzi), KafkaProvider::Standin) => {
            return Some(Verdict::Skipped { reason: "it needs Strimzi, and this lab has the stand-in".to_owned() });
        }
        (Some(Provider::Standin), KafkaProvider::Strimzi) => {
            return Some(Verdict::Skipped { reason: "it needs the stand-in, and this lab has Strimzi".to_owned() });
        }
        _ => {}
    }
    for (part, least) in &needs.versions {
        let Some(version) = version(info, part) else {
            let reason = format!("it needs {part} {least} or newer, and this lab does not say its version");
            return Some(Verdict::Skipped { reason });
        };
        if numbers(version) < numbers(least) {
            let reason = format!("it needs {part} {least} or newer, and this lab has {version}");
            return Some(Verdict::Skipped { reason });
        }
    }
    let claims = scenario.kafka.listener.filter(|listener| listener.is_slot());
    if claims.is_some_and(|listener| slot::claimable(&info.shared, listener).is_empty()) {
        return Some(Verdict::Skipped { reason: "the lab's shared cluster has no listener to claim".to_owned() });
    }
    let lacking: Vec<_> =
        needs.features.iter().filter(|feature| !info.gateway.features.contains(feature)).cloned().collect();
    (!lacking.is_empty()).then(|| Verdict::Unsupported { feature: lacking.join(", ") })
}

/// Whether the Java client can be run here, or why not.
///
/// # Errors
/// The reason.
pub async fn java() -> Result<(), String> {
    let image = images::apache_kafka().map_err(|error| error.to_string())?;
    probe::java_available(&image.image).await
}

/// A part's version, by its own name or by that of the part which brings it.
fn version<'a>(info: &'a LabInfo, part: &str) -> Option<&'a str> {
    let other = match part {
        "kubernetes" => "kube-apiserver",
        "gateway-api" => "gateway-api-crds",
        _ => part,
    };
    info.versions.get(part).or_else(|| info.versions.get(other)).map(String::as_str)
}

/// `v1.34.4-x` as 1, 34, 4. A part that is not there counts as older than 0.
fn numbers(version: &str) -> Vec<u64> {
    let plain = version.trim_start_matches('v').split(['-', '+', ' ']).next().unwrap_or_default();
    plain.split('.').map_while(|number| number.parse().ok()).collect()
}

fn lab(kind: LabKind) -> Labs {
    match kind {
        LabKind::Local => Labs::Local,
        LabKind::Kind => Labs::Kind,
        LabKind::Existing => Labs::Existing,
    }
}

fn word(lab: Labs) -> &'static str {
    match lab {
        Labs::Local => "local",
        Labs::Kind => "kind",
        Labs::Existing => "existing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{info, scenario};

    fn verdict(needs: &str) -> Option<Verdict> {
        unmet(&scenario(&format!("needs: {needs}\n")), &info())
    }

    #[test]
    fn what_the_gateway_does_not_claim_is_unsupported() {
        assert_eq!(verdict("{features: [TLSRoute]}"), None);
        assert_eq!(
            verdict("{features: [TLSRoute, TCPRoute]}"),
            Some(Verdict::Unsupported { feature: "TCPRoute".into() })
        );
    }

    #[test]
    fn an_older_part_is_skipped_with_both_versions() {
        let mut info = info();
        info.versions.insert("kube-apiserver".into(), "v1.34.4".into());
        let unmet = |needs: &str| unmet(&scenario(&format!("needs: {{versions: {needs}}}\n")), &info);
        assert_eq!(unmet("{kubernetes: '1.31'}"), None);
        assert_eq!(unmet("{kubernetes: '1.34.4'}"), None);
        let Some(Verdict::Skipped { reason }) = unmet("{kubernetes: '1.35'}") else { panic!("not skipped") };
        assert_eq!(reason, "it needs kubernetes 1.35 or newer, and this lab has v1.34.4");
        let Some(Verdict::Skipped { reason }) = unmet("{strimzi: '1.1'}") else { panic!("not skipped") };
        assert!(reason.contains("does not say"), "{reason}");
    }

    #[test]
    fn the_wrong_lab_or_provider_is_skipped_with_the_reason() {
        let Some(Verdict::Skipped { reason }) = verdict("{labs: [kind, existing]}") else { panic!("not skipped") };
        assert_eq!(reason, "it needs the lab to be kind or existing, and this one is local");
        assert_eq!(verdict("{labs: [local]}"), None);
        let Some(Verdict::Skipped { reason }) = verdict("{gateways: [istio, kong]}") else { panic!("not skipped") };
        assert_eq!(reason, "it uses settings of istio or kong and the gateway here is traefik");
        assert_eq!(verdict("{gateways: [istio, traefik]}"), None);
        let Some(Verdict::Skipped { reason }) = verdict("{kafka: strimzi}") else { panic!("not skipped") };
        assert!(reason.contains("Strimzi"), "{reason}");
        let Some(Verdict::Skipped { reason }) = verdict("{skip: nobody wrote it yet}") else { panic!("not skipped") };
        assert_eq!(reason, "nobody wrote it yet");
    }
}
