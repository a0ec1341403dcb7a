//! The jail, complete or with parts left out as this program's file name says.

use std::{collections::HashSet, env, error::Error};

use nix::sched::CloneFlags;
use seccompiler::TargetArch;
use serde_json::Value;
use skep_link::zygote::Step;
use skep_policies::Program;
use skep_shim::jail::{Jail, NAMESPACES};

use crate::{inside, serve::Prober};

#[path = "../../../policies/src/compile.rs"]
mod compile;

/// What is left out: `omit.step.landlock+deny.bpf` names two parts.
fn omitted() -> HashSet<String> {
    let name = env::current_exe().ok().and_then(|exe| Some(exe.file_name()?.to_str()?.to_owned()));
    match name.as_deref().and_then(|name| name.strip_prefix("omit.")) {
        Some(parts) => parts.split('+').map(str::to_owned).collect(),
        None => HashSet::new(),
    }
}

/// The process that a zygote which was taken over tries to reach, if this is one.
pub fn victim() -> Option<i32> {
    omitted().iter().find_map(|part| part.strip_prefix("taken-over.")?.parse().ok())
}

pub fn payload(victim: Option<i32>) -> Result<Prober, Box<dyn Error>> {
    let report = victim.map(inside::report).transpose()?.unwrap_or_default();
    Ok(Prober { report })
}

pub fn jail() -> Jail {
    let omitted = omitted();
    let kept = |kind: &str, name: &str| !omitted.contains(&format!("{kind}.{name}"));
    if omitted.is_empty() {
        return Jail::complete();
    }
    let steps: Vec<Step> =
        Step::ALL.into_iter().filter(|step| kept("step", step.as_str())).collect();
    let mut namespaces = NAMESPACES;
    for (name, flag) in [
        ("user", CloneFlags::CLONE_NEWUSER),
        ("pid", CloneFlags::CLONE_NEWPID),
        ("mnt", CloneFlags::CLONE_NEWNS),
        ("net", CloneFlags::CLONE_NEWNET),
        ("ipc", CloneFlags::CLONE_NEWIPC),
        ("uts", CloneFlags::CLONE_NEWUTS),
    ] {
        if !kept("namespace", name) {
            namespaces.remove(flag);
        }
    }
    let rlimits: Vec<_> = skep_policies::limits::RLIMITS
        .iter()
        .copied()
        .filter(|(name, _)| kept("rlimit", name))
        .collect();
    let run: Value = serde_json::from_str(skep_policies::RUN_JSON).expect("reviewed data");
    let filters: Vec<Program> = compile::programs()
        .into_iter()
        .filter(|(list, _, _)| kept("filter", list))
        .map(|(list, on_match, otherwise)| {
            let entries: Vec<Value> = run[list]
                .as_array()
                .expect("a list")
                .iter()
                .filter(|entry| kept(list, entry["syscall"].as_str().unwrap_or_default()))
                .cloned()
                .collect();
            let arch = TargetArch::x86_64;
            let bytes = compile::compile(&entries, "x86_64", arch, on_match, otherwise);
            Program::from_bytes(bytes.expect("compiles").leak())
        })
        .collect();
    let jail = Jail::new(&steps, namespaces, &rlimits, &filters);
    // A child has the zygote's bounds as well: without its own wall it would still stand behind that.
    let own = [Step::Landlock, Step::RunFilter];
    let bounded =
        kept("zygote", "bounds") && own.into_iter().all(|step| kept("step", step.as_str()));
    if bounded { jail } else { jail.from_unbounded_zygote() }
}
