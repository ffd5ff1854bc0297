//! The order in which the sources of a part are tried.

use super::cache::{CacheEntry, CachedCopy, PartCache};
use super::download::Network;
use super::failure::{Failure, Tried};
use super::find::{self, Environment, Found};
use super::manifest::{Form, Manifest, Part, Pip, Source};
use super::version::release;
use super::{Error, checksum, golang, maven, pip};
use camino::{Utf8Path, Utf8PathBuf};
use host::{Phase, Progress};
use model::paths;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::{env, fs};

/// A part that is on disk and complete.
#[derive(Clone, Debug)]
pub struct Obtained {
    pub name: String,
    /// The program, the file, or the folder.
    pub path: Utf8PathBuf,
    pub version: String,
    /// Where the part came from, such as `KUBEBUILDER_ASSETS` or `cache (built from its Go module)`.
    pub origin: String,
    /// The sha256 of the file, or for a folder the sha256 over the sorted lines `<sha256>  <name>` of its files. `None` for a
    /// program that may be run and not read.
    pub sha256: Option<String>,
}

/// A part as `lab doctor` shows it.
#[derive(Clone, Debug)]
pub struct Summary {
    pub name: String,
    /// The version of its first pinned source.
    pub version: String,
    /// The versions that a user can choose, newest first.
    pub versions: Vec<String>,
    pub purpose: String,
    /// The variable by which a user names a copy to use instead.
    pub override_variable: String,
    /// A copy that this machine already has and that is used before the cache: the user's own, or one on PATH.
    pub found: Option<Cached>,
    pub cached: Option<Cached>,
    /// All sources, in the order in which they are tried.
    pub sources: Vec<String>,
}

/// A part that is on this machine.
#[derive(Clone, Debug)]
pub struct Cached {
    pub version: String,
    pub origin: String,
    pub path: Utf8PathBuf,
}

/// Everything that the lab can obtain. Can be shared between threads.
pub struct Parts {
    manifest: Manifest,
    /// The versions that the user chose, by part.
    chosen: BTreeMap<String, String>,
    cache: Utf8PathBuf,
    environment: Environment,
    network: Network,
}

/// What a source needs to make a part: its file name, two folders, the log of its commands, and the user's progress
/// line.
pub struct BuildDirs<'a> {
    /// The file name in `content` of a part that is a single file.
    pub file: &'a str,
    /// The part is what this folder contains at the end.
    pub content: &'a Utf8Path,
    pub work: &'a Utf8Path,
    pub log: &'a Utf8Path,
    pub phase: &'a mut Phase,
}

impl Parts {
    /// Reads `fixtures/parts.yaml` and the environment.
    ///
    /// # Errors
    /// If the list is not valid.
    pub fn load() -> Result<Self, Error> {
        let manifest = Manifest::read(&paths::fixtures().join("parts.yaml"))?;
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self::new(manifest, &paths::cache()?, env::vars_os().filter_map(text).collect())
    }

    pub(super) fn new(manifest: Manifest, cache: &Utf8Path, environment: Environment) -> Result<Self, Error> {
        let cache = camino::absolute_utf8(cache).map_err(Failure::io(cache));
        let cache = cache.map_err(|reason| Error::Cache { part: "anything".into(), reason: reason.into() })?;
        Ok(Self { manifest, chosen: BTreeMap::new(), cache, environment, network: Network::new() })
    }

    /// The same list with these versions, by part, in place of the pinned ones.
    ///
    /// # Errors
    /// For a part or a version that the list does not have. The error names those that it has.
    pub fn with_versions(mut self, chosen: &BTreeMap<String, String>) -> Result<Self, Error> {
        for (name, wanted) in chosen {
            let part = self.part(name)?;
            let at = part.at(wanted).ok_or_else(|| Error::UnknownVersion {
                part: name.clone(),
                wanted: wanted.clone(),
                known: part.known_versions().join(", "),
            })?;
            self.manifest.parts.insert(name.clone(), at);
        }
        self.chosen.extend(chosen.clone());
        Ok(self)
    }

    fn part(&self, name: &str) -> Result<&Part, Error> {
        self.manifest.parts.get(name).ok_or_else(|| Error::Unknown {
            name: name.to_owned(),
            known: self.manifest.parts.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
        })
    }

    /// The parts of the list by name.
    pub(super) fn listed_parts(&self) -> impl Iterator<Item = (&str, &Part)> {
        self.manifest.parts.iter().map(|(name, part)| (name.as_str(), part))
    }

    /// All parts, and which of them are on this machine. Programs are asked for their versions, but the content of
    /// parts is not read.
    pub fn list(&self) -> Vec<Summary> {
        let summary = |(name, part): (&String, &Part)| {
            let cache = PartCache::of(&self.cache, name);
            let cached = part.sources.iter().find_map(|source| match cache.glance(source) {
                CacheEntry::Whole(CachedCopy { stamp, path }) => {
                    Some(Cached { version: stamp.version, origin: stamp.origin, path })
                }
                CacheEntry::Damaged(_) | CacheEntry::None => None,
            });
            Summary {
                name: name.clone(),
                version: part.wanted_version().to_owned(),
                versions: part.known_versions().into_iter().map(str::to_owned).collect(),
                purpose: part.purpose.clone(),
                override_variable: part.override_variable.clone(),
                found: self.on_this_machine(part),
                cached,
                sources: part.sources.iter().map(Source::describe).collect(),
            }
        };
        self.manifest.parts.iter().map(summary).collect()
    }

    /// The names of all parts.
    pub fn names(&self) -> Vec<&str> {
        self.manifest.parts.keys().map(String::as_str).collect()
    }

    /// The copy that [`Parts::obtain`] would use without looking into the cache.
    fn on_this_machine(&self, part: &Part) -> Option<Cached> {
        let of = |Found { path, version }: Found, origin: String| Cached { version, origin, path };
        let variable = &part.override_variable;
        if let Some(path) = self.environment.get(variable).filter(|path| !path.is_empty()) {
            return find::overriding(part, Utf8Path::new(path)).ok().map(|own| of(own, variable.clone()));
        }
        part.sources.iter().find_map(|source| {
            let own = match source {
                Source::Env(file) => find::in_environment(part, file, &self.environment),
                Source::Path(program) => find::on_path(part, program, &self.environment),
                _ => return None,
            };
            Some(of(own.ok()?, source.origin()))
        })
    }

    /// Obtains the part from the first source that has it: the user's override, this machine, the cache, and then the
    /// sources that make it. This blocks, for minutes if a program must be compiled.
    ///
    /// # Errors
    /// If no source has the part. The error lists why each source failed.
    pub fn obtain(&self, name: &str, progress: &Progress) -> Result<Obtained, Error> {
        let part = self.part(name)?;
        let mut phase = progress.phase(name);
        let obtained = self.search(name, part, &mut phase)?;
        phase.done(format!("{}, {}", obtained.version, obtained.origin));
        Ok(obtained)
    }

    fn search(&self, name: &str, part: &Part, phase: &mut Phase) -> Result<Obtained, Error> {
        let found = |Found { path, version }, origin| {
            let sha256 = checksum::of(&path).ok();
            Obtained { name: name.to_owned(), path, version, origin, sha256 }
        };
        let variable = &part.override_variable;
        if let Some(path) = self.environment.get(variable).filter(|path| !path.is_empty()) {
            let path = Utf8PathBuf::from(path);
            let (part_name, variable) = (name.to_owned(), variable.clone());
            let own = match find::overriding(part, &path) {
                Ok(own) => own,
                Err(reason) => {
                    return Err(Error::Override { part: part_name, variable, path, reason: reason.into() });
                }
            };
            return match self.chosen.get(name) {
                // A file cannot say its version, so that nothing contradicts the user's own.
                Some(wanted) if part.version.is_some() && release(&own.version) != release(wanted) => {
                    let (found, wanted) = (own.version, wanted.clone());
                    Err(Error::OtherOverride { part: part_name, variable, path, found, wanted })
                }
                _ => Ok(found(own, variable)),
            };
        }
        let mut tried = Vec::new();
        for source in &part.sources {
            let outcome = match source {
                Source::Env(file) => find::in_environment(part, file, &self.environment),
                Source::Path(program) => find::on_path(part, program, &self.environment),
                _ => continue,
            };
            match outcome {
                Ok(own) => return Ok(found(own, source.origin())),
                Err(why) => tried.push(Tried { source: source.describe(), why }),
            }
        }
        let cache = PartCache::of(&self.cache, name);
        if let Some(copy) = cached(&cache, part, phase) {
            let origin = from_cache(&copy);
            return Ok(from_copy(name, copy, origin));
        }
        let _lock = cache.lock(phase)?;
        // Another process may have made the part while this one waited.
        if let Some(copy) = cached(&cache, part, phase) {
            let origin = from_cache(&copy);
            return Ok(from_copy(name, copy, origin));
        }
        // The log of the last attempt is no longer useful.
        let _ = fs::remove_file(cache.log());
        for source in part.sources.iter().filter(|source| source.version().is_some()) {
            match self.make(name, part, source, &cache, phase) {
                Ok(copy) => {
                    let origin = copy.stamp.origin.clone();
                    return Ok(from_copy(name, copy, origin));
                }
                Err(why) => {
                    let hopeless = why.disk_full();
                    tried.push(Tried { source: source.describe(), why });
                    if hopeless {
                        break;
                    }
                }
            }
        }
        let version = part.wanted_version().to_owned();
        Err(Error::Exhausted { part: name.to_owned(), version, way_out: self.way_out(part, &tried), tried })
    }

    fn make(
        &self,
        name: &str,
        part: &Part,
        source: &Source,
        cache: &PartCache,
        phase: &mut Phase,
    ) -> Result<CachedCopy, Failure> {
        phase.update(source.describe());
        let place = cache.staging()?;
        let log = cache.log();
        // Tools such as kubectl check the extension of a manifest.
        let file = if part.form == Form::File { format!("{name}.yaml") } else { name.to_owned() };
        let mut dirs =
            BuildDirs { file: &file, content: &place.content, work: &place.work, log: &log, phase: &mut *phase };
        match source {
            Source::Download(download) => {
                self.network.fetch(download, &file, &place.content, &place.work, dirs.phase)?;
            }
            Source::Pip(wheel) => pip::make(wheel, &mut dirs)?,
            Source::GoBuild(command) => golang::build(command, &mut dirs)?,
            Source::GoModule(module) => golang::join_files(module, &mut dirs)?,
            Source::Maven(artifacts) => maven::make(artifacts, &mut dirs)?,
            // These sources make nothing and have no version.
            Source::Env(_) | Source::Path(_) => {}
        }
        let entry = match (part.form, source) {
            (Form::Folder, _) => Utf8PathBuf::new(),
            (_, Source::Pip(Pip { folder: Some(_), file, .. })) => file.clone(),
            _ => Utf8PathBuf::from(file),
        };
        let path = place.content.join(&entry);
        if part.form == Form::Program {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(Failure::io(&path))?;
            // A program for another libc or processor must be detected here, and not in the middle of `lab up`.
            if let Some(probe) = &part.version {
                probe.check(&path)?;
            }
        }
        phase.update("recording its checksum");
        cache.finish(place, source, entry)
    }

    /// What the user can do, the shortest way first.
    fn way_out(&self, part: &Part, tried: &[Tried]) -> String {
        if tried.iter().any(|one| one.why.disk_full()) {
            return format!("make room in {}, or set LAB_CACHE to a folder on another disk", self.cache);
        }
        let mut ways: Vec<String> = tried.iter().filter_map(|one| one.why.remedy()).map(str::to_owned).collect();
        if tried.iter().any(|one| matches!(one.why, Failure::Unreachable { .. })) {
            ways.push("allow the downloads above (HTTPS_PROXY is respected)".into());
        }
        let wanted = match (part.form, &part.version) {
            (Form::Program, Some(probe)) => format!("a program of version {}", probe.fits),
            (Form::Program, None) => "a program".into(),
            (Form::File, _) => "a file of your own".into(),
            (Form::Folder, _) => "a folder of your own".into(),
        };
        ways.push(format!("set {} to {wanted}", part.override_variable));
        let either = if ways.len() > 1 { "either " } else { "" };
        format!("{either}{}", ways.join(", or "))
    }
}

fn cached(cache: &PartCache, part: &Part, phase: &mut Phase) -> Option<CachedCopy> {
    part.sources.iter().find_map(|source| match cache.find(source) {
        CacheEntry::Whole(copy) => Some(copy),
        CacheEntry::Damaged(how) => {
            phase.update(format!("the cached copy is damaged, making it again: {how}"));
            None
        }
        CacheEntry::None => None,
    })
}

fn from_cache(copy: &CachedCopy) -> String {
    format!("cache ({})", copy.stamp.origin)
}

/// A copy in the cache, whose stamp knows its checksum unless an earlier version made it.
fn from_copy(name: &str, CachedCopy { stamp, path }: CachedCopy, origin: String) -> Obtained {
    let sha256 = stamp.sha256_of_part().or_else(|| checksum::of(&path).ok());
    Obtained { name: name.to_owned(), path, version: stamp.version, origin, sha256 }
}

#[cfg(test)]
#[path = "obtain_tests.rs"]
mod tests;
