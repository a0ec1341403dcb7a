//! Finds the control group hierarchies of this host in the mount table.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A controller that the walls need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// Memory and swap.
    Memory,
    /// CPU bandwidth.
    Cpu,
    /// Number of processes.
    Pids,
}

impl Controller {
    /// All that are needed.
    pub const ALL: [Self; 3] = [Self::Memory, Self::Cpu, Self::Pids];

    /// The kernel's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::Pids => "pids",
        }
    }
}

/// The two kinds of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every controller is in the version 2 hierarchy.
    Unified,
    /// Some controllers are mounted as version 1.
    Hybrid,
}

/// Why a host's control groups cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// The mount table cannot be read.
    #[error("cannot read {}", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// There is no version 2 hierarchy at all.
    #[error(
        "no cgroup2 file system is mounted; mend: mount -t cgroup2 none /sys/fs/cgroup/unified"
    )]
    NoUnified,
    /// A controller is nowhere.
    #[error(
        "controller {controller} is in no mounted hierarchy; mend: boot with cgroup_no_v1=all \
         systemd.unified_cgroup_hierarchy=1, or mount it: mount -t cgroup -o {controller} \
         {controller} /sys/fs/cgroup/{controller}"
    )]
    NoController {
        /// The controller.
        controller: &'static str,
    },
}

/// Where the hierarchies are mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchies {
    v2: PathBuf,
    /// The version 1 hierarchy of each needed controller that is not in version 2.
    v1: Vec<(Controller, PathBuf)>,
}

impl Hierarchies {
    /// Those of the running host.
    ///
    /// # Errors
    ///
    /// [`DetectError`] says what is missing and how to mend it.
    pub fn detect() -> Result<Self, DetectError> {
        let read = |file: PathBuf| {
            fs::read_to_string(&file).map_err(|source| DetectError::Read { file, source })
        };
        let mounts = read("/proc/self/mountinfo".into())?;
        Self::from_mounts(&mounts, |v2| read(v2.join("cgroup.controllers")))
    }

    /// Prefers the version 1 hierarchy of a controller that has one: then version 2 cannot have it.
    fn from_mounts(
        mountinfo: &str,
        offered: impl Fn(&Path) -> Result<String, DetectError>,
    ) -> Result<Self, DetectError> {
        let mounts: Vec<Mount> = mountinfo.lines().filter_map(Mount::parse).collect();
        let v2 = mounts.iter().find(|mount| mount.version == 2).ok_or(DetectError::NoUnified)?;
        let offered = offered(&v2.point)?;
        let mut v1 = Vec::new();
        for controller in Controller::ALL {
            let name = controller.name();
            let own = mounts.iter().find(|mount| {
                mount.version == 1 && mount.options.split(',').any(|option| option == name)
            });
            match own {
                Some(mount) => v1.push((controller, mount.point.clone())),
                None if offered.split_whitespace().any(|offer| offer == name) => {}
                None => return Err(DetectError::NoController { controller: name }),
            }
        }
        Ok(Self { v2: v2.point.clone(), v1 })
    }

    /// The group of this process in the version 2 hierarchy, as a path from its top.
    ///
    /// # Errors
    ///
    /// [`DetectError::Read`].
    pub fn own(&self) -> Result<PathBuf, DetectError> {
        let file = PathBuf::from("/proc/self/cgroup");
        let text =
            fs::read_to_string(&file).map_err(|source| DetectError::Read { file, source })?;
        let own = text.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
        Ok(PathBuf::from(own))
    }

    /// The mount point of the version 2 hierarchy.
    pub fn v2(&self) -> &Path {
        &self.v2
    }

    /// What kind of host this is.
    pub fn mode(&self) -> Mode {
        if self.v1.is_empty() { Mode::Unified } else { Mode::Hybrid }
    }

    /// The mount point that `controller` is used in, and whether that is version 2.
    pub fn of(&self, controller: Controller) -> (&Path, bool) {
        match self.v1.iter().find(|(this, _)| *this == controller) {
            Some((_, point)) => (point, false),
            None => (&self.v2, true),
        }
    }

    /// The distinct version 1 mount points.
    pub fn v1(&self) -> impl Iterator<Item = &Path> {
        let points = self.v1.iter().map(|(_, point)| point.as_path());
        points
            .enumerate()
            .filter(|(at, point)| self.v1.iter().take(*at).all(|(_, earlier)| earlier != point))
            .map(|(_, point)| point)
    }

    /// Every mount point, version 2 first.
    pub fn tops(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(self.v2()).chain(self.v1())
    }

    /// The controllers that are used in the version 2 hierarchy.
    pub fn unified_controllers(&self) -> impl Iterator<Item = Controller> {
        Controller::ALL.into_iter().filter(|controller| self.of(*controller).1)
    }
}

struct Mount {
    version: u8,
    point: PathBuf,
    /// Of the file system, not of the mount: that is where controllers are named.
    options: String,
}

impl Mount {
    /// One line of mountinfo, see proc_pid_mountinfo(5); `None` if it is no control group.
    fn parse(line: &str) -> Option<Self> {
        let (place, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let version = match kind.next()? {
            "cgroup2" => 2,
            "cgroup" => 1,
            _ => return None,
        };
        let mut place = place.split(' ').skip(3);
        // A mount of a part of the hierarchy would show another tree than the one we mean.
        let whole = place.next()? == "/";
        let point = place.next()?.into();
        whole.then_some(Self { version, point, options: kind.nth(1)?.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
24 1 0:22 / /proc rw - proc proc rw
30 24 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
33 30 0:29 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";
    const UNIFIED: &str = "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate";

    fn detect(mounts: &str, offered: &str) -> Result<Hierarchies, DetectError> {
        Hierarchies::from_mounts(mounts, |_| Ok(offered.to_owned()))
    }

    #[test]
    fn a_hybrid_host_uses_its_version_1_mounts() {
        let found = detect(HYBRID, "hugetlb").unwrap();
        assert_eq!(found.mode(), Mode::Hybrid);
        assert_eq!(found.v2(), Path::new("/sys/fs/cgroup/unified"));
        let cpu = Path::new("/sys/fs/cgroup/cpu,cpuacct");
        assert_eq!(found.of(Controller::Cpu), (cpu, false));
        assert_eq!(found.v1().count(), 3);
        assert_eq!(found.unified_controllers().count(), 0);
    }

    #[test]
    fn a_unified_host_has_one_place_for_everything() {
        let found = detect(UNIFIED, "cpuset cpu io memory pids").unwrap();
        assert_eq!(found.mode(), Mode::Unified);
        assert_eq!(found.tops().collect::<Vec<_>>(), [Path::new("/sys/fs/cgroup")]);
        assert_eq!(found.unified_controllers().count(), 3);
    }

    #[test]
    fn controllers_mounted_together_are_one_place() {
        let mounts = HYBRID.replace("rw,memory", "rw,memory,pids").replace("rw,pids", "rw,blkio");
        assert_eq!(detect(&mounts, "").unwrap().v1().count(), 2);
    }

    #[test]
    fn a_missing_controller_is_named() {
        let error = detect(UNIFIED, "cpu memory").unwrap_err();
        assert!(matches!(error, DetectError::NoController { controller: "pids" }), "{error}");
    }

    #[test]
    fn a_host_without_version_2_is_refused() {
        let mounts = HYBRID.replace("cgroup2", "tmpfs");
        assert!(matches!(detect(&mounts, ""), Err(DetectError::NoUnified)));
    }

    #[test]
    fn a_mount_of_a_part_of_a_hierarchy_is_not_used() {
        let part = UNIFIED.replace(" / /sys", " /part /sys");
        assert!(matches!(detect(&part, "cpu memory pids"), Err(DetectError::NoUnified)));
    }
}
