//! Hostile work of many kinds, and whether the bill of it adds up.

use std::time::{Duration, Instant};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use skep_proto::v1;

use crate::{host::Host, slowness};

/// Apps that end in each way there is, with what they are called with.
const APPS: [(&str, &str); 7] = [
    ("spin", "export default () => { for (;;); }"),
    ("throw", "export default (n) => { let s = 0; while (s < 1e6) s++; throw new Error(`${n}`); }"),
    (
        "heap",
        "export default () => { const all = []; for (;;) all.push(new Array(1000).fill(1)); }",
    ),
    ("large", "export default () => 'x'.repeat(3 << 20)"),
    (
        "rest",
        "export default () => { const go = () => Promise.resolve().then(go); go(); return 1; }",
    ),
    (
        "slow",
        "let s = 0; while (s < 2e6) s++; export default (n) => { let s = 0; while (s < 1e6) s++; return n; }",
    ),
    ("small", "export default (n) => n + 1"),
];

/// Of all CPU time, what may be for starts, ends and spares, in percent.
pub const MOST_AROUND: u64 = 15;

/// What a bill came to.
#[derive(Clone, Copy, Debug)]
pub struct Sums {
    /// All four lines.
    pub all: u64,
    /// Of it, starts, ends and spares.
    pub around: u64,
    /// What the kernel counted.
    pub kernel: u64,
}

impl Sums {
    /// Those of a tenant.
    pub fn of(host: &Host, tenant: &str) -> Self {
        let bill = host.bill(tenant, "");
        let cpu = |line: Option<v1::UsageLine>| line.unwrap_or_default().cpu_us;
        let around = cpu(bill.starts) + cpu(bill.spares);
        let all = cpu(bill.calls) + cpu(bill.loads) + around;
        Self { all, around, kernel: bill.kernel_cpu_us.unwrap_or_default() }
    }

    /// Whether starts, ends and spares are below 15 % of all lines.
    pub fn mostly_work(&self) -> bool {
        self.around * 100 < self.all * MOST_AROUND
    }

    /// Whether the lines are within 2 % of what the kernel counted.
    pub fn add_up(&self) -> bool {
        self.all.abs_diff(self.kernel) * 50 <= self.kernel
    }
}

/// Deploys the apps for `acme`. What ends by a limit takes as many times longer on a slow machine as all else does, up
/// to a point: what a start costs would be most of the bill otherwise.
pub fn deploy(host: &Host) {
    let times = slowness().min(4);
    for (app, source) in APPS {
        let deployed = host.deploy("acme", app, source, |request| {
            let limits = request.limits.as_mut().unwrap();
            limits.timeout_ms = Some(300 * times);
            limits.cpu_budget_ms = Some(200 * times);
            limits.memory_bytes = Some(32 << 20);
        });
        // Work like any other: it may be refused for a while.
        if let Err(status) = deployed {
            println!("{app} is not deployed: {}", status.message());
        }
    }
}

/// Calls all apps again and again for `time`, deploys some again and kills instances in between.
pub fn mixed(host: &Host, time: Duration) {
    let end = Instant::now() + time;
    deploy(host);
    for round in 0.. {
        for (app, _) in APPS {
            for _ in 0..3 {
                // Most of them fail, which is what they are for.
                let _ = host.invoke(app, "", "1");
            }
        }
        if round % 4 == 0 {
            deploy(host);
        }
        for one in host.instances_in("small", "idle") {
            // It may have ended meanwhile.
            let _ = kill(Pid::from_raw(i32::try_from(one.pid()).unwrap()), Signal::SIGKILL);
        }
        if end <= Instant::now() {
            return;
        }
    }
}
