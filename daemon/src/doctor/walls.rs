//! What the host sees of a sandbox that lives: each wall as it stands, not as it was asked for.
//!
//! Read from `/proc` and from control groups by the daemon, which has no privilege; what only the process
//! itself could tell is said to be that. This module looks and compares; it builds nothing.
//!
//! Always true: each namespace, each jail step and each limit has one finding, in that order.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use skep_core::{ByteCount, CpuShare};
use skep_link::{frame::NAMESPACES, zygote::Step};
use skep_policies::limits::RLIMITS;
use skep_proto::v1::Finding;

use super::{fix_of_step, missing, ok};
use crate::{
    cgroup::{Limit, Limits},
    instance::Instance,
};

/// The zygote's own program, and the two of the run wall.
const FILTERS: u32 = 3;

/// What is readable of a sandbox while it lives.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The uid and gid that it was given.
    host_id: u32,
    /// As it reported them, and those of this process.
    namespaces: [u64; 7],
    own_namespaces: [u64; 7],
    status: BTreeMap<String, String>,
    mounts: String,
    rlimits: String,
    /// Open descriptors; Linux before 6.2 does not tell, and says 0.
    descriptors: u64,
    /// Groups of its leaf that it is not in.
    absent: Vec<PathBuf>,
    /// Control files of the leaf that exist, by name.
    leaf: BTreeMap<&'static str, String>,
    /// Filters that everything here inherits from whoever started the keeper.
    inherited: u32,
}

fn read(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn status(path: &Path) -> io::Result<BTreeMap<String, String>> {
    let text = read(path)?;
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    Ok(lines.map(|(key, value)| (key.to_owned(), value.trim().to_owned())).collect())
}

impl Seen {
    /// Looks at a sandbox that has sealed.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, with its name.
    pub(crate) fn look(instance: &Instance) -> io::Result<Self> {
        let proc = PathBuf::from(format!("/proc/{}", instance.pid));
        let mut own_namespaces = [0; 7];
        for (name, inode) in NAMESPACES.iter().zip(&mut own_namespaces) {
            *inode = fs::metadata(format!("/proc/self/ns/{name}"))?.ino();
        }
        let pid = instance.pid.to_string();
        let mut absent = Vec::new();
        let mut leaf = BTreeMap::new();
        for group in instance.leaf.paths() {
            if read(&group.join("cgroup.procs"))?.lines().all(|line| line != pid) {
                absent.push(group.to_owned());
            }
            for name in Limit::ALL.iter().flat_map(|limit| files(*limit)) {
                if let Ok(text) = fs::read_to_string(group.join(name)) {
                    leaf.insert(*name, text.trim().to_owned());
                }
            }
        }
        let own = status(Path::new("/proc/self/status"))?;
        let inherited = own.get("Seccomp_filters").and_then(|count| count.parse().ok());
        Ok(Self {
            host_id: instance.host_id,
            namespaces: *instance.namespaces(),
            own_namespaces,
            status: status(&proc.join("status"))?,
            mounts: read(&proc.join("mountinfo"))?,
            rlimits: read(&proc.join("limits"))?,
            descriptors: fs::metadata(proc.join("fd"))?.len(),
            absent,
            leaf,
            inherited: inherited.unwrap_or(0),
        })
    }

    /// Every wall: what was found of it, and what is needed where that is something else.
    pub(crate) fn walls(&self, limits: &Limits) -> Vec<Finding> {
        let namespaces = NAMESPACES
            .iter()
            .enumerate()
            .map(|(at, name)| self.namespace(at).finding(&format!("wall: {name} namespace"), ""));
        let steps = Step::ALL.into_iter().map(|step| {
            self.step(step).finding(&format!("wall: {}", step.as_str()), fix_of_step(step))
        });
        let limits = Limit::ALL
            .iter()
            .map(|limit| self.limit(*limit, limits).finding(&format!("wall: {limit:?} limit"), ""));
        namespaces.chain(steps).chain(limits).collect()
    }

    fn field(&self, name: &str) -> &str {
        self.status.get(name).map_or("nothing", String::as_str)
    }

    /// The fields as they are, for a finding.
    fn fields(&self, names: &[&str]) -> String {
        let all = names.iter().map(|name| format!("{name} {}", self.field(name)));
        all.collect::<Vec<_>>().join(", ")
    }

    fn namespace(&self, at: usize) -> Sight {
        let inode = self.namespaces[at];
        let found = format!("its own, {inode}");
        let stands = inode != 0 && inode != self.own_namespaces[at];
        // The number that a process has inside comes last.
        let first = self.field("NSpid").split_whitespace().nth(1) == Some("1");
        if NAMESPACES[at] == "pid" && !first {
            return Sight::new(false, "", "its process to be number 1", self.fields(&["NSpid"]));
        }
        Sight::new(stands, &found, "one of its own", inode.to_string())
    }

    fn zeroes(&self, names: &[&str], found: &str) -> Sight {
        let zero = |name: &&str| {
            let bits = self.field(name);
            !bits.is_empty() && bits.bytes().all(|digit| digit == b'0')
        };
        Sight::new(names.iter().all(zero), found, found, self.fields(names))
    }

    fn step(&self, step: Step) -> Sight {
        match step {
            Step::AwaitParent => {
                let found = self.absent.iter().map(|group| format!("not in {}", group.display()));
                let found = found.collect::<Vec<_>>().join(", ");
                Sight::new(self.absent.is_empty(), "in its leaf", "in its leaf", found)
            }
            Step::NewSession => {
                let names = ["NSsid", "NSpgid", "NSpid"];
                let [session, group, number] = names.map(|name| self.field(name));
                let needed = "a session and a group of its own";
                Sight::new(
                    session == number && group == number,
                    needed,
                    needed,
                    self.fields(&names),
                )
            }
            Step::ResetSignals => self.zeroes(&["SigBlk", "SigIgn", "SigCgt"], "all by default"),
            Step::CgroupNamespace => self.namespace(NAMESPACES.len() - 1),
            Step::EmptyRoot => self.root(),
            Step::BoundCapabilities => self.zeroes(&["CapBnd", "CapAmb"], "two sets empty"),
            Step::DropCapabilities => {
                let sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];
                self.zeroes(&sets, "five sets empty")
            }
            Step::SwitchIdentity => self.identity(),
            Step::NoNewPrivileges => {
                let stands = self.field("NoNewPrivs") == "1";
                Sight::new(stands, "set", "set", self.fields(&["NoNewPrivs"]))
            }
            Step::CloseOtherFds => match self.descriptors {
                0 => Sight::Hidden("passed before it sealed; Linux before 6.2 shows no more"),
                count => {
                    Sight::new(count == 1, "1 open", "1 open, its link", format!("{count} open"))
                }
            },
            Step::ResourceLimits => self.rlimits(),
            Step::RunFilter => {
                let count = self.field("Seccomp_filters").parse::<u32>().unwrap_or(0);
                let filters = count.saturating_sub(self.inherited);
                let stands = self.field("Seccomp") == "2" && filters == FILTERS;
                let needed =
                    format!("mode 2, {FILTERS} filters beside {} inherited", self.inherited);
                let found = self.fields(&["Seccomp", "Seccomp_filters"]);
                Sight::new(stands, &format!("{FILTERS} filters"), &needed, found)
            }
            Step::HostName | Step::LockSecurebits | Step::DieWithParent | Step::Landlock => {
                Sight::Hidden("passed before it sealed; nothing of it shows outside")
            }
        }
    }

    fn root(&self) -> Sight {
        let mut mounts = self.mounts.lines();
        let stands = match (mounts.next(), mounts.next()) {
            (Some(only), None) => {
                let fields: Vec<&str> = only.split(' ').collect();
                let options: Vec<&str> =
                    fields.get(5).map_or(Vec::new(), |options| options.split(',').collect());
                let needed = ["ro", "nosuid", "nodev", "noexec"];
                fields.get(4) == Some(&"/")
                    && only.contains(" - tmpfs skep ")
                    && needed.iter().all(|option| options.contains(option))
            }
            _ => false,
        };
        let found = format!("{} mounts: {}", self.mounts.lines().count(), self.mounts.trim());
        Sight::new(stands, "1 mount, read-only", "the one mount of a sandbox, read-only", found)
    }

    fn identity(&self) -> Sight {
        let four = |name| {
            let ids: Vec<&str> = self.field(name).split_whitespace().collect();
            ids == vec![self.host_id.to_string(); 4]
        };
        let stands = four("Uid") && four("Gid") && self.field("Groups").is_empty();
        let found = format!("uid and gid {}, no groups", self.host_id);
        Sight::new(stands, &found, &found, self.fields(&["Uid", "Gid", "Groups"]))
    }

    fn rlimits(&self) -> Sight {
        let other: Vec<&str> = RLIMITS
            .iter()
            .filter(|(name, value)| {
                let wanted = value.map_or("unlimited".to_owned(), |value| value.to_string());
                let line = title(name)
                    .and_then(|title| self.rlimits.lines().find_map(|it| it.strip_prefix(title)));
                let values: Vec<&str> =
                    line.map_or(Vec::new(), |line| line.split_whitespace().take(2).collect());
                values != [wanted.as_str(); 2]
            })
            .map(|(name, _)| *name)
            .collect();
        let found = format!("{} limits", RLIMITS.len());
        let differ = format!("others for {}", other.join(", "));
        Sight::new(other.is_empty(), &found, "the limits of the profile", differ)
    }

    fn limit(&self, limit: Limit, limits: &Limits) -> Sight {
        let file = files(limit).iter().find_map(|name| Some((*name, self.leaf.get(name)?)));
        let Some((name, found)) = file else {
            return match limit {
                Limit::OomGroup if self.leaf.contains_key("memory.limit_in_bytes") => {
                    Sight::Hidden("version 1 has none; a leaf holds one process")
                }
                _ => Sight::new(false, "", files(limit)[0], "no such file".to_owned()),
            };
        };
        let memory = limits.memory.at().map(|most| most.round_down_to(page()).bytes().to_string());
        let wanted = match name {
            "memory.swap.max" => Some("0".to_owned()),
            "memory.oom.group" => Some("1".to_owned()),
            "pids.max" => limits.processes.at().map(|most| most.to_string()),
            "cpu.max" => limits.cpu.at().map(|share| {
                format!("{} {}", share.cpu_max().as_micros(), CpuShare::PERIOD.as_micros())
            }),
            "cpu.cfs_quota_us" => {
                limits.cpu.at().map(|share| share.cpu_max().as_micros().to_string())
            }
            _ => memory,
        };
        let needed = format!("{name} = {}", wanted.as_deref().unwrap_or("a number"));
        let found = format!("{name} = {found}");
        Sight::new(found == needed, &needed, &needed, found.clone())
    }
}

fn page() -> ByteCount {
    ByteCount::from_bytes(u64::try_from(rustix::param::page_size()).unwrap_or(4096))
}

/// Where a limit is: in version 2, in version 1.
fn files(limit: Limit) -> &'static [&'static str] {
    match limit {
        Limit::Memory => &["memory.max", "memory.limit_in_bytes"],
        Limit::Swap => &["memory.swap.max", "memory.memsw.limit_in_bytes"],
        Limit::OomGroup => &["memory.oom.group"],
        Limit::Processes => &["pids.max"],
        Limit::Cpu => &["cpu.max", "cpu.cfs_quota_us"],
    }
}

/// The line of a process limit in `/proc/PID/limits`.
fn title(name: &str) -> Option<&'static str> {
    Some(match name {
        "core" => "Max core file size",
        "data" => "Max data size",
        "fsize" => "Max file size",
        "locks" => "Max file locks",
        "memlock" => "Max locked memory",
        "msgqueue" => "Max msgqueue size",
        "nice" => "Max nice priority",
        "nofile" => "Max open files",
        "nproc" => "Max processes",
        "rtprio" => "Max realtime priority",
        "sigpending" => "Max pending signals",
        "stack" => "Max stack size",
        _ => return None,
    })
}

/// What was seen of one wall.
enum Sight {
    Stands {
        found: String,
    },
    Fails {
        found: String,
        needed: String,
    },
    /// Not to be seen from here, and why it stands all the same.
    Hidden(&'static str),
}

impl Sight {
    /// `good` is what is shown when it stands, `found` when it does not.
    fn new(stands: bool, good: &str, needed: &str, found: String) -> Self {
        if stands {
            Self::Stands { found: good.to_owned() }
        } else {
            Self::Fails { found, needed: needed.to_owned() }
        }
    }

    fn finding(self, name: &str, fix: &str) -> Finding {
        match self {
            Self::Stands { found } => ok(name, &found),
            Self::Hidden(why) => ok(name, why),
            Self::Fails { found, needed } => missing(name, &found, &needed, fix),
        }
    }
}

#[cfg(test)]
mod tests {
    use skep_core::Ceiling;
    use skep_proto::v1::finding::Grade;

    use super::*;

    const LIMITS: Limits = Limits {
        memory: Ceiling::At(ByteCount::from_mib(64)),
        cpu: Ceiling::At(CpuShare::ONE),
        processes: Ceiling::At(1),
    };

    /// A sandbox as it must be, on a host with control groups of version 2.
    fn right() -> Seen {
        let mut status = BTreeMap::new();
        for zero in ["SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]
        {
            status.insert(zero, "0000000000000000");
        }
        for number in ["NSpid", "NSpgid", "NSsid"] {
            status.insert(number, "4711\t1");
        }
        for id in ["Uid", "Gid"] {
            status.insert(id, "200000\t200000\t200000\t200000");
        }
        status.extend([("Groups", ""), ("NoNewPrivs", "1"), ("Seccomp", "2")]);
        status.insert("Seccomp_filters", "4");
        let rlimits = RLIMITS.iter().map(|(name, value)| {
            let value = value.map_or("unlimited".to_owned(), |value| value.to_string());
            format!("{:<25} {value:<20} {value:<20} bytes\n", title(name).unwrap())
        });
        let leaf = [
            ("memory.max", "67108864"),
            ("memory.swap.max", "0"),
            ("memory.oom.group", "1"),
            ("pids.max", "1"),
            ("cpu.max", "100000 100000"),
        ];
        Seen {
            host_id: 200_000,
            namespaces: [11, 12, 13, 14, 15, 16, 17],
            own_namespaces: [1, 2, 3, 4, 5, 6, 7],
            status: status.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
            mounts: "9 9 0:9 / / ro,nosuid,nodev,noexec,relatime - tmpfs skep ro,size=4k\n".into(),
            rlimits: rlimits.collect(),
            descriptors: 1,
            absent: Vec::new(),
            leaf: leaf.map(|(name, value)| (name, value.to_owned())).into(),
            inherited: 1,
        }
    }

    /// What must be found, as `wall: found, needed`, when `change` is done to a sandbox that is right.
    #[track_caller]
    fn fails(change: impl FnOnce(&mut Seen), expected: &[&str]) {
        let mut seen = right();
        change(&mut seen);
        let wrong = seen.walls(&LIMITS).into_iter().filter(|wall| wall.grade() != Grade::Ok);
        let wrong: Vec<String> =
            wrong.map(|wall| format!("{}: {}, {}", wall.name, wall.found, wall.needed)).collect();
        assert_eq!(wrong, expected);
    }

    fn status(key: &str, value: &str) -> impl FnOnce(&mut Seen) {
        move |seen| drop(seen.status.insert(key.to_owned(), value.to_owned()))
    }

    #[test]
    fn a_sandbox_as_it_must_be_has_one_finding_for_each_wall() {
        fails(|_| (), &[]);
        let walls = right().walls(&LIMITS);
        assert_eq!(walls.len(), NAMESPACES.len() + Step::ALL.len() + Limit::ALL.len());
        let found = |name: &str| {
            &walls.iter().find(|wall| wall.name == format!("wall: {name}")).unwrap().found
        };
        assert_eq!(found("drop-capabilities"), "five sets empty");
        assert_eq!(found("run-filter"), "3 filters");
        assert_eq!(found("switch-identity"), "uid and gid 200000, no groups");
        assert_eq!(found("net namespace"), "its own, 14");
        assert_eq!(found("Memory limit"), "memory.max = 67108864");
        assert_eq!(found("landlock"), "passed before it sealed; nothing of it shows outside");
    }

    #[test]
    fn one_capability_is_one_too_many() {
        let sets = "CapInh 0000000000000000, CapPrm 0000000000000000, CapEff 0000000000000400, \
                    CapBnd 0000000000000000, CapAmb 0000000000000000";
        fails(
            status("CapEff", "0000000000000400"),
            &[&format!("wall: drop-capabilities: {sets}, five sets empty")],
        );
    }

    #[test]
    fn an_inherited_filter_stands_for_none_of_ours() {
        fails(
            status("Seccomp_filters", "3"),
            &[
                "wall: run-filter: Seccomp 2, Seccomp_filters 3, mode 2, 3 filters beside 1 inherited",
            ],
        );
    }

    #[test]
    fn privileges_that_an_exec_could_give_are_seen() {
        fails(status("NoNewPrivs", "0"), &["wall: no-new-privileges: NoNewPrivs 0, set"]);
    }

    #[test]
    fn a_group_too_many_is_seen() {
        fails(
            status("Groups", "4"),
            &["wall: switch-identity: Uid 200000\t200000\t200000\t200000, \
               Gid 200000\t200000\t200000\t200000, Groups 4, uid and gid 200000, no groups"],
        );
    }

    #[test]
    fn a_field_that_is_not_there_is_no_wall_that_stands() {
        fails(
            |seen| drop(seen.status.remove("SigIgn")),
            &["wall: reset-signals: SigBlk 0000000000000000, SigIgn nothing, \
               SigCgt 0000000000000000, all by default"],
        );
    }

    #[test]
    fn a_namespace_of_the_daemons_or_of_nobodys_is_seen() {
        fails(|seen| seen.namespaces[3] = 4, &["wall: net namespace: 4, one of its own"]);
        fails(|seen| seen.namespaces[0] = 0, &["wall: user namespace: 0, one of its own"]);
    }

    #[test]
    fn a_file_system_that_can_be_written_is_seen() {
        let mounts = "9 9 0:9 / / rw,nosuid,nodev,noexec - tmpfs skep rw";
        let found = format!("1 mounts: {mounts}, the one mount of a sandbox, read-only");
        fails(|seen| seen.mounts = mounts.to_owned(), &[&format!("wall: empty-root: {found}")]);
    }

    #[test]
    fn a_process_limit_that_is_not_the_profiles_is_named() {
        fails(
            |seen| {
                seen.rlimits =
                    seen.rlimits.replace("Max open files            1 ", "Max open files 9 ")
            },
            &["wall: resource-limits: others for nofile, the limits of the profile"],
        );
    }

    #[test]
    fn a_second_descriptor_is_seen_and_none_is_not_claimed() {
        fails(|seen| seen.descriptors = 2, &["wall: close-other-fds: 2 open, 1 open, its link"]);
        fails(|seen| seen.descriptors = 0, &[]);
    }

    #[test]
    fn a_process_outside_its_leaf_is_seen() {
        fails(
            |seen| seen.absent.push("/sys/fs/cgroup/pids/i-1".into()),
            &["wall: await-parent: not in /sys/fs/cgroup/pids/i-1, in its leaf"],
        );
    }

    #[test]
    fn limits_that_do_not_hold_are_seen_in_both_versions() {
        fails(
            |seen| drop(seen.leaf.insert("pids.max", "max".to_owned())),
            &["wall: Processes limit: pids.max = max, pids.max = 1"],
        );
        fails(
            |seen| {
                for name in ["memory.max", "memory.swap.max", "memory.oom.group", "cpu.max"] {
                    seen.leaf.remove(name);
                }
                seen.leaf.insert("memory.limit_in_bytes", "67108864".to_owned());
                seen.leaf.insert("memory.memsw.limit_in_bytes", "9223372036854771712".to_owned());
            },
            &[
                "wall: Swap limit: memory.memsw.limit_in_bytes = 9223372036854771712, \
                 memory.memsw.limit_in_bytes = 67108864",
                "wall: Cpu limit: no such file, cpu.max",
            ],
        );
    }
}
