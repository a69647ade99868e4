//! `config` and its verbs: what holds, what is wrong, what is written.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use support::{Home, Run, Upstream, run};

fn config(home: &Home, words: &[&str]) -> Run {
    run().home(home).arg("config").args(words)
}

fn user_file(home: &Home) -> PathBuf {
    home.path().join("config/otel-run/config.toml")
}

/// The lines of settings, without where each comes from.
fn values(page: &str) -> Vec<&str> {
    page.lines().filter(|line| !line.starts_with("# headers.")).map(|line| line.split("  # ").next().unwrap()).collect()
}

#[test]
fn every_setting_is_told_with_where_it_comes_from() {
    let home = Home::new();
    let file = home
        .write_config("otel-run/config.toml", "content = 'local'\nredact = ['A']\n[resource_attributes]\nteam = 'x'\n");
    let project = home.work().join(".otel-run.toml");
    std::fs::write(&project, "nest = 'link'\nredact = ['B']\n").unwrap();
    let ran = config(&home, &["--detail", "agent", "--endpoint", "http://e"])
        .env("OTEL_RUN_KEEP_AGE", "2d")
        .env("OTEL_SERVICE_NAME", "n")
        .expect_exit(0);
    let (file, project) = (file.display(), project.display());
    for line in [
        "endpoint = \"http://e\"  # --endpoint".to_owned(),
        "protocol = \"http/protobuf\"  # default".to_owned(),
        "detail = \"agent\"  # --detail".to_owned(),
        "keep_age = \"2d\"  # OTEL_RUN_KEEP_AGE".to_owned(),
        "service_name = \"n\"  # OTEL_SERVICE_NAME".to_owned(),
        format!("nest = \"link\"  # {project}:1"),
        format!("content = \"local\"  # {file}:1"),
        format!("redact = [\"B\", \"A\"]  # {project}:2, {file}:2"),
        format!("resource_attributes.team = \"x\"  # {file}:4"),
        "quiet = false  # default".to_owned(),
        format!("# state_dir = \"{}\"  # default", home.state().display()),
    ] {
        assert!(ran.stdout_text().lines().any(|told| told == line), "{line}: {}", ran.stdout_text());
    }
}

/// The words of `config` in a user's file mean what they meant, to `config check`, to `config`, and to a run.
#[test]
fn what_it_prints_is_a_settings_file_that_means_the_same() {
    let backend = Upstream::start();
    let home = Home::new();
    let printed =
        config(&home, &["--header", "x-key=env:KEY", "--header", "authorization=hunter2", "--keep-runs", "7"])
            .env("OTEL_RUN_RESOURCE_ATTRIBUTES", "deployment.environment.name=ci,a=%22b%22")
            .env("OTEL_RUN_EXPORT_TIMEOUT", "2s")
            .env("OTEL_RUN_HEARTBEAT", "0")
            .env("KEY", "hunter3")
            .flag("--endpoint", backend.url())
            .expect_exit(0)
            .stdout_text();
    assert!(!printed.contains("hunter"), "{printed}");

    let other = Home::new();
    let file = other.write_config("otel-run/config.toml", &printed);
    config(&other, &["check", file.to_str().unwrap()])
        .expect_exit(0)
        .stdout_is(&format!("{}: no mistakes\n", file.display()));
    let again = config(&other, &[]).env("KEY", "hunter3").expect_exit(0).stdout_text();
    let state = |home: &Home| home.path().display().to_string();
    assert_eq!(values(&again.replace(&state(&other), "")), values(&printed.replace(&state(&home), "")));

    run().home(&other).env("KEY", "hunter3").args(["--", "true"]).expect_exit(0);
    let requests = backend.received();
    assert!(!requests.is_empty());
    assert!(requests.iter().all(|request| request.header("x-key") == "hunter3"));
    assert!(requests.iter().all(|request| request.header("authorization").is_empty()), "secrets have to be put in");
}

#[test]
fn mistakes_are_told_behind_what_holds() {
    let home = Home::new();
    let file = home.write_config("otel-run/config.toml", "nest = 'lnik'\n");
    let ran = config(&home, &[])
        .env("OTEL_RUN_CONTNET", "on")
        .stderr_has("OTEL_RUN_CONTNET: there is no such setting; did you mean OTEL_RUN_CONTENT?")
        .stderr_has(format!(
            "{}:1: `nest`: \"lnik\" is not one of adopt, link, off; did you mean link?",
            file.display()
        ))
        .expect_exit(1);
    assert!(ran.stdout_text().contains("nest = \"adopt\"  # default"), "{}", ran.stdout_text());
}

#[test]
fn check_names_every_mistake_of_a_file_by_its_line() {
    let home = Home::new();
    let text = "endpoint = 'http//c'\nendpont = 'x'\nservice_name = '{agnet}'\n[headers]\nx = { envv = 'A' }\n\
                [[upstream]]\nname = 'x'\n[agents.goose]\ntitel = 'x'\n";
    let file = home.work().join("other.toml");
    std::fs::write(&file, text).unwrap();
    // Variables are not what is asked about.
    let ran = config(&home, &["check", "other.toml"]).env("OTEL_RUN_NEST", "x").any_stderr().expect_exit(1);
    let told = ran.stderr_text();
    // Behind the mistakes stands where every setting is explained.
    let (mistakes, remedy) = told.trim_end().rsplit_once('\n').expect("several lines");
    assert!(remedy.contains("otel-run-config(5)"), "{told}");
    let lines: Vec<&str> =
        mistakes.lines().map(|line| line.strip_prefix("otel-run: other.toml:").expect(line)).collect();
    let numbers: Vec<&str> = lines.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(numbers, ["1", "2", "3", "5", "6", "9"], "{told}");
    for part in ["did you mean endpoint?", "did you mean env?", "did you mean title?", "`{agnet}` is not known"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(ran.stdout_text(), "");
}

#[test]
fn check_takes_a_projects_file_for_what_it_is() {
    let home = Home::new();
    let file = home.work().join(".otel-run.toml");
    std::fs::write(&file, "endpoint = 'http://c'\n").unwrap();
    std::fs::write(home.work().join("copy.toml"), "endpoint = 'http://c'\n").unwrap();
    let only = "`endpoint` is ignored here, because a project's file";
    config(&home, &["check", ".otel-run.toml"]).stderr_has(only).expect_exit(1);
    config(&home, &["check", "--project", "copy.toml"]).stderr_has(only).expect_exit(1);
    config(&home, &["check", "copy.toml"]).expect_exit(0).stdout_is("copy.toml: no mistakes\n");
}

#[test]
fn check_without_a_name_looks_at_what_a_run_would_read() {
    let home = Home::new();
    config(&home, &["check"]).expect_exit(0).stdout_has("there is no settings file");
    let user = home.write_config("otel-run/config.toml", "nest = 'link'\n");
    let project = home.work().join(".otel-run.toml");
    std::fs::write(&project, "nset = 'link'\n").unwrap();
    config(&home, &["check"])
        .stderr_has(format!("{}:1: there is no setting `nset`; did you mean nest?", project.display()))
        .expect_exit(1)
        .stdout_is(&format!("{}: no mistakes\n", user.display()));
    std::fs::write(&project, "nest = 'link'\n").unwrap();
    config(&home, &["check"]).expect_exit(0).stdout_is(&format!(
        "{}: no mistakes\n{}: no mistakes\n",
        project.display(),
        user.display()
    ));
    config(&home, &["check", "--config", "gone.toml"]).stderr_has("gone.toml cannot be read").expect_exit(1);
    config(&home, &["check", "gone.toml"]).stderr_has("gone.toml cannot be read").expect_exit(1);
}

#[test]
fn init_writes_a_file_once_and_says_where() {
    let home = Home::new();
    let file = user_file(&home);
    config(&home, &["init"]).expect_exit(0).stdout_is(&format!("{} is written\n", file.display()));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("#:schema "), "{text}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    config(&home, &["check"]).expect_exit(0).stdout_has("no mistakes");

    std::fs::write(&file, "nest = 'off'\n").unwrap();
    config(&home, &["init"])
        .stderr_has(format!("{} is there already, and is left as it is", file.display()))
        .stderr_has("--force replaces it")
        .expect_exit(1)
        .stdout_is("");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "nest = 'off'\n");
    config(&home, &["init", "--stdout"]).expect_exit(0).stdout_is(&text);
    config(&home, &["init", "--force"]).expect_exit(0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn init_goes_where_it_is_told() {
    let home = Home::new();
    config(&home, &["init", "--project"]).expect_exit(0);
    let project = std::fs::read_to_string(home.work().join(".otel-run.toml")).unwrap();
    assert!(project.contains("\n#nest = ") && !project.contains("\n#endpoint"), "{project}");
    config(&home, &["check", ".otel-run.toml"]).expect_exit(0);
    config(&home, &["--config", "sub/mine.toml", "init"]).expect_exit(0).stdout_is("sub/mine.toml is written\n");
    assert!(home.work().join("sub/mine.toml").is_file());
    config(&home, &["init"]).env("OTEL_RUN_CONFIG", home.work().join("var.toml")).expect_exit(0);
    assert!(home.work().join("var.toml").is_file());
    assert!(!user_file(&home).exists());
    config(&home, &["init"])
        .without_env("HOME")
        .without_env("XDG_CONFIG_HOME")
        .stderr_has("no folder for the settings file is known")
        .expect_exit(1);
}

/// A file with everything in it is not refused by anything.
#[test]
fn every_setting_of_the_written_file_can_be_used() {
    let home = Home::new();
    let text = config(&home, &["init", "--stdout"]).expect_exit(0).stdout_text();
    let setting = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with([' ', ':']) && !rest.is_empty() => rest.to_owned(),
        _ => line.to_owned(),
    };
    let text: Vec<String> = text.lines().map(setting).collect();
    home.write_config("otel-run/config.toml", &text.join("\n"));
    config(&home, &["check"]).expect_exit(0).stdout_has("no mistakes");
    let page = config(&home, &[]).env("OTLP_AUTHORIZATION", "hunter2").expect_exit(0).stdout_text();
    assert!(!page.contains("hunter2") && page.contains("env = \"OTLP_AUTHORIZATION\""), "{page}");
    run().home(&home).arg("agents").expect_exit(0).stdout_has("goose");
}

#[test]
fn path_says_what_is_read_in_which_order() {
    let home = Home::new();
    let (project, user) = (home.work().join(".otel-run.toml"), user_file(&home));
    config(&home, &["path"]).expect_exit(0).stdout_is(&format!(
        "project  .otel-run.toml  (neither here nor above, up to the repository's root)\nuser     {}  (default; is not there)\n",
        user.display()
    ));
    std::fs::write(&project, "").unwrap();
    home.write_config("otel-run/config.toml", "");
    config(&home, &["path"]).expect_exit(0).stdout_is(&format!(
        "project  {}  (default; is read)\nuser     {}  (default; is read)\n",
        project.display(),
        user.display()
    ));
    let listed = |run: Run| serde_json::from_str::<serde_json::Value>(&run.expect_exit(0).stdout_text()).unwrap();
    let expected = serde_json::json!([
        { "kind": "project", "path": project, "named_by": "default", "exists": true },
        { "kind": "user", "path": "gone.toml", "named_by": "OTEL_RUN_CONFIG", "exists": false },
    ]);
    assert_eq!(listed(config(&home, &["path", "--json"]).env("OTEL_RUN_CONFIG", "gone.toml")), expected);
}

#[test]
fn the_schema_that_is_printed_is_the_one_that_is_published() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let home = Home::new();
    for (words, name) in
        [(&["schema"][..], "otel-run.schema.json"), (&["schema", "--project"], "otel-run-project.schema.json")]
    {
        let published = std::fs::read_to_string(folder.join(name)).unwrap();
        config(&home, words).expect_exit(0).stdout_is(&published);
    }
}
