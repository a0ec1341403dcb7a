//! What the host offers, what is missing, what that costs, and the line that mends it.
//!
//! The keeper asks before it starts anything, and refuses below the minimum, which is everything.
//! `skep doctor` shows the same, with the walls themselves as they were measured: a sandbox is built,
//! looked at and torn down at every start, and any wall that does not stand ends the start.

mod walls;

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use skep_link::zygote::{CloneStage, Step};
use skep_proto::v1::{Finding, finding::Grade};

use crate::{
    api::Daemon,
    cgroup::{Controller, Hierarchies, Mode, PrepareError, Tree},
    config::Config,
    daemon::DaemonError,
    instance::LaunchError,
    zygotes::CloneError,
};

pub(crate) use walls::Seen;

/// Looks at the host.
#[derive(Clone, Debug)]
pub struct Doctor {
    host: Vec<Finding>,
    walls: Vec<Finding>,
}

impl Doctor {
    /// Looks at everything that does not change while the daemon runs.
    pub fn new(config: &Config, tree: &Tree) -> Self {
        let mut host = vec![
            kernel(),
            file_has(
                "seccomp",
                "/proc/sys/kernel/seccomp/actions_avail",
                "kill_process",
                "the run wall",
                "boot a kernel with CONFIG_SECCOMP_FILTER=y",
            ),
            above_zero(
                "user namespaces",
                "/proc/sys/user/max_user_namespaces",
                "sysctl -w user.max_user_namespaces=100000",
            ),
            above_zero(
                "network namespaces",
                "/proc/sys/user/max_net_namespaces",
                "sysctl -w user.max_net_namespaces=100000",
            ),
            landlock(),
            cgroup_mode(tree),
        ];
        host.extend(
            Controller::ALL.map(|controller| of_controller(tree.hierarchies(), controller)),
        );
        host.push(cgroup_kill(tree));
        host.push(swap(tree));
        host.extend(v1_costs(tree));
        host.push(ids(config));
        Self { host, walls: Vec::new() }
    }

    /// The same with the walls of a sandbox as they were found.
    pub fn with_walls(self, walls: Vec<Finding>) -> Self {
        Self { walls, ..self }
    }

    /// The same with the files of the state that were set aside.
    pub fn with_state(mut self, aside: &[PathBuf]) -> Self {
        let names: Vec<String> = aside.iter().map(|path| path.display().to_string()).collect();
        self.host.push(match names.as_slice() {
            [] => ok("state", "every file can be read"),
            names => Finding {
                needed: "files as they were written".to_owned(),
                cost: "their apps are not served until they are deployed again".to_owned(),
                fix: "mend the disk, deploy these apps again, and remove the files".to_owned(),
                ..finding("state", Grade::Degraded, &format!("damaged: {}", names.join(", ")))
            },
        });
        self
    }

    /// What is missing. Everything is needed: nothing can be left out.
    pub fn unfit(&self) -> Vec<&Finding> {
        self.host.iter().filter(|finding| finding.grade() == Grade::Missing).collect()
    }

    /// Everything, with what lives right now.
    pub async fn examine(&self, daemon: &Daemon) -> Vec<Finding> {
        let mut findings = self.host.clone();
        findings.extend_from_slice(&self.walls);
        findings.push(match daemon.shared.launcher.zygotes().ask().await {
            Ok(()) => ok("zygote", "ready"),
            Err(why) => Finding {
                cost: "no new instance until the keeper has started another".to_owned(),
                ..missing(
                    "zygote",
                    &why,
                    "a zygote that answers: new instances come from it",
                    "look into the daemon's log; reinstall skepd and skep-shim from one build",
                )
            },
        });
        let doomed: usize = daemon.pools.values().map(|pool| pool.doomed()).sum();
        findings.push(match doomed {
            0 => ok("deaths", "all proven"),
            count => Finding {
                needed: "every kill proven".to_owned(),
                cost: "its memory and its identity stay reserved".to_owned(),
                ..finding("deaths", Grade::Degraded, &format!("{count} not proven yet"))
            },
        });
        findings
    }
}

fn finding(name: &str, grade: Grade, found: &str) -> Finding {
    Finding {
        name: name.to_owned(),
        grade: grade.into(),
        found: found.to_owned(),
        ..Finding::default()
    }
}

fn ok(name: &str, found: &str) -> Finding {
    finding(name, Grade::Ok, found)
}

fn missing(name: &str, found: &str, needed: &str, fix: &str) -> Finding {
    Finding {
        needed: needed.to_owned(),
        fix: fix.to_owned(),
        ..finding(name, Grade::Missing, found)
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn kernel() -> Finding {
    let found = read("/proc/sys/kernel/osrelease");
    let mut numbers = found.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    // The second interface of Landlock came last of what is needed, with 5.19.
    if (5, 19) <= version {
        ok("kernel", &found)
    } else {
        missing("kernel", &found, "Linux 5.19 or later", "boot a newer kernel")
    }
}

fn file_has(name: &str, path: &str, word: &str, needed: &str, fix: &str) -> Finding {
    let found = read(path);
    if found.split_whitespace().any(|found| found == word) {
        ok(name, word)
    } else {
        missing(name, &format!("{path} holds {found:?}"), needed, fix)
    }
}

fn above_zero(name: &str, path: &str, fix: &str) -> Finding {
    let found = read(path);
    match found.parse::<u64>() {
        Ok(0) | Err(_) => missing(name, &format!("{path} holds {found:?}"), "more than 0", fix),
        Ok(number) => ok(name, &format!("up to {number}")),
    }
}

fn landlock() -> Finding {
    // Whether it is enabled can only be tried, which the start-up's own sandbox does. The list of
    // security modules is a hint where it is mounted.
    let found = read("/sys/kernel/security/lsm");
    if found.is_empty() || found.split(',').any(|name| name == "landlock") {
        ok("landlock", "not known to be off; the wall of that name needs it")
    } else {
        let fix = format!("boot with lsm=landlock,{found}");
        missing("landlock", &format!("security modules are {found}"), "landlock among them", &fix)
    }
}

fn cgroup_mode(tree: &Tree) -> Finding {
    match tree.mode() {
        Mode::Unified => ok("control groups", "unified (version 2)"),
        Mode::Hybrid => Finding {
            cost:
                "an instance is moved into its groups instead of born there: up to 30 ms a start, \
                   which spares hide"
                    .to_owned(),
            needed: "unified (version 2)".to_owned(),
            fix: "boot with systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all".to_owned(),
            ..finding("control groups", Grade::Degraded, "hybrid (version 1 beside version 2)")
        },
    }
}

fn of_controller(hierarchies: &Hierarchies, controller: Controller) -> Finding {
    let (path, v2) = hierarchies.of(controller);
    let version = if v2 { 2 } else { 1 };
    ok(
        &format!("controller {}", controller.name()),
        &format!("version {version}, {}", path.display()),
    )
}

fn cgroup_kill(tree: &Tree) -> Finding {
    // The root of a hierarchy has no such file; our own groups do.
    let group = tree.group("");
    if !group.exists() || group.v2().join("cgroup.kill").exists() {
        ok("cgroup.kill", "there")
    } else {
        missing("cgroup.kill", "not there", "Linux 5.14 or later", "boot a newer kernel")
    }
}

fn swap(tree: &Tree) -> Finding {
    let (path, v2) = tree.hierarchies().of(Controller::Memory);
    let devices = read("/proc/swaps").lines().count().saturating_sub(1);
    let accounted = if v2 {
        // Only groups below the root have it; the start-up's own sandbox needs it as well.
        !tree.group("").exists() || tree.group("").v2().join("memory.swap.max").exists()
    } else {
        path.join("memory.memsw.limit_in_bytes").exists()
    };
    if accounted {
        ok("swap", &format!("bounded for each instance, {devices} swap devices"))
    } else {
        missing("swap", "swap is not counted", "a limit for swap", "boot with swapaccount=1")
    }
}

/// What version 1 cannot do.
fn v1_costs(tree: &Tree) -> Vec<Finding> {
    if tree.mode() == Mode::Unified {
        return Vec::new();
    }
    vec![Finding {
        needed: "control groups of version 2".to_owned(),
        cost: "only single processes are killed for memory; a leaf holds one anyway".to_owned(),
        fix: "boot with systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all".to_owned(),
        ..finding("memory.oom.group", Grade::Degraded, "not in version 1")
    }]
}

fn ids(config: &Config) -> Finding {
    let ids = config.ids;
    let range = ids.first..ids.first + ids.count;
    let own = [ids.user, ids.zygote, ids.group];
    let taken = |kind: &str, file: &str| {
        let text = fs::read_to_string(Path::new(file)).unwrap_or_default();
        let all = text.lines().filter_map(|line| line.split(':').nth(2)?.parse::<u32>().ok());
        let mut ours = all.filter(|id| range.contains(id) || own.contains(id));
        ours.next().map(|id| format!("{kind} {id} is one of this host"))
    };
    match taken("uid", "/etc/passwd").or_else(|| taken("gid", "/etc/group")) {
        None => {
            let [user, zygote, group] = own;
            let (first, last) = (range.start, range.end - 1);
            let found = format!("{first} to {last}, daemon {user}, zygote {zygote}, group {group}");
            ok("identities", &found)
        }
        Some(found) => missing(
            "identities",
            &found,
            "numbers that nobody has",
            "choose others: first, count, user, zygote and group below [ids] in the configuration",
        ),
    }
}

/// Shows findings as an operator reads them in a terminal.
pub fn show(findings: &[&Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        text.push_str(&format!("skepd: {} is missing\n", finding.name));
        for (label, value) in
            [("found", &finding.found), ("needed", &finding.needed), ("fix", &finding.fix)]
        {
            if !value.is_empty() {
                text.push_str(&format!("  {label}: {value}\n"));
            }
        }
    }
    text
}

/// What every sandbox inherits from the service that it belongs to.
const UNFILTERED: &str = "take what filters system calls out of the unit (SystemCallFilter=, \
                          RestrictNamespaces=, ProtectKernelModules=, ...) and profiles of AppArmor or \
                          SELinux from skepd: every sandbox inherits them";

/// The lines that follow an error which ended the start: what was found, and how to mend the host.
/// Nothing where the error says it itself.
pub fn advice(error: &(dyn Error + 'static)) -> String {
    if let Some(DaemonError::Unsound(walls)) = error.downcast_ref() {
        return format!("\n{}", show(&walls.iter().collect::<Vec<_>>()).trim_end());
    }
    fix_of(error).map_or_else(String::new, |fix| format!("\n  fix: {fix}"))
}

fn fix_of(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(DaemonError::Unseen(_)) = error.downcast_ref() {
            let fix = "mount /proc without hidepid=, and take ProtectProc= out of the unit";
            return Some(fix.to_owned());
        }
        if let Some(LaunchError::Wall { step, .. }) = error.downcast_ref() {
            let step = Step::ALL.into_iter().find(|known| known.as_str() == *step)?;
            return Some(fix_of_step(step).to_owned());
        }
        if let Some(CloneError::Refused { at, .. }) = error.downcast_ref() {
            return fix_of_stage(*at).map(str::to_owned);
        }
        if let Some(error) = error.downcast_ref() {
            return fix_of_groups(error);
        }
        next = error.source();
    }
    None
}

fn fix_of_groups(error: &PrepareError) -> Option<String> {
    match error {
        PrepareError::NotDelegated { controller, .. } => Some(format!(
            "add Delegate=yes to the [Service] section of the unit, then: systemctl daemon-reload; or \
             give a group from the top in the configuration: cgroup = \"/skep\"; if it is missing at the \
             top as well, boot without cgroup_disable={controller}"
        )),
        PrepareError::Enable { .. } => Some(
            "start skepd in a group that holds no other process, as a service with Delegate=yes; or \
             give a group of its own in the configuration: cgroup = \"/skep\""
                .to_owned(),
        ),
        PrepareError::Make { .. }
        | PrepareError::Leftover(_)
        | PrepareError::Limit(_)
        | PrepareError::Foreign { .. } => None,
    }
}

fn fix_of_stage(stage: CloneStage) -> Option<&'static str> {
    match stage {
        CloneStage::Network => Some("sysctl -w user.max_net_namespaces=100000"),
        CloneStage::Clone => Some(
            "raise what bounds namespaces and processes: sysctl -w user.max_user_namespaces=100000 \
             user.max_pid_namespaces=100000; TasksMax=infinity in the unit, and no \
             RestrictNamespaces=",
        ),
        CloneStage::Place => {
            Some("leave the groups below cgroup = of the configuration to skepd alone")
        }
        CloneStage::Identity => Some(
            "choose a range of ids that nobody else uses: ids.first and ids.count in the configuration",
        ),
        CloneStage::Descriptors | CloneStage::IdMaps | CloneStage::Release => None,
    }
}

/// How to mend a host on which a wall cannot be built.
fn fix_of_step(step: Step) -> &'static str {
    match step {
        Step::AwaitParent | Step::DieWithParent => {
            "start skepd again: zygote or daemon ended meanwhile, and the lines before this say why"
        }
        Step::NewSession
        | Step::ResetSignals
        | Step::LockSecurebits
        | Step::BoundCapabilities
        | Step::DropCapabilities
        | Step::NoNewPrivileges
        | Step::CloseOtherFds => UNFILTERED,
        Step::CgroupNamespace => {
            "sysctl -w user.max_cgroup_namespaces=100000; boot a kernel with CONFIG_CGROUPS=y"
        }
        Step::HostName => {
            "take ProtectHostname= out of the unit; boot a kernel with CONFIG_UTS_NS=y"
        }
        Step::EmptyRoot => {
            "sysctl -w user.max_mnt_namespaces=100000; boot a kernel with CONFIG_TMPFS=y; start skepd \
             where the root is a mounted file system, not the initial ramdisk; no profile of AppArmor or \
             SELinux may keep skepd from mounting and from pivot_root"
        }
        Step::SwitchIdentity => {
            "choose ids that nobody else uses: ids.first and ids.count in the configuration"
        }
        Step::Landlock => {
            "boot with lsm=landlock,... (in front of what /sys/kernel/security/lsm names now) and a \
             kernel from 5.19 on with CONFIG_SECURITY_LANDLOCK=y"
        }
        Step::ResourceLimits => {
            "raise the hard limits of the unit that are below those of a sandbox: LimitSTACK=infinity, \
             LimitDATA=infinity"
        }
        Step::RunFilter => "boot a kernel with CONFIG_SECCOMP_FILTER=y",
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::keeper::KeeperError;

    fn wall(step: Step) -> DaemonError {
        let source = io::Error::from_raw_os_error(1);
        DaemonError::Walls(LaunchError::Wall { step: step.as_str(), source })
    }

    #[test]
    fn every_wall_that_cannot_be_built_has_a_line_that_mends_the_host() {
        for step in Step::ALL {
            let fix = fix_of(&wall(step)).unwrap();
            assert!(20 < fix.len(), "{step:?}: {fix}");
        }
        assert!(fix_of(&wall(Step::Landlock)).unwrap().contains("lsm=landlock"));
    }

    #[test]
    fn a_controller_that_is_not_delegated_has_a_line_that_mends_the_host() {
        let error = || PrepareError::NotDelegated {
            controller: "memory",
            path: "/sys/fs/cgroup/skep".into(),
            found: "cpu pids".to_owned(),
        };
        for fix in [
            fix_of(&KeeperError::Prepare(error())),
            fix_of(&DaemonError::Walls(LaunchError::Tenant(error()))),
        ] {
            let fix = fix.unwrap();
            assert!(fix.contains("Delegate=yes") && fix.contains("cgroup = \"/skep\""), "{fix}");
        }
    }

    #[test]
    fn an_error_that_is_not_the_hosts_has_no_such_line() {
        assert_eq!(fix_of(&DaemonError::Config(String::new())), None);
    }
}
