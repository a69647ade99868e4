//! The `otel-run` binary: see the library for everything.

fn main() -> std::process::ExitCode {
    otel_run::command::main()
}
