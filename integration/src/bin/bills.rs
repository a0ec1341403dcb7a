//! The long form of `service::bills`: whether a tenant's bill adds up after hostile work of many kinds.
//!
//! `bills [SECONDS]`, as root; ten minutes if it is not said otherwise. Printed are the four lines together, of it
//! what was neither a call nor a load, and what the kernel counted. A failure: more than 2 % between the lines
//! and the kernel, or 15 % and more that was around the work.

use std::{env, process::ExitCode, time::Duration};

use skep_integration::{
    bills::{MOST_AROUND, Sums, mixed},
    host::Host,
    yard::until,
};

fn main() -> ExitCode {
    let seconds = match env::args().nth(1).map(|text| text.parse()) {
        None => 600,
        Some(Ok(seconds)) => seconds,
        Some(Err(error)) => {
            eprintln!("bills: the number of seconds cannot be read: {error}");
            return ExitCode::from(64);
        }
    };
    let host = Host::new("");
    mixed(&host, Duration::from_secs(seconds));
    // What ended last is read when it is removed.
    until("everything has ended", || {
        host.instances("acme").iter().all(|one| one.state != "doomed")
    });
    let sums = Sums::of(&host, "acme");
    let Sums { all, around, kernel } = sums;
    let percent = |part: u64, of: u64| part.saturating_mul(1000) / of.max(1);
    let (off, share) = (percent(all.abs_diff(kernel), kernel), percent(around, all));
    println!(
        "lines  {} ms, starts, ends and spares {} ms ({}.{} %)",
        all / 1000,
        around / 1000,
        share / 10,
        share % 10
    );
    println!("kernel {} ms, {}.{} % off", kernel / 1000, off / 10, off % 10);
    println!("{:#?}", host.bill("acme", ""));
    if sums.add_up() && sums.mostly_work() {
        return ExitCode::SUCCESS;
    }
    eprintln!(
        "bills: the bill is off by more than 2 %, or {MOST_AROUND} % and more are around the work"
    );
    ExitCode::FAILURE
}
