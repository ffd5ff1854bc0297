//! Where the checkout, the cache and the labs' state are on disk.
//!
//! All paths are found at run time. A path that is compiled in would send a moved or copied checkout, or a worktree
//! that shares its target folder, to another checkout's files.

use camino::{Utf8Path, Utf8PathBuf};
use std::env;
use std::sync::LazyLock;

/// Names the checkout, for a program that runs outside it.
pub const CHECKOUT: &str = "LAB_CHECKOUT";

/// Names the folder of the labs' state.
pub const STATE: &str = "LAB_STATE";

/// Names the folder of the cached parts.
pub const CACHE: &str = "LAB_CACHE";

/// A folder that contains this file is a checkout.
const LANDMARK: &str = "fixtures/parts.yaml";

static REPO: LazyLock<Option<Utf8PathBuf>> = LazyLock::new(|| find_checkout(&|name| env::var(name).ok(), &starts()));

/// A folder that the lab needs and cannot find.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    #[error(
        "found no checkout of the Kafka Gateway Lab: {LANDMARK} is neither in {} nor in a folder above; \
         change into a checkout, or set {CHECKOUT} to its folder",
        searched.join(", ")
    )]
    NoCheckout { searched: Vec<String> },
    #[error("the checkout {checkout} has no folder `scenarios`; restore it with git, or change into another checkout")]
    NoScenarios { checkout: Utf8PathBuf },
    #[error("found no folder for {what}, because {own}, {xdg} and HOME are unset; set {own} to a folder of yours")]
    NoHome { what: &'static str, own: &'static str, xdg: &'static str },
}

/// Fails if there is no complete checkout. Each program calls this once at its start, so that nothing later reads or
/// reports on an empty folder.
///
/// # Errors
/// [`PathsError::NoCheckout`] and [`PathsError::NoScenarios`].
pub fn require_checkout() -> Result<(), PathsError> {
    let Some(checkout) = REPO.as_deref() else {
        let named = env::var(CHECKOUT).ok().filter(|path| !path.is_empty()).map(|path| vec![path.into()]);
        let searched = named.unwrap_or_else(starts);
        return Err(PathsError::NoCheckout { searched: searched.into_iter().map(String::from).collect() });
    };
    if checkout.join("scenarios").is_dir() {
        Ok(())
    } else {
        Err(PathsError::NoScenarios { checkout: checkout.to_owned() })
    }
}

/// The checkout whose scenarios and fixtures are used: `LAB_CHECKOUT`, else the one that cargo runs, else the one around
/// the current folder, else the one around this program. Without any (see [`require_checkout`]) the current folder.
pub fn repo() -> &'static Utf8Path {
    REPO.as_deref().unwrap_or(Utf8Path::new("."))
}

/// The scenarios folder.
pub fn scenarios() -> Utf8PathBuf {
    repo().join("scenarios")
}

/// The fixtures folder.
pub fn fixtures() -> Utf8PathBuf {
    repo().join("fixtures")
}

/// Where downloaded and built parts are kept: `LAB_CACHE`, or `kafka-gateway-lab` in the user's cache folder.
///
/// # Errors
/// [`PathsError::NoHome`] when no variable says where that is.
pub fn cache() -> Result<Utf8PathBuf, PathsError> {
    folder("the cache", CACHE, "XDG_CACHE_HOME", ".cache")
}

/// Where labs keep their state, a folder each: `LAB_STATE`, or `kafka-gateway-lab` in the user's state folder.
///
/// # Errors
/// [`PathsError::NoHome`] when no variable says where that is.
pub fn state() -> Result<Utf8PathBuf, PathsError> {
    folder("the state of labs", STATE, "XDG_STATE_HOME", ".local/state")
}

fn folder(
    what: &'static str,
    own: &'static str,
    xdg: &'static str,
    below_home: &str,
) -> Result<Utf8PathBuf, PathsError> {
    let home = env::home_dir().and_then(|home| Utf8PathBuf::from_path_buf(home).ok());
    place(&|name| env::var(name).ok(), home, own, xdg, below_home).ok_or(PathsError::NoHome { what, own, xdg })
}

/// An empty variable counts as unset, and a relative XDG folder too, as the XDG specification demands.
fn place(
    variable: &dyn Fn(&str) -> Option<String>,
    home: Option<Utf8PathBuf>,
    own: &str,
    xdg: &str,
    below_home: &str,
) -> Option<Utf8PathBuf> {
    if let Some(path) = variable(own).filter(|path| !path.is_empty()) {
        return Some(absolute(Utf8Path::new(&path)));
    }
    let xdg = variable(xdg).map(Utf8PathBuf::from).filter(|path| path.is_absolute());
    let home = home.filter(|home| home.is_absolute()).map(|home| home.join(below_home));
    Some(xdg.or(home)?.join("kafka-gateway-lab"))
}

/// Against the current folder, since processes of the lab run in other ones.
fn absolute(path: &Utf8Path) -> Utf8PathBuf {
    camino::absolute_utf8(path).unwrap_or_else(|_| path.to_owned())
}

/// Where the search for a checkout begins, the best place first. Cargo sets CARGO_MANIFEST_DIR for everything that it
/// runs.
fn starts() -> Vec<Utf8PathBuf> {
    let manifest = env::var("CARGO_MANIFEST_DIR").ok().map(Utf8PathBuf::from);
    let current = env::current_dir().ok().and_then(|path| Utf8PathBuf::from_path_buf(path).ok());
    let program = env::current_exe().ok().and_then(|path| Utf8PathBuf::from_path_buf(path).ok());
    [manifest, current, program].into_iter().flatten().collect()
}

fn find_checkout(variable: &dyn Fn(&str) -> Option<String>, starts: &[Utf8PathBuf]) -> Option<Utf8PathBuf> {
    let is_checkout = |folder: &&Utf8Path| folder.join(LANDMARK).is_file();
    match variable(CHECKOUT).filter(|path| !path.is_empty()) {
        // What the user names is either used or rejected, and never replaced by something else.
        Some(named) => Some(absolute(Utf8Path::new(&named))).filter(|path| is_checkout(&path.as_path())),
        None => starts.iter().find_map(|start| start.ancestors().find(is_checkout).map(Utf8Path::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn with<'a>(variables: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    fn state(variables: &[(&str, &str)], home: Option<&str>) -> Option<String> {
        place(&with(variables), home.map(Into::into), "LAB_STATE", "XDG_STATE_HOME", ".local/state").map(Into::into)
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        assert_eq!(
            state(&[("LAB_STATE", "")], Some("/home/a")).as_deref(),
            Some("/home/a/.local/state/kafka-gateway-lab")
        );
        let empty = [("LAB_STATE", ""), ("XDG_STATE_HOME", "")];
        assert_eq!(state(&empty, Some("/home/a")).as_deref(), Some("/home/a/.local/state/kafka-gateway-lab"));
    }

    #[test]
    fn without_a_home_there_is_no_folder_rather_than_the_current_one() {
        assert_eq!(state(&[], None), None);
        assert_eq!(state(&[], Some("")), None);
        assert_eq!(state(&[("XDG_STATE_HOME", "relative")], None), None);
        assert_eq!(state(&[("LAB_STATE", "/own")], None).as_deref(), Some("/own"));
    }

    #[test]
    fn a_relative_folder_is_the_same_for_a_process_that_runs_elsewhere() {
        let path = state(&[("LAB_STATE", "mine")], None).expect("named");
        assert!(path.starts_with('/') && path.ends_with("/mine"), "{path}");
    }

    fn checkout(root: &Utf8Path, name: &str) -> Utf8PathBuf {
        let path = root.join(name);
        fs::create_dir_all(path.join("fixtures")).expect("made");
        fs::create_dir_all(path.join("xtask/src")).expect("made");
        fs::write(path.join(LANDMARK), "").expect("written");
        path
    }

    #[test]
    fn a_copied_checkout_works_on_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let (old, new) = (checkout(root, "old"), checkout(root, "new"));
        let none = with(&[]);
        // The environment of `cargo run --package xtask` in the copy.
        assert_eq!(find_checkout(&none, &[new.join("xtask"), old.clone()]), Some(new.clone()));
        // The environment of a program that was started by hand.
        assert_eq!(find_checkout(&none, &[new.join("xtask/src"), old.clone()]), Some(new.clone()));
        assert_eq!(find_checkout(&with(&[(CHECKOUT, old.as_str())]), &[new]), Some(old.clone()));
    }

    #[test]
    fn a_named_folder_that_is_no_checkout_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let real = checkout(root, "real");
        assert_eq!(find_checkout(&with(&[(CHECKOUT, root.join("gone").as_str())]), &[real]), None);
        assert_eq!(find_checkout(&with(&[]), &[root.to_owned()]), None);
    }
}
