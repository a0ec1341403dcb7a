//! The compiled filters, run by an interpreter of their few instructions: whatever the call, they answer as
//! seccompiler's own chain of all entries does, and after few steps.

use std::ops::RangeInclusive;

use seccompiler::{TargetArch, compile_from_json};
use serde_json::{Value, json};
use skep_policies::{Program, RUN_AARCH64, RUN_JSON, RUN_X86_64, RunWall};

type Instruction = (u16, u8, u8, u32);

const X86_64: u32 = 0xC000_003E;
const AARCH64: u32 = 0xC000_00B7;

/// What a call looks like to a filter: number, architecture, and its arguments.
struct Call {
    number: u32,
    arch: u32,
    args: [u64; 6],
}

impl Call {
    /// The word at `offset` of the kernel's `struct seccomp_data`.
    fn word(&self, offset: u32) -> u32 {
        let (at, high) = ((offset as usize).saturating_sub(16) / 8, offset % 8 == 4);
        match offset {
            0 => self.number,
            4 => self.arch,
            16..64 if high => (self.args[at] >> 32) as u32,
            16..64 => (self.args[at] & 0xFFFF_FFFF) as u32,
            _ => panic!("a filter reads at {offset}"),
        }
    }
}

/// The answer of a filter, and after how many steps.
fn run(program: &[Instruction], call: &Call) -> (u32, usize) {
    let (mut at, mut word) = (0, 0);
    for step in 1..=program.len() {
        let (code, jt, jf, k) = program[at];
        at += 1;
        let jump = |yes: bool| usize::from(if yes { jt } else { jf });
        match code {
            0x20 => word = call.word(k),
            0x54 => word &= k,
            0x15 => at += jump(word == k),
            0x25 => at += jump(word > k),
            0x35 => at += jump(word >= k),
            0x05 => at += k as usize,
            0x06 => return (k, step),
            _ => panic!("unknown instruction {code:#x}"),
        }
    }
    panic!("a filter that does not end");
}

/// All entries in seccompiler's own chain.
fn chain(list: &str, arch: &str, on_match: Value, otherwise: Value) -> Vec<Instruction> {
    let run: Value = serde_json::from_str(RUN_JSON).expect("reviewed data");
    let mut entries = run[list].as_array().expect("a list").clone();
    entries.retain(|entry| entry["only"].as_str().is_none_or(|only| only == arch));
    for entry in &mut entries {
        entry.as_object_mut().expect("an entry").remove("only");
    }
    let filter = json!({ "run": {
        "mismatch_action": otherwise, "match_action": on_match, "filter": entries,
    }});
    let target = TargetArch::try_from(arch).expect("a known architecture");
    let programs = compile_from_json(filter.to_string().as_bytes(), target)
        .expect("what is compiled for the product, too");
    programs["run"].iter().map(|i| (i.code, i.jt, i.jf, i.k)).collect()
}

/// Every number that a kernel has or may have soon, those of x32, and the last ones there are.
const NUMBERS: [RangeInclusive<u32>; 3] =
    [0..=1024, 0x4000_0000..=0x4000_0400, u32::MAX - 8..=u32::MAX];

/// Protections (the third argument of what asks) without and with PROT_EXEC, also beside high bits.
const ARGUMENTS: [u64; 5] = [0, 3, 4, 7, 0xFFFF_FFFF_0000_0004];

fn check(wall: RunWall, arch: &str, audit: u32) {
    let lists: [(&str, Program, Value, Value); 2] = [
        ("deny", wall.deny, json!("kill_process"), json!("allow")),
        ("allow", wall.allow, json!("allow"), json!({ "errno": 38 })),
    ];
    for (list, program, on_match, otherwise) in lists {
        let ours: Vec<Instruction> = program.instructions().collect();
        let theirs = chain(list, arch, on_match, otherwise);
        let mut answers = std::collections::BTreeSet::new();
        for number in NUMBERS.into_iter().flatten() {
            for third in ARGUMENTS {
                for arch in [audit, X86_64, AARCH64, 0] {
                    let call = Call { number, arch, args: [third; 6] };
                    let (answer, steps) = run(&ours, &call);
                    assert_eq!(
                        answer,
                        run(&theirs, &call).0,
                        "{list}: {number} {third:#x} {arch:#x}"
                    );
                    assert!(steps <= 28, "{list}: {number} takes {steps} steps");
                    answers.insert(answer);
                }
            }
        }
        // Match, no match, and (with the deny list: as a match) the wrong architecture.
        assert_eq!(answers.len(), if list == "deny" { 2 } else { 3 }, "{list}");
    }
}

#[test]
fn the_filters_of_x86_64_answer_as_a_chain_does() {
    check(RUN_X86_64, "x86_64", X86_64);
}

#[test]
fn the_filters_of_aarch64_answer_as_a_chain_does() {
    check(RUN_AARCH64, "aarch64", AARCH64);
}
