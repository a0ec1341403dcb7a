//! What requests and answers hold in the daemon, taken from the budgets and given back by whoever drops it.
//!
//! How much there is and who is asked first is decided in [`skep_core::budget`]. This module only ties
//! bytes to values: while a [`Charge`] or a [`Permit`] lives, its bytes are taken.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
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

/// The budgets that are there for the daemon's whole life.
#[derive(Debug)]
pub struct Budgets {
    all: Arc<Meter>,
    tenants: BTreeMap<TenantId, Arc<Meter>>,
    caller: ByteCount,
}

impl Budgets {
    /// All of them free.
    pub fn new<'a>(bounds: BudgetBounds, tenants: impl Iterator<Item = &'a TenantId>) -> Self {
        let tenant =
            |name: &TenantId| (name.clone(), Arc::new(Meter::new(Holder::Tenant, bounds.tenant)));
        Self {
            all: Arc::new(Meter::new(Holder::Daemon, bounds.total)),
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

    /// A budget for a caller that was not known yet.
    pub fn new_caller(&self) -> Arc<Meter> {
        Arc::new(Meter::new(Holder::Caller, self.caller))
    }
}

/// What one request holds, from its headers on until nothing of it is left.
#[derive(Debug)]
pub struct Charge {
    all: Arc<Meter>,
    caller: Arc<Meter>,
    /// Once it is known whom the request is for.
    tenant: OnceLock<Arc<Meter>>,
    bytes: AtomicU64,
    /// Of a deploy.
    _door: Option<OwnedSemaphorePermit>,
}

impl Charge {
    /// Takes `bytes` for a request of `caller`, whose message is not there yet.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn new(
        all: &Arc<Meter>,
        caller: &Arc<Meter>,
        bytes: u64,
        door: Option<OwnedSemaphorePermit>,
    ) -> Result<Arc<Self>, Full> {
        take_all([&**all, &**caller], bytes)?;
        let (all, caller) = (Arc::clone(all), Arc::clone(caller));
        let (tenant, bytes) = (OnceLock::new(), AtomicU64::new(bytes));
        Ok(Arc::new(Self { all, caller, tenant, bytes, _door: door }))
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

    /// Takes `bytes` for an answer that was built.
    ///
    /// # Errors
    ///
    /// [`Full`].
    pub fn answer(&self, bytes: u64) -> Result<Permit, Full> {
        take_all(self.meters(), bytes)?;
        let (all, caller) = (Arc::clone(&self.all), Arc::clone(&self.caller));
        Ok(Permit { all, caller, tenant: self.tenant.get().cloned(), bytes })
    }

    fn meters(&self) -> impl Iterator<Item = &Meter> + Clone {
        let tenant = self.tenant.get();
        [Some(&self.all), Some(&self.caller), tenant].into_iter().flatten().map(|meter| &**meter)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let bytes = self.bytes.load(Ordering::Relaxed);
        self.meters().for_each(|meter| meter.give_back(bytes));
    }
}

/// The bytes of one answer.
#[derive(Debug)]
pub struct Permit {
    all: Arc<Meter>,
    caller: Arc<Meter>,
    tenant: Option<Arc<Meter>>,
    bytes: u64,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let meters = [Some(&self.all), Some(&self.caller), self.tenant.as_ref()];
        meters.into_iter().flatten().for_each(|meter| meter.give_back(self.bytes));
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
        let used = || [budgets.all().used(), caller.used(), tenant.used()].map(ByteCount::bytes);
        let charge = Charge::new(budgets.all(), &caller, 5, None).unwrap();
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
        assert_eq!(
            Charge::new(budgets.all(), &caller, 61, None).unwrap_err().holder,
            Holder::Caller
        );
        let charge = Charge::new(budgets.all(), &caller, 40, None).unwrap();
        assert_eq!(charge.is_for(tenant).unwrap_err().holder, Holder::Tenant);
        drop(charge);
        let used = [budgets.all(), &caller, tenant].map(|meter| meter.used().bytes());
        assert_eq!(used, [0, 0, 0]);
    }
}
