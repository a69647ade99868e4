//! Commands with file systems of their own.

use std::ffi::OsStr;

use super::{Home, Run, alone};

/// A shell in a mount namespace of its own, which ends with it: `script` with the path of a folder to mount something on
/// as `$0`, `words` as its arguments, and otel-run's path as `$OTEL_RUN`. None where the system allows no mounts, which is
/// said, and which fails where tests must not be left out.
pub fn with_mounts(home: &Home, script: &str, words: &[impl AsRef<OsStr>]) -> Option<Run> {
    let folder = home.path().join("state");
    let allowed = ["-m", "-rm"].into_iter().find(|flags| {
        let tried = alone("unshare").args([flags, "sh", "-c", "mount -t tmpfs -o size=64k tmpfs \"$0\""]).arg(&folder);
        tried.any_stderr().expect_any_end().status.success()
    });
    let Some(flags) = allowed else {
        let reason = "NOT TESTED: a small file system cannot be mounted here (needs root or user namespaces)";
        assert!(std::env::var_os("CI").is_none(), "{reason}");
        eprintln!("{reason}");
        return None;
    };
    let shell = alone("unshare").home(home).args([flags, "sh", "-c", script]).arg(folder).args(words);
    Some(shell.env("OTEL_RUN", env!("CARGO_BIN_EXE_otel-run")))
}
