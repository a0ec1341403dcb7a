//! The part of the configuration that is about requests before they are looked at: what they may hold and
//! how long they may take.

use std::time::Duration;

use skep_core::{ByteCount, DurationText};

use super::{Sizes, at_least, reader::Reader};

/// What beside a payload, a reply or a source a request and its answer may have.
const SLACK: ByteCount = ByteCount::from_bytes(256 << 10);

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

pub(super) fn budget(table: &mut Reader<'_>, sizes: Sizes) -> BudgetBounds {
    let mib = ByteCount::from_mib;
    let bounds = BudgetBounds {
        total: table.get_or("total", mib(192)),
        caller: table.get_or("caller", mib(64)),
        tenant: table.get_or("tenant", mib(32)),
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
