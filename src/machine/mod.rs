//! What can be found out about this machine and this process by reading files: bounded, local, and never a failure.

mod oom;
mod place;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;

use crate::context::resource::{self, Machine};
use crate::environment::Environment;

pub use oom::OomKills;
pub use place::{container_mark, descriptors, may_write, space, try_loopback};

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

/// When the process `pid` began, in nanoseconds since 1970 and to a few hundredths of a second; none where there is no such
/// process any more.
#[cfg(target_os = "linux")]
pub fn process_began(pid: u32) -> Option<u64> {
    /// `/proc` counts in hundredths of a second, whatever the kernel itself does.
    const TICK_NANOS: u64 = 10_000_000;
    // `PID (NAME) STATE ...`: the name may hold anything. The 22nd field is the start, in ticks since the machine was started.
    let stat = read(format!("/proc/{pid}/stat"))?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    let began: u64 = fields.nth(18)?.parse().ok()?;
    let running = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME).ok()?;
    let age = std::time::Duration::from(running).checked_sub(std::time::Duration::from_nanos(began * TICK_NANOS))?;
    let began = std::time::SystemTime::now().checked_sub(age)?;
    Some(began.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos() as u64)
}

/// As on Linux; elsewhere nothing is claimed.
#[cfg(not(target_os = "linux"))]
pub fn process_began(_: u32) -> Option<u64> {
    None
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_process_is_known_by_its_beginning() {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let before = now();
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let (began, after) = (process_began(child.id()).unwrap(), now());
        // Ticks are cut off, and the clocks are not read at the same moment.
        let tolerance = 50_000_000;
        assert!((before - tolerance..after + tolerance).contains(&began), "{before} {began} {after}");
        drop(child.stdin.take());
        // It ends, and its status is not taken: what is left is no process.
        let id = child.id();
        nix::sys::wait::waitid(
            nix::sys::wait::Id::Pid(nix::unistd::Pid::from_raw(id.cast_signed())),
            nix::sys::wait::WaitPidFlag::WEXITED | nix::sys::wait::WaitPidFlag::WNOWAIT,
        )
        .unwrap();
        assert_eq!(process_began(id), None);
        child.wait().unwrap();
    }

    #[test]
    fn a_process_has_a_name_while_it_is_there() {
        assert!(process_name(std::process::id().cast_signed()).is_some());
        // Process ids end long before.
        assert_eq!(process_name(i32::MAX), None);
        // A sender outside of the container.
        assert_eq!(process_name(0), None);
    }
}
