//! What the daemon keeps for a tenant gives way to its instances: code that is on disk as well, then console lines.
//!
//! Looked at only where an instance would be refused for memory, not for calls that have one.

use std::{sync::Arc, time::Instant};

use skep_core::{
    AppId, ByteCount, Cause,
    kept::{Held, cutting, leaving},
    pool::{Choice, Refusal, choose},
};

use super::{Books, Pool};
use crate::registry::Version;

impl Pool {
    /// What to do with one more call of an app, or with the one that came last of those that wait.
    pub(super) fn choose(
        &self,
        books: &mut Books,
        name: &AppId,
        waits: bool,
        now: Instant,
    ) -> Choice {
        let mut demand = self.demand(books, name, now);
        if waits {
            demand.waiting = demand.waiting.saturating_sub(1);
        }
        let choice = choose(&demand);
        if choice == Choice::Refuse(Refusal::MemoryQuota) && self.kept_gives_way(books, name) {
            demand.memory_fits = true;
            return choose(&demand);
        }
        choice
    }

    /// Has what is kept give way so that an instance of the app fits, if that is all that is in its way; whether it
    /// fits now, if need be when others have given way as well.
    pub(super) fn kept_gives_way(&self, books: &mut Books, name: &AppId) -> bool {
        let Some(app) = books.apps.get(name) else { return false };
        let need = app.version.limits.memory;
        // Looked at first: that takes no long look at what is kept.
        let Some(most) = books.memory.most_kept(need, self.could_be_freed(books)) else {
            return false;
        };
        let all = self.candidates(books);
        if self.room_in_app(books, name, need, &all).is_none() {
            return false;
        }
        books.count_kept();
        self.room_for(books, name, need).is_some()
            || (self.let_go(books, most, Some(name)) && self.room_for(books, name, need).is_some())
    }

    /// The same for apps that have fewer instances than they should always have.
    pub(super) fn kept_gives_way_to_minimum(&self, books: &mut Books, now: Instant) {
        if books.memory.kept().is_zero() {
            return;
        }
        let freed = self.could_be_freed(books);
        let apps = books.apps.iter().filter(|(_, app)| {
            let least = app.version.limits.min_instances;
            app.living() < least && app.backoff.wait(now).is_none()
        });
        let short: Vec<_> =
            apps.map(|(name, app)| (name.clone(), app.version.limits.memory)).collect();
        for (name, need) in short {
            let fits = books.memory.shortfall(need).is_zero();
            if !fits && books.memory.most_kept(need, freed).is_some() {
                self.kept_gives_way(books, &name);
            }
        }
    }

    /// The same for a version that is to go live: what is kept of it and one instance need room.
    ///
    /// # Errors
    ///
    /// They would not fit beside nothing but what cannot leave.
    pub(super) fn kept_gives_way_to_deploy(
        &self,
        books: &mut Books,
        version: &Version,
    ) -> Result<(), Cause> {
        let (need, own) = (version.limits.memory, version.kept_bytes());
        let on_disk = self.shared.kept.on_disk();
        let others = books.apps.iter().filter(|(name, _)| **name != version.app);
        let stays = others.fold(own, |sum, (_, app)| {
            sum.saturating_plus(match on_disk {
                true => app.version.names_bytes(),
                false => app.version.kept_bytes(),
            })
        });
        books.memory.could_hold(need, stays).map_err(Cause::Quota)?;
        books.count_kept();
        if let Some(most) = books.memory.most_kept(need, self.could_be_freed(books)) {
            // Where that is not enough, the reservation says so.
            self.let_go(books, most.saturating_minus(own), None);
        }
        Ok(())
    }

    /// Reserved memory that comes free if everybody gives way who may.
    fn could_be_freed(&self, books: &Books) -> ByteCount {
        let all = self.candidates(books);
        let free = all.iter().filter(|one| !one.protected);
        free.fold(books.leaving, |sum, one| sum.saturating_plus(one.memory))
    }

    /// Has code leave memory, but not that of `starts`, and then the oldest lines, each of whoever was called
    /// longest ago, until at most `most` bytes are kept; whether that can be. If not, nothing leaves.
    fn let_go(&self, books: &mut Books, most: ByteCount, starts: Option<&AppId>) -> bool {
        let on_disk = self.shared.kept.on_disk();
        let (mut code, mut lines) = (Vec::new(), Vec::new());
        let mut stays = ByteCount::ZERO;
        for (name, app) in &books.apps {
            let (version, called) = (&app.version, app.version.content.called());
            let in_memory = version.content.get().map(|content| content.bytes());
            stays = stays.saturating_plus(version.names_bytes());
            if on_disk && starts != Some(name) {
                let bytes = in_memory.unwrap_or_default();
                code.push((Arc::clone(version), Held { bytes, called }));
            } else {
                // Where it is on disk alone, it comes back.
                stays = stays.saturating_plus(in_memory.unwrap_or(version.source_bytes()));
            }
            lines.push((Arc::clone(&app.logs), Held { bytes: app.logs.bytes(), called }));
        }
        let Some(room) = most.minus(stays) else { return false };
        let held: Vec<Held> = code.iter().map(|(_, held)| *held).collect();
        let of_lines: Vec<Held> = lines.iter().map(|(_, held)| *held).collect();
        let sum = |held: &[Held]| {
            held.iter().fold(ByteCount::ZERO, |sum, one| sum.saturating_plus(one.bytes))
        };
        let mut left = sum(&held);
        for at in leaving(&held, room.saturating_minus(sum(&of_lines))) {
            code[at].0.content.leave();
            left = left.saturating_minus(held[at].bytes);
        }
        for (at, bytes) in cutting(&of_lines, room.saturating_minus(left)) {
            lines[at].0.let_go(bytes);
        }
        books.count_kept();
        true
    }
}
