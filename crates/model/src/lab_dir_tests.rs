use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};

struct State(tempfile::TempDir);

impl State {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).expect("UTF-8")
    }

    fn lab(&self, name: &str) -> LabDir {
        LabDir::at(resolved(self.path()).join(name))
    }
}

#[test]
fn a_folder_that_no_lab_made_is_never_removed() {
    let state = State::new();
    let theirs = state.path().join("documents");
    fs::create_dir_all(theirs.join("deep")).expect("made");
    fs::write(theirs.join("deep/thesis.txt"), "thesis").expect("written");
    let error = state.lab("documents").remove().expect_err("refused");
    assert!(matches!(&error, FolderError::Foreign { path } if path.ends_with("documents")), "{error}");
    assert_eq!(fs::read_to_string(theirs.join("deep/thesis.txt")).expect("kept"), "thesis");
}

#[test]
fn a_folder_that_no_lab_made_is_not_taken_for_a_lab_either() {
    let state = State::new();
    fs::create_dir_all(state.path().join("empty")).expect("made");
    let error = state.lab("empty").make().expect_err("refused");
    assert!(matches!(error, FolderError::Foreign { .. }), "{error}");
    fs::write(state.path().join("file"), "").expect("written");
    let error = state.lab("file").make().expect_err("refused");
    assert!(matches!(error, FolderError::Foreign { .. }), "{error}");
}

#[test]
fn a_lab_s_folder_is_private_found_again_and_removed_whole() {
    let state = State::new();
    let lab = state.lab("one");
    assert!(!lab.remove().expect("nothing there"));
    lab.make().expect("made");
    let first = lab.id().expect("it has an id");
    lab.make().expect("found");
    assert_eq!(lab.id(), Some(first));
    assert_eq!(fs::metadata(lab.path()).expect("there").permissions().mode() & 0o777, 0o700);
    fs::create_dir_all(lab.logs()).expect("made");
    fs::write(lab.logs().join("etcd.log"), "x").expect("written");
    assert!(lab.remove().expect("removed"));
    assert_eq!(fs::read_dir(state.path()).expect("listed").count(), 0);
}

#[test]
fn a_kill_while_the_folder_is_made_does_not_stop_the_next_attempt() {
    let state = State::new();
    let lab = state.lab("one");
    let draft = state.path().join("one.draft");
    fs::create_dir(&draft).expect("made");
    fs::write(draft.join(MARK), "{").expect("written");
    lab.make().expect("made");
    assert!(lab.id().is_some() && !draft.exists());
}

#[test]
fn neither_an_empty_draft_nor_a_run_that_still_writes_stops_the_next_lab() {
    let state = State::new();
    let lab = state.lab("one");
    fs::create_dir(state.path().join("one.draft")).expect("made");
    lab.make().expect("made in spite of an empty draft");
    lab.remove().expect("removed");
    assert!(lab.folder("runs").is_err(), "a run never makes the lab's own folder");
    lab.make().expect("made again");
    assert!(lab.folder("runs").expect("made").ends_with("one/runs"));
    lab.folder("runs").expect("found");
    lab.remove().expect("removed");
    assert_eq!(fs::read_dir(state.path()).expect("listed").count(), 0);
}

#[test]
fn a_lab_that_was_refused_at_once_leaves_nothing_and_any_other_stays() {
    let state = State::new();
    let lab = state.lab("one");
    lab.make().expect("made");
    lab.remove_if_empty().expect("removed");
    assert!(!lab.path().exists());
    lab.make().expect("made");
    fs::write(lab.info(), "{}").expect("written");
    lab.remove_if_empty().expect("looked at");
    assert!(lab.info().exists());
}

#[test]
fn another_spelling_of_the_state_folder_is_the_same_lab() {
    let state = State::new();
    let real = state.path().join("state");
    fs::create_dir(&real).expect("made");
    symlink(&real, state.path().join("link")).expect("linked");
    assert_eq!(resolved(&state.path().join("link")).join("lab"), resolved(&real).join("lab"));
    assert_eq!(resolved(&state.path().join("link/new/deep")), resolved(&real).join("new/deep"));
}

#[test]
fn a_copy_is_not_the_lab_and_does_not_own_its_processes() {
    let state = State::new();
    let lab = state.lab("one");
    lab.make().expect("made");
    let mark = fs::read(lab.path().join(MARK)).expect("read");
    for name in ["two", "other/one"] {
        let copy = state.lab(name);
        fs::create_dir_all(copy.path()).expect("made");
        fs::write(copy.path().join(MARK), &mark).expect("written");
        assert_eq!(copy.id(), None, "{name}");
    }
    let error = state.lab("two").remove().expect_err("refused");
    assert!(matches!(&error, FolderError::Copy { lab, .. } if lab == "one"), "{error}");
}

#[test]
fn a_folder_of_another_user_is_refused_before_anything_is_read() {
    // `/proc/1` belongs to root for everybody, and root may be unable to change a folder's owner.
    let (path, owner) = match geteuid().as_raw() {
        0 => {
            let state = State::new();
            let theirs = state.path().join("theirs");
            fs::create_dir(&theirs).expect("made");
            std::os::unix::fs::chown(&theirs, Some(65534), None).expect("given away");
            let error = LabDir::at(theirs.clone()).remove().expect_err("refused");
            assert!(theirs.exists());
            match error {
                FolderError::Owner { path, owner, .. } => (path, owner),
                other => panic!("{other}"),
            }
        }
        _ => match LabDir::at("/proc/1".into()).remove().expect_err("refused") {
            FolderError::Owner { path, owner, .. } => (path, owner),
            other => panic!("{other}"),
        },
    };
    assert_ne!(owner, geteuid().as_raw(), "{path}");
}
