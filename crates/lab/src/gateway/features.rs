//! The features that a fixture claims, compared with those that the cluster's GatewayClass lists.

use super::object::{GATEWAY_CLASS, read};
use super::{GatewayFixture, names};
use crate::Error;
use ::kube::api::DynamicObject;
use kubeapi::Catalog;
use std::collections::BTreeSet;

/// What a GatewayClass says about the features that a fixture claims.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Statement {
    /// Its status has no `supportedFeatures`, which implementations need not fill in.
    None { class: String },
    /// Both say the same.
    Agrees { class: String },
    /// One sentence for each feature that only one side names.
    Contradicts(Vec<String>),
}

impl std::fmt::Display for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None { class } => write!(f, "GatewayClass {class} lists none, so nothing is compared"),
            Self::Agrees { class } => write!(f, "as GatewayClass {class} lists them"),
            Self::Contradicts(sentences) => write!(f, "{}", sentences.join("; ")),
        }
    }
}

/// Reads the GatewayClass of a running lab and compares its features with the fixture's.
///
/// # Errors
/// If the API server does not answer, or there is no such GatewayClass.
pub async fn compared(catalog: &Catalog, name: &str, class: &str, claimed: &[String]) -> Result<Statement, Error> {
    let found = read(catalog, GATEWAY_CLASS, "", class).await?;
    let found = found.ok_or_else(|| Error::NoClass { class: class.to_owned() })?;
    Ok(compare(name, class, claimed, supported(&found).as_deref(), &of_interest()))
}

/// The `supportedFeatures` of a GatewayClass. `None` if its status has none. Before Gateway API 1.3 they were strings.
fn supported(class: &DynamicObject) -> Option<Vec<String>> {
    let listed = class.data["status"]["supportedFeatures"].as_array().filter(|listed| !listed.is_empty())?;
    let name = |one: &serde_json::Value| one["name"].as_str().or(one.as_str()).map(str::to_owned);
    Some(listed.iter().filter_map(name).collect())
}

/// The features that at least one fixture claims. A GatewayClass also lists features of HTTP, which no Kafka client needs
/// and no fixture names.
fn of_interest() -> BTreeSet<String> {
    let fixtures = names().into_iter().filter_map(|name| GatewayFixture::load(&name).ok());
    fixtures.flat_map(|fixture| fixture.features).collect()
}

fn compare(
    name: &str,
    class: &str,
    claimed: &[String],
    listed: Option<&[String]>,
    of_interest: &BTreeSet<String>,
) -> Statement {
    let Some(listed) = listed else { return Statement::None { class: class.to_owned() } };
    let file = format!("fixtures/gateways/{name}/gateway.yaml");
    let unlisted = claimed.iter().filter(|feature| !listed.contains(feature)).map(|feature| {
        format!("{file} claims {feature}, and GatewayClass {class} does not list it in supportedFeatures")
    });
    let unclaimed = listed.iter().filter(|feature| of_interest.contains(*feature) && !claimed.contains(feature));
    let unclaimed = unclaimed.map(|feature| {
        format!("GatewayClass {class} lists {feature} in supportedFeatures, and {file} does not claim it")
    });
    let sentences: Vec<String> = unlisted.chain(unclaimed).collect();
    if sentences.is_empty() { Statement::Agrees { class: class.to_owned() } } else { Statement::Contradicts(sentences) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn of(claimed: &[&str], listed: Option<&[&str]>) -> Statement {
        let interest = ["TLSRoute", "TCPRoute", "TLSRouteModeTerminate"].map(str::to_owned).into();
        compare("some", "a-class", &words(claimed), listed.map(words).as_deref(), &interest)
    }

    #[test]
    fn a_class_without_a_list_makes_no_statement() {
        let says = of(&["TLSRoute"], None);
        assert_eq!(says, Statement::None { class: "a-class".to_owned() });
        assert_eq!(says.to_string(), "GatewayClass a-class lists none, so nothing is compared");
    }

    #[test]
    fn features_that_no_fixture_claims_contradict_nothing() {
        let says = of(&["TLSRoute"], Some(&["HTTPRoute", "TLSRoute", "GRPCRoute"]));
        assert_eq!(says, Statement::Agrees { class: "a-class".to_owned() });
    }

    #[test]
    fn a_contradiction_names_both_sides_whichever_claims_more() {
        let says = of(&["TLSRoute", "TCPRoute"], Some(&["TLSRoute", "TLSRouteModeTerminate"]));
        let sentences = [
            "fixtures/gateways/some/gateway.yaml claims TCPRoute, and GatewayClass a-class does not list it in supportedFeatures",
            "GatewayClass a-class lists TLSRouteModeTerminate in supportedFeatures, and fixtures/gateways/some/gateway.yaml does not claim it",
        ];
        assert_eq!(says, Statement::Contradicts(words(&sentences)));
    }

    #[test]
    fn both_forms_of_the_list_are_read_and_an_empty_one_is_none() {
        let class = |features: serde_json::Value| -> DynamicObject {
            serde_json::from_value(json!({
                "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "a-class"},
                "status": {"supportedFeatures": features},
            }))
            .expect("an object")
        };
        assert_eq!(supported(&class(json!([{"name": "TLSRoute"}]))), Some(words(&["TLSRoute"])));
        assert_eq!(supported(&class(json!(["TLSRoute"]))), Some(words(&["TLSRoute"])));
        assert_eq!(supported(&class(json!([]))), None);
        assert_eq!(supported(&class(json!(null))), None);
    }

    #[test]
    fn what_scenarios_need_is_of_interest() {
        let interest = of_interest();
        for feature in ["TLSRoute", "TLSRouteModeTerminate", "TLSRouteModeMixed", "TCPRoute"] {
            assert!(interest.contains(feature), "{feature}: {interest:?}");
        }
        assert!(!interest.contains("HTTPRoute"), "{interest:?}");
    }
}
