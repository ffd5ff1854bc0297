//! Commands compiled from Go modules, and files from modules.

use super::command::{self, Run, Tool};
use super::failure::Failure;
use super::manifest::{GoBuild, GoModule};
use super::obtain::BuildDirs;
use camino::Utf8PathBuf;
use serde::Deserialize;
use std::fs;
use std::time::Duration;

pub const GO: Tool = Tool { name: "go", install: "install Go 1.26 or newer (https://go.dev/dl)" };
const FETCHED_WITHIN: Duration = Duration::from_secs(15 * 60);
const BUILT_WITHIN: Duration = Duration::from_secs(60 * 60);

/// The same flags on every machine, so that Go's build cache serves everybody who builds the same module. GOWORK is
/// off, so that a workspace file above the cache is not used.
const ENVIRONMENT: [(&str, &str); 2] = [("CGO_ENABLED", "0"), ("GOWORK", "off")];

/// For files of a module that nobody compiles. Go refuses to unpack a module that asks for a newer Go, as the Gateway API's
/// does, unless it may fetch that Go.
const ENVIRONMENT_FOR_FILES: [(&str, &str); 2] = [("GOTOOLCHAIN", "auto"), ("GOWORK", "off")];

/// A module, as `go mod download -json` and `go list -m` describe it.
#[derive(Deserialize)]
struct Module {
    #[serde(rename = "Dir")]
    dir: Utf8PathBuf,
    #[serde(rename = "GoMod")]
    go_mod: Utf8PathBuf,
    #[serde(rename = "Sum")]
    sum: String,
}

/// The output of `go mod edit -json` for a go.mod file.
#[derive(Deserialize)]
struct GoMod {
    #[serde(rename = "Replace", default)]
    replace: Option<Vec<Replace>>,
}

#[derive(Deserialize)]
struct Replace {
    #[serde(rename = "Old")]
    old: Target,
    #[serde(rename = "New")]
    new: Target,
}

#[derive(Deserialize)]
struct Target {
    #[serde(rename = "Path")]
    path: String,
}

/// Compiles the command in a temporary module that requires only its module. `go install pkg@version` would be shorter,
/// but it rejects modules whose go.mod contains replacements, as those of Kubernetes and etcd do.
pub fn build(source: &GoBuild, dirs: &mut BuildDirs<'_>) -> Result<(), Failure> {
    let module = download(&source.module, &source.version, &source.sum, &ENVIRONMENT, dirs)?;
    let mut edit = vec!["mod".into(), "edit".into(), format!("-require={}@v{}", source.module, source.version)];
    edit.extend(source.requires.iter().map(|required| format!("-require={required}")));
    if let Some(staging) = &source.staging {
        for name in staged(&module, dirs)? {
            edit.push(format!("-replace={name}={name}@v{staging}"));
        }
    }
    go(&["mod", "init", "lab.local/part"], FETCHED_WITHIN, dirs, "preparing its build")?;
    go(&edit.iter().map(String::as_str).collect::<Vec<_>>(), FETCHED_WITHIN, dirs, "preparing its build")?;
    if source.staging.is_some() {
        // Only `go mod tidy` reads enough go.mod files to raise the placeholders to the published versions that the
        // staging modules require of each other. These versions are part of every package's key in Go's build cache.
        let imports = dirs.work.join("part.go");
        let text = format!("//go:build tools\n\npackage part\n\nimport _ \"{}\"\n", source.package);
        fs::write(&imports, text).map_err(Failure::io(&imports))?;
        go(&["mod", "tidy"], FETCHED_WITHIN, dirs, "downloading the modules that it needs")?;
    }
    let package = match &source.text {
        Some(text) => {
            let program = dirs.work.join("main.go");
            fs::write(&program, text).map_err(Failure::io(&program))?;
            "."
        }
        None => &source.package,
    };
    let output = dirs.content.join(dirs.file);
    let (takes, ldflags) = (&source.takes, &source.ldflags);
    // `-mod=mod` adds what the command needs to go.mod and go.sum. Unlike `go mod tidy`, it adds nothing for the tests
    // of its dependencies. `-v` writes a line for each package, which shows progress.
    let flags = ["-mod=mod", "-v", "-trimpath", "-ldflags", ldflags, "-o", output.as_str(), package];
    let verb: &[&str] = if source.test { &["test", "-c"] } else { &["build"] };
    let args = [verb, &flags].concat();
    go(&args, BUILT_WITHIN, dirs, &format!("compiling ({takes})"))
}

/// Joins the YAML files in a module's folder to one file.
pub fn join_files(source: &GoModule, dirs: &mut BuildDirs<'_>) -> Result<(), Failure> {
    let module = download(&source.module, &source.version, &source.sum, &ENVIRONMENT_FOR_FILES, dirs)?;
    let folder = module.dir.join(&source.folder);
    let entries = folder.read_dir_utf8().map_err(Failure::io(&folder))?;
    let mut names: Vec<String> = entries.flatten().map(|entry| entry.file_name().to_owned()).collect();
    names.retain(|name| name.ends_with(".yaml") && !source.except.contains(name));
    names.sort();
    if names.is_empty() {
        let what = format!("{} v{}", source.module, source.version);
        return Err(Failure::Contents { what, wanted: format!("{}/*.yaml", source.folder) });
    }
    let mut joined = String::new();
    for name in names {
        let path = folder.join(name);
        let text = fs::read_to_string(&path).map_err(Failure::io(&path))?;
        joined.push_str("---\n");
        joined.push_str(text.trim_start_matches("---\n").trim_end());
        joined.push('\n');
    }
    let output = dirs.content.join(dirs.file);
    fs::write(&output, joined).map_err(Failure::io(&output))
}

/// Downloads a module and compares its sum. Go itself compares it with the checksum database, unless that is off.
fn download(
    module: &str,
    version: &str,
    sum: &str,
    environment: &[(&str, &str)],
    dirs: &mut BuildDirs<'_>,
) -> Result<Module, Failure> {
    dirs.phase.update(format!("downloading the Go module {module}"));
    let name = format!("{module}@v{version}");
    let printed = captured(&["mod", "download", "-json", &name], environment, dirs)?;
    let found: Module = serde_json::from_str(&printed).map_err(|_| unreadable(&name))?;
    if found.sum == sum {
        return Ok(found);
    }
    Err(Failure::Checksum { what: format!("Go module {name}"), found: found.sum, wanted: sum.to_owned() })
}

/// The modules that this one imports by a placeholder version and replaces by folders of its own repository.
fn staged(module: &Module, dirs: &BuildDirs<'_>) -> Result<Vec<String>, Failure> {
    let printed = captured(&["mod", "edit", "-json", module.go_mod.as_str()], &ENVIRONMENT, dirs)?;
    let go_mod: GoMod = serde_json::from_str(&printed).map_err(|_| unreadable(module.go_mod.as_str()))?;
    let replaced = go_mod.replace.unwrap_or_default().into_iter();
    Ok(replaced.filter(|one| one.new.path.starts_with("./")).map(|one| one.old.path).collect())
}

fn unreadable(what: &str) -> Failure {
    Failure::Contents { what: format!("the output of go for {what}"), wanted: "a description of a module".into() }
}

fn captured(args: &[&str], environment: &[(&str, &str)], dirs: &BuildDirs<'_>) -> Result<String, Failure> {
    let run = Run { args, dir: Some(dirs.work), env: environment, ..Run::new("go", FETCHED_WITHIN) };
    command::captured(&run, dirs.log, GO)
}

fn go(args: &[&str], within: Duration, dirs: &mut BuildDirs<'_>, doing: &str) -> Result<(), Failure> {
    let run = Run { args, dir: Some(dirs.work), env: &ENVIRONMENT, ..Run::new("go", within) };
    command::logged(&run, dirs.log, GO, |elapsed, last| {
        dirs.phase.update(format!("{doing}, {} s, {last}", elapsed.as_secs()));
    })
}
