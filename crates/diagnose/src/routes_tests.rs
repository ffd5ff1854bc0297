use super::*;
use kubeapi::parse_manifests;

fn objects(yaml: &str) -> Vec<DynamicObject> {
    parse_manifests("test.yaml", yaml).expect("manifests")
}

fn tls_routes() -> Vec<DynamicObject> {
    objects(
        r#"
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: catch-all, namespace: kafka}
spec: {hostnames: ["*.kafka.test"], rules: [{backendRefs: [{name: bootstrap, port: 9094}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: broker-11, namespace: kafka}
spec: {hostnames: [broker-11.kafka.test], rules: [{backendRefs: [{name: my-cluster-broker-11, port: 9094}]}]}
status: {parents: [{conditions: [{type: Accepted, status: "False", reason: NotAllowedByListeners, message: no}]}]}
"#,
    )
}

fn gateways() -> Vec<DynamicObject> {
    objects(
        r#"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: lab, namespace: kafka}
spec:
  listeners:
    - {name: passthrough, port: 9092, hostname: "*.kafka.test"}
    - {name: bootstrap, port: 9100}
    - {name: broker-10, port: 9101}
"#,
    )
}

#[test]
fn a_wildcard_covers_several_labels_and_not_its_own_domain() {
    assert!(covers("*.kafka.test", "broker-11.kafka.test") && covers("*.kafka.test", "a.b.KAFKA.test"));
    assert!(!covers("*.kafka.test", "kafka.test") && !covers("*.kafka.test", "xkafka.test"));
    assert!(covers("a.kafka.test", "A.kafka.test") && !covers("a.kafka.test", "b.kafka.test"));
}

#[test]
fn an_exact_route_comes_before_a_wildcard() {
    let found = routes(&tls_routes(), &[], &gateways(), "broker-11.kafka.test", 9092);
    let names: Vec<_> = found.iter().map(|route| route.name.as_str()).collect();
    assert_eq!(names, ["broker-11", "catch-all"]);
    assert!(!found[0].accepted());
    assert_eq!(found[0].conditions[0].reason, "NotAllowedByListeners");
    assert!(routes(&tls_routes(), &[], &gateways(), "broker-11.elsewhere.test", 9092).is_empty());
}

#[test]
fn a_tcp_route_concerns_the_port_of_its_parent() {
    let tcp = objects(
        r#"
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: broker-10, namespace: kafka}
spec: {parentRefs: [{name: lab, sectionName: broker-10}], rules: [{backendRefs: [{name: b, port: 9094}]}]}
"#,
    );
    assert_eq!(routes(&[], &tcp, &gateways(), "127.0.0.1", 9101).len(), 1);
    assert!(routes(&[], &tcp, &gateways(), "127.0.0.1", 9100).is_empty());
}

#[test]
fn a_tcp_route_on_a_tls_listener_for_other_names_does_not_concern_the_address() {
    let tcp = objects(
        r#"
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: by-port, namespace: kafka}
spec: {parentRefs: [{name: lab, sectionName: passthrough}], rules: []}
"#,
    );
    assert_eq!(routes(&[], &tcp, &gateways(), "broker-11.kafka.test", 9092).len(), 1);
    assert!(routes(&[], &tcp, &gateways(), "broker-11.elsewhere.test", 9092).is_empty());
}

#[test]
fn backends_are_followed_to_ready_pods_and_their_node_ids() {
    let services = objects(
        r#"
apiVersion: v1
kind: Service
metadata: {name: my-cluster-broker-11, namespace: kafka}
spec: {selector: {strimzi.io/cluster: my-cluster, strimzi.io/pod-name: my-cluster-broker-11}}
"#,
    );
    let pods = objects(
        r#"
apiVersion: v1
kind: Pod
metadata: {name: my-cluster-broker-11, namespace: kafka, labels: {strimzi.io/cluster: my-cluster, strimzi.io/pod-name: my-cluster-broker-11}}
status: {conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: my-cluster-broker-12, namespace: kafka, labels: {strimzi.io/cluster: my-cluster, strimzi.io/pod-name: my-cluster-broker-12}}
status: {conditions: [{type: Ready, status: "True"}]}
"#,
    );
    let mut found = routes(&tls_routes(), &[], &gateways(), "broker-11.kafka.test", 9092);
    resolve(&mut found, &services, &pods);
    let backend = &found[0].backends[0];
    assert!(backend.exists);
    assert_eq!((backend.pods, backend.ready, backend.brokers.len()), (1, 1, 1));
    assert_eq!((backend.brokers[0].cluster.as_str(), backend.brokers[0].id), ("kafka/my-cluster", 11));
    assert!(!found[1].backends[0].exists);
}

#[test]
fn a_target_port_is_a_number_or_the_name_of_a_containers_port() {
    let target = |ports: &str, containers: &str| {
        let services = objects(&format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: my-cluster-broker-11, namespace: kafka}}\n\
             spec: {{selector: {{app: kafka}}, ports: [{ports}]}}\n"
        ));
        let pods = objects(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: my-cluster-broker-11, namespace: kafka, labels: {{app: kafka}}}}\n\
             spec: {{containers: [{{name: kafka, ports: [{containers}]}}]}}\n"
        ));
        let mut found = routes(&tls_routes(), &[], &gateways(), "broker-11.kafka.test", 9092);
        resolve(&mut found, &services, &pods);
        found[0].backends[0].target
    };
    let named = "{name: tcp-other, containerPort: 9095}, {name: tcp-external, containerPort: 9194}";
    assert_eq!(target("{port: 9094}", ""), Some(9094));
    assert_eq!(target("{port: 9094, targetPort: 9195}", ""), Some(9195));
    assert_eq!(target("{port: 9094, targetPort: tcp-external}", named), Some(9194), "as Strimzi writes it");
    assert_eq!(target("{port: 9094, targetPort: tcp-gone}", named), None);
}

#[test]
fn listeners_are_found_by_port_and_name() {
    let names = |host, port| {
        for_name(&listeners(&gateways()), host, port).into_iter().map(|listener| listener.name).collect::<Vec<_>>()
    };
    assert_eq!(names("broker-11.kafka.test", 9092), ["passthrough"]);
    assert!(names("broker-11.other.test", 9092).is_empty());
    assert_eq!(names("broker-11.other.test", 9100), ["bootstrap"]);
}

#[test]
fn a_kafka_resource_declares_its_names() {
    let kafkas = objects(
        r#"
apiVersion: kafka.strimzi.io/v1
kind: Kafka
metadata: {name: my-cluster, namespace: kafka}
spec:
  kafka:
    listeners:
      - name: external
        configuration:
          bootstrap: {host: bootstrap.kafka.test, alternativeNames: [other.kafka.test]}
          hostTemplate: broker-{nodeId}.kafka.test
      - name: slot1
        configuration:
          brokers: [{broker: 10, advertisedHost: ten.slot1.kafka.test}]
"#,
    );
    let seen = |host| declared(&kafkas, host).map(|found| (found.listener, found.advertised));
    assert_eq!(seen("bootstrap.kafka.test"), Some(("external".into(), false)));
    assert_eq!(seen("other.kafka.test"), Some(("external".into(), false)));
    assert_eq!(seen("broker-12.kafka.test"), Some(("external".into(), true)));
    assert_eq!(seen("ten.slot1.kafka.test"), Some(("slot1".into(), true)));
    assert_eq!(seen("broker-x.kafka.test"), None);
    assert_eq!(seen("nobody.kafka.test"), None);
}

#[test]
fn the_listener_behind_a_route_is_that_of_its_brokers_and_its_target_port() {
    let kafkas = objects(
        r#"
apiVersion: kafka.strimzi.io/v1
kind: Kafka
metadata: {name: mine, namespace: kafka}
spec: {kafka: {listeners: [{name: tls, port: 9093, tls: true}, {name: plain, port: 9092, tls: false}]}}
"#,
    );
    let mut found = routes(&tls_routes(), &[], &gateways(), "broker-11.kafka.test", 9092);
    found[0].conditions[0].status = true;
    found[0].backends[0].brokers = vec![PodBroker { cluster: "kafka/mine".into(), id: 11 }];
    let name = |target, routes: &mut Vec<Route>| {
        routes[0].backends[0].target = Some(target);
        led_to(&kafkas, routes).map(|listener| (listener.listener, listener.tls))
    };
    assert_eq!(name(9092, &mut found), Some(("plain".to_owned(), false)));
    assert_eq!(name(9093, &mut found), Some(("tls".to_owned(), true)));
    assert_eq!(name(9999, &mut found), None);
}

/// Contour counts routes that no listener's hostname fits, and keeps the port closed.
#[test]
fn routes_that_were_not_accepted_do_not_count() {
    let gateways = objects(
        r#"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: own, namespace: mine}
spec: {listeners: [{name: kafka, port: 9092, hostname: "*.kafka.test"}]}
status: {listeners: [{name: kafka, attachedRoutes: 2}]}
"#,
    );
    let route = |name: &str, accepted: &str| {
        objects(&format!(
            r#"
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {{name: {name}, namespace: mine}}
spec: {{parentRefs: [{{name: own}}], hostnames: [{name}.other.test]}}
status: {{parents: [{{conditions: [{{type: Accepted, status: "{accepted}", reason: R, message: m}}]}}]}}
"#
        ))
    };
    let count = |routes: &[Vec<DynamicObject>]| {
        let mut found = listeners(&gateways);
        count_accepted(&mut found, &routes.concat(), &[]);
        found[0].attached_routes
    };
    assert_eq!(count(&[route("a", "False"), route("b", "False")]), Some(0));
    assert_eq!(count(&[route("a", "False"), route("b", "True")]), Some(2));
    assert_eq!(count(&[route("a", "False")]), Some(2), "the other one is of a kind that is not read");
}
