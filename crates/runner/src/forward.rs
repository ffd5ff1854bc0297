//! A port-forward from a local port to a Service, as with `kubectl port-forward`.

use super::Context;
use ::kube::Api;
use ::kube::api::ListParams;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kubeapi::{Catalog, target_port};
use model::{Cause, Failure};
use scenario::PortForward;
use std::io;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// The target of accepted connections.
#[derive(Clone)]
enum ForwardTarget {
    /// The local lab has no kubelet to forward through, but its ClusterIPs are addresses of this machine.
    ClusterIp(String),
    Pod {
        pods: Box<Api<Pod>>,
        pod: String,
        port: u16,
    },
}

/// Opens a port-forward, which lasts as long as the context. Returns `host:port` of its local end.
///
/// # Errors
/// If the Service has no address or no Pod, or if no local port is free.
pub async fn open(context: &mut Context<'_>, target: &PortForward) -> Result<String, Failure> {
    let namespace = target.namespace.clone().unwrap_or_else(|| context.namespace.clone());
    let expected = format!("a port-forward to Service {namespace}/{}:{}", target.service, target.port);
    let local = context.lab.backend.process_node().is_some();
    let found = beyond(&context.lab.catalog, &namespace, target, local);
    let beyond =
        context.clock.waiting(found).await.map_err(|seen| Failure::new(Cause::Unreachable, &expected, seen))?;
    let bound = async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        io::Result::Ok((listener, address))
    };
    let (listener, address) =
        bound.await.map_err(|error| Failure::new(Cause::Unreachable, &expected, error.to_string()))?;
    context.tasks.spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let beyond = beyond.clone();
            tokio::spawn(async move {
                // The client reports a broken connection.
                let _ = join(&mut near, &beyond).await;
            });
        }
    });
    Ok(address.to_string())
}

async fn join(near: &mut TcpStream, beyond: &ForwardTarget) -> io::Result<()> {
    match beyond {
        ForwardTarget::ClusterIp(address) => {
            let mut far = TcpStream::connect(address).await?;
            copy_bidirectional(near, &mut far).await?;
        }
        ForwardTarget::Pod { pods, pod, port } => {
            let mut forwarder = pods.portforward(pod, &[*port]).await.map_err(io::Error::other)?;
            let mut far = forwarder
                .take_stream(*port)
                .ok_or_else(|| io::Error::other("the API server opened no stream for the port"))?;
            copy_bidirectional(near, &mut far).await?;
        }
    }
    Ok(())
}

async fn beyond(
    catalog: &Catalog,
    namespace: &str,
    target: &PortForward,
    local: bool,
) -> Result<ForwardTarget, String> {
    let client = catalog.client().clone();
    let services: Api<Service> = Api::namespaced(client.clone(), namespace);
    let service = services.get(&target.service).await.map_err(|error| error.to_string())?;
    let spec = service.spec.unwrap_or_default();
    let ports = spec.ports.unwrap_or_default();
    let Some(port) = ports.iter().find(|port| port.port == i32::from(target.port)) else {
        let known: Vec<_> = ports.iter().map(|port| port.port.to_string()).collect();
        return Err(format!("the Service has the ports {}", known.join(", ")));
    };
    if local {
        return match spec.cluster_ip.as_deref() {
            None | Some("" | "None") => Err("the Service has no ClusterIP".to_owned()),
            Some(address) => Ok(ForwardTarget::ClusterIp(format!("{address}:{}", target.port))),
        };
    }
    let selector = spec.selector.unwrap_or_default();
    let labels: Vec<_> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let pods: Api<Pod> = Api::namespaced(client, namespace);
    let list = pods.list(&ListParams::default().labels(&labels.join(","))).await.map_err(|error| error.to_string())?;
    let pod = list.items.into_iter().find(|pod| pod.metadata.name.is_some()).ok_or("the Service has no Pod")?;
    let name = pod.metadata.name.clone().unwrap_or_default();
    let port = target_port(&pod, port).ok_or_else(|| {
        format!(
            "the Pod {name} has no port {}, which is the Service's target port",
            target_name(port.target_port.as_ref())
        )
    })?;
    Ok(ForwardTarget::Pod { pods: Box::new(pods), pod: name, port })
}

fn target_name(target: Option<&IntOrString>) -> String {
    match target {
        Some(IntOrString::Int(number)) => number.to_string(),
        Some(IntOrString::String(name)) => name.clone(),
        None => "with the Service's port number".to_owned(),
    }
}
