//! Installs a gateway from its folder under `fixtures/gateways`.

use super::install::{self, Component, Installer};
use super::manifests::Source;
use super::values::Values;
use super::{Error, PartFiles, manifests};
use crate::backends::pods;
use crate::gateway::{GatewayFixture, KindGateway, KindManifest};
use ::kube::api::DynamicObject;
use kubeapi::ObjectRef;
use model::Ports;
use std::time::Duration;

const AVAILABLE: Duration = Duration::from_secs(240);
const ACCEPTED: Duration = Duration::from_secs(60);

/// The kind section of a fixture.
///
/// # Errors
/// [`Error::NotOnKind`] if it has none.
pub fn section(fixture: &GatewayFixture) -> Result<&KindGateway, Error> {
    fixture.kind.as_ref().ok_or_else(|| Error::NotOnKind { gateway: fixture.name.clone() })
}

/// The gateway's manifests, with the lab's variables filled in.
///
/// # Errors
/// If a file or a part is missing, or a variable has no value.
fn sources(fixture: &GatewayFixture, parts: &PartFiles, ports: &Ports) -> Result<Vec<Source>, Error> {
    let section = section(fixture)?;
    let mut values = Values::of_ports(ports);
    values.set_images(&section.images);
    values.set("class", &fixture.class);
    let source = |manifest: &KindManifest| match manifest {
        KindManifest::Part(name) => Source::read(parts.of(name, &fixture.name)?),
        KindManifest::File(file) => {
            let mut source = Source::read(&fixture.dir.join(file))?;
            source.text = values.fill(&source.file, &source.text)?;
            Ok(source)
        }
    };
    section.manifests.iter().map(source).collect()
}

/// The objects of each of the gateway's manifests as they are applied, under the name of the file.
///
/// # Errors
/// If a file or a part is missing or cannot be parsed, or a variable has no value.
pub(crate) async fn objects(
    fixture: &GatewayFixture,
    parts: &PartFiles,
    ports: &Ports,
) -> Result<Vec<(String, Vec<DynamicObject>)>, Error> {
    let sources = sources(fixture, parts, ports)?;
    let files: Vec<String> = sources.iter().map(|source| source.file.clone()).collect();
    let sets = without_bundle(manifests::parse_all(sources).await?);
    Ok(files.into_iter().zip(sets).collect())
}

/// Removes the objects of a Gateway API bundle, because the cluster already has one.
fn without_bundle(mut sets: Vec<Vec<DynamicObject>>) -> Vec<Vec<DynamicObject>> {
    for objects in &mut sets {
        objects.retain(|object| !manifests::of_gateway_api(object));
    }
    sets
}

/// Begins to install the gateway, with everything that needs no image.
///
/// # Errors
/// If a file or part is missing, or an object is refused.
pub async fn begin(
    installer: Installer<'_>,
    fixture: &GatewayFixture,
    parts: &PartFiles,
    ports: &Ports,
) -> Result<Component, Error> {
    let sources = sources(fixture, parts, ports)?;
    let name = format!("gateway-{}", fixture.name);
    installer.begin(&name, sources, &section(fixture)?.namespace, |sets| Ok(without_bundle(sets))).await
}

/// Applies the rest of the gateway, and waits until its Deployments are Available and its GatewayClass is Accepted.
///
/// # Errors
/// If an object is refused, a Pod cannot run, or a wait times out.
pub async fn finish(installer: Installer<'_>, fixture: &GatewayFixture, mut component: Component) -> Result<(), Error> {
    let section = section(fixture)?;
    let mut namespaces = vec![section.namespace.clone()];
    namespaces.extend(section.deployments.iter().filter_map(|name| Some(name.split_once('/')?.0.to_owned())));
    let all = async {
        installer.finish(&mut component).await?;
        let deployments =
            section.deployments.iter().map(|name| install::wait_deployment(installer.catalog, name, AVAILABLE));
        futures::future::try_join_all(deployments).await?;
        let class = ObjectRef {
            api_version: "gateway.networking.k8s.io/v1".to_owned(),
            kind: "GatewayClass".to_owned(),
            namespace: String::new(),
            name: fixture.class.clone(),
        };
        install::wait_condition(installer.catalog, &class, "Accepted", ACCEPTED).await?;
        installer.came_up(&component).await
    };
    pods::or_trouble(installer.catalog, &namespaces, all).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::{Gateways, names};

    /// The folder's own files of every fixture, with empty files in place of upstream's.
    #[test]
    fn every_fixtures_manifests_have_values_for_their_variables() {
        let empty = tempfile::NamedTempFile::with_suffix(".yaml").expect("a file");
        let path = camino::Utf8PathBuf::from_path_buf(empty.path().to_owned()).expect("UTF-8");
        for name in names() {
            let fixture = GatewayFixture::load(&name).expect("sound");
            let Some(section) = &fixture.kind else { continue };
            let parts: PartFiles = section.parts().map(|part| (part.to_owned(), path.clone())).collect();
            let sources = sources(&fixture, &parts, &Ports::from_base(9092)).expect("filled");
            let all: Vec<_> = sources.iter().flat_map(|source| source.objects().expect("sound")).collect();
            let class = all.iter().find(|object| manifests::kind(object) == "GatewayClass").expect("a GatewayClass");
            assert_eq!(manifests::name(class), fixture.class);
            assert_eq!(class.data["spec"]["controllerName"], fixture.controller_name.as_str());
            let text = serde_json::to_string(&all).expect("JSON");
            // Gateways that share a Service must have all NodePorts, and others need none.
            for port in super::super::NODE_PORTS {
                let has = text.contains(&format!("\"nodePort\":{port}"));
                assert_eq!(has, section.gateways == Gateways::Shared, "{name}: {port}");
            }
        }
    }
}
