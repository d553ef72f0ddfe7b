//! Settings from every source, refused with everything that is wrong.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::collections::BTreeSet;

use secrecy::ExposeSecret;

use super::*;

const JWT: &str = "4f1d9a07c35be82671d8f0b92ac4e653";
const KEY: &str = "b83e57f21ca940d6e7503fd18c9b26a4";

fn none() -> Sources {
    Sources::default()
}

fn url(secret: &Option<SecretString>) -> &str {
    secret.as_ref().map_or("", |secret| secret.expose_secret())
}

fn refusals(sources: &Sources) -> String {
    Config::load(sources).unwrap_err().to_string()
}

fn source_of(config: &Config, key: &str) -> String {
    config.values.get(key).unwrap().1.to_string()
}

#[test]
fn nothing_set_is_a_development_instance() {
    let config = Config::load(&Sources { cores: 6, ..none() }).unwrap();

    assert_eq!(config.environment, Environment::Development);
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert!(config.server.introspection && config.server.playground);
    assert_eq!(config.security.hashes_parallel, 6);
    assert_eq!(config.security.access_token_seconds, 900);
    assert_eq!(config.tenants.storage_limit_bytes, 5 << 30);
    assert_eq!(config.lane.sqlite_synchronous, SqliteSynchronous::Full);
    assert_eq!(config.main_url().expose_secret(), "sqlite://data/main.sqlite");
    assert!(!config.demo.seed && !config.is_shared());
    config.check().unwrap();
}

#[test]
fn later_sources_win_and_explain_says_which() {
    let sources = none()
        .with_file(
            "environment = \"production\"\n[server]\nlisten = \"1.2.3.4:1\"\n\
             trusted_proxies = [\"10.0.0.0/8\"]\n[limits]\nbatch = 1\npage_rows_max = 50\n",
        )
        .with_env("DAYBOOK_LIMITS_BATCH", "2")
        .with_env("DAYBOOK_LIMITS_PAGE_ROWS_MAX", "60")
        .with_env("DAYBOOK_SECURITY_JWT_SECRET", JWT)
        .with("limits.batch", "3");

    let config = Config::load(&sources).unwrap();

    assert_eq!(config.limits.batch, 3);
    assert_eq!(config.limits.page_rows_max, 60);
    assert_eq!(config.server.listen.to_string(), "1.2.3.4:1");
    assert!(config.server.trusted_proxies[0].contains("10.1.2.3".parse().unwrap()));
    assert!(!config.server.introspection);
    let text = config.explain(None).unwrap();
    for line in [
        "environment = \"production\"  (file daybook.toml)",
        "limits.batch = 3  (flag)",
        "limits.page_rows_max = 60  (environment DAYBOOK_LIMITS_PAGE_ROWS_MAX)",
        "limits.aliases = 50  (default)",
        "security.jwt_secret = set  (environment DAYBOOK_SECURITY_JWT_SECRET)",
        "security.encryption_key = not set  (default)",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}\n{text}");
    }
    assert!(!text.contains(JWT) && !format!("{config:?} {sources:?}").contains(JWT));
}

#[test]
fn everything_wrong_is_told_at_once_with_what_is_allowed() {
    let sources = none()
        .with_file("[limits]\nbatch = 0\nbach = 4\n[sever]\nlisten = \"x\"\n")
        .with_env("DAYBOOK_SERVER_LISEN", "127.0.0.1:1")
        .with_env("DAYBOOK_LOG_FORMAT", "xml")
        .with_env("DAYBOOK_TEST_POSTGRES", "anything")
        .with_env("DAYBOOK_SAMPLES", "9")
        .with_env("DAYBOOK_MAIN_URL", "")
        .with_env("PATH", "/bin")
        .with("limits.page_rows_default", "500")
        .with("nonsense", "1")
        .with_set(&["nothing".to_owned()]);

    let text = refusals(&sources);

    for part in [
        "limits.batch = \"0\" (file daybook.toml): allowed is a whole number from 1 to 1000",
        "limits.bach = \"4\" (file daybook.toml): there is no such setting; limits.batch is the \
         nearest",
        "sever.listen = \"x\" (file daybook.toml): there is no such setting; server.listen is",
        "DAYBOOK_SERVER_LISEN = \"127.0.0.1:1\" (environment): there is no such setting; \
         DAYBOOK_SERVER_LISTEN is the nearest",
        "log.format = \"xml\" (environment DAYBOOK_LOG_FORMAT): allowed is one of text, json",
        "nonsense = \"1\" (flag): there is no such setting; daybook.default.toml lists all",
        "limits.page_rows_default = \"500\" (flag): is above limits.page_rows_max = 100 (default)",
        "nothing (flag): write --set section.key=value",
        "8 settings are wrong",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(text.lines().count(), 9, "{text}");
}

#[test]
fn no_refusal_repeats_a_secret() {
    let sources = none()
        .with_file("[security]\njwt_secert = \"hush-1\"\nencryption_key = [\"hush-2\"]\n")
        .with_env("DAYBOOK_MAIN_URL", "mongodb://root:hush-3@db/x")
        .with_env("DAYBOOK_DATABASE", "postgres://root:hush-4@db/x")
        .with_env("JWT_SECRET", "hush-5")
        .with("security.jwt_secret_previous", "hush-6");
    let broken = none().with_file("[security]\njwt_secret = hush-7\n");

    let text = refusals(&sources);
    assert!(!text.contains("hush"), "{text}");
    for part in [
        "jwt_secert (file daybook.toml): there is no such setting",
        "encryption_key (file daybook.toml): allowed is a text in one line; the value of 6 characters \
         is left out here, since it may hold a secret",
        "main.url (environment DAYBOOK_MAIN_URL): allowed is sqlite://path",
        "or empty; the value of 26 characters is left out",
        "DAYBOOK_DATABASE (environment): there is no such setting",
        "jwt_secret (environment JWT_SECRET): has 6 characters; allowed are 32 or more",
        "jwt_secret_previous (flag): has 6 characters",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(
        refusals(&broken),
        "a setting is wrong:\n  daybook.toml: line 2 is not TOML (a text needs quotes)"
    );
}

#[test]
fn only_a_build_for_tests_knows_faults_on_demand() {
    let asked = Config::load(&none().with_env("DAYBOOK_FAULT", "provision:row"));
    assert_eq!(asked.is_ok(), cfg!(debug_assertions));
}

#[test]
fn a_section_is_no_value() {
    let text = refusals(&none().with_file("server = 5\nenvironment = \"staging\"\n"));
    assert!(text.contains("server (file daybook.toml): is a section; write [server]"), "{text}");
    assert!(text.contains("environment = \"staging\""), "{text}");
}

#[test]
fn old_names_mean_what_they_meant() {
    let config = Config::load(
        &none()
            .with_env("DATABASE_URL", "postgresql://u:p@db/books")
            .with_env("MASTER_DATABASE_URL", "mysql://u:p@db/master")
            .with_env("ENCRYPTION_KEY", KEY)
            .with_env("SECRET_KEY", JWT)
            .with_env("JWT_EXPIRY", "1d")
            .with_env("RUN_SEED", "1")
            .with_env("MAX_TENANT_CONNECTIONS", "7")
            .with_env("USE_SEPARATE_DB_USERS", "true")
            .with_env("NODE_ENV", "production"),
    )
    .unwrap();

    assert_eq!(config.environment, Environment::Production);
    assert_eq!(url(&config.main.url), "postgresql://u:p@db/books");
    assert_eq!(url(&config.master.url), "mysql://u:p@db/master");
    assert_eq!(url(&config.security.jwt_secret), JWT);
    assert_eq!(config.security.access_token_seconds, 86_400);
    assert!(config.demo.seed && config.tenants.separate_users && config.is_shared());
    assert_eq!(config.tenants.open_max, 7);
    assert_eq!(source_of(&config, "security.jwt_secret"), "environment SECRET_KEY");
    config.check().unwrap();
}

#[test]
fn a_server_is_composed_from_its_parts() {
    let main = |pairs: &[(&str, &str)]| {
        let sources = pairs.iter().fold(none(), |all, (name, value)| all.with_env(name, value));
        Config::load(&sources)
            .map(|config| (url(&config.main.url).to_owned(), url(&config.master.url).to_owned()))
    };
    let secrets = [("ENCRYPTION_KEY", KEY), ("JWT_SECRET", JWT)];
    let parts = [
        ("DB_NAME", "books"),
        ("DB_USER", "me"),
        ("DB_PASSWORD", "p@ss/w:rd"),
        ("DB_HOST", "db.example"),
        ("MASTER_DB_NAME", "shared"),
    ];

    let (books, shared) = main(&parts).unwrap();
    assert_eq!(books, "mysql://me:p%40ss%2Fw%3Ard@db.example:3306/books");
    assert_eq!(shared, "mysql://me:p%40ss%2Fw%3Ard@db.example:3306/shared");
    let postgres = main(&[("DB_NAME", "books"), ("DB_PORT", "5432")]).unwrap().0;
    assert_eq!(postgres, "postgres://postgres@127.0.0.1:5432/books");
    let named = [("DB_NAME", "books"), ("DB_PORT", "6000"), ("DB_DIALECT", "postgres")];
    assert_eq!(main(&named).unwrap().0, "postgres://postgres@127.0.0.1:6000/books");
    let local = [("CONN_STR_LOCAL", "postgres://me@db/books"), ("DB_PASSWORD", "x y")];
    assert_eq!(main(&local).unwrap().0, "postgres://me:x%20y@db/books");

    for (wrong, part) in [
        (vec![("DB_NAME", "b"), ("DB_PORT", "x")], "DB_PORT = \"x\""),
        (vec![("DB_NAME", "b"), ("DB_PORT", "0")], "DB_PORT = \"0\""),
        (vec![("DB_NAME", "b"), ("DB_PORT", "x"), ("DB_DIALECT", "y")], "DB_DIALECT = \"y\""),
        (vec![("DB_NAME", "b"), ("DB_PORT", "x"), ("DB_DIALECT", "y")], "DB_PORT = \"x\""),
        (vec![("DB_HOST", "db"), ("DB_PORT", "x")], "DB_PORT (environment): is set without"),
        (vec![("DB_NAME", "b"), ("DB_DIALECT", "oracle")], "DB_DIALECT = \"oracle\""),
        (vec![("DB_NAME", "b"), ("DB_HOST", "no host")], "DB_HOST = \"no host\""),
        (vec![("DB_HOST", "db")], "DB_HOST (environment): is set without DB_NAME"),
        (vec![("MASTER_DB_NAME", "m")], "MASTER_DB_NAME = \"m\""),
    ] {
        let all: Vec<_> = wrong.into_iter().chain(secrets).collect();
        let text = main(&all).unwrap_err().to_string();
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn a_new_name_beats_an_old_one_and_old_ones_must_agree() {
    let both = none()
        .with_env("DATABASE_URL", "postgres://u:p@db/one")
        .with_env("CONN_STR_LOCAL", "postgresql://u:p@db:5432/one");
    let agreed = Config::load(&both).unwrap();
    assert_eq!(url(&agreed.main.url), "postgres://u:p@db/one");

    let differ = both.clone().with_env("CONN_STR_LOCAL", "postgres://u:p@db/two");
    let text = refusals(&differ);
    assert!(text.contains("DATABASE_URL and CONN_STR_LOCAL say different things"), "{text}");
    assert!(!text.contains("u:p"), "{text}");

    let ours = differ.with_env("DAYBOOK_MAIN_URL", "sqlite://x.sqlite");
    assert_eq!(url(&Config::load(&ours).unwrap().main.url), "sqlite://x.sqlite");

    let master = both
        .with_env("MASTER_DATABASE_URL", "postgres://u:p@db/shared")
        .with_env("MASTER_DB_NAME", "other");
    let text = refusals(&master);
    assert!(text.contains("MASTER_DATABASE_URL and MASTER_DB_NAME say different"), "{text}");
    let ours = master.with("master.url", "mysql://u@db/mine");
    assert_eq!(url(&Config::load(&ours).unwrap().master.url), "mysql://u@db/mine");

    let tokens = none().with_env("JWT_SECRET", JWT).with_env("SECRET_KEY", KEY);
    assert!(refusals(&tokens).contains("JWT_SECRET and SECRET_KEY"));
}

#[test]
fn production_and_servers_need_secrets_of_their_own() {
    let production = none().with("environment", "production");
    let shared = none().with("main.url", "postgres://u@db/books");
    for sources in [&production, &shared] {
        let bad = Config::load(sources).unwrap().check().unwrap_err();
        let keys: Vec<&str> = bad.0.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["security.jwt_secret", "security.encryption_key"]);
    }

    let good = production.with("security.jwt_secret", JWT).with("security.encryption_key", KEY);
    Config::load(&good).unwrap().check().unwrap();
    for (key, value) in [
        ("security.jwt_secret", "too short"),
        ("security.jwt_secret", KEY),
        ("security.jwt_secret_previous", "too short"),
        ("security.encryption_key", "not a key"),
        ("security.encryption_key_previous", "not a key"),
        ("nodes.poll_ms", "1000"),
        ("nodes.access_fresh_ms", "1001"),
        ("telemetry.otlp_endpoint", "https://collector.example:4318"),
    ] {
        let sources = good.clone().with(key, value);
        let bad = Config::load(&sources).unwrap().check().unwrap_err();
        assert_eq!(bad.0.len(), 1, "{bad}");
        assert_eq!(bad.0[0].key, key);
    }
}

#[test]
fn development_makes_its_secrets_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let sources = none().with("data.folder", data.to_str().unwrap());
    let mut first = Config::load(&sources).unwrap();
    let mut second = Config::load(&sources).unwrap();

    let file = data.join(secrets::FILE_NAME);
    assert_eq!(secrets::ensure(&mut first).unwrap(), [secrets::Notice::SecretsMade(file.clone())]);
    assert_eq!(secrets::ensure(&mut second).unwrap(), []);

    first.check().unwrap();
    assert!(first.warnings().is_empty());
    let mut looking = Config::load(&sources).unwrap();
    secrets::find(&mut looking);
    assert_eq!(url(&looking.security.jwt_secret), url(&first.security.jwt_secret));
    assert_eq!(url(&first.security.jwt_secret), url(&second.security.jwt_secret));
    assert_ne!(url(&first.security.jwt_secret), url(&first.security.encryption_key));
    assert!(
        first.explain(None).unwrap().contains("security.jwt_secret = set  (made once, kept in ")
    );
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 1, "no draft stays behind");

    let mut own = Config::load(&sources.clone().with("security.jwt_secret", JWT)).unwrap();
    secrets::ensure(&mut own).unwrap();
    assert_eq!(url(&own.security.jwt_secret), JWT);
    assert_eq!(url(&own.security.encryption_key), url(&first.security.encryption_key));

    let mut production = Config::load(&sources.with("environment", "production")).unwrap();
    let refused = secrets::ensure(&mut production).unwrap_err();
    assert!(matches!(refused, secrets::SecretsError::OwnNeeded("security.jwt_secret")));
}

#[test]
#[cfg(unix)]
fn a_secrets_file_that_others_read_or_that_lost_a_key_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let sources = none().with("data.folder", folder.path().to_str().unwrap());
    let ensure = || secrets::ensure(&mut Config::load(&sources).unwrap());
    ensure().unwrap();
    let file = folder.path().join(secrets::FILE_NAME);
    let mode = |mode| std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    mode(0o640);
    assert!(matches!(ensure().unwrap_err(), secrets::SecretsError::Readable(_)));

    mode(0o600);
    let text = std::fs::read_to_string(&file).unwrap().replace("encryption_key", "other_key");
    std::fs::write(&file, text).unwrap();
    let refused = ensure().unwrap_err();
    assert!(matches!(refused, secrets::SecretsError::Incomplete { key: "encryption_key", .. }));
}

#[test]
fn names_are_unique_and_defaults_are_allowed() {
    let mut names = BTreeSet::new();
    for setting in table() {
        assert!(names.insert(setting.env()), "{}", setting.key);
        for old in setting.old.iter().chain(setting.parts) {
            assert!(names.insert((*old).to_owned()), "{old}");
        }
        assert!(setting.why.ends_with('.') && setting.why.len() < 160, "{}", setting.key);
    }
    for environment in ["development", "production"] {
        Config::load(&none().with("environment", environment)).unwrap();
    }
}

#[test]
fn the_default_file_is_current_and_its_lines_change_nothing() {
    let text = default_file();
    assert!(
        text == include_str!("../../daybook.default.toml"),
        "daybook.default.toml is not current; write it anew with `daybook config --default`"
    );

    let is_setting = |line: &&str| {
        let key = line.trim_start_matches("# ").split(" = ").next().unwrap_or_default();
        line.starts_with("# ") && table().iter().any(|setting| setting.name() == key)
    };
    let active: Vec<String> = text
        .lines()
        .map(|line| if is_setting(&line) { line.replacen("# ", "", 1) } else { line.to_owned() })
        .collect();
    let copied = Config::load(&Sources { cores: 2, ..none() }.with_file(&active.join("\n")));
    let plain = Config::load(&Sources { cores: 2, ..none() });
    let copied = copied.unwrap().explain(None).unwrap().replace("(file daybook.toml)", "(default)");
    assert_eq!(copied, plain.unwrap().explain(None).unwrap());
}

#[test]
fn the_table_for_the_readme_has_a_row_for_each_setting() {
    let text = settings_table();
    assert_eq!(text.lines().count(), table().len() + 2);
    assert!(text.contains("`DAYBOOK_MAIN_URL`, `DATABASE_URL`, `CONN_STR_LOCAL`, `DB_NAME`"));
    assert!(
        text.contains("| `127.0.0.1:8080`, in production") || text.contains("\"127.0.0.1:8080\"")
    );
}

#[test]
fn a_flag_is_read_as_key_and_value() {
    let set = ["main.url=sqlite://a=b", " log.level =debug", "log.level"].map(str::to_owned);
    let sources = none().with_set(&set);
    let read = [("main.url", "sqlite://a=b"), ("log.level", "debug")];
    assert_eq!(sources.flags, read.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert_eq!(sources.problems.len(), 1);
}

#[test]
fn weak_secrets_stop_production_and_are_told_in_development() {
    let weak = none()
        .with_env("JWT_SECRET", &"a".repeat(40))
        .with_env("ENCRYPTION_KEY", "abcdefghijklmnopqrstuvwxyz012345");
    let keys = |problems: &[Problem]| -> Vec<String> {
        problems.iter().map(|problem| problem.key.clone()).collect()
    };
    let both = ["security.jwt_secret", "security.encryption_key"];

    let development = Config::load(&weak).unwrap();
    development.check().unwrap();
    assert_eq!(keys(&development.warnings()), both);

    let production = Config::load(&weak.clone().with("environment", "production")).unwrap();
    let bad = production.check().unwrap_err();
    assert_eq!(keys(&bad.0), both);
    assert!(bad.to_string().contains("(environment JWT_SECRET): looks like one from an example"));
    assert!(!bad.to_string().contains("aaa") && !bad.to_string().contains("abcdef"), "{bad}");

    // The key before the current one is needed for leaving it.
    let leaving = none()
        .with("environment", "production")
        .with("security.jwt_secret", JWT)
        .with("security.encryption_key", KEY)
        .with("security.encryption_key_previous", &"a".repeat(32));
    Config::load(&leaving).unwrap().check().unwrap();
    let forged = leaving.with("security.jwt_secret_previous", &"a".repeat(32));
    assert!(Config::load(&forged).unwrap().check().is_err());
}

#[test]
fn lost_secrets_are_not_made_anew_beside_databases() {
    let folder = tempfile::tempdir().unwrap();
    let sources = none().with("data.folder", folder.path().to_str().unwrap());
    let elsewhere = folder.path().join("elsewhere.sqlite");
    let with_url = sources.clone().with("main.url", &format!("sqlite://{}", elsewhere.display()));
    let lost = |sources: &Sources| match secrets::ensure(&mut Config::load(sources).unwrap()) {
        Err(secrets::SecretsError::Lost { database, .. }) => Some(database),
        _ => None,
    };

    std::fs::write(&elsewhere, "").unwrap();
    assert_eq!(lost(&with_url), Some(elsewhere));
    std::fs::create_dir(folder.path().join("tenants")).unwrap();
    let tenant = folder.path().join("tenants").join("one.sqlite");
    std::fs::write(&tenant, "").unwrap();
    assert_eq!(lost(&sources), Some(tenant.clone()));
    let master = folder.path().join("master.sqlite");
    std::fs::write(&master, "").unwrap();
    assert_eq!(lost(&sources), Some(master.clone()));
    assert!(!folder.path().join(secrets::FILE_NAME).exists());

    // Whoever still has the secrets brings them.
    let brought = sources.clone().with("security.jwt_secret", JWT);
    let brought = brought.with("security.encryption_key", KEY);
    secrets::ensure(&mut Config::load(&brought).unwrap()).unwrap();

    std::fs::remove_file(master).unwrap();
    std::fs::remove_file(tenant).unwrap();
    assert_eq!(secrets::ensure(&mut Config::load(&sources).unwrap()).unwrap().len(), 1);
}

#[test]
fn each_setting_is_explained_with_all_that_is_to_say_of_it() {
    let config = Config::load(&none().with("lane.batch_max", "7")).unwrap();
    let all = config.explain(None).unwrap();
    for setting in table() {
        let one = config.explain(Some(setting.key)).unwrap();
        let lines: Vec<&str> = one.lines().collect();
        assert!(lines[0].starts_with(&format!("{} = ", setting.key)), "{one}");
        for (line, word) in
            lines[1..].iter().zip(["Meaning", "Unit", "Allowed", "Default", "Environment"])
        {
            assert!(line.trim_start().starts_with(word) && line.len() > 17, "{one}");
        }
        assert!(lines[1].contains(setting.why) && lines[3].contains(&setting.kind.allowed()));
        for name in setting.old.iter().chain(setting.parts).copied().chain([&*setting.env()]) {
            assert!(lines[5].contains(name), "{one}");
        }
        assert_eq!(lines.len(), 6, "{one}");
        assert!(all.contains(&one), "{one}");
    }
    let batch = config.explain(Some("DAYBOOK_LANE_BATCH_MAX")).unwrap();
    assert!(batch.starts_with("lane.batch_max = 7  (flag)\n"), "{batch}");
    let listen = config.explain(Some("server.listen")).unwrap();
    let default = "\"127.0.0.1:8080\" in development, \"0.0.0.0:8080\" in production";
    assert!(listen.contains(default), "{listen}");
    assert!(config.explain(Some("JWT_EXPIRY")).unwrap().contains("seconds"));
    assert_eq!(config.explain(Some("data")).unwrap().lines().count(), 6);
    assert!(config.explain(Some("DB_NAME")).unwrap().contains("DB_DIALECT=postgres"));
    let unknown = config.explain(Some("lane.batch")).unwrap_err().to_string();
    assert!(unknown.contains("lane.batch_max is the nearest"), "{unknown}");
}

#[test]
fn places_say_what_db_name_means_and_hide_the_password() {
    let places = |pairs: &[(&str, &str)]| {
        let sources = pairs.iter().fold(none(), |all, (name, value)| all.with_env(name, value));
        Config::load(&sources).unwrap().places().map(|(_, place)| place)
    };
    assert_eq!(places(&[])[0], "SQLite, data/main.sqlite");
    let [main, master] =
        places(&[("DB_NAME", "books"), ("DB_PORT", "7777"), ("DB_PASSWORD", "hush")]);
    assert!(main.starts_with("MySQL or MariaDB at 127.0.0.1:7777, database books, user root ("));
    assert!(main.contains("environment DB_NAME: MySQL or MariaDB, unless DB_DIALECT"), "{main}");
    assert!(!main.contains("hush"), "{main}");
    assert_eq!(master, "SQLite, data/master.sqlite");
    let [main, _] = places(&[("DATABASE_URL", "postgres://u:hush@db/books")]);
    assert_eq!(main, "PostgreSQL at db:5432, database books, user u (environment DATABASE_URL)");
}

#[test]
fn databases_in_a_folder_of_any_name_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("a?b c%41&d");
    std::fs::create_dir(&data).unwrap();
    let config = Config::load(&none().with("data.folder", &data.to_string_lossy())).unwrap();
    assert!(config.database_files().is_empty());
    std::fs::write(data.join("master.sqlite"), "").unwrap();
    assert_eq!(config.database_files(), [data.join("master.sqlite")]);
    let [_, (_, master)] = config.places();
    assert_eq!(master, format!("SQLite, {}", data.join("master.sqlite").display()));
}
