//! What the host offers, what is missing, what that costs, and the line that mends it.
//!
//! The keeper asks before it starts anything, and refuses below the minimum, which is everything.
//! `skep doctor` shows the same, with the walls themselves: a sandbox is built and torn down at every
//! start, and any wall that cannot stand ends the start.

use std::{fs, path::Path};

use skep_link::{frame::NAMESPACES, zygote::Step};
use skep_proto::v1::{Finding, finding::Grade};

use crate::{
    api::Daemon,
    cgroup::{Controller, Hierarchies, Limit, Mode, Tree},
    config::Config,
};

/// Looks at the host.
#[derive(Clone, Debug)]
pub struct Doctor {
    host: Vec<Finding>,
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
        Self { host }
    }

    /// What is missing. Everything is needed: nothing can be left out.
    pub fn unfit(&self) -> Vec<&Finding> {
        self.host.iter().filter(|finding| finding.grade() == Grade::Missing).collect()
    }

    /// Everything, with what lives right now.
    pub async fn examine(&self, daemon: &Daemon) -> Vec<Finding> {
        let mut findings = self.host.clone();
        let built = "built and proven when the daemon started";
        findings.extend(NAMESPACES.map(|name| ok(&format!("wall: {name} namespace"), built)));
        findings.extend(Step::ALL.map(|step| ok(&format!("wall: {}", step.as_str()), built)));
        findings.extend(Limit::ALL.iter().map(|limit| {
            ok(&format!("wall: {limit:?} limit"), "written and read back for every instance")
        }));
        let ready = daemon.shared.launcher.zygotes().ready();
        findings.push(if ready {
            ok("zygote", "ready")
        } else {
            Finding {
                needed: "a zygote that new instances come from".to_owned(),
                cost: "no new instance until the keeper has started another".to_owned(),
                ..finding("zygote", Grade::Degraded, "none right now")
            }
        });
        let doomed: usize = daemon
            .pools
            .values()
            .flat_map(|pool| pool.instances())
            .filter(|status| status.state == skep_core::life::State::Doomed)
            .count();
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
    let text = fs::read_to_string(Path::new("/etc/passwd")).unwrap_or_default();
    let taken = text
        .lines()
        .filter_map(|line| line.split(':').nth(2)?.parse::<u32>().ok())
        .find(|uid| range.contains(uid) || *uid == ids.user);
    match taken {
        None => {
            ok("identities", &format!("{} to {}, daemon {}", range.start, range.end - 1, ids.user))
        }
        Some(uid) => missing(
            "identities",
            &format!("uid {uid} is a user of this host"),
            "a range that nobody has",
            "choose another range: ids.first, ids.count and ids.user in the configuration",
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
