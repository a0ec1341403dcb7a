//! What requests and answers hold in the daemon, taken from the budgets and given back by whoever drops it.
//!
//! How much there is and who is asked first is decided in [`skep_core::budget`]. This module only ties
//! bytes to values: while a [`Charge`] or a [`Permit`] lives, its bytes are taken.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use skep_core::{
    ByteCount, TenantId,
    budget::{Full, Holder, Meter, take_all},
};
use tokio::sync::OwnedSemaphorePermit;

use crate::config::BudgetBounds;

/// What a request holds beside its message and its headers: its task, its stream, its answer's headers.
pub const PER_REQUEST: u64 = 8 << 10;

/// Of the budget of all together, one part in so many is left to admins: whoever fills the rest cannot keep them
/// from seeing it.
const FOR_ADMINS: u64 = 8;

/// The budgets that are there for the daemon's whole life.
#[derive(Debug)]
pub struct Budgets {
    all: Arc<Meter>,
    /// Of all callers that are no admins.
    others: Arc<Meter>,
    tenants: BTreeMap<TenantId, Arc<Meter>>,
    caller: ByteCount,
}

impl Budgets {
    /// All of them free.
    pub fn new<'a>(bounds: BudgetBounds, tenants: impl Iterator<Item = &'a TenantId>) -> Self {
        let tenant =
            |name: &TenantId| (name.clone(), Arc::new(Meter::new(Holder::Tenant, bounds.tenant)));
        let total = bounds.total.bytes();
        let others = ByteCount::from_bytes(total - total / FOR_ADMINS);
        Self {
            all: Arc::new(Meter::new(Holder::Daemon, bounds.total)),
            others: Arc::new(Meter::new(Holder::Daemon, others)),
            tenants: tenants.map(tenant).collect(),
            caller: bounds.caller,
        }
    }

    /// That of all together.
    pub fn all(&self) -> &Arc<Meter> {
        &self.all
    }

    /// Those of the tenants, by name.
    pub fn tenants(&self) -> impl Iterator<Item = (&TenantId, &Arc<Meter>)> {
        self.tenants.iter()
    }

    /// That of a tenant.
    pub fn tenant(&self, name: &TenantId) -> Option<&Arc<Meter>> {
        self.tenants.get(name)
    }

    /// Those of a caller that was not known yet.
    pub fn new_caller(&self) -> CallersBudgets {
        let own = Arc::new(Meter::new(Holder::Caller, self.caller));
        CallersBudgets { own, all: Arc::clone(&self.all), others: Arc::clone(&self.others) }
    }
}

/// What the requests of one caller are taken from, before it is known whom they are for.
#[derive(Clone, Debug)]
pub struct CallersBudgets {
    /// Its own.
    pub own: Arc<Meter>,
    all: Arc<Meter>,
    others: Arc<Meter>,
}

/// What one request holds, from its headers on until nothing of it and of its answer is left.
#[derive(Debug)]
pub struct Charge {
    all: Arc<Meter>,
    /// Unless the caller is an admin.
    others: Option<Arc<Meter>>,
    caller: Arc<Meter>,
    /// Once it is known whom the request is for.
    tenant: OnceLock<Arc<Meter>>,
    bytes: AtomicU64,
    begun: AtomicBool,
    /// Of what a caller may have few of at the same time.
    _place: Option<OwnedSemaphorePermit>,
}

impl Charge {
    /// Takes `bytes` for a request of a caller, whose message is not there yet.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn new(
        caller: &CallersBudgets,
        admin: bool,
        bytes: u64,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<Arc<Self>, Full> {
        let CallersBudgets { own, all, others } = caller;
        let charge = Self {
            all: Arc::clone(all),
            others: (!admin).then(|| Arc::clone(others)),
            caller: Arc::clone(own),
            tenant: OnceLock::new(),
            bytes: AtomicU64::new(0),
            begun: AtomicBool::new(false),
            _place: place,
        };
        charge.more(bytes)?;
        Ok(Arc::new(charge))
    }

    /// Takes `bytes` more, for a message that is about to come.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn more(&self, bytes: u64) -> Result<(), Full> {
        take_all(self.meters(), bytes)?;
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// From now on all of it counts against this tenant as well. Only the first one counts.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn is_for(&self, tenant: &Arc<Meter>) -> Result<(), Full> {
        if self.tenant.get().is_none() {
            let bytes = self.bytes.load(Ordering::Relaxed);
            tenant.take(bytes)?;
            if self.tenant.set(Arc::clone(tenant)).is_err() {
                tenant.give_back(bytes);
            }
        }
        Ok(())
    }

    /// Whether it is known whom it is for.
    pub fn has_tenant(&self) -> bool {
        self.tenant.get().is_some()
    }

    /// What was asked for has begun to run.
    pub fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }

    /// Whether it has.
    pub fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// Takes `bytes` for an answer that was built.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn answer(&self, bytes: u64) -> Result<Permit, Full> {
        take_all(self.meters(), bytes)?;
        let (all, others) = (Some(Arc::clone(&self.all)), self.others.clone());
        let (caller, tenant) = (Some(Arc::clone(&self.caller)), self.tenant.get().cloned());
        Ok(Permit { meters: [all, others, caller, tenant], bytes })
    }

    /// Whether an answer of so many bytes would have room now.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn has_room(&self, bytes: u64) -> Result<(), Full> {
        self.meters().try_for_each(|meter| meter.has_room(bytes))
    }

    /// The message is gone: gives back what was taken for it.
    pub fn only_answer(&mut self) {
        let bytes = self.bytes.get_mut();
        let less = bytes.saturating_sub(PER_REQUEST);
        *bytes -= less;
        self.meters().for_each(|meter| meter.give_back(less));
    }

    fn meters(&self) -> impl Iterator<Item = &Meter> + Clone {
        let (others, tenant) = (self.others.as_ref(), self.tenant.get());
        let all = [Some(&self.all), others, Some(&self.caller), tenant];
        all.into_iter().flatten().map(|meter| &**meter)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let bytes = *self.bytes.get_mut();
        self.meters().for_each(|meter| meter.give_back(bytes));
    }
}

/// The bytes of one answer.
#[derive(Debug)]
pub struct Permit {
    meters: [Option<Arc<Meter>>; 4],
    bytes: u64,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.meters.iter().flatten().for_each(|meter| meter.give_back(self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budgets() -> (Budgets, TenantId) {
        let bytes = ByteCount::from_bytes;
        let bounds = BudgetBounds { total: bytes(100), caller: bytes(60), tenant: bytes(30) };
        let name: TenantId = "acme".parse().unwrap();
        (Budgets::new(bounds, [&name].into_iter()), name)
    }

    #[test]
    fn a_request_and_its_answer_give_back_what_they_took_at_every_level() {
        let (budgets, name) = budgets();
        let (caller, tenant) = (budgets.new_caller(), budgets.tenant(&name).unwrap());
        let used =
            || [budgets.all().used(), caller.own.used(), tenant.used()].map(ByteCount::bytes);
        let charge = Charge::new(&caller, false, 5, None).unwrap();
        charge.more(10).unwrap();
        assert_eq!(used(), [15, 15, 0]);
        charge.is_for(tenant).unwrap();
        charge.is_for(tenant).unwrap();
        assert_eq!(used(), [15, 15, 15]);
        let answer = charge.answer(15).unwrap();
        assert_eq!(charge.answer(1).unwrap_err().holder, Holder::Tenant);
        assert_eq!(used(), [30, 30, 30]);
        drop(charge);
        assert_eq!(used(), [15, 15, 15]);
        drop(answer);
        assert_eq!(used(), [0, 0, 0]);
    }

    #[test]
    fn a_request_that_a_budget_refuses_leaves_no_trace() {
        let (budgets, name) = budgets();
        let (caller, tenant) = (budgets.new_caller(), budgets.tenant(&name).unwrap());
        assert_eq!(Charge::new(&caller, false, 61, None).unwrap_err().holder, Holder::Caller);
        let charge = Charge::new(&caller, false, 40, None).unwrap();
        assert_eq!(charge.is_for(tenant).unwrap_err().holder, Holder::Tenant);
        drop(charge);
        let used = [budgets.all(), &caller.own, tenant].map(|meter| meter.used().bytes());
        assert_eq!(used, [0, 0, 0]);
    }

    #[test]
    fn what_callers_may_fill_together_leaves_a_part_to_admins() {
        let (budgets, _) = budgets();
        let charge = |bytes, admin| Charge::new(&budgets.new_caller(), admin, bytes, None);
        let _first = charge(60, false).unwrap();
        assert_eq!(charge(29, false).unwrap_err().holder, Holder::Daemon);
        let _second = charge(28, false).unwrap();
        assert_eq!(charge(1, false).unwrap_err().holder, Holder::Daemon);
        let _of_admin = charge(12, true).unwrap();
        assert_eq!(charge(1, true).unwrap_err().holder, Holder::Daemon);
        assert_eq!(budgets.all().used().bytes(), 100);
    }

    #[test]
    fn a_request_whose_message_is_gone_holds_what_every_request_does() {
        let bytes = ByteCount::from_mib(1);
        let bounds = BudgetBounds { total: bytes, caller: bytes, tenant: bytes };
        let budgets = Budgets::new(bounds, std::iter::empty());
        let mut charge = Charge::new(&budgets.new_caller(), false, 100_000, None).unwrap();
        Arc::get_mut(&mut charge).unwrap().only_answer();
        assert_eq!(budgets.all().used().bytes(), PER_REQUEST);
        drop(charge);
        assert_eq!(budgets.all().used().bytes(), 0);
    }
}
