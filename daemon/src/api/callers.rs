//! Who calls: known from the connection, never from what the caller says.

use std::collections::BTreeSet;

use http::Extensions;
use skep_core::TenantId;
use tonic::transport::server::{TcpConnectInfo, UdsConnectInfo};

use super::status::Refusal;
use crate::config::{self, Peer};

/// The configured rules.
#[derive(Debug)]
pub(super) struct Callers(Vec<config::Caller>);

/// What one caller may do: what all rules that fit it allow together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rights {
    admin: bool,
    everybody: bool,
    tenants: BTreeSet<TenantId>,
}

impl Callers {
    pub(super) fn new(rules: &[config::Caller]) -> Self {
        Self(rules.to_vec())
    }

    /// The rights of whoever sent `request`.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unknown`]: no rule fits.
    pub(super) fn rights(&self, extensions: &Extensions) -> Result<Rights, Refusal> {
        let peers: Vec<Peer> = if extensions.get::<TcpConnectInfo>().is_some() {
            vec![Peer::Tcp]
        } else {
            let peer = extensions.get::<UdsConnectInfo>().and_then(|info| info.peer_cred);
            let peer = peer.ok_or(Refusal::Unknown)?;
            vec![Peer::Uid(peer.uid()), Peer::Gid(peer.gid())]
        };
        self.of(&peers)
    }

    fn of(&self, peers: &[Peer]) -> Result<Rights, Refusal> {
        let mut rights = None;
        for rule in self.0.iter().filter(|rule| peers.contains(&rule.peer)) {
            let rights = rights.get_or_insert_with(Rights::default);
            rights.admin |= rule.admin;
            match &rule.tenants {
                None => rights.everybody = true,
                Some(tenants) => rights.tenants.extend(tenants.iter().cloned()),
            }
        }
        rights.ok_or(Refusal::Unknown)
    }
}

impl Rights {
    /// # Errors
    ///
    /// [`Refusal::NotFound`], as for what does not exist.
    pub(super) fn tenant(&self, tenant: &TenantId) -> Result<(), Refusal> {
        if self.everybody || self.tenants.contains(tenant) {
            Ok(())
        } else {
            Err(Refusal::NotFound)
        }
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
    use super::*;

    fn callers() -> Callers {
        let tenant = |name: &str| name.parse().unwrap();
        Callers::new(&[
            config::Caller { peer: Peer::Uid(0), admin: true, tenants: None },
            config::Caller { peer: Peer::Uid(7), admin: false, tenants: Some(vec![tenant("a")]) },
            config::Caller { peer: Peer::Gid(9), admin: false, tenants: Some(vec![tenant("b")]) },
        ])
    }

    #[test]
    fn a_stranger_has_no_rights_at_all() {
        assert_eq!(callers().of(&[Peer::Uid(5), Peer::Gid(5)]), Err(Refusal::Unknown));
        assert_eq!(callers().of(&[Peer::Tcp]), Err(Refusal::Unknown));
    }

    #[test]
    fn rules_for_user_and_group_add_up_and_no_further() {
        let rights = callers().of(&[Peer::Uid(7), Peer::Gid(9)]).unwrap();
        assert_eq!(rights.tenant(&"a".parse().unwrap()), Ok(()));
        assert_eq!(rights.tenant(&"b".parse().unwrap()), Ok(()));
        assert_eq!(rights.tenant(&"c".parse().unwrap()), Err(Refusal::NotFound));
        assert_eq!(rights.admin(), Err(Refusal::NotAdmin));
    }

    #[test]
    fn an_admin_for_everybody_is_both() {
        let rights = callers().of(&[Peer::Uid(0), Peer::Gid(0)]).unwrap();
        assert_eq!(rights.tenant(&"z".parse().unwrap()), Ok(()));
        assert_eq!(rights.admin(), Ok(()));
    }
}
