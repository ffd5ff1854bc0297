use super::summary::{Api, Pod, Probe, ProbedBroker};
use super::*;
use crate::testing;
use ::kube::api::DynamicObject;

fn object(text: &str) -> DynamicObject {
    serde_saphyr::from_str(text).expect("an object")
}

fn status() -> Status {
    let facts = Facts {
        kind: model::LabKind::Local,
        gateway: "traefik".to_owned(),
        gateway_version: Some("3.6.15".to_owned()),
        gateway_class: "traefik".to_owned(),
        kafka: model::KafkaProvider::Standin,
        versions: [("traefik".to_owned(), "3.6.15, pip package".to_owned())].into(),
    };
    let mut status = Status::begun("lab", Some(facts), Vec::new());
    status.api = Some(Api { ready: true, says: "ready".to_owned(), gaps: Vec::new() });
    status
}

fn text_of(mut status: Status) -> String {
    status.problems = problems::of(&status);
    format!("{}{}", status.head(), status.rest())
}

const GATEWAY: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: my-gateway, namespace: strimzi}
spec:
  gatewayClassName: traefik
  listeners:
    - {name: kafka, port: 9092, protocol: TLS, hostname: '*.kafka.test'}
    - {name: other, port: 9999, protocol: TLS}
status:
  addresses: [{value: 127.0.0.1}]
  conditions:
    - {type: Accepted, status: 'False', reason: ListenersNotValid, message: At least one Listener must be valid}
    - {type: Programmed, status: 'False', reason: Invalid}
  listeners:
    - {name: kafka, attachedRoutes: 4, conditions: [{type: Accepted, status: 'True', reason: Accepted}]}
    - name: other
      attachedRoutes: 0
      conditions: [{type: Accepted, status: 'False', reason: PortUnavailable, message: no entryPoint for port 9999}]
";

#[test]
fn a_condition_that_is_false_never_reads_as_a_fact() {
    let mut status = status();
    status.objects.gateways.push(objects::gateway(&object(GATEWAY)));
    let text = text_of(status);
    for part in [
        "strimzi/my-gateway                       class traefik, 127.0.0.1: Accepted=False (ListenersNotValid: At least one Listener must be valid), Programmed=False (Invalid)",
        "kafka                                  9092/TLS   *.kafka.test, 4 routes\n",
        "other                                  9999/TLS   every name, 0 routes, Accepted=False (PortUnavailable: no entryPoint for port 9999)",
        "  - Gateway strimzi/my-gateway: Accepted=False",
        "  - Gateway strimzi/my-gateway, listener other: Accepted=False",
    ] {
        assert!(text.contains(part), "{part}\nin {text}");
    }
}

#[test]
fn the_title_and_the_json_say_which_version_runs() {
    let status = status();
    assert_eq!(serde_json::json!(status)["lab"]["versions"]["traefik"], "3.6.15, pip package");
    let text = text_of(status);
    assert!(text.starts_with("lab \"lab\" (local, traefik 3.6.15 with GatewayClass traefik, "), "{text}");
}

#[test]
fn a_warning_does_not_hide_that_a_cluster_is_not_ready() {
    let kafka = object(
        "
apiVersion: kafka.strimzi.io/v1
kind: Kafka
metadata: {name: c, namespace: n}
status:
  conditions:
    - {type: Warning, status: 'True', reason: Standin, message: data does not outlive the Pod}
    - {type: NotReady, status: 'True', reason: Creating, message: waiting for Pods}
",
    );
    let mut broken = status();
    broken.objects.resources.push(objects::resource("Kafka", &kafka));
    let text = text_of(broken);
    let both = "Warning (Standin: data does not outlive the Pod); NotReady (Creating: waiting for Pods)";
    assert!(text.contains(both), "{text}");
    assert!(text.contains("  - Kafka n/c: NotReady (Creating: waiting for Pods)"), "{text}");

    let mut well = status();
    let ready = r#"{type: Ready, status: "True"}"#;
    let kafka = format!(
        "apiVersion: a/v1\nkind: Kafka\nmetadata: {{name: c, namespace: n}}\nstatus: {{conditions: [{ready}, {{type: Warning, status: 'True', message: m}}]}}"
    );
    well.objects.resources.push(objects::resource("Kafka", &object(&kafka)));
    let text = text_of(well);
    assert!(text.contains("Ready; Warning (m)") && text.contains("Nothing is wrong."), "{text}");
}

#[test]
fn a_route_shows_where_it_leads_and_what_each_parent_says() {
    let route = object(
        "
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: broker-11, namespace: kafka}
spec:
  parentRefs: [{name: lab, sectionName: kafka}, {name: silent, namespace: other}]
  hostnames: [broker-11.kafka.test]
  rules: [{backendRefs: [{name: my-cluster-broker-11, port: 9999}, {name: far, namespace: away, port: 1}]}]
status:
  parents:
    - parentRef: {name: lab, namespace: kafka, sectionName: kafka}
      conditions:
        - {type: Accepted, status: 'True', reason: Accepted}
        - {type: ResolvedRefs, status: 'False', reason: BackendNotFound, message: service port 9999 not found}
",
    );
    let mut status = status();
    status.objects.routes.push(objects::route("TLSRoute", &route));
    let text = text_of(status);
    for part in [
        "broker-11.kafka.test -> my-cluster-broker-11:9999 away/far:1",
        "kafka/lab#kafka                                        Accepted, ResolvedRefs=False (BackendNotFound: service port 9999 not found)",
        "other/silent                                           no Accepted, no ResolvedRefs",
        "  - TLSRoute kafka/broker-11 at kafka/lab#kafka: ResolvedRefs=False",
        "  - TLSRoute kafka/broker-11: the controller of Gateway other/silent has not answered",
    ] {
        assert!(text.contains(part), "{part}\nin {text}");
    }
}

fn pod(node: &str, state: &str) -> Pod {
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n}}\nspec: {{nodeName: {node}, containers: [{{name: kafka, image: i}}]}}\nstatus: {state}\n"
    );
    objects::pod(&serde_saphyr::from_str(&text).expect("a Pod"), Some("local"))
}

#[test]
fn restarts_come_with_the_last_words_of_what_crashed() {
    let state = "{phase: Running, containerStatuses: [{name: kafka, image: i, imageID: '', ready: false, restartCount: 7, \
        state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, message: \"Caused by: java.net.BindException: Address already in use\\n\\tat a.b.C\"}}}]}";
    let mut status = status();
    status.objects.pods.push(pod("local", state));
    let text = text_of(status);
    let wanted = "restarted 7 times, last: Caused by: java.net.BindException: Address already in use";
    assert_eq!(text.matches(wanted).count(), 2, "{text}");
    assert_eq!(text.matches("BindException").count(), 2, "once in the list and once as what is wrong: {text}");
    assert!(text.contains("  n/p                                      CrashLoopBackOff, restarted 7 times"), "{text}");
}

#[test]
fn a_pod_that_nothing_runs_says_so() {
    let mut status = status();
    status.objects.pods.push(pod("''", "{phase: Pending}"));
    assert!(text_of(status).contains("n/p: nothing runs it"), "it is told");
}

#[test]
fn a_broker_that_does_not_answer_as_itself_is_wrong() {
    let mut status = status();
    let broker = |id, problem: Option<&str>| ProbedBroker {
        id,
        advertised: format!("broker-{id}.kafka.test:9092"),
        reached: problem.is_none(),
        problem: problem.map(str::to_owned),
    };
    status.probes.push(Probe {
        cluster: "kafka/my-cluster".to_owned(),
        listener: Some("external".to_owned()),
        bootstrap: Some("bootstrap.kafka.test:9092".to_owned()),
        problem: None,
        failed: false,
        brokers: vec![broker(10, None), broker(11, Some("no TLSRoute leads to it (route-missing)"))],
    });
    let text = text_of(status);
    assert!(text.contains("broker 10                              broker-10.kafka.test:9092: answers"), "{text}");
    let wrong =
        "  - Kafka kafka/my-cluster, broker 11 at broker-11.kafka.test:9092: no TLSRoute leads to it (route-missing)";
    assert!(text.contains(wrong), "{text}");
}

#[tokio::test(start_paused = true)]
async fn with_a_silent_api_server_it_takes_five_seconds_and_says_so() {
    let (_held, lab) = testing::lab("silent");
    let begun = tokio::time::Instant::now();
    let status = Status::of(&lab).expect("a process table").asked(&lab, false).await;
    assert!(begun.elapsed() <= gather::WITHIN + std::time::Duration::from_millis(10), "{:?}", begun.elapsed());
    assert!(!status.healthy());
    let text = format!("{}{}", status.head(), status.rest());
    assert!(text.contains("etcd                                     IS NOT RUNNING"), "{text}");
    assert!(text.contains("not ready: no answer within 5s"), "{text}");
    assert!(text.contains("the objects: no answer within 5 s"), "{text}");
    assert!(text.contains("`cargo xtask lab up --name silent` repairs it"), "{text}");
    serde_json::to_value(&status).expect("JSON");
}

#[tokio::test]
async fn a_lab_that_is_half_up_names_what_runs_and_the_two_ways_on() {
    use crate::backends::local::process;
    use crate::backends::local::process::Spec;
    let (_held, lab) = testing::lab("half");
    assert!(Status::half(&lab.dir, "half").expect("readable").is_none(), "nothing runs");
    let spec = Spec {
        component: "etcd".to_owned(),
        instance: String::new(),
        program: "/bin/sleep".into(),
        args: vec!["60".to_owned()],
        env: vec![],
        dir: lab.dir.path().to_owned(),
    };
    let pid = process::spawn_and_watch(&lab.dir, &spec, std::time::Duration::from_millis(50)).await.expect("started");
    let status = Status::half(&lab.dir, "half").expect("readable").expect("etcd runs");
    let text = format!("{}{}", status.head(), status.rest());
    assert!(text.contains("lab \"half\" (partly up)") && text.contains(&format!("process {pid}")), "{text}");
    let way_on = "`cargo xtask lab up --name half` continues, `cargo xtask lab down --name half` removes it";
    assert!(text.contains(way_on), "{text}");
    assert!(!status.healthy());
    process::stop(&[process::identify(&spec, pid)], std::time::Duration::ZERO).await.expect("stopped");
}
