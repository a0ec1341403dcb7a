//! Who calls: known from the connection, never from what the caller says.
//!
//! What a caller holds and how often it calls is counted in its [`Account`], which outlives its
//! connections: whoever comes again finds what it left.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use skep_core::{Ceiling, TenantId, budget::Meter, paces::Paces};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{connections::Ids, lanes::Lanes, rpc::Rpc, status::Refusal};
use crate::{
    budget::{Budgets, CallersBudgets},
    config::{self, May, Peer},
};

/// Accounts at most: more than there can be connections. Those of callers that are gone make room.
const MOST_ACCOUNTS: usize = 4096;
/// Deploys of one caller that arrive or run at the same time.
const DEPLOYS: usize = 16;
/// Calls of health and reflection of one caller that are open at the same time: they may stay for ever.
const WATCHES: usize = 64;
/// Pieces of work of one caller at the same time that wait for files: half of all there are.
const FILES: usize = 2;

/// What one caller may do: what all rules that fit it allow together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rights {
    admin: bool,
    grants: Vec<Grant>,
}

/// What one rule allows, and for which tenants; `None` is everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    tenants: Option<BTreeSet<TenantId>>,
    may: BTreeSet<May>,
}

/// What one caller has open, on all of its connections.
#[derive(Debug)]
pub(super) struct Account {
    /// Bytes of its requests and answers.
    pub(super) budget: CallersBudgets,
    /// What all of them have to run.
    pub(super) lanes: Lanes,
    deploys: Arc<Semaphore>,
    watches: Arc<Semaphore>,
    files: Arc<Semaphore>,
    paces: Mutex<Paces<Rpc>>,
}

/// Whoever is at the other end of a connection.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) rights: Rights,
    pub(super) account: Arc<Account>,
}

/// The configured rules, and the accounts of those who came.
#[derive(Debug)]
pub(super) struct Callers {
    rules: Vec<config::Caller>,
    budgets: Arc<Budgets>,
    /// Of each caller per second; those beyond wait.
    refusals: Ceiling<NonZeroU32>,
    accounts: Mutex<HashMap<Option<u32>, Arc<Account>>>,
}

impl Callers {
    pub(super) fn new(
        rules: &[config::Caller],
        budgets: Arc<Budgets>,
        refusals: Ceiling<NonZeroU32>,
    ) -> Self {
        Self { rules: rules.to_vec(), budgets, refusals, accounts: Mutex::default() }
    }

    /// Whoever connected: the user and group of its process, or `None` over TCP.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unknown`]: no rule fits.
    pub(super) fn meet(&self, ids: Option<Ids>) -> Result<Arc<Caller>, Refusal> {
        let rights = match ids {
            Some(ids) => self.of(&[Peer::Uid(ids.user), Peer::Gid(ids.group)])?,
            None => self.of(&[Peer::Tcp])?,
        };
        let user = ids.map(|ids| ids.user);
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if MOST_ACCOUNTS <= accounts.len() && !accounts.contains_key(&user) {
            // Whoever has neither a connection nor a byte here has nothing to lose.
            accounts.retain(|_, account| {
                1 < Arc::strong_count(account) || 1 < Arc::strong_count(&account.budget.own)
            });
        }
        let account = accounts.entry(user).or_insert_with(|| {
            Arc::new(Account {
                budget: self.budgets.new_caller(),
                lanes: Lanes::new(self.refusals),
                deploys: Arc::new(Semaphore::new(DEPLOYS)),
                watches: Arc::new(Semaphore::new(WATCHES)),
                files: Arc::new(Semaphore::new(FILES)),
                paces: Mutex::default(),
            })
        });
        Ok(Arc::new(Caller { rights, account: Arc::clone(account) }))
    }

    /// What each caller holds, of those with an account.
    pub(super) fn budgets(&self) -> BTreeMap<Option<u32>, Arc<Meter>> {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.iter().map(|(user, account)| (*user, Arc::clone(&account.budget.own))).collect()
    }

    fn of(&self, peers: &[Peer]) -> Result<Rights, Refusal> {
        let mut rights = None;
        for rule in self.rules.iter().filter(|rule| peers.contains(&rule.peer)) {
            let rights = rights.get_or_insert_with(Rights::default);
            rights.admin |= rule.admin;
            rights.grants.push(Grant {
                tenants: rule.tenants.as_ref().map(|names| names.iter().cloned().collect()),
                may: rule.may.clone(),
            });
        }
        rights.ok_or(Refusal::Unknown)
    }
}

impl Account {
    /// Charges one call of a kind that may be made so often in a second.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooOften`].
    pub(super) fn pace(&self, rpc: Rpc, per_second: u32, admin: bool) -> Result<(), Refusal> {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let admitted = paces.admit(rpc, Ceiling::At(per_second), admin, Instant::now());
        admitted.map_err(|too_often| Refusal::TooOften { rpc: rpc.as_str(), too_often })
    }

    /// A place for one more request of a kind of which a caller may have few at the same time, before anything
    /// of it is read.
    ///
    /// # Errors
    ///
    /// [`Refusal::Places`].
    pub(super) fn place(&self, rpc: Rpc) -> Result<Option<OwnedSemaphorePermit>, Refusal> {
        let (places, what, most) = match rpc {
            Rpc::Deploy => (&self.deploys, "deploys", DEPLOYS),
            Rpc::Foreign => (&self.watches, "calls of health and reflection", WATCHES),
            _ => return Ok(None),
        };
        let place = Arc::clone(places).try_acquire_owned();
        place.map(Some).map_err(|_| Refusal::Places { what, most })
    }

    /// A turn to wait for files. Who waits for it is in the budgets.
    pub(super) async fn files(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        Arc::clone(&self.files).acquire_owned().await.ok()
    }
}

impl Rights {
    /// Whether the caller may do that to this tenant.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotFound`], as for what does not exist, if it has nothing to do with the tenant at all; else
    /// [`Refusal::MayNot`].
    pub(super) fn tenant(&self, tenant: &TenantId, may: Option<May>) -> Result<(), Refusal> {
        let mut refusal = Refusal::NotFound;
        let fits = |grant: &&Grant| grant.tenants.as_ref().is_none_or(|all| all.contains(tenant));
        for grant in self.grants.iter().filter(fits) {
            match may {
                Some(may) if !grant.may.contains(&may) => refusal = Refusal::MayNot(may),
                _ => return Ok(()),
            }
        }
        Err(refusal)
    }

    /// Whether there is any tenant to whom the caller may do that: else nothing of the request is read.
    ///
    /// # Errors
    ///
    /// [`Refusal::MayNot`].
    pub(super) fn may_at_all(&self, may: May) -> Result<(), Refusal> {
        let found = self.admin || self.grants.iter().any(|grant| grant.may.contains(&may));
        if found { Ok(()) } else { Err(Refusal::MayNot(may)) }
    }

    /// Whether it can do anything for one tenant only: then whatever is refused there is its own.
    pub(super) fn is_for_one(&self) -> bool {
        let mut all = BTreeSet::new();
        for grant in &self.grants {
            match &grant.tenants {
                None => return false,
                Some(tenants) => all.extend(tenants),
            }
        }
        all.len() <= 1
    }

    pub(super) fn is_admin(&self) -> bool {
        self.admin
    }

    /// # Errors
    ///
    /// [`Refusal::NotAdmin`].
    pub(super) fn admin(&self) -> Result<(), Refusal> {
        if self.admin { Ok(()) } else { Err(Refusal::NotAdmin) }
    }
}

#[cfg(test)]
mod tests {
    use skep_core::ByteCount;

    use super::*;
    use crate::config::BudgetBounds;

    fn callers() -> Callers {
        let tenant = |name: &str| name.parse().unwrap();
        let bytes = ByteCount::from_mib(1);
        let bounds = BudgetBounds { total: bytes, caller: bytes, tenant: bytes };
        let rule = |peer, admin, tenants, may: &[May]| {
            let may = may.iter().copied().collect();
            config::Caller { peer, admin, tenants, may }
        };
        let rules = [
            rule(Peer::Uid(0), true, None, &May::ALL),
            rule(Peer::Uid(7), false, Some(vec![tenant("a")]), &May::ALL),
            rule(Peer::Gid(9), false, Some(vec![tenant("b")]), &[May::Observe]),
        ];
        let budgets = Arc::new(Budgets::new(bounds, std::iter::empty()));
        Callers::new(&rules, budgets, Ceiling::Open)
    }

    fn ids(user: u32, group: u32) -> Option<Ids> {
        Some(Ids { user, group })
    }

    fn rights(uid: u32, gid: u32) -> Rights {
        callers().meet(ids(uid, gid)).unwrap().rights.clone()
    }

    #[test]
    fn a_stranger_has_no_rights_at_all() {
        assert_eq!(callers().meet(ids(5, 5)).unwrap_err(), Refusal::Unknown);
        assert_eq!(callers().meet(None).unwrap_err(), Refusal::Unknown);
    }

    #[test]
    fn rules_for_user_and_group_add_up_and_no_further() {
        let rights = rights(7, 9);
        let tenant = |name: &str, may| rights.tenant(&name.parse().unwrap(), Some(may));
        assert_eq!(tenant("a", May::Deploy), Ok(()));
        assert_eq!(tenant("b", May::Observe), Ok(()));
        // What one rule allows for one tenant is not allowed for another's.
        assert_eq!(tenant("b", May::Deploy), Err(Refusal::MayNot(May::Deploy)));
        assert_eq!(tenant("c", May::Observe), Err(Refusal::NotFound));
        assert_eq!(rights.may_at_all(May::Deploy), Ok(()));
        assert_eq!(rights.admin(), Err(Refusal::NotAdmin));
    }

    #[test]
    fn an_admin_for_everybody_is_both() {
        let rights = rights(0, 0);
        assert_eq!(rights.tenant(&"z".parse().unwrap(), Some(May::Quota)), Ok(()));
        assert_eq!(rights.admin(), Ok(()));
    }

    #[test]
    fn a_right_that_no_rule_gives_is_refused_before_a_tenant_is_named() {
        let rights = rights(1, 9);
        assert_eq!(rights.may_at_all(May::Observe), Ok(()));
        assert_eq!(rights.may_at_all(May::Deploy), Err(Refusal::MayNot(May::Deploy)));
    }

    #[test]
    fn all_connections_of_a_caller_share_one_account_and_it_is_there_when_it_comes_again() {
        let callers = callers();
        let one = callers.meet(ids(7, 1)).unwrap();
        let budget = Arc::clone(&one.account.budget.own);
        let other = callers.meet(ids(7, 9)).unwrap();
        assert!(Arc::ptr_eq(&one.account, &other.account));
        drop((one, other));
        assert!(Arc::ptr_eq(&callers.meet(ids(7, 1)).unwrap().account.budget.own, &budget));
        let another = callers.meet(ids(8, 9)).unwrap();
        assert!(!Arc::ptr_eq(&another.account.budget.own, &budget));
    }

    #[test]
    fn what_a_caller_may_have_few_of_has_places_and_free_ones_are_used_again() {
        let caller = callers().meet(ids(7, 1)).unwrap();
        for (rpc, most) in [(Rpc::Deploy, 16), (Rpc::Foreign, 64)] {
            let mut places: Vec<_> =
                (0..most).map(|_| caller.account.place(rpc).unwrap()).collect();
            let refused = caller.account.place(rpc).unwrap_err();
            assert!(matches!(refused, Refusal::Places { most: found, .. } if found == most));
            places.pop();
            assert!(caller.account.place(rpc).is_ok());
        }
        assert!(caller.account.place(Rpc::Invoke).unwrap().is_none());
    }

    #[test]
    fn a_caller_is_for_one_tenant_if_no_rule_names_another() {
        let callers = callers();
        let is_for_one = |user, group| callers.meet(ids(user, group)).unwrap().rights.is_for_one();
        assert!(is_for_one(7, 1));
        assert!(!is_for_one(7, 9));
        assert!(!is_for_one(0, 0));
    }
}
