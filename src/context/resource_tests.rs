#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;
use crate::settings::{Origin, ServiceName, Sourced};

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn by_default<T>(value: T) -> Sourced<T> {
    Sourced { value, origin: Origin::Default }
}

fn settings(service_name: Option<&str>, attributes: &[(&str, &str)]) -> Settings {
    let attributes = attributes.iter().map(|(name, value)| (name.to_string(), by_default(value.to_string())));
    Settings {
        service_name: service_name.map(|name| by_default(ServiceName::read(name).unwrap())),
        resource_attributes: attributes.collect(),
        ..Settings::default()
    }
}

fn machine() -> Machine {
    Machine {
        host_name: Some("build-7".to_owned()),
        host_id: Some("fdbf79e8af94cb7f9e8df36789187052".to_owned()),
        host_arch: host_arch("x86_64"),
        os_type: os_type("linux"),
        os: os_release("NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"13\"\nPRETTY_NAME=\"Debian GNU/Linux 13\"\n"),
        container_id: None,
        k8s_namespace: None,
        pid: Some(4711),
        creation_time: Some("2026-11-20T11:09:15Z".to_owned()),
        executable_name: Some("otel-run".to_owned()),
        executable_path: Some("/usr/bin/otel-run".to_owned()),
        owner: Some("jo".to_owned()),
    }
}

fn resource(settings: &Settings, machine: &Machine) -> Vec<(String, Value)> {
    let ci = [(CICD_PIPELINE_RUN_ID, "7".to_owned()), (VCS_REF_HEAD_NAME, "main".to_owned())];
    let environment = [("OTEL_RESOURCE_ATTRIBUTES_POD_NAME", "pod-1"), ("POD_NAME", "other")].into_iter().collect();
    let service_name = settings.service_name.as_ref().map(|name| name.value.as_written());
    let identity = Identity { run_id: "20261120-110915-a1b2c3", instance_id: "instance", service_name };
    wrapper_resource(settings, &environment, machine, &ci, identity)
}

fn get<'a>(resource: &'a [(String, Value)], name: &str) -> Option<&'a Value> {
    let mut found = resource.iter().filter(|(present, _)| present == name).map(|(_, value)| value);
    let first = found.next();
    assert!(found.next().is_none(), "{name} twice");
    first
}

#[test]
fn the_whole_resource() {
    let made = resource(&settings(None, &[]), &machine());
    let made: Vec<(String, String)> = made.into_iter().map(|(name, value)| (name, value.to_string())).collect();
    let version = env!("CARGO_PKG_VERSION");
    let sdk = made.iter().find(|(name, _)| name == "telemetry.sdk.version").unwrap().1.clone();
    assert!(sdk.starts_with("0."), "{sdk}");
    let expected = [
        ("service.name", "otel-run"),
        ("service.version", version),
        ("service.instance.id", "instance"),
        ("otel_run.run.id", "20261120-110915-a1b2c3"),
        ("process.pid", "4711"),
        ("process.creation.time", "2026-11-20T11:09:15Z"),
        ("process.executable.name", "otel-run"),
        ("process.executable.path", "/usr/bin/otel-run"),
        ("process.owner", "jo"),
        ("telemetry.sdk.name", "opentelemetry"),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.version", &sdk),
        ("telemetry.distro.name", "otel-run"),
        ("telemetry.distro.version", version),
        ("host.name", "build-7"),
        ("host.id", "fdbf79e8af94cb7f9e8df36789187052"),
        ("host.arch", "amd64"),
        ("os.type", "linux"),
        ("os.name", "Debian GNU/Linux"),
        ("os.version", "13"),
        ("os.description", "Debian GNU/Linux 13"),
        ("k8s.pod.name", "pod-1"),
        ("cicd.pipeline.run.id", "7"),
        ("vcs.ref.head.name", "main"),
    ];
    assert_eq!(made, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn the_process_id_is_a_number() {
    assert_eq!(get(&resource(&settings(None, &[]), &machine()), PROCESS_PID), Some(&Value::I64(4711)));
}

#[test]
fn what_is_unknown_is_left_out() {
    let identity = Identity { run_id: "run", instance_id: "id", service_name: None };
    let made = wrapper_resource(&settings(None, &[]), &Environment::default(), &Machine::default(), &[], identity);
    let names: Vec<&str> = made.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [SERVICE_NAME, SERVICE_VERSION, SERVICE_INSTANCE_ID, RUN_ID];
    assert_eq!(names[..4], expected);
    assert!(names[4..].iter().all(|name| name.starts_with("telemetry.")), "{names:?}");
}

#[test]
fn the_user_wins() {
    let attributes = [("service.name", "from-attributes"), ("host.name", "mine"), ("team", "blue")];
    let made = resource(&settings(None, &attributes), &machine());
    assert_eq!(get(&made, SERVICE_NAME), Some(&"from-attributes".into()));
    assert_eq!(get(&made, HOST_NAME), Some(&"mine".into()));
    assert_eq!(get(&made, "team"), Some(&"blue".into()));

    let made = resource(&settings(Some("chosen"), &attributes), &machine());
    assert_eq!(get(&made, SERVICE_NAME), Some(&"chosen".into()));
}

#[test]
fn a_container_has_no_host_id() {
    let machine = Machine { container_id: Some(ID.to_owned()), k8s_namespace: Some("ns".to_owned()), ..machine() };
    let made = resource(&settings(None, &[]), &machine);
    assert_eq!(get(&made, HOST_ID), None);
    assert_eq!(get(&made, CONTAINER_ID), Some(&ID.into()));
    assert_eq!(get(&made, K8S_NAMESPACE_NAME), Some(&"ns".into()));
}

#[test]
fn the_command_shares_where_it_is_but_not_who_it_is() {
    let attributes = [("team", "blue"), ("service.name", "mine"), ("service.namespace", "x"), ("process.title", "x")];
    let machine = Machine { container_id: Some(ID.to_owned()), ..machine() };
    let shared = shared_with_child(&resource(&settings(Some("mine"), &attributes), &machine));
    let names: Vec<&str> = shared.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        HOST_NAME,
        HOST_ARCH,
        OS_TYPE,
        OS_NAME,
        OS_VERSION,
        OS_DESCRIPTION,
        CONTAINER_ID,
        K8S_POD_NAME,
        CICD_PIPELINE_RUN_ID,
        VCS_REF_HEAD_NAME,
        "team",
    ];
    assert_eq!(names, expected);
    assert_eq!(shared.last().unwrap().1, "blue");
}

#[test]
fn os_releases() {
    let text = "# comment\nNAME='Arch Linux'\nPRETTY_NAME=\"Arch \\\"btw\\\" \\$x\"\nBUILD_ID=rolling\nVERSION_ID=\nID=arch\nnonsense\n";
    let expected = OsRelease {
        name: Some("Arch Linux".to_owned()),
        version: None,
        description: Some("Arch \"btw\" $x".to_owned()),
        build_id: Some("rolling".to_owned()),
    };
    assert_eq!(os_release(text), expected);
    assert_eq!(os_release(""), OsRelease::default());
}

#[test]
fn machine_ids() {
    let table = [
        ("fdbf79e8af94cb7f9e8df36789187052\n", Some("fdbf79e8af94cb7f9e8df36789187052")),
        ("FDBF79E8AF94CB7F9E8DF36789187052", Some("fdbf79e8af94cb7f9e8df36789187052")),
        ("uninitialized\n", None),
        ("00000000000000000000000000000000\n", None),
        ("fdbf79e8af94cb7f9e8df3678918705\n", None),
        ("", None),
    ];
    for (text, expected) in table {
        assert_eq!(machine_id(text).as_deref(), expected, "{text:?}");
    }
}

#[test]
fn containers_by_cgroup() {
    let table = [
        (format!("13:name=systemd:/docker/{ID}\n1:cpu:/docker/{ID}"), true),
        (format!("0::/system.slice/docker-{ID}.scope"), true),
        (format!("1:cpu:/kubepods/besteffort/pod0f1e/{ID}"), true),
        (format!("1:cpu:/kubepods.slice/kubepods-pod0f1e.slice/cri-containerd-{ID}.scope"), true),
        (format!("1:cpu:/system.slice/containerd.service/kubepods-pod0f1e.slice:cri-containerd:{ID}"), true),
        (format!("0::/machine.slice/libpod-{ID}.scope"), true),
        (format!("12:rdma:/\n11:cpu:/docker/{ID}"), true),
        ("0::/".to_owned(), false),
        ("0::/user.slice/user-1000.slice/session-3.scope".to_owned(), false),
        (format!("1:cpu:/docker/{}", &ID[1..]), false),
        (format!("1:cpu:/docker/{}", ID.to_uppercase()), false),
        (String::new(), false),
    ];
    for (text, found) in table {
        assert_eq!(container_id_from_cgroup(&text).as_deref(), found.then_some(ID), "{text}");
    }
}

#[test]
fn containers_by_mountinfo() {
    let mount = |root: &str, point: &str| {
        format!("983 961 0:56 / / rw - overlay overlay rw\n1000 983 8:1 {root} {point} rw - ext4 /dev/sda1 rw\n")
    };
    let table = [
        (mount(&format!("/var/lib/docker/containers/{ID}/hostname"), "/etc/hostname"), true),
        (mount(&format!("/containers/storage/overlay-containers/{ID}/userdata/hostname"), "/etc/hostname"), true),
        (mount(&format!("/../../cri-containerd-{ID}.scope"), "/sys/fs/cgroup"), true),
        (
            mount(&format!("/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/{ID}/hostname"), "/etc/hostname"),
            false,
        ),
        (mount(&format!("/kubelet/pods/0f1e/containers/app/{}", &ID[..8]), "/dev/termination-log"), false),
        // Somebody else's container, mounted into this one.
        (mount("/", &format!("/var/lib/docker/containers/{ID}/mounts/shm")), false),
        (String::new(), false),
    ];
    for (text, found) in table {
        assert_eq!(container_id_from_mountinfo(&text).as_deref(), found.then_some(ID), "{text}");
    }
}

proptest! {
    #[test]
    fn files_never_panic(text in "([a-zA-Z0-9_:/. '\"\\\\=-]{0,40}\n){0,5}", other in ".{0,100}") {
        for text in [text, other] {
            let _ = (os_release(&text), machine_id(&text));
            let _ = (container_id_from_cgroup(&text), container_id_from_mountinfo(&text));
        }
    }
}
