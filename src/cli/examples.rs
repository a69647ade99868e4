//! Examples, one text for the program and each verb; the manual pages have them as well.
//!
//! A line with a colon at its end says what the lines of shell below it are for.

pub(super) const PROGRAM: &str = "\
Examples:
  Run opencode, then look at what it did:
    otel-run -- opencode run \"fix the failing test\"
    otel-run show

  Run Claude Code, with its prompts and answers kept on this machine:
    otel-run --content local -- claude -p \"explain this repository\"
    otel-run show --conversation

  In a CI job, in the pipeline's trace where TRACEPARENT is set, and failing
  where nothing is delivered:
    export OTEL_EXPORTER_OTLP_ENDPOINT=https://otlp.example.com
    export OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20$TOKEN
    exec otel-run --service-name nightly-fix --require-telemetry -- \\
        opencode run \"update the lock file\"

  As the entry point of a container:
    ENV OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317
    ENV OTEL_EXPORTER_OTLP_PROTOCOL=grpc
    ENTRYPOINT [\"otel-run\", \"--\"]
    CMD [\"opencode\", \"serve\"]

  See what would be done, without doing it:
    otel-run plan -- opencode run hello

A setting comes from the first of these that has it: option, OTEL_RUN_* variable,
OTEL_* variable, project file (.otel-run.toml), user file
($XDG_CONFIG_HOME/otel-run/config.toml), default. A command with the name of a
verb needs the dashes: otel-run -- show";

pub(super) const RUNS: &str = "\
Examples:
  The last ten:
    otel-run runs --limit 10

  The names of those that failed:
    otel-run runs --json | jq -r '.runs[] | select(.exit_code != 0) | .run_id'";

pub(super) const SHOW: &str = "\
Examples:
  The latest run:
    otel-run show

  Another one, with every span; the beginning or end of its name will do:
    otel-run show --all 20261120-123428-774-67f714

  What was said and answered, where --content kept it:
    otel-run show --conversation";

pub(super) const PLAN: &str = "\
Examples:
  What an agent would be given, and why:
    otel-run plan -- claude -p \"explain this repository\"

  The same with other settings:
    otel-run plan --nest link --endpoint https://otlp.example.com -- \\
        opencode run hello

  What to set in a pod whose image cannot hold otel-run:
    otel-run plan --format k8s --endpoint https://otlp.example.com \\
        --header authorization=env:TOKEN -- opencode serve";

pub(super) const FLUSH: &str = "\
Examples:
  Everything that is still here, once the backend is back:
    otel-run flush

  One run, to a backend that was not configured when it ran:
    otel-run flush 20261120-123428-774-67f714 \\
        --endpoint https://otlp.example.com --header authorization=env:TOKEN

  Only say what would be delivered:
    otel-run flush --dry-run";

pub(super) const PRUNE: &str = "\
Examples:
  See what would go, then let it go:
    otel-run prune --keep-age 7d --dry-run
    otel-run prune --keep-age 7d

  Keep the latest hundred runs, whatever their age:
    otel-run prune --keep-age 0 --keep-runs 100";

pub(super) const AGENTS: &str = "\
Examples:
  Which agents are known:
    otel-run agents

  What one of them would be given here and now:
    otel-run agents claude

  A start for an agent of your own:
    otel-run agents opencode --toml >> ~/.config/otel-run/config.toml";
