//! The part of the configuration that is about requests before they are looked at: what they may hold, how
//! often they may come, how long they may take, and what their caller may do.

use std::{collections::BTreeSet, num::NonZeroU32, time::Duration};

use skep_core::{ByteCount, Ceiling, DurationText};

use super::{OrOpen, Sizes, at_least, reader::Reader};

/// What beside a payload, a reply or a source a request and its answer may have.
const SLACK: ByteCount = ByteCount::from_bytes(256 << 10);

/// With fewer, what waits of a caller could wait for longer than a connection has patience.
const LEAST_REFUSED: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);

/// Bytes that requests and answers may hold in the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetBounds {
    /// All together.
    pub total: ByteCount,
    /// Those of one caller.
    pub caller: ByteCount,
    /// Those for one tenant.
    pub tenant: ByteCount,
}

/// How long the daemon waits for a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until a new connection has begun to speak HTTP/2.
    pub handshake: Duration,
    /// Until a request has arrived whole.
    pub body: Duration,
    /// Until an answer is taken.
    pub answer: Duration,
    /// Until a connection without a request is ended.
    pub idle: Duration,
}

/// How often one caller may make each kind of call, in calls per second; an admin twice as often. A call of a
/// function has the quotas of its tenant instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Deploys.
    pub deploy: Ceiling<u32>,
    /// Changes of quotas.
    pub set: Ceiling<u32>,
    /// Each of the others.
    pub others: Ceiling<u32>,
    /// Refusals that a caller has itself to blame for; beyond it, what it begins anew waits.
    pub refused: Ceiling<NonZeroU32>,
}

/// What a caller may do to a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum May {
    /// Call functions.
    Invoke,
    /// See apps, console lines, quotas, instances and bills.
    Observe,
    /// Deploy and remove apps.
    Deploy,
    /// Change quotas of apps.
    Quota,
}

impl May {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Invoke, Self::Observe, Self::Deploy, Self::Quota];

    /// As a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::Observe => "observe",
            Self::Deploy => "deploy",
            Self::Quota => "quota",
        }
    }
}

/// What one rule allows; all of it if it does not say.
pub(super) fn may(table: &mut Reader<'_>) -> BTreeSet<May> {
    if !table.has("may") {
        return May::ALL.into();
    }
    let mut may = BTreeSet::new();
    for (line, word) in table.texts("may").unwrap_or_default() {
        match May::ALL.into_iter().find(|one| one.as_str() == word) {
            Some(one) => drop(may.insert(one)),
            None => {
                let what = format!("has {word:?}, needed are invoke, observe, deploy or quota");
                table.problem_at(line, "may", what);
            }
        }
    }
    may
}

pub(super) fn rates(table: &mut Reader<'_>) -> Rates {
    let mut rate = |key, rate| table.get_or(key, OrOpen(Ceiling::At(rate))).0;
    let (deploy, set, others) = (rate("deploy", 5), rate("set", 20), rate("others", 200));
    let refused = NonZeroU32::new(2000).map_or(Ceiling::Open, Ceiling::At);
    let refused = table.get_or("refused", OrOpen(refused)).0;
    if let Ceiling::At(own) = refused {
        at_least(table, "refused", own, LEAST_REFUSED);
    }
    Rates { deploy, set, others, refused }
}

pub(super) fn budget(table: &mut Reader<'_>, sizes: Sizes) -> BudgetBounds {
    let mib = ByteCount::from_mib;
    let bounds = BudgetBounds {
        total: table.get_or("total", mib(192)),
        caller: table.get_or("caller", mib(96)),
        tenant: table.get_or("tenant", mib(48)),
    };
    // Below that, there would be requests that never fit.
    let largest = sizes.request.max(sizes.reply).max(sizes.source).saturating_plus(SLACK);
    for (key, value) in
        [("total", bounds.total), ("caller", bounds.caller), ("tenant", bounds.tenant)]
    {
        at_least(table, key, value, largest);
    }
    bounds
}

/// Sources and bytecode in memory. Below that, one app could not stay for as long as it takes to load it.
pub(super) fn kept(table: &mut Reader<'_>, sizes: Sizes) -> ByteCount {
    let kept = table.get_or("kept", ByteCount::from_mib(192));
    let largest = ByteCount::from_bytes(sizes.source.bytes().saturating_mul(5));
    at_least(table, "kept", kept, largest.saturating_plus(SLACK));
    kept
}

pub(super) fn patience(table: &mut Reader<'_>) -> Patience {
    let mut time = |key, seconds| {
        let DurationText(time) = table.get_or(key, DurationText(Duration::from_secs(seconds)));
        at_least(table, key, DurationText(time), DurationText(Duration::from_millis(100)));
        time
    };
    Patience {
        handshake: time("handshake", 10),
        body: time("body", 30),
        answer: time("answer", 30),
        idle: time("idle", 300),
    }
}
