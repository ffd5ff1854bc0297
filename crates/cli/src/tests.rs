use super::*;
use model::Exit;

#[test]
fn a_context_without_an_existing_lab_is_a_usage_error() {
    let read = |args: &str| Cli::read_from(format!("xtask lab up {args}").split_whitespace());
    for args in
        ["--context prod --lab kind", "--context prod --lab auto --gateway traefik", "--context prod --lab local"]
    {
        let error = read(args).expect_err(args);
        assert_eq!(error.exit_code(), Exit::Usage as i32, "{error}");
        assert!(error.to_string().contains("--lab existing"), "{error}");
    }
    read("--context prod --lab existing").expect("sound");
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn a_gateway_that_is_not_there_is_a_slip_of_the_command_line() {
    let up = |gateway: &str| Cli::try_parse_from(["xtask", "lab", "up", "--gateway", gateway]);
    assert!(up("traefik").is_ok());
    let error = up("nginx").expect_err("no such folder");
    assert_eq!(error.exit_code(), i32::from(Exit::Usage as u8));
    assert!(error.to_string().contains("`envoy-gateway`, "), "{error}");
    assert!(up("traefick").expect_err("no such folder").to_string().contains("did you mean `traefik`?"));
}

#[test]
fn a_lab_name_is_a_dns_label() {
    assert!(lab_name("lab-2").is_ok());
    for wrong in ["", "Lab", "2lab", "lab-", "a/b", "../x", &"a".repeat(31)] {
        assert!(lab_name(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn versions_are_read_from_repeated_flags_and_each_part_has_one() {
    let read = |args: &str| match Cli::read_from(format!("xtask lab up {args}").split_whitespace()) {
        Ok(Cli { verb: Verb::Lab(LabVerb::Up(up)) }) => Ok(model::UpOptions::from(&up).versions),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    };
    let versions = read("--version traefik=3.6.15 --version etcd=v3.6.5").expect("sound");
    let pairs: Vec<_> = versions.iter().map(|(part, version)| (part.as_str(), version.as_str())).collect();
    assert_eq!(pairs, [("etcd", "3.6.5"), ("traefik", "3.6.15")]);
    assert_eq!(read("--version traefik=3.6.15,etcd=3.6.5"), Ok(versions), "as LAB_VERSIONS spells them");
    for wrong in ["traefik", "traefik=", "=3.6.15"] {
        let error = read(&format!("--version {wrong}")).expect_err(wrong);
        assert!(error.contains("expected PART=VERSION"), "{error}");
    }
    let twice = read("--version etcd=3.6.5 --version etcd=3.5.1").expect_err("twice");
    assert!(twice.contains("names etcd twice"), "{twice}");
}

#[test]
fn a_matrix_has_gateways_labs_and_versions_and_its_page_needs_none_of_them() {
    let read = |args: &str| match Cli::read_from(format!("xtask matrix {args}").split_whitespace()) {
        Ok(Cli { verb: Verb::Matrix(args) }) => Ok(args),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    };
    let args =
        read("--gateway traefik,contour --lab local,kind --versions gateway=3.6.15,v3.7.15 --versions kafka=4.3.1 sni")
            .expect("sound");
    assert_eq!(
        (args.gateway.join(" "), args.lab.len(), args.filters.join(" ")),
        ("traefik contour".into(), 2, "sni".into())
    );
    let versions: Vec<_> = args.versions.iter().map(|one| (one.part.as_str(), one.versions.join(" "))).collect();
    assert_eq!(versions, [("gateway", "3.6.15 3.7.15".to_owned()), ("kafka", "4.3.1".to_owned())]);
    assert!(
        matches!(read("page a.json b.json").expect("sound").verb, Some(MatrixVerb::Page { reports, .. }) if reports.len() == 2)
    );
    for (wrong, words) in [
        ("--lab local", "--gateway"),
        ("--gateway traefik", "--lab"),
        ("--gateway traefik --lab existing", "invalid value 'existing'"),
        ("--gateway traefik --lab local --versions traefik", "expected PART=VERSION,..."),
        ("--gateway traefik --lab local --versions traefik=3.6.15,", "expected PART=VERSION,..."),
        ("--gateway traefik --lab local --versions a=1 --versions a=2", "names a twice"),
        ("page", "<REPORTS>..."),
    ] {
        let error = read(wrong).expect_err(wrong);
        assert!(error.contains(words), "{wrong}: {error}");
    }
}
