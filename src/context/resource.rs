//! The resource of otel-run's own telemetry, and the part of it that also describes the command
//! (resource semantic conventions; SDK specification, "Resource").

use opentelemetry::{Key, Value};
use opentelemetry_sdk::resource::{ResourceDetector, TelemetryResourceDetector};

use super::names::*;
use crate::environment::Environment;
use crate::settings::Settings;

/// The service that otel-run is where the user chose no name, its distribution, and its scope.
pub const OTEL_RUN: &str = "otel-run";
/// The version of otel-run.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What was found out about the machine and otel-run's own process. Whatever could not be is left out, which is
/// no mistake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// The host's name.
    pub host_name: Option<String>,
    /// The host's id, from [`machine_id`]. Not used inside a container, where it is that of the image.
    pub host_id: Option<String>,
    /// The processor, as [`host_arch`] names it.
    pub host_arch: Option<&'static str>,
    /// The kind of system, as [`os_type`] names it.
    pub os_type: Option<&'static str>,
    /// The system's name, version and so on, from [`os_release`].
    pub os: OsRelease,
    /// The container, from [`container_id_from_cgroup`] or [`container_id_from_mountinfo`].
    pub container_id: Option<String>,
    /// The namespace of the pod, from the file that Kubernetes mounts beside the service account's token.
    pub k8s_namespace: Option<String>,
    /// The process id of otel-run.
    pub pid: Option<u32>,
    /// When otel-run was started, in ISO 8601.
    pub creation_time: Option<String>,
    /// The name of otel-run's executable file.
    pub executable_name: Option<String>,
    /// The path of otel-run's executable file.
    pub executable_path: Option<String>,
    /// The user that otel-run runs as.
    pub owner: Option<String>,
}

/// What `/etc/os-release` says about the system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OsRelease {
    /// `NAME`, for `os.name`.
    pub name: Option<String>,
    /// `VERSION_ID`, for `os.version`.
    pub version: Option<String>,
    /// `PRETTY_NAME`, for `os.description`.
    pub description: Option<String>,
    /// `BUILD_ID`, for `os.build_id`.
    pub build_id: Option<String>,
}

/// What tells one run from another.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// The run's name.
    pub run_id: &'a str,
    /// A random UUID.
    pub instance_id: &'a str,
    /// What the user calls everything, placeholders filled.
    pub service_name: Option<&'a str>,
}

/// The resource of everything that otel-run says about itself, each name once. The user's attributes win over all
/// that is found out; `service.name` of its own setting wins over one among the attributes.
///
pub fn wrapper_resource(
    settings: &Settings,
    environment: &Environment,
    machine: &Machine,
    ci: &[(&'static str, String)],
    identity: Identity<'_>,
) -> Vec<(String, Value)> {
    let mut out = Attributes(Vec::with_capacity(40));
    out.set(SERVICE_NAME, OTEL_RUN);
    out.set(SERVICE_VERSION, VERSION);
    out.set(SERVICE_INSTANCE_ID, identity.instance_id.to_owned());
    out.set(RUN_ID, identity.run_id.to_owned());

    out.maybe(PROCESS_PID, machine.pid.map(i64::from));
    out.maybe(PROCESS_CREATION_TIME, machine.creation_time.clone());
    out.maybe(PROCESS_EXECUTABLE_NAME, machine.executable_name.clone());
    out.maybe(PROCESS_EXECUTABLE_PATH, machine.executable_path.clone());
    out.maybe(PROCESS_OWNER, machine.owner.clone());

    // The SDK makes the run's span and log records, so it says itself which it is.
    let sdk = TelemetryResourceDetector.detect();
    for name in [TELEMETRY_SDK_NAME, TELEMETRY_SDK_LANGUAGE, TELEMETRY_SDK_VERSION] {
        out.maybe(name, sdk.get(&Key::from_static_str(name)));
    }
    out.set(TELEMETRY_DISTRO_NAME, OTEL_RUN);
    out.set(TELEMETRY_DISTRO_VERSION, VERSION);

    out.maybe(HOST_NAME, machine.host_name.clone());
    out.maybe(HOST_ID, machine.host_id.clone().filter(|_| machine.container_id.is_none()));
    out.maybe(HOST_ARCH, machine.host_arch);
    out.maybe(OS_TYPE, machine.os_type);
    out.maybe(OS_NAME, machine.os.name.clone());
    out.maybe(OS_VERSION, machine.os.version.clone());
    out.maybe(OS_DESCRIPTION, machine.os.description.clone());
    out.maybe(OS_BUILD_ID, machine.os.build_id.clone());
    out.maybe(CONTAINER_ID, machine.container_id.clone());

    // The names that the OpenTelemetry operator uses; there is no standard for the downward API.
    let variable = |name| environment.get(name).map(str::to_owned);
    out.maybe(K8S_POD_NAME, variable("OTEL_RESOURCE_ATTRIBUTES_POD_NAME"));
    out.maybe(K8S_NODE_NAME, variable("OTEL_RESOURCE_ATTRIBUTES_NODE_NAME"));
    out.maybe(K8S_NAMESPACE_NAME, machine.k8s_namespace.clone());

    for (name, value) in ci {
        out.set(name, value.clone());
    }
    for (name, value) in &settings.resource_attributes {
        out.set(name, value.value.clone());
    }
    out.maybe(SERVICE_NAME, identity.service_name.map(str::to_owned));
    out.0
}

/// What of otel-run's resource is true of the command as well, to be added to the command's own resources where they do
/// not say it: everything but who reports (`service.*`, `process.*`, `telemetry.*`) and the run's name.
pub fn shared_with_child(wrapper_resource: &[(String, Value)]) -> Vec<(String, String)> {
    let about_the_reporter = |name: &str| {
        name == RUN_ID || ["service.", "process.", "telemetry."].iter().any(|prefix| name.starts_with(prefix))
    };
    let shared = wrapper_resource.iter().filter(|(name, _)| !about_the_reporter(name));
    shared.map(|(name, value)| (name.clone(), value.as_str().into_owned())).collect()
}

/// Attributes in the order in which they were first set.
struct Attributes(Vec<(String, Value)>);

impl Attributes {
    fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.0.iter_mut().find(|(present, _)| present == name) {
            Some((_, present)) => *present = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    fn maybe(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }
}

/// `host.arch` of a processor as Rust names it (`std::env::consts::ARCH`); `None` where the conventions have no name.
pub fn host_arch(rust_name: &str) -> Option<&'static str> {
    Some(match rust_name {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "x86",
        "arm" => "arm32",
        "powerpc" => "ppc32",
        "powerpc64" => "ppc64",
        "s390x" => "s390x",
        _ => return None,
    })
}

/// `os.type` of a system as Rust names it (`std::env::consts::OS`); `None` where the conventions have no name.
pub fn os_type(rust_name: &str) -> Option<&'static str> {
    Some(match rust_name {
        "linux" | "android" => "linux",
        "macos" => "darwin",
        "windows" => "windows",
        "freebsd" => "freebsd",
        "netbsd" => "netbsd",
        "openbsd" => "openbsd",
        "dragonfly" => "dragonflybsd",
        "solaris" | "illumos" => "solaris",
        "aix" => "aix",
        _ => return None,
    })
}

/// Reads `/etc/os-release` (os-release(5): assignments as a shell has them, quotes optional).
pub fn os_release(text: &str) -> OsRelease {
    let mut out = OsRelease::default();
    for line in text.lines() {
        let Some((name, value)) = line.trim().split_once('=') else { continue };
        let field = match name {
            "NAME" => &mut out.name,
            "VERSION_ID" => &mut out.version,
            "PRETTY_NAME" => &mut out.description,
            "BUILD_ID" => &mut out.build_id,
            _ => continue,
        };
        *field = Some(unquoted(value)).filter(|value| !value.is_empty());
    }
    out
}

fn unquoted(value: &str) -> String {
    if let Some(inner) = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')) {
        return inner.to_owned();
    }
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        out.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    out
}

/// Reads `/etc/machine-id` or `/var/lib/dbus/machine-id` (machine-id(5)): 32 hexadecimal digits, not all zeros.
/// `None` for anything else, such as `uninitialized`.
pub fn machine_id(text: &str) -> Option<String> {
    let id = text.trim();
    let fits = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) && id.bytes().any(|byte| byte != b'0');
    fits.then(|| id.to_ascii_lowercase())
}

/// Reads `/proc/self/cgroup` (cgroups version 1, or 2 without a namespace): the 64 hexadecimal digits at the end of a
/// path, with whatever the runtime puts around them, as in `docker-….scope`.
pub fn container_id_from_cgroup(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let path = line.splitn(3, ':').nth(2)?;
        let segment = path.rsplit('/').next()?;
        let segment = segment.strip_suffix(".scope").unwrap_or(segment);
        let id = segment.rsplit(['-', ':']).next()?;
        is_container_id(id).then(|| id.to_owned())
    })
}

/// Reads `/proc/self/mountinfo` (cgroups version 2): the id stands in the place where the runtime keeps the files that
/// it mounts, as in `/var/lib/docker/containers/<id>/hostname`. Where that is the pod's sandbox, which has an id
/// of its own, there is no telling the container.
pub fn container_id_from_mountinfo(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let root = line.split_ascii_whitespace().nth(3).filter(|root| root.len() > CONTAINER_ID_LENGTH)?;
        let segments: Vec<&str> = root.split('/').collect();
        let pair = segments.windows(2).find(|pair| {
            // Docker, and Podman with cri-o.
            matches!(pair[0], "containers" | "overlay-containers") && is_container_id(pair[1])
        });
        if let Some(pair) = pair {
            return Some(pair[1].to_owned());
        }
        // The cgroup, where it is mounted: cri-containerd-<id>.scope, crio-<id>.scope, docker-<id>.scope.
        segments.iter().find_map(|segment| {
            let id = segment.strip_suffix(".scope")?.rsplit(['-', ':']).next()?;
            is_container_id(id).then(|| id.to_owned())
        })
    })
}

/// Container ids are SHA-256 in hexadecimal digits.
const CONTAINER_ID_LENGTH: usize = 64;

fn is_container_id(text: &str) -> bool {
    text.len() == CONTAINER_ID_LENGTH && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
#[path = "resource_tests.rs"]
mod tests;
