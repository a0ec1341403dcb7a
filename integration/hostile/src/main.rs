//! Native hostile programs, on the product's own zygote, jail and filter.
//!
//! `hostile-shim` takes the place of `skep-shim` in tests. What it runs behind the walls is no engine
//! but the programs in [`deeds`]: each tries one thing that must be impossible and says what happened.
//! `hostile-shim outside NAME [ARG]` runs the same program without walls: the counter-check.
//!
//! Under another file name it is a mutant: `omit.step.empty-root` leaves that step out of the jail,
//! `omit.namespace.net` that namespace, `omit.deny.ptrace` that entry's effect, `omit.rlimit.core` that
//! limit. The product has no such switch: it has no way to build an incomplete jail.

mod deeds;
mod mutant;
mod serve;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() == Some("outside") {
        let name = args.next().unwrap_or_default();
        let text = args.next().unwrap_or_default();
        println!("{}", deeds::run(&name, &text, None));
        return ExitCode::SUCCESS;
    }
    skep_shim::zygote::main(mutant::jail(), mutant::payload)
}
