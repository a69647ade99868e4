//! How many processes of a control group the kernel has killed for lack of memory (cgroups(7)).

use std::path::PathBuf;

use super::{ControlGroups, read};

/// Where the hierarchy of version 2 is mounted, and below it those of version 1.
const MOUNTED: &str = "/sys/fs/cgroup";

/// Counts the kills in our own control group, which is the command's as well, since a moment.
///
/// A command that moves to a group of its own is not counted with version 1; with version 2 it is as long as that group
/// is below ours. Groups are shared: in one that others are in too, their kills are counted with the command's.
#[derive(Debug)]
pub struct OomKills {
    file: PathBuf,
    before: u64,
}

impl OomKills {
    /// Counts from now on; none where the system does not tell.
    pub fn from_now_on(groups: &ControlGroups) -> Option<Self> {
        candidates(&groups.0).into_iter().find_map(|file| {
            let before = count(&read(&file)?)?;
            Some(Self { file, before })
        })
    }

    /// How many there were.
    pub fn so_far(&self) -> u64 {
        let now = read(&self.file).and_then(|text| count(&text));
        now.unwrap_or(0).saturating_sub(self.before)
    }
}

/// The files that may hold the count, by a text of `/proc/self/cgroup`: that of our group; else that of the mount's root,
/// which is our group where a container sees only its own part of the hierarchy and not its name in there.
fn candidates(groups: &str) -> Vec<PathBuf> {
    let lines = || groups.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
    let of_version_1 = lines().find(|(controllers, _)| controllers.split(',').any(|name| name == "memory"));
    let of_version_2 = || lines().find(|(controllers, _)| controllers.is_empty());
    let (folder, file, group) = match of_version_1 {
        Some((_, group)) => ("memory", "memory.oom_control", group),
        None => match of_version_2() {
            Some((_, group)) => ("", "memory.events", group),
            None => return Vec::new(),
        },
    };
    let root = PathBuf::from(MOUNTED).join(folder);
    let own = root.join(group.trim_start_matches('/')).join(file);
    let mut files = vec![own, root.join(file)];
    files.dedup();
    files
}

/// The number behind `oom_kill`, in a text of `memory.events` or `memory.oom_control`.
fn count(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn the_count_stands_between_others() {
        for (text, expected) in [
            ("low 0\nhigh 5\nmax 7\noom 3\noom_kill 2\noom_group_kill 1\n", Some(2)),
            ("oom_kill_disable 0\nunder_oom 1\noom_kill 12\n", Some(12)),
            ("oom_kill 18446744073709551615", Some(u64::MAX)),
            // Kernels before 4.13.
            ("oom_kill_disable 0\nunder_oom 0\n", None),
            ("", None),
            ("oom_kill many\n", None),
        ] {
            assert_eq!(count(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_file_is_that_of_our_group_or_of_the_root_of_what_is_seen() {
        let found =
            |groups| candidates(groups).iter().map(|file| file.to_str().unwrap().to_owned()).collect::<Vec<_>>();
        let version_2 = "0::/user.slice/a:b.scope\n";
        let expected = ["/sys/fs/cgroup/user.slice/a:b.scope/memory.events", "/sys/fs/cgroup/memory.events"];
        assert_eq!(found(version_2), expected);
        assert_eq!(found("0::/\n"), ["/sys/fs/cgroup/memory.events"]);
        let version_1 = "9:name=systemd:/x\n4:cpu,memory:/docker/1\n3:memory_not:/y\n0::/\n";
        let expected =
            ["/sys/fs/cgroup/memory/docker/1/memory.oom_control", "/sys/fs/cgroup/memory/memory.oom_control"];
        assert_eq!(found(version_1), expected);
        assert!(found("").is_empty() && found("nonsense\n1:cpu:/\n").is_empty());
    }
}
