//! One part's folder in the cache: finished copies by version, each with a stamp, and a lock for the process that makes
//! a copy.
//!
//! `<cache>/parts/<name>/<version>/{stamp.json, content/...}`. A copy is made in a folder beside it and renamed when it
//! is complete, so a copy without its stamp cannot exist. The stamp's checksum detects later damage.

use super::failure::Failure;
use super::manifest::{self, Source};
use super::{Error, checksum};
use camino::{Utf8Path, Utf8PathBuf};
use host::Phase;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, TryLockError};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const STAMP: &str = "stamp.json";
const CONTENT: &str = "content";
const UNFINISHED: &str = ".making-";

/// The longest time that another process may take: the slowest build on a busy machine, with a margin.
const OTHERS_TAKE: Duration = Duration::from_secs(60 * 60);

/// What is recorded about a finished copy.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Stamp {
    /// The digest of the source's description and of the platform. A changed pin leads to a new copy.
    recipe: String,
    pub version: String,
    pub origin: String,
    /// The part's path below `content`. Empty if the part is the folder itself.
    entry: Utf8PathBuf,
    /// The size of all files together, in bytes.
    size: u64,
    /// [`checksum::of_folder`] of `content`.
    sha256: String,
    /// The checksum of a part that is a single file. Copies of earlier versions lack it.
    #[serde(default)]
    sha256_of_file: Option<String>,
}

impl Stamp {
    /// [`checksum::of`] the part, which does not have to be read again. `None` for a file that an earlier version stored.
    pub fn sha256_of_part(&self) -> Option<String> {
        let folder = self.entry.as_str().is_empty();
        if folder { Some(self.sha256.clone()) } else { self.sha256_of_file.clone() }
    }
}

/// A finished copy.
#[derive(Clone, Debug)]
pub struct CachedCopy {
    pub stamp: Stamp,
    pub path: Utf8PathBuf,
}

/// What the cache has for a source.
pub enum CacheEntry {
    Whole(CachedCopy),
    /// The content differs from what was stored. The text tells the user how.
    Damaged(String),
    None,
}

/// One part's folder.
pub struct PartCache {
    name: String,
    folder: Utf8PathBuf,
}

/// Two folders for making one copy: one for the part, and one for everything else. Both are removed unless the copy is
/// finished.
pub struct Staging {
    temporary: TempDir,
    root: Utf8PathBuf,
    pub content: Utf8PathBuf,
    pub work: Utf8PathBuf,
}

impl PartCache {
    pub fn of(cache: &Utf8Path, name: &str) -> Self {
        Self { name: name.to_owned(), folder: cache.join("parts").join(name) }
    }

    fn copy_of(&self, source: &Source) -> Option<Utf8PathBuf> {
        source.version().map(|version| self.folder.join(version))
    }

    /// The log of the commands that make the part.
    pub fn log(&self) -> Utf8PathBuf {
        self.folder.join("log")
    }

    /// The copy that a source made earlier, checked by its size only. Its files are not read.
    pub fn glance(&self, source: &Source) -> CacheEntry {
        let Some(folder) = self.copy_of(source) else { return CacheEntry::None };
        let Ok(text) = fs::read_to_string(folder.join(STAMP)) else { return CacheEntry::None };
        let Ok(stamp) = serde_json::from_str::<Stamp>(&text) else {
            return CacheEntry::Damaged(format!("cannot read {}", folder.join(STAMP)));
        };
        if stamp.recipe != recipe(source) {
            return CacheEntry::None;
        }
        let content = folder.join(CONTENT);
        match size(&content) {
            Ok(found) if found == stamp.size => {
                let path = if stamp.entry.as_str().is_empty() { content } else { content.join(&stamp.entry) };
                CacheEntry::Whole(CachedCopy { stamp, path })
            }
            Ok(found) => CacheEntry::Damaged(format!("{content} has {found} bytes, expected {}", stamp.size)),
            Err(failure) => CacheEntry::Damaged(failure.to_string()),
        }
    }

    /// The copy that a source made earlier, checked by its checksum.
    pub fn find(&self, source: &Source) -> CacheEntry {
        match (self.glance(source), self.copy_of(source)) {
            (CacheEntry::Whole(copy), Some(folder)) => {
                let content = folder.join(CONTENT);
                match checksum::of_folder(&content) {
                    Ok(found) if found == copy.stamp.sha256 => CacheEntry::Whole(copy),
                    Ok(found) => CacheEntry::Damaged(format!(
                        "{content} has the checksum {found}, expected {}",
                        copy.stamp.sha256
                    )),
                    Err(failure) => CacheEntry::Damaged(failure.to_string()),
                }
            }
            (hit, _) => hit,
        }
    }

    /// Waits until no other process makes this part. The lock is held until the returned file is dropped or this
    /// process ends.
    pub fn lock(&self, phase: &mut Phase) -> Result<File, Error> {
        fs::create_dir_all(&self.folder).map_err(Failure::io(&self.folder)).map_err(|f| self.unusable(f))?;
        let path = self.folder.join("lock");
        let file = File::create(&path).map_err(Failure::io(&path)).map_err(|f| self.unusable(f))?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if start.elapsed() < OTHERS_TAKE => {
                    phase.update(format!("waiting for another process to obtain it ({} s)", start.elapsed().as_secs()));
                    thread::sleep(Duration::from_millis(200));
                }
                Err(TryLockError::WouldBlock) => {
                    let minutes = OTHERS_TAKE.as_secs() / 60;
                    return Err(Error::Locked { part: self.name.clone(), lock: path, minutes });
                }
                Err(TryLockError::Error(source)) => return Err(self.unusable(Failure::Io { path, source })),
            }
        }
        self.sweep();
        Ok(file)
    }

    /// Removes what a killed process left. Only the holder of the lock makes copies, so no other process uses it.
    fn sweep(&self) {
        let Ok(entries) = self.folder.read_dir_utf8() else { return };
        for entry in entries.flatten().filter(|entry| entry.file_name().starts_with(UNFINISHED)) {
            // A folder that cannot be removed only costs space.
            let _ = fs::remove_dir_all(entry.path());
        }
    }

    pub fn staging(&self) -> Result<Staging, Failure> {
        let temporary = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(&self.folder);
        let temporary = temporary.map_err(Failure::io(&self.folder))?;
        let root = Utf8Path::from_path(temporary.path()).unwrap_or(&self.folder).to_owned();
        let (content, work) = (root.join(CONTENT), root.join("work"));
        for folder in [&content, &work] {
            fs::create_dir(folder).map_err(Failure::io(folder))?;
        }
        Ok(Staging { temporary, root, content, work })
    }

    /// Writes the stamp and moves the finished copy into place. `entry` is the part's path below the content folder.
    pub fn finish(&self, place: Staging, source: &Source, entry: Utf8PathBuf) -> Result<CachedCopy, Failure> {
        let version = source.version().unwrap_or_default().to_owned();
        let is_file = !entry.as_str().is_empty();
        let sha256_of_file = is_file.then(|| checksum::of_file(&place.content.join(&entry))).transpose()?;
        let stamp = Stamp {
            recipe: recipe(source),
            origin: source.origin(),
            size: size(&place.content)?,
            sha256: checksum::of_folder(&place.content)?,
            sha256_of_file,
            version,
            entry,
        };
        let text = serde_json::to_string_pretty(&stamp).unwrap_or_default();
        let path = place.root.join(STAMP);
        fs::write(&path, text).map_err(Failure::io(&path))?;
        fs::remove_dir_all(&place.work).map_err(Failure::io(&place.work))?;
        let target = self.folder.join(&stamp.version);
        if target.exists() {
            fs::remove_dir_all(&target).map_err(Failure::io(&target))?;
        }
        fs::rename(&place.root, &target).map_err(Failure::io(&target))?;
        // The copy has been moved, so there is nothing left to remove.
        let _ = place.temporary.keep();
        let content = target.join(CONTENT);
        let path = if stamp.entry.as_str().is_empty() { content } else { content.join(&stamp.entry) };
        Ok(CachedCopy { stamp, path })
    }

    fn unusable(&self, reason: Failure) -> Error {
        Error::Cache { part: self.name.clone(), reason: reason.into() }
    }
}

fn recipe(source: &Source) -> String {
    let text = serde_json::to_string(&(source, manifest::platform())).unwrap_or_default();
    checksum::hex(&Sha256::digest(text))
}

fn size(content: &Utf8Path) -> Result<u64, Failure> {
    let files = checksum::files_below(content)?;
    files.iter().try_fold(0, |sum, name| {
        let path = content.join(name);
        Ok(sum + fs::metadata(&path).map_err(Failure::io(&path))?.len())
    })
}
