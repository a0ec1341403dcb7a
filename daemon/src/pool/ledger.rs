//! The bills of a tenant and of its apps, since the start of the daemon; and what is kept for it in memory.
//!
//! What is on which line is decided by `skep_core::bill`; this module keeps the entries where the books are, and
//! reads the clocks of those that live when somebody asks.
//!
//! Always true: the CPU time of an instance is on the bill of its tenant and, while it serves one, on that of its
//! app; what its group counted until its end is all on them, on one line or another.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use skep_core::{AppId, Bill, ByteCount, InstanceId, Line};

use super::{AppKey, Books, Pool, Seat};
use crate::instance::Instance;

/// A bill as people want to see it.
#[derive(Clone, Debug)]
pub struct Billed {
    /// Its four lines.
    pub bill: Bill,
    /// Since when.
    pub since: SystemTime,
    /// What the kernel counted in the tenant's group since then; not of one app.
    pub kernel: Option<Duration>,
}

impl Books {
    /// An instance begins something that is counted.
    pub(super) fn count(&mut self, app: Option<&AppKey>, line: Line) {
        self.bill.count(line);
        if let Some(app) = app.and_then(|app| self.app(app)) {
            app.bill.count(line);
        }
    }

    /// A new instance takes its seat; what it used to begin is on its line, and what comes is for `line`.
    pub(super) fn sit(&mut self, seat: Seat, line: Line) {
        let (id, clock, app) = (seat.instance.id, seat.instance.cpu_time(), seat.app.clone());
        self.seats.insert(id, seat);
        self.turn(id, clock, line);
        self.count(app.as_ref(), Line::Starts);
        self.count(app.as_ref(), line);
    }

    /// The clock of an instance shows `clock`, and from now on it runs for `next`.
    pub(super) fn turn(&mut self, id: InstanceId, clock: Duration, next: Line) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        let (line, cpu) = seat.meter.turn(clock, next);
        let key = seat.app.clone();
        self.bill.add(line, cpu);
        if let Some(app) = key.as_ref().and_then(|key| self.app(key)) {
            app.bill.add(line, cpu);
        }
    }

    /// What the daemon keeps for the tenant: sources, bytecode, names and console lines.
    pub(super) fn kept(&self) -> ByteCount {
        self.apps.values().fold(ByteCount::ZERO, |sum, app| {
            sum.saturating_plus(app.version.kept_bytes()).saturating_plus(app.logs.bytes())
        })
    }

    /// Has the memory book know what is kept by now: looked at where something begins, never for a call.
    pub(super) fn count_kept(&mut self) {
        let kept = self.kept();
        self.memory.set_kept(kept);
    }

    /// What an instance used since the last turn, and what it uses from now on, is for `line`.
    pub(super) fn runs_for(&mut self, id: InstanceId, line: Line) {
        if let Some(seat) = self.seats.get_mut(&id) {
            seat.meter.runs_for(line);
        }
    }
}

impl Pool {
    /// The bill of the tenant, or of one of its apps, with what the living have used so far. Reads a file.
    pub fn billed(&self, app: Option<&AppId>) -> Option<Billed> {
        let (mut bill, living) = {
            let books = self.lock();
            let bill = match app {
                None => books.bill.clone(),
                Some(app) => books.apps.get(app)?.bill.clone(),
            };
            let seats = books.seats.values();
            let seats = seats.filter(|seat| app.is_none_or(|app| seat.is_of(app)));
            let living: Vec<(Arc<Instance>, _)> =
                seats.map(|seat| (Arc::clone(&seat.instance), seat.meter)).collect();
            (bill, living)
        };
        for (instance, mut meter) in living {
            let clock = instance.cpu_total().unwrap_or_else(|| instance.cpu_time());
            let line = meter.line();
            let (line, cpu) = meter.turn(clock, line);
            bill.add(line, cpu);
        }
        let (since, before) = self.since;
        let kernel = app.is_none().then(|| self.group().cpu_used().ok()).flatten();
        Some(Billed { bill, since, kernel: kernel.map(|kernel| kernel.saturating_sub(before)) })
    }
}
