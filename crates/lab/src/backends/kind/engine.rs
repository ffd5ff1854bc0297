//! Finds the container engine that answers, and the images that it has.

use super::command::Call;
use crate::backends::cluster::Error;
use std::env;
use std::time::Duration;

/// The variable that tells kind which engine to use.
pub const PROVIDER: &str = "KIND_EXPERIMENTAL_PROVIDER";

const ANSWER: Duration = Duration::from_secs(15);

/// A container engine that answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Engine {
    /// `docker`, `podman` or `nerdctl`: the program, and kind's name for it.
    pub program: String,
    pub version: String,
}

impl Engine {
    /// The engine named by `KIND_EXPERIMENTAL_PROVIDER` if it is set, else the first of docker, podman and nerdctl that
    /// answers. Takes at most 15 s for each.
    ///
    /// # Errors
    /// [`Error::NoEngine`] with the answers of all of them.
    pub async fn find() -> Result<Self, Error> {
        let wanted = env::var(PROVIDER).ok().filter(|name| !name.is_empty());
        let candidates =
            wanted.map_or_else(|| ["docker", "podman", "nerdctl"].map(str::to_owned).to_vec(), |name| vec![name]);
        let mut tried = Vec::new();
        for program in candidates {
            match Self::ask(&program).await {
                Ok(version) => return Ok(Self { program, version }),
                Err(Error::NoProgram { .. }) => tried.push(format!("{program}: not installed")),
                Err(Error::Hung { within, .. }) => tried.push(format!("{program}: no answer within {within:?}")),
                Err(Error::Command { tail, .. }) => {
                    tried.push(format!("{program}: {}", tail.lines().last().unwrap_or_default()));
                }
                Err(other) => tried.push(format!("{program}: {other}")),
            }
        }
        Err(Error::NoEngine { tried: tried.join("; ") })
    }

    async fn ask(program: &str) -> Result<String, Error> {
        // Docker's client answers `info` successfully even if its daemon does not. Podman has no server to ask.
        let args: &[&str] = if program == "docker" {
            &["version", "--format", "{{.Server.Version}}"]
        } else {
            &["version", "--format", "{{.Client.Version}}"]
        };
        let version = Call::new(program, args.iter().copied(), ANSWER).run().await?;
        if program != "docker" {
            Call::new(program, ["info"], ANSWER).run().await?;
        }
        Ok(version.trim().to_owned())
    }

    /// A command of the engine.
    pub(crate) fn call<'a>(&self, args: impl IntoIterator<Item = &'a str>, within: Duration) -> Call {
        Call::new(&self.program, args, within)
    }

    /// Whether the engine has an image with this name, or with this name and digest.
    ///
    /// # Errors
    /// If the engine does not answer.
    pub async fn has_image(&self, reference: &str) -> Result<bool, Error> {
        self.exists(self.call(["image", "inspect", "--format", "{{.Id}}", reference], ANSWER)).await
    }

    /// The id of an image, which is the sha256 of its configuration and so of its layers. `None` if the engine does not tell.
    pub async fn image_id(&self, reference: &str) -> Option<String> {
        let id = self.call(["image", "inspect", "--format", "{{.Id}}", reference], ANSWER).run().await.ok()?;
        Some(id.trim().to_owned()).filter(|id| !id.is_empty())
    }

    /// The state of a container, such as `running` or `exited`. `None` if there is none.
    ///
    /// # Errors
    /// If the engine does not answer.
    pub async fn container_state(&self, name: &str) -> Result<Option<String>, Error> {
        match self.call(["container", "inspect", "--format", "{{.State.Status}}", name], ANSWER).run().await {
            Ok(state) => Ok(Some(state.trim().to_owned())),
            Err(Error::Command { tail, .. }) if is_absence(&tail) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn has_network(&self, name: &str) -> Result<bool, Error> {
        self.exists(self.call(["network", "inspect", "--format", "{{.Name}}", name], ANSWER)).await
    }

    async fn exists(&self, call: Call) -> Result<bool, Error> {
        match call.run().await {
            Ok(_) => Ok(true),
            Err(Error::Command { tail, .. }) if is_absence(&tail) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The engines use different words: "No such image", "no such container", "network x not found", "image not known".
fn is_absence(text: &str) -> bool {
    let text = text.to_lowercase();
    ["no such", "not found", "not known", "does not exist"].iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absence_differs_from_failure() {
        for text in [
            "Error response from daemon: No such image: x",
            "Error: x: image not known",
            "Error response from daemon: network kind not found",
        ] {
            assert!(is_absence(text), "{text}");
        }
        assert!(!is_absence("Cannot connect to the Docker daemon at unix:///var/run/docker.sock"));
    }
}
