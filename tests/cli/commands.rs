//! Commands that look at settings, and those that keep tenants and administrators.

use super::place::{PASSWORD, Place, Ran, create_tenant};

#[test]
fn settings_are_explained_and_mistakes_are_named() {
    let place = Place::new();
    let told = place.run(&["config", "--explain"]).ok();
    assert!(told.out.contains("server.listen") && told.out.contains("default"), "{}", told.out);

    let unknown = place.run(&["--set", "server.lissten=1", "config"]).fails();
    assert!(unknown.err.contains("server.lissten"), "{}", unknown.err);
    assert!(unknown.err.contains("server.listen"), "{}", unknown.err);

    let bad = place.run(&["--set", "limits.batch=many", "config"]).fails();
    assert!(bad.err.contains("limits.batch") && bad.err.contains("many"), "{}", bad.err);

    let mut by_env = place.daybook(&["config"]);
    let by_env = by_env.env("DAYBOOK_LIMITS_BATCHES", "3").output().unwrap();
    let said = String::from_utf8_lossy(&by_env.stderr).into_owned();
    assert!(!by_env.status.success() && said.contains("DAYBOOK_LIMITS_BATCHES"), "{said}");
    assert!(!place.path().join("data").exists(), "looking at settings makes nothing");

    let one = place.run(&["config", "--explain", "JWT_EXPIRY"]).ok();
    assert!(one.out.starts_with("security.access_token_seconds = 900  (default)\n"), "{}", one.out);
    assert_eq!(one.out.lines().count(), 6, "{}", one.out);
    place.run(&["config", "--explain", "no.such"]).fails();

    let all = place.run(&["--set", "nonsense", "--set", "limits.batch=0", "config"]).fails();
    assert!(all.err.contains("nonsense") && all.err.contains("limits.batch"), "{}", all.err);
    let no_file =
        place.run(&["--config", "none.toml", "--set", "limits.batch=0", "config"]).fails();
    assert!(no_file.err.contains("none.toml") && no_file.err.contains("limits.batch"));
}

#[test]
fn guessable_secrets_are_refused_in_production_and_told_elsewhere() {
    let place = Place::new();
    let run = |environment: &str, args: &[&str]| {
        let mut command = place.daybook(args);
        command.env("JWT_SECRET", "a".repeat(40)).env("ENCRYPTION_KEY", "a".repeat(32));
        Ran::of(&command.env("NODE_ENV", environment).output().unwrap())
    };
    for args in [&["config"][..], &["serve"], &["tenant", "list"]] {
        let refused = run("production", args).fails();
        for key in ["security.jwt_secret (environment JWT_SECRET)", "security.encryption_key"] {
            assert!(refused.err.contains(key), "{}", refused.err);
        }
        assert!(refused.err.contains("looks like one from an example"), "{}", refused.err);
    }
    let doctor = run("production", &["doctor"]).fails();
    assert!(doctor.out.contains("looks like one from an example"), "{}", doctor.out);
    let told = run("development", &["config"]).ok();
    assert!(told.err.contains("warning: security.jwt_secret"), "{}", told.err);
    let doctor = run("development", &["doctor"]).fails();
    assert!(doctor.out.contains("warn  security.encryption_key: looks like"), "{}", doctor.out);
}

#[test]
fn looking_into_an_empty_folder_says_that_there_is_nothing_and_makes_nothing() {
    let place = Place::new();
    let reset = ["user", "reset-password", "--tenant", "a", "--email", "a@b.example"];
    for args in [
        &["tenant", "list"][..],
        &["tenant", "suspend", "a", "--reason", "b"],
        &["tenant", "resume", "a"],
        &["audit", "verify"],
        &["keys", "rotate"],
        &["migrate", "tenants"],
        &["migrate", "tenant", "a", "--dry-run"],
        &reset,
    ] {
        let said = place.run(args).fails();
        assert!(said.err.contains("there is no instance here yet"), "{args:?}: {}", said.err);
    }
    let doctor = place.run(&["doctor"]).fails();
    assert!(doctor.out.contains("FAIL  main: not made yet"), "{}", doctor.out);
    place.run(&["migrate", "main", "--dry-run"]).ok();
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn lost_secrets_are_asked_for_and_not_made_anew() {
    let place = Place::new();
    place.run(&["migrate", "main"]).ok();
    let (file, away) = (place.path().join("data/secrets.toml"), place.path().join("away"));
    std::fs::rename(&file, &away).unwrap();
    let doctor = place.run(&["doctor"]).fails();
    for said in [doctor.out, place.run(&["serve"]).fails().err, place.run(&["demo"]).fails().err] {
        assert!(said.contains("data/secrets.toml is missing"), "{said}");
        assert!(said.contains("Put the file back from a copy, or set JWT_SECRET"), "{said}");
        assert!(!file.exists());
    }
    std::fs::rename(&away, &file).unwrap();
    place.run(&["doctor"]).ok();
}

#[test]
fn the_schema_is_printed_without_an_instance() {
    let place = Place::new();
    let schema = place.run(&["schema"]).ok();
    assert!(schema.out.contains("type Mutation") && schema.out.contains("voucherPost"));
    assert!(place.run(&["schema", "--permissions"]).ok().out.contains("VOUCHER_POST"));
}

#[test]
fn tenants_and_administrators_are_kept_from_the_command_line() {
    let place = Place::new();
    let before = place.run(&["doctor"]).fails();
    assert!(before.out.contains("FAIL  main: not made yet"), "{}", before.out);

    let look = place.run(&["migrate", "master", "--dry-run"]).ok();
    assert!(look.out.contains("would be made"), "{}", look.out);
    assert!(place.run(&["migrate", "master"]).ok().out.contains("was made"));
    assert!(place.run(&["migrate", "main"]).ok().out.contains("at this release"));

    let create = ["admin", "create", "--email", "ops@example.com", "--name", "Olive Ops"];
    let weak = place.run_with_input(&create, "short").fails();
    assert!(weak.err.contains("password"), "{}", weak.err);
    place.run(&create).fails();
    place.run_with_input(&create, PASSWORD).ok();
    let mut again = place.daybook(&create);
    let again = again.env("DAYBOOK_ADMIN_PASSWORD", PASSWORD).output().unwrap();
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && said.contains("has this e-mail address"), "{said}");
    assert!(!said.contains(PASSWORD));

    let tenant = create_tenant("meera", "meera@example.com");
    place.run_with_input(&tenant, PASSWORD).ok();
    let taken = place.run_with_input(&tenant, PASSWORD).fails();
    assert!(taken.err.contains("subdomain"), "{}", taken.err);
    assert!(place.run(&["tenant", "list"]).ok().out.starts_with("meera\tACTIVE\t"));
    place.run(&["tenant", "suspend", "meera", "--reason", "unpaid"]).ok();
    assert!(place.run(&["tenant", "list"]).ok().out.contains("SUSPENDED"));
    place.run(&["tenant", "resume", "meera"]).ok();
    place.run(&["tenant", "resume", "meera"]).fails();
    place.run(&["tenant", "resume", "nobody"]).fails();

    let reset = ["user", "reset-password", "--tenant", "meera", "--email", "Meera@example.com"];
    assert!(place.run(&reset).ok().out.contains("passwordReset"));
    assert!(place.run(&["migrate", "tenants", "--dry-run"]).ok().out.contains("Nothing to do"));
    place.run(&["migrate", "tenant", "meera"]).ok();
    place.run(&["keys", "rotate"]).ok();

    let refused = place.run(&["demo"]).fails();
    assert!(refused.err.contains("holds other data"), "{}", refused.err);
    assert_eq!(place.run(&["tenant", "list"]).ok().out.lines().count(), 1);

    let well = place.run(&["doctor", "--json"]).ok();
    assert!(well.out.contains("\"check\": \"left-overs\""), "{}", well.out);
    let file = std::fs::read_dir(place.path().join("data").join("tenants"));
    let file =
        file.into_iter().flatten().chain(std::fs::read_dir(place.path().join("data")).unwrap());
    let file = file.map(|one| one.unwrap().path()).find(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.contains("meera") && name.ends_with(".sqlite")
    });
    let file = file.expect("the tenant's file");
    std::fs::rename(&file, place.path().join("away")).unwrap();
    let ill = place.run(&["doctor"]).fails();
    assert!(ill.out.contains("not where its row says"), "{}", ill.out);
}
