//! What can be found out about this machine and this process by reading files: bounded, local, and never a failure.

mod oom;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;

use crate::context::resource::{self, Machine};
use crate::environment::Environment;

pub use oom::OomKills;

/// Files that hold the machine's id, in the order of the resource conventions.
const MACHINE_ID: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
/// Mounted by Kubernetes into every pod that has a service account.
const POD_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// The control groups that this process is in, and the command with it.
#[derive(Debug, Default)]
pub struct ControlGroups(String);

impl ControlGroups {
    /// Those of this process; none where the system has no such groups.
    pub fn of_this_process() -> Self {
        Self(read("/proc/self/cgroup").unwrap_or_default())
    }
}

/// Looks at the machine. `begun` is when this process began to run.
///
/// The user's name comes from the environment: asking the system for it can mean to ask a directory over the network.
pub fn look(environment: &Environment, begun: Timestamp, groups: &ControlGroups) -> Machine {
    let executable = std::env::current_exe().ok();
    Machine {
        host_name: nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()),
        host_id: MACHINE_ID.into_iter().find_map(|path| resource::machine_id(&read(path)?)),
        host_arch: resource::host_arch(std::env::consts::ARCH),
        os_type: resource::os_type(std::env::consts::OS),
        os: read("/etc/os-release").map(|text| resource::os_release(&text)).unwrap_or_default(),
        container_id: resource::container_id_from_cgroup(&groups.0)
            .or_else(|| resource::container_id_from_mountinfo(&read("/proc/self/mountinfo")?)),
        k8s_namespace: read(POD_NAMESPACE).map(|text| text.trim().to_owned()).filter(|name| !name.is_empty()),
        pid: Some(std::process::id()),
        creation_time: Some(begun.to_string()),
        executable_name: executable.as_ref().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned())),
        executable_path: executable.map(|path| path.to_string_lossy().into_owned()),
        owner: ["USER", "LOGNAME"].into_iter().find_map(|name| environment.get(name)).map(str::to_owned),
    }
}

/// The name of the process `pid` as the kernel shows it, of at most 15 bytes, while the process is there; none on systems
/// without `/proc/<pid>/comm`.
pub fn process_name(pid: i32) -> Option<String> {
    let name = read(format!("/proc/{pid}/comm"))?;
    Some(name.trim_end_matches('\n').to_owned()).filter(|name| !name.is_empty())
}

/// Reads a small file. Those of `/proc` do not say how long they are, so there is room for the whole from the beginning.
fn read(path: impl AsRef<Path>) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let mut text = String::with_capacity(4096);
    file.read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_has_a_name_while_it_is_there() {
        assert!(super::process_name(std::process::id().cast_signed()).is_some());
        // Process ids end long before.
        assert_eq!(super::process_name(i32::MAX), None);
        // A sender outside of the container.
        assert_eq!(super::process_name(0), None);
    }
}
