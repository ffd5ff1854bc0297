//! Where a walkthrough's commands run: its folder, its programs and its environment.

use ::walkthrough::{Error, Place, Shell, Story};
use camino::{Utf8Path, Utf8PathBuf};
use host::Progress;
use host::files::write_shared;
use lab::{ClientPrograms, Lab};
use model::vars::Variables;
use model::{FileError, KafkaProvider, LabFacts, LabInfo, LabKind, paths};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

/// The folder of all walkthroughs of a lab. It goes with the lab.
pub fn folder_of(lab: &Lab) -> std::io::Result<Utf8PathBuf> {
    lab.dir.folder("walkthrough")
}

/// What the lab is, for steps that make sense only in some labs.
pub fn places(info: &LabInfo) -> [Place; 3] {
    [
        if info.kind == LabKind::Local { Place::Local } else { Place::Kind },
        if info.gateway.separate { Place::Separate } else { Place::Shared },
        if info.kafka == KafkaProvider::Standin { Place::Standin } else { Place::Strimzi },
    ]
}

/// The lab's values for what the post has its own.
pub fn variables(info: &LabInfo) -> Variables {
    let gateway = &info.gateway;
    let mut variables = Variables::new();
    for (name, value) in [
        ("gateway.class", gateway.class.clone()),
        ("gateway.port", gateway.ports.passthrough.to_string()),
        ("gateway.address", gateway.address.to_string()),
    ] {
        // Each is in the table, which a test of the walkthroughs proves.
        let _ = variables.set(name, value);
    }
    variables
}

/// The lab in a few words.
pub fn described(lab: &Lab) -> String {
    let (info, facts) = (&lab.info, LabFacts::from(&lab.info));
    let version = facts.version(&info.gateway.name).map(|version| format!(" {version}")).unwrap_or_default();
    format!("a {} lab with {}{version} and the {}", info.kind, info.gateway.name, operator(info))
}

fn operator(info: &LabInfo) -> &'static str {
    match info.kafka {
        KafkaProvider::Strimzi => "operator of Strimzi",
        KafkaProvider::Standin => "stand-in for Strimzi's operator",
    }
}

/// A shell that runs nothing.
pub fn nothing(folder: &Utf8Path) -> Shell {
    Shell { folder: folder.to_owned(), environment: Vec::new() }
}

/// The shell in a walkthrough's folder. Its programs come first in PATH; `cargo xtask` is this program.
///
/// # Errors
/// If a program cannot be obtained or the folder cannot be written.
pub async fn shell(lab: &Lab, folder: &Utf8Path, progress: &Progress) -> Result<Shell, Box<dyn std::error::Error>> {
    let programs = ClientPrograms::obtain(lab, progress).await?;
    let bin = folder.join("bin");
    host::files::folder(&bin)?;
    link(&programs.kubectl, &bin.join("kubectl"))?;
    xtask(&bin.join("cargo-xtask"))?;
    let path = std::env::var("PATH").unwrap_or_default();
    let environment = [
        ("PATH", format!("{bin}:{}:{path}", programs.kafka_tools)),
        ("KUBECONFIG", lab.info.kubeconfig.to_string()),
        ("LAB_JAVA_HOSTS", folder.join("hosts").to_string()),
        ("LAB_NAME", lab.info.name.clone()),
    ];
    let environment: Vec<_> = environment.map(|(name, value)| (name.to_owned(), value)).into();
    let lines: String =
        environment.iter().map(|(name, value)| format!("export {name}='{}'\n", value.replace('\'', r"'\''"))).collect();
    write_shared(&folder.join("env"), lines.as_bytes())?;
    Ok(Shell { folder: folder.to_owned(), environment })
}

fn link(program: &Utf8Path, path: &Utf8Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(FileError::of("replace", path)(error)),
        _ => symlink(program, path).map_err(FileError::of("make", path)),
    }
}

/// Cargo calls a program of this name where no alias says otherwise.
fn xtask(path: &Utf8Path) -> Result<(), Box<dyn std::error::Error>> {
    let program = std::env::current_exe()?;
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let program = quoted(&program.to_string_lossy());
    let checkout = quoted(paths::repo().as_str());
    let script = format!("#!/bin/sh\nshift\nexport {}={checkout}\nexec {program} \"$@\"\n", paths::CHECKOUT);
    write_shared(path, script.as_bytes())?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(FileError::of("make executable", path))?;
    Ok(())
}

/// Runs the commands that remove what a walkthrough made. Returns whether something is left.
///
/// # Errors
/// If no shell can be started.
pub fn clean(story: &Story, shell: &Shell, within: Duration) -> Result<bool, Error> {
    let mut left = false;
    for command in &story.clean {
        println!("$ {command}");
        let ran = shell.run(command, within, |elapsed| {
            if elapsed.as_millis() % 5000 < 500 && elapsed.as_secs() > 0 {
                eprintln!("  for {} s", elapsed.as_secs());
            }
        })?;
        print!("{}", model::visible(&ran.output));
        left |= ran.exit != Some(0);
    }
    Ok(left)
}
