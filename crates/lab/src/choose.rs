//! Which lab `--lab auto` means on this machine, and why.

use super::Error;
use super::handle::read_info;
use crate::backends::kind::{Engine, KindOptions, images};
use cli::LabChoice;
use model::{LabDir, LabInfo, LabKind};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a registry may take to accept a connection before it counts as out of reach.
const REGISTRY_WITHIN: Duration = Duration::from_secs(3);

/// A choice and its reason, for the first line that the user sees.
pub(super) struct Chosen {
    pub(super) kind: LabKind,
    pub(super) why: String,
}

/// Chooses the lab. One that is up decides for itself; asking for another kind under its name is an error. `kind` says
/// what a lab in KIND would be made of.
pub(super) async fn choose(dir: &LabDir, wanted: LabChoice, kind: &KindOptions) -> Result<Chosen, Error> {
    let asked = |kind| Chosen { kind, why: "as asked".to_owned() };
    if let Some(LabInfo { kind: is, .. }) = read_info(dir)? {
        let fits = match wanted {
            LabChoice::Auto => true,
            LabChoice::Kind => is == LabKind::Kind,
            LabChoice::Local => is == LabKind::Local,
            LabChoice::Existing => is == LabKind::Existing,
        };
        if !fits {
            return Err(Error::OtherLab {
                name: kind.name.clone(),
                is: word(is).to_owned(),
                wanted: wanted.to_string(),
            });
        }
        return Ok(Chosen { kind: is, why: "it is up already".to_owned() });
    }
    Ok(match wanted {
        LabChoice::Local => asked(LabKind::Local),
        LabChoice::Kind => asked(LabKind::Kind),
        LabChoice::Existing => asked(LabKind::Existing),
        LabChoice::Auto => match kind_works(kind).await {
            Ok(why) => Chosen { kind: LabKind::Kind, why },
            Err(why) => Chosen { kind: LabKind::Local, why },
        },
    })
}

/// Why a lab in KIND can be had here, or why not.
async fn kind_works(options: &KindOptions) -> Result<String, String> {
    let engine = Engine::find().await.map_err(|_| "no container engine answers".to_owned())?;
    let answers = format!("{} {} answers", engine.program, engine.version);
    let wanted = options.images().and_then(|mut all| {
        all.push(options.node_image()?);
        Ok(all)
    });
    let lacking = match wanted {
        Ok(wanted) => images::lacking(&engine, &wanted).await,
        Err(error) => Err(error),
    };
    let lacking = lacking.map_err(|error| format!("{answers}, but {error}"))?;
    let registries: BTreeSet<String> = lacking.iter().map(|wanted| registry(&wanted.image.image)).collect();
    for registry in registries {
        if !reachable(&registry).await {
            let missing = lacking.len();
            return Err(format!("{answers}, but lacks {missing} images, and {registry} cannot be reached for them"));
        }
    }
    Ok(answers)
}

/// The registry that an image is pulled from.
pub(super) fn registry(image: &str) -> String {
    let full = images::full_name(image);
    full.split('/').next().unwrap_or(&full).to_owned()
}

/// Whether a registry accepts a connection within 3 s.
pub(super) async fn reachable(registry: &str) -> bool {
    let address = if registry.contains(':') { registry.to_owned() } else { format!("{registry}:443") };
    matches!(timeout(REGISTRY_WITHIN, TcpStream::connect(address)).await, Ok(Ok(_)))
}

/// The lab's kind as the command line spells it.
pub(super) fn word(kind: LabKind) -> &'static str {
    match kind {
        LabKind::Local => "local",
        LabKind::Kind => "kind",
        LabKind::Existing => "existing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_of_an_image_is_the_first_part_of_its_full_name() {
        for (image, host) in [
            ("traefik:v3.7.15", "docker.io"),
            ("kindest/node:v1.34.4", "docker.io"),
            ("quay.io/strimzi/operator:1.2.0", "quay.io"),
            ("localhost:5001/kafka:1", "localhost:5001"),
        ] {
            assert_eq!(registry(image), host, "{image}");
        }
    }

    #[tokio::test]
    async fn a_port_that_nobody_listens_at_is_out_of_reach() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        assert!(!reachable(&format!("127.0.0.1:{port}")).await);
    }
}
