//! The calls of the API, as far as they are treated differently before they are decoded: how large they may
//! be, how often they may come, and which right they need.

use skep_core::{
    Ceiling,
    encoded::{Scan, Shape},
};
use skep_link::frame::{MAX_FILES, MAX_HEADERS};

use crate::config::{May, Rates, Sizes};

/// Names, limits and paths come on top of what is counted as payload or source.
const SLACK: u64 = 64 << 10;
/// The same for a deploy: the paths of all files, and the variables.
const SLACK_OF_A_DEPLOY: u64 = 3 << 20;
/// Bytes of a message that has neither payload nor source.
const SMALL: u64 = 4 << 10;
/// Fields of a message, and of a file in a deploy, with room for what later versions add.
const FIELDS: u32 = 64;
const FIELDS_OF_A_FILE: u32 = 4;
/// Fields of the variables and the names of modules of a deploy.
const MORE_OF_A_DEPLOY: u32 = 4 * 256;

/// One call of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rpc {
    Invoke,
    Deploy,
    Remove,
    List,
    Logs,
    GetQuota,
    SetQuota,
    Instances,
    Usage,
    /// Another one of ours: those of admins, and what does not exist.
    Other,
    /// Health and reflection; more than one message may come back.
    Foreign,
}

impl Rpc {
    pub(super) fn of(path: &str) -> Self {
        let Some((service, method)) =
            path.strip_prefix("/skep.v1.").and_then(|path| path.split_once('/'))
        else {
            return Self::Foreign;
        };
        match (service, method) {
            ("Invocations", "Invoke") => Self::Invoke,
            ("Apps", "Deploy") => Self::Deploy,
            ("Apps", "Remove") => Self::Remove,
            ("Apps", "List") => Self::List,
            ("Apps", "Logs") => Self::Logs,
            ("Quotas", "Get") => Self::GetQuota,
            ("Quotas", "Set") => Self::SetQuota,
            ("Host", "Instances") => Self::Instances,
            ("Quotas" | "Host", "Usage") => Self::Usage,
            _ => Self::Other,
        }
    }

    /// As a word, for people.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Invoke => "Invoke",
            Self::Deploy => "Deploy",
            Self::Remove => "Remove",
            Self::List => "List",
            Self::Logs => "Logs",
            Self::GetQuota => "Get",
            Self::SetQuota => "Set",
            Self::Instances => "Instances",
            Self::Usage => "Usage",
            Self::Other => "other",
            Self::Foreign => "health and reflection",
        }
    }

    /// The right that a caller needs for it; those of admins need another one.
    pub(super) fn may(self) -> Option<May> {
        match self {
            Self::Invoke => Some(May::Invoke),
            Self::Deploy | Self::Remove => Some(May::Deploy),
            Self::List | Self::Logs | Self::GetQuota | Self::Instances | Self::Usage => {
                Some(May::Observe)
            }
            Self::SetQuota => Some(May::Quota),
            Self::Other | Self::Foreign => None,
        }
    }

    /// How often one caller may make it. A call of a function is metered by the quotas of its tenant.
    pub(super) fn rate(self, rates: &Rates) -> Ceiling<u32> {
        match self {
            Self::Invoke => Ceiling::Open,
            Self::Deploy => rates.deploy,
            Self::SetQuota => rates.set,
            _ => rates.others,
        }
    }

    /// Bytes of its message, at most.
    pub(super) fn most(self, sizes: &Sizes) -> u64 {
        match self {
            Self::Invoke => sizes.request.bytes() + SLACK,
            Self::Deploy => sizes.source.bytes() + SLACK_OF_A_DEPLOY,
            _ => SMALL,
        }
    }

    /// Counts the fields of its message.
    pub(super) fn scan(self) -> Option<Scan> {
        let files = u32::try_from(MAX_FILES).unwrap_or(u32::MAX);
        let headers = u32::try_from(MAX_HEADERS).unwrap_or(u32::MAX);
        let shape = match self {
            Self::Foreign => return None,
            // Files, limits and rates, variables, given files and the names of modules.
            Self::Deploy => {
                let most = FIELDS + MORE_OF_A_DEPLOY + files.saturating_mul(FIELDS_OF_A_FILE);
                Shape { most, inner: &[3, 5, 6, 7, 9, 10, 11] }
            }
            // The head of a call in the shape of HTTP.
            Self::Invoke => Shape { most: FIELDS + headers, inner: &[7] },
            // A small one is too small for many fields inside of others.
            _ => Shape { most: FIELDS, inner: &[] },
        };
        Some(Scan::new(shape))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_known_by_their_whole_path() {
        assert_eq!(Rpc::of("/skep.v1.Apps/Deploy"), Rpc::Deploy);
        assert_eq!(Rpc::of("/skep.v1.Apps/Deploy/"), Rpc::Other);
        assert_eq!(Rpc::of("/skep.v1.Host/Drain"), Rpc::Other);
        assert_eq!(Rpc::of("/grpc.health.v1.Health/Watch"), Rpc::Foreign);
        assert_eq!(Rpc::of("/x/skep.v1.Apps/Deploy"), Rpc::Foreign);
    }
}
