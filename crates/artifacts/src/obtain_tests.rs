use super::super::manifest::Download;
use super::*;
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const SCRIPT: &str = "#!/bin/sh\necho tool v1.2.3\n";

/// A folder for one test's cache and programs.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).expect("UTF-8")
    }

    fn program(&self, name: &str, text: &str) -> Utf8PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
        path
    }
}

/// An upstream that serves the script, and the number of requests that it received.
fn upstream(body: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            counter.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]);
            let length = SCRIPT.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    (format!("http://{address}/tool"), asked)
}

/// A list with one part, `tool`, whose sources are `$TOOLS`, PATH and the address.
fn parts(folder: &Folder, url: &str, environment: &[(&str, &str)]) -> Parts {
    let text = "parts: {tool: {purpose: p, override: LAB_TOOL, form: program, \
        version: {args: [], after: 'tool v', fits: '^1.2'}, \
        sources: [{env: {variable: TOOLS, file: bin/tool}}, {path: {program: tool}}]}}";
    let mut manifest: Manifest = serde_saphyr::from_str(text).expect("valid");
    let download = Download {
        version: "1.2.3".into(),
        url: url.into(),
        sha256: None,
        checksums: None,
        unverified: Some("a test".into()),
        member: None,
    };
    manifest.parts.get_mut("tool").expect("tool").sources.push(Source::Download(download));
    let environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Parts::new(manifest, &folder.path().join("cache"), environment).expect("a cache")
}

fn obtain(parts: &Parts) -> Result<Obtained, Error> {
    parts.obtain("tool", &Progress::stderr())
}

#[test]
fn the_cheapest_source_that_fits_is_taken() {
    let folder = Folder::new();
    let own = folder.program("own", "#!/bin/sh\necho tool v9.0.0\n");
    let on_path = folder.program("path/tool", SCRIPT);
    folder.program("assets/bin/tool", "#!/bin/sh\necho tool v1.1.0\n");
    let (url, asked) = upstream(SCRIPT);
    let (assets, path) = (folder.path().join("assets"), on_path.parent().expect("a parent"));
    let environment = [("TOOLS", assets.as_str()), ("PATH", path.as_str())];
    let found = obtain(&parts(&folder, &url, &environment)).expect("on PATH");
    assert_eq!((found.path, found.version.as_str(), found.origin.as_str()), (on_path.clone(), "1.2.3", "PATH"));
    // The user sees what would be used.
    let listed = parts(&folder, &url, &environment).list().remove(0).found.expect("on PATH");
    assert_eq!((listed.path, listed.version.as_str(), listed.origin.as_str()), (on_path.clone(), "1.2.3", "PATH"));
    // The user's own file is used, whatever its version.
    let environment = [("LAB_TOOL", own.as_str()), ("PATH", path.as_str())];
    let found = obtain(&parts(&folder, &url, &environment)).expect("the override");
    assert_eq!((found.path, found.version.as_str(), found.origin.as_str()), (own, "9.0.0", "LAB_TOOL"));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn a_part_is_fetched_once_and_then_cached() {
    let folder = Folder::new();
    let (url, asked) = upstream(SCRIPT);
    let parts = parts(&folder, &url, &[]);
    assert!(parts.list()[0].cached.is_none());
    let first = obtain(&parts).expect("fetched");
    assert_eq!(first.origin, "upstream's download");
    let again = obtain(&parts).expect("cached");
    let of_script = checksum::hex(&Sha256::digest(SCRIPT));
    assert_eq!((first.sha256, again.sha256.clone()), (Some(of_script.clone()), Some(of_script)));
    assert_eq!(again.origin, "cache (upstream's download)");
    assert_eq!(again.version, "1.2.3");
    assert_eq!(fs::read_to_string(&again.path).expect("readable"), SCRIPT);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(parts.list()[0].cached.as_ref().map(|cached| cached.path.clone()), Some(again.path));
}

#[test]
fn a_damaged_part_is_found_and_made_again() {
    let folder = Folder::new();
    let (url, asked) = upstream(SCRIPT);
    let parts = parts(&folder, &url, &[]);
    let first = obtain(&parts).expect("fetched");
    // First truncated, which the size reveals. Then changed, which only the checksum reveals.
    for damaged in ["#!/bin/sh\n".to_owned(), SCRIPT.replace("1.2.3", "1.2.4")] {
        fs::write(&first.path, damaged).expect("written");
        let again = obtain(&parts).expect("fetched again");
        assert_eq!(again.origin, "upstream's download");
        assert_eq!(fs::read_to_string(&again.path).expect("readable"), SCRIPT);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[test]
fn what_an_interrupted_process_left_is_not_taken_for_a_part() {
    let folder = Folder::new();
    let (url, asked) = upstream(SCRIPT);
    let cache = folder.path().join("cache/parts/tool");
    // An unfinished copy, and a copy without its stamp.
    for content in [".making-x/content", "1.2.3/content"] {
        folder.program(&format!("cache/parts/tool/{content}/tool"), "#!/bin/sh\necho to");
    }
    let found = obtain(&parts(&folder, &url, &[])).expect("fetched");
    assert_eq!(fs::read_to_string(&found.path).expect("readable"), SCRIPT);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert!(!cache.join(".making-x").exists(), "what was left is swept away");
}

#[test]
fn a_transfer_that_breaks_off_leaves_no_part() {
    let folder = Folder::new();
    let (url, _) = upstream("#!/bin/sh\necho tool v1.2.3");
    let parts = parts(&folder, &url, &[]);
    let error = obtain(&parts).expect_err("a byte is missing").to_string();
    assert!(error.contains("stopped after"), "{error}");
    assert!(parts.list()[0].cached.is_none());
    let left: Vec<_> = fs::read_dir(folder.path().join("cache/parts/tool")).expect("a folder").flatten().collect();
    assert!(left.iter().all(|entry| entry.file_name() == "lock"), "{left:?}");
}

#[test]
fn several_at_once_fetch_it_once() {
    let folder = Folder::new();
    let (url, asked) = upstream(SCRIPT);
    let parts = parts(&folder, &url, &[]);
    thread::scope(|scope| {
        let each: Vec<_> = (0..4).map(|_| scope.spawn(|| obtain(&parts).expect("obtained").path)).collect();
        for one in each {
            assert!(one.join().expect("no panic").is_file());
        }
    });
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn the_error_lists_every_source_and_the_way_out() {
    let folder = Folder::new();
    let old = folder.program("path/tool", "#!/bin/sh\necho tool v1.1.0\n");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let url = format!("http://127.0.0.1:{port}/tool");
    let path = old.parent().expect("a parent");
    let error = obtain(&parts(&folder, &url, &[("PATH", path.as_str())])).expect_err("no source has it").to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines[0], "no source could provide tool 1.2.3:");
    assert_eq!(lines[1], "  - $TOOLS/bin/tool: TOOLS is not set");
    assert_eq!(lines[2], format!("  - tool on PATH: {old} has version 1.1.0, expected ^1.2"));
    assert!(lines[3].starts_with(&format!("  - download {url}: cannot reach 127.0.0.1:{port} (")), "{error}");
    let way_out =
        "either allow the downloads above (HTTPS_PROXY is respected), or set LAB_TOOL to a program of version ^1.2";
    assert_eq!(lines[4..], [way_out]);
}

#[test]
fn a_wrong_override_and_an_unknown_name_are_errors() {
    let folder = Folder::new();
    let parts = parts(&folder, "http://127.0.0.1:1/tool", &[("LAB_TOOL", "/nowhere/tool")]);
    let error = obtain(&parts).expect_err("nothing there").to_string();
    assert!(
        error.starts_with("LAB_TOOL names /nowhere/tool, which cannot be used as tool: found no program at"),
        "{error}"
    );
    let error = parts.obtain("tol", &Progress::stderr()).expect_err("misspelt").to_string();
    assert_eq!(error, "unknown part `tol`; the parts are tool");
}

#[test]
fn a_cache_that_cannot_be_written_is_an_error_with_a_way_out() {
    let folder = Folder::new();
    fs::write(folder.path().join("cache"), "a file").expect("written");
    let error = obtain(&parts(&folder, "http://127.0.0.1:1/tool", &[])).expect_err("no folder").to_string();
    assert!(error.contains("set LAB_CACHE to a writable folder"), "{error}");
}

#[test]
fn a_full_disk_ends_the_search() {
    let folder = Folder::new();
    let parts = parts(&folder, "http://127.0.0.1:1/tool", &[]);
    let source = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let why = Failure::Io { path: "/cache/tool".into(), source };
    assert!(why.disk_full());
    let way_out = parts.way_out(&parts.manifest.parts["tool"], &[Tried { source: "download".into(), why }]);
    assert!(way_out.contains("make room in") && way_out.contains("LAB_CACHE"), "{way_out}");
}

#[test]
fn what_a_command_writes_to_the_temporary_folder_is_swept_with_the_workplace() {
    let folder = Folder::new();
    let part: Part = serde_saphyr::from_str(
        "{purpose: p, override: X, form: program, sources: [{pip: {package: p, version: '1', sha256: [], file: bin/p}}]}",
    )
    .expect("valid");
    let cache = PartCache::of(folder.path(), "p");
    let _lock = cache.lock(&mut Progress::stderr().phase("test")).expect("locked");
    let place = cache.staging().expect("a staging");
    let run = super::super::command::Run {
        args: &["-c", "echo $TMPDIR; touch \"$TMPDIR/left-behind\""],
        dir: Some(&place.work),
        ..super::super::command::Run::new("sh", std::time::Duration::from_secs(20))
    };
    let tool = super::super::command::Tool { name: "sh", install: "install sh" };
    let said = super::super::command::captured(&run, &cache.log(), tool).expect("it ends");
    // This is not the command's own folder, because Go ignores a go.mod that lies directly in the temporary folder.
    assert_eq!(said.trim(), place.work.join(".tmp").as_str());
    assert!(place.work.join(".tmp/left-behind").exists());
    fs::write(place.content.join("p"), SCRIPT).expect("written");
    cache.finish(place, &part.sources[0], Utf8PathBuf::from("p")).expect("finished");
    assert_eq!(fs::read_dir(folder.path().join("parts/p/1")).expect("listed").count(), 2, "the stamp and the content");
}

/// The part of [`parts`] with a further version, which the same download provides.
fn parts_in(folder: &Folder, url: &str, version: &str, environment: &[(&str, &str)]) -> Result<Parts, Error> {
    let mut parts = parts(folder, url, environment);
    let further = serde_saphyr::from_str("{1.0.7: {}}").expect("valid");
    parts.manifest.parts.get_mut("tool").expect("tool").versions = further;
    parts.with_versions(&BTreeMap::from([("tool".to_owned(), version.to_owned())]))
}

#[test]
fn the_chosen_version_is_obtained_and_cached_beside_the_pinned_one() {
    let folder = Folder::new();
    let old = folder.program("path/tool", "#!/bin/sh\necho tool v1.0.7\n");
    let path = old.parent().expect("a parent").as_str();
    let (url, asked) = upstream(SCRIPT);
    // The range of the pinned version does not include 1.0.7.
    let found = obtain(&parts_in(&folder, &url, "1.0.7", &[("PATH", path)]).expect("known")).expect("found");
    assert_eq!((found.path, found.version.as_str()), (old, "1.0.7"));
    // The program of another version on PATH is not taken, and neither is a download that says another version.
    let newer = folder.program("newer/tool", SCRIPT);
    let path = newer.parent().expect("a parent").as_str();
    let error = obtain(&parts_in(&folder, &url, "1.0.7", &[("PATH", path)]).expect("known")).expect_err("1.2.3");
    assert_eq!(error.to_string().matches("has version 1.2.3, expected =1.0.7").count(), 2, "{error}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn an_unknown_version_is_refused_with_the_known_ones() {
    let folder = Folder::new();
    let refused =
        |version| parts_in(&folder, "http://127.0.0.1:1/tool", version, &[]).err().expect("unknown").to_string();
    let text = refused("1.0.8");
    assert!(text.starts_with("unknown version `tool=1.0.8`; the versions of tool are 1.2.3, 1.0.7; "), "{text}");
    let choice = BTreeMap::from([("tol".to_owned(), "1.0.7".to_owned())]);
    let text =
        parts(&folder, "http://127.0.0.1:1/tool", &[]).with_versions(&choice).err().expect("unknown").to_string();
    assert_eq!(text, "unknown part `tol`; the parts are tool");
}

#[test]
fn an_override_of_another_version_than_the_chosen_one_is_refused() {
    let folder = Folder::new();
    let own = folder.program("own", SCRIPT);
    let environment = [("LAB_TOOL", own.as_str())];
    let in_version = |version| parts_in(&folder, "http://127.0.0.1:1/tool", version, &environment).expect("known");
    let text = obtain(&in_version("1.0.7")).expect_err("it is 1.2.3").to_string();
    assert!(text.starts_with(&format!("LAB_TOOL names {own} of version 1.2.3, but version 1.0.7 of tool")), "{text}");
    assert_eq!(obtain(&in_version("1.2.3")).expect("the same").path, own);
}

#[test]
fn a_file_of_the_users_own_is_taken_whatever_version_was_chosen() {
    let folder = Folder::new();
    let own = folder.program("own.yaml", "kind: List\n");
    let mut parts =
        parts_in(&folder, "http://127.0.0.1:1/tool", "1.0.7", &[("LAB_TOOL", own.as_str())]).expect("known");
    let tool = parts.manifest.parts.get_mut("tool").expect("tool");
    (tool.form, tool.version) = (Form::File, None);
    let found = obtain(&parts).expect("nothing contradicts it");
    assert_eq!((found.path, found.version.as_str()), (own, "as given"));
}
