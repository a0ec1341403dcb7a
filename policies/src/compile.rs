//! Compiles a list of entries into one filter program. Used by this crate's build, and by the tests that
//! leave an entry out; the product only has the programs that the build made.
//!
//! seccompiler compiles each entry, alone; what is ours is how the entry of a call is found. The kernel
//! runs a program once for every call number there is when it is installed: a search by halves costs each
//! start of an instance a fraction of what a chain of comparisons does.

use std::{collections::BTreeMap, error::Error};

use seccompiler::{BpfProgram, TargetArch, compile_from_json, sock_filter};
use serde_json::{Value, json};

/// What a call answers that is in neither list: libraries take it as "this kernel is too old".
pub(crate) const ENOSYS: i32 = 38;

/// The two programs of the run wall in the order of their installation: the list's name, what a match
/// does, what everything else does.
pub(crate) fn programs() -> [(&'static str, Value, Value); 2] {
    [
        ("deny", json!("kill_process"), json!("allow")),
        ("allow", json!("allow"), json!({ "errno": ENOSYS })),
    ]
}

/// One program as the bytes of its `sock_filter` list, in the byte order of the build machine.
pub(crate) fn compile(
    entries: &[Value],
    arch: &str,
    target: TargetArch,
    on_match: Value,
    otherwise: Value,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut calls = BTreeMap::new();
    for entry in entries {
        if entry["only"].as_str().is_none_or(|only| only == arch) {
            let program = alone(entry, target, &on_match, &otherwise)?;
            let asks = entry.get("args").is_some();
            let number = number(&program)?;
            if calls.insert(number, (asks, program)).is_some() {
                return Err(format!("call {number} is there twice").into());
            }
        }
    }
    let program = search_by_halves(&calls)?;
    Ok(program.iter().flat_map(bytes).collect())
}

/// seccompiler's program for one entry.
fn alone(
    entry: &Value,
    target: TargetArch,
    on_match: &Value,
    otherwise: &Value,
) -> Result<BpfProgram, Box<dyn Error>> {
    let mut entry = entry.clone();
    entry.as_object_mut().map(|fields| fields.remove("only"));
    let filter = json!({ "run": {
        "mismatch_action": otherwise, "match_action": on_match, "filter": [entry],
    }});
    let mut programs = compile_from_json(filter.to_string().as_bytes(), target)?;
    Ok(programs.remove("run").ok_or("the compiler lost the program")?)
}

/// Instructions of such a program before it compares the call's number: a check of the architecture, which
/// kills, and the load of the number.
const HEAD: usize = 4;
/// Instructions of such a program that asks for no argument; the answers are at their places from the end.
const PLAIN: usize = HEAD + 6;
const MATCHED_FROM_END: usize = 3;
const OTHER_FROM_END: usize = 1;

/// `BPF_JMP | BPF_JEQ | BPF_K`, see linux/bpf_common.h.
const JUMP_IF_EQUAL: u16 = 0x15;
/// `BPF_JMP | BPF_JGE | BPF_K`.
const JUMP_IF_NOT_BELOW: u16 = 0x35;
/// `BPF_JMP | BPF_JA`.
const JUMP: u16 = 0x05;
/// `BPF_RET | BPF_K`.
const ANSWER: u16 = 0x06;

/// The number of the call that such a program is about.
fn number(program: &BpfProgram) -> Result<u32, Box<dyn Error>> {
    match program.get(HEAD) {
        Some(compare) if compare.code == JUMP_IF_EQUAL => Ok(compare.k),
        _ => Err("the compiler's programs have another form than is known here".into()),
    }
}

/// What follows for the numbers from one on.
#[derive(Clone, Copy)]
enum Goal<'a> {
    /// This answer.
    Answer(&'a sock_filter),
    /// The answer of this program, which asks for arguments.
    Ask(&'a BpfProgram),
}

/// One program for all calls, each with its own program and whether that asks for arguments.
fn search_by_halves(
    calls: &BTreeMap<u32, (bool, BpfProgram)>,
) -> Result<BpfProgram, Box<dyn Error>> {
    let plain = calls.values().find(|(asks, program)| !asks && program.len() == PLAIN);
    let (_, plain) =
        plain.ok_or("there is no entry without arguments to learn the answers from")?;
    let other = Goal::Answer(&plain[PLAIN - OTHER_FROM_END]);
    let matched = Goal::Answer(&plain[PLAIN - MATCHED_FROM_END]);
    if [PLAIN - OTHER_FROM_END, PLAIN - MATCHED_FROM_END].iter().any(|at| plain[*at].code != ANSWER)
    {
        return Err("the compiler's programs have another form than is known here".into());
    }
    let mut ranges = vec![(0, other)];
    for (number, (asks, program)) in calls {
        // The call before this one ended there.
        ranges.retain(|(start, _)| start != number);
        ranges.push((*number, if *asks { Goal::Ask(program) } else { matched }));
        ranges.push((number + 1, other));
    }
    let mut program = plain[..HEAD].to_vec();
    let mut asks = Vec::new();
    halve(&ranges, &mut program, &mut asks)?;
    for (jump, asked) in asks {
        program[jump].k = u32::try_from(program.len() - jump - 1)?;
        // It looks at architecture and number again, and is right alone.
        program.extend_from_slice(asked);
    }
    Ok(program)
}

/// Appends the search for a number that is in one of `ranges`; jumps to what asks for arguments are left
/// open in `asks`.
fn halve<'a>(
    ranges: &[(u32, Goal<'a>)],
    program: &mut BpfProgram,
    asks: &mut Vec<(usize, &'a BpfProgram)>,
) -> Result<(), Box<dyn Error>> {
    if let [(_, goal)] = ranges {
        match goal {
            Goal::Answer(answer) => program.push((*answer).clone()),
            Goal::Ask(asked) => {
                asks.push((program.len(), asked));
                program.push(sock_filter { code: JUMP, jt: 0, jf: 0, k: 0 });
            }
        }
        return Ok(());
    }
    let (below, from) = ranges.split_at(ranges.len() / 2);
    let (start, _) = from.first().ok_or("an empty list")?;
    let jump = program.len();
    program.push(sock_filter { code: JUMP_IF_NOT_BELOW, jt: 0, jf: 0, k: *start });
    halve(below, program, asks)?;
    program[jump].jt = u8::try_from(program.len() - jump - 1)?;
    halve(from, program, asks)
}

fn bytes(i: &sock_filter) -> [u8; 8] {
    let [c0, c1] = i.code.to_ne_bytes();
    let [k0, k1, k2, k3] = i.k.to_ne_bytes();
    [c0, c1, i.jt, i.jf, k0, k1, k2, k3]
}
