//! Native hostile programs, on the product's own zygote, jail and filter.
//!
//! `hostile-shim` takes the place of `skep-shim` in tests. What it runs behind the walls is no engine
//! but the programs in [`deeds`]: each tries one thing that must be impossible and says what happened.
//! `hostile-shim outside NAME [ARG]` runs the same program without walls: the counter-check.
//!
//! Under another file name it is a mutant: `omit.step.empty-root` leaves that step out of the jail,
//! `omit.namespace.net` that namespace, `omit.deny.ptrace` that entry's effect, `omit.rlimit.core` that
//! limit; `omit.zygote.bounds` leaves out those of the zygote itself. `omit.taken-over.PID` is a zygote that
//! was taken over, see [`inside`]. The product has no such switch: it has no way to build an incomplete jail.

mod deeds;
mod inside;
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
    // What it is called is only known before it leaves the host's root.
    let victim = mutant::victim();
    skep_shim::zygote::main(mutant::jail(), move || mutant::payload(victim))
}
