//! The connection to the daemon: where it is, how long to wait, and why it is not there.
//!
//! One connection for each command. Who we are is known to the daemon from the socket; nothing here
//! sends a name or a password.
//!
//! Always true: connecting takes at most [`CONNECT`], and no call is waited for without a deadline.

use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    io::{self, Read as _},
    os::unix::net::UnixStream,
    str::FromStr,
    time::Duration,
};

use skep_proto::v1::{
    apps_client::AppsClient, host_client::HostClient, invocations_client::InvocationsClient,
    quotas_client::QuotasClient,
};
use tonic::{
    Response, Status,
    transport::{Channel, Endpoint},
};

use crate::errors::{Failure, STRANGER, chain};

/// The longest that connecting may take.
const CONNECT: Duration = Duration::from_secs(5);

/// For calls that only look something up.
pub(crate) const QUICK: Duration = Duration::from_secs(15);

/// For calls that start work: deploying, removing, draining.
pub(crate) const PATIENT: Duration = Duration::from_secs(60);

/// The largest answer that is taken, far above what the daemon sends.
const MOST_BYTES: usize = 64 << 20;

/// Where the daemon listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A unix socket, by its path.
    Unix(String),
    /// An address without encryption, as a URL.
    Http(String),
}

/// A text that says of no place where a daemon could listen.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadTarget {
    /// It is a path.
    #[error("a socket is written unix://{path}")]
    BarePath {
        /// The path.
        path: String,
    },
    /// It has another scheme, or none, or nothing after it.
    #[error("write unix:///path/to/socket or http://host:port")]
    Unknown,
    /// The daemon speaks no TLS.
    #[error("https is not supported; use a unix socket, or http:// through a tunnel")]
    Https,
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        if let Some(path) = text.strip_prefix("unix://").or_else(|| text.strip_prefix("unix:")) {
            return match path {
                "" => Err(BadTarget::Unknown),
                path => Ok(Self::Unix(path.to_owned())),
            };
        }
        match text.split_once("://") {
            Some(("http", rest)) if !rest.is_empty() => Ok(Self::Http(text.to_owned())),
            Some(("https", _)) => Err(BadTarget::Https),
            None if text.starts_with('/') => Err(BadTarget::BarePath { path: text.to_owned() }),
            _ => Err(BadTarget::Unknown),
        }
    }
}

impl Target {
    /// Whether the daemon knows no caller like us. It says so to whoever connects, before it hears anything; the
    /// connection that broke may not have been read so far.
    fn calls_us_a_stranger(&self) -> bool {
        let Self::Unix(path) = self else { return false };
        let Ok(mut stream) = UnixStream::connect(path) else { return false };
        // A daemon that is silent for longer is no answer either.
        let timed = stream.set_read_timeout(Some(STRANGER_WAIT));
        let mut said = Vec::new();
        while said.len() < STRANGER_BYTES && timed.is_ok() {
            let mut some = [0; STRANGER_BYTES];
            match stream.read(&mut some) {
                Ok(count) if 0 < count => said.extend_from_slice(&some[..count]),
                _ => break,
            }
        }
        said.ends_with(STRANGER.as_bytes())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{path}"),
            Self::Http(url) => f.write_str(url),
        }
    }
}

/// How long what is said to a stranger is waited for, and its bytes.
const STRANGER_WAIT: Duration = Duration::from_millis(500);
const STRANGER_BYTES: usize = 40;

/// A daemon that answered the connection.
pub(crate) struct Daemon {
    target: Target,
    channel: Channel,
}

impl Daemon {
    /// Connects, or says why that is not possible and what to do.
    pub(crate) async fn connect(target: Target) -> Result<Self, Failure> {
        let endpoint = Endpoint::from_shared(target.to_string()).map_err(|error| {
            let message = format!("cannot use the endpoint {target}: {}", chain(&error));
            Failure::usage(message, "write unix:///path/to/socket or http://host:port")
        })?;
        match tokio::time::timeout(CONNECT, endpoint.connect_timeout(CONNECT).connect()).await {
            Ok(Ok(channel)) => Ok(Self { target, channel }),
            Ok(Err(error)) => Err(unreachable(&target, &error)),
            Err(_) => Err(unreachable(&target, &io::Error::from(io::ErrorKind::TimedOut))),
        }
    }

    /// Waits for the answer of one call, at most so long.
    pub(crate) async fn answer<T>(
        &self,
        within: Duration,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Failure> {
        self.wait(within, call, Failure::no_answer).await
    }

    /// The same for the call of a function, which has used up its time when that is over.
    pub(crate) async fn outcome<T>(
        &self,
        within: Duration,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Failure> {
        self.wait(within, call, Failure::no_outcome).await
    }

    async fn wait<T>(
        &self,
        within: Duration,
        call: impl Future<Output = Result<Response<T>, Status>>,
        over: fn(String) -> Failure,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(within, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(self.failure(status)),
            Err(_) => {
                let (target, within) = (&self.target, within.as_secs_f32());
                Err(over(format!("no answer from {target} within {within} s")))
            }
        }
    }

    /// A status with a source never came over the wire: the connection broke.
    fn failure(&self, status: Status) -> Failure {
        match status.source() {
            Some(_) if self.target.calls_us_a_stranger() => Failure::stranger(),
            Some(source) => Failure::unreachable(
                format!("the connection to {} broke: {}", self.target, chain(source)),
                "see whether skepd still runs: systemctl status skepd",
            ),
            None => status.into(),
        }
    }

    /// Runs functions.
    pub(crate) fn invocations(&self) -> InvocationsClient<Channel> {
        InvocationsClient::new(self.channel.clone()).max_decoding_message_size(MOST_BYTES)
    }

    /// Deploys and removes apps.
    pub(crate) fn apps(&self) -> AppsClient<Channel> {
        AppsClient::new(self.channel.clone()).max_decoding_message_size(MOST_BYTES)
    }

    /// Reads and changes quotas.
    pub(crate) fn quotas(&self) -> QuotasClient<Channel> {
        QuotasClient::new(self.channel.clone()).max_decoding_message_size(MOST_BYTES)
    }

    /// The host and its processes.
    pub(crate) fn host(&self) -> HostClient<Channel> {
        HostClient::new(self.channel.clone()).max_decoding_message_size(MOST_BYTES)
    }
}

fn unreachable(target: &Target, error: &(dyn StdError + 'static)) -> Failure {
    if target.calls_us_a_stranger() {
        return Failure::stranger();
    }
    let kind = io_kind(error);
    let cause = match kind {
        Some(io::ErrorKind::NotFound) => "no such file".to_owned(),
        Some(io::ErrorKind::PermissionDenied) => "permission denied".to_owned(),
        Some(io::ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        Some(io::ErrorKind::TimedOut) => format!("no answer within {} s", CONNECT.as_secs()),
        _ => chain(error),
    };
    let message = format!("cannot reach skepd at {target}: {cause}");
    Failure::unreachable(message, advice(target, kind))
}

/// What to do about a target that cannot be reached.
fn advice(target: &Target, kind: Option<io::ErrorKind>) -> &'static str {
    match (target, kind) {
        (Target::Unix(_), Some(io::ErrorKind::NotFound)) => {
            "is skepd running, and is this its socket? that of make serve is \
             unix:///run/skep-dev/skep.sock; an installed one starts with: systemctl start skepd"
        }
        (Target::Unix(_), Some(io::ErrorKind::PermissionDenied)) => {
            "your user is not in the socket's group: see it with ls -l, then ask the operator"
        }
        (Target::Unix(_), Some(io::ErrorKind::ConnectionRefused)) => {
            "the socket is there but nobody listens; start skepd: systemctl restart skepd"
        }
        (Target::Http(_), Some(io::ErrorKind::ConnectionRefused)) => {
            "nobody listens there; is skepd running, and set up to listen on this address?"
        }
        (_, Some(io::ErrorKind::TimedOut)) => {
            "see whether it is overloaded: systemctl status skepd"
        }
        _ => "check --endpoint, or SKEP_ENDPOINT in the environment",
    }
}

/// The kind of the first input or output error among the causes.
fn io_kind(error: &(dyn StdError + 'static)) -> Option<io::ErrorKind> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        next = cause.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<Target, BadTarget>) {
        assert_eq!(text.parse(), expected, "for {text:?}");
    }

    #[test]
    fn a_socket_is_named_by_its_path() {
        check("unix:///run/s.sock", Ok(Target::Unix("/run/s.sock".to_owned())));
        check("unix:run/s.sock", Ok(Target::Unix("run/s.sock".to_owned())));
    }

    #[test]
    fn an_address_is_a_url() {
        let url = "http://127.0.0.1:7070";
        check(url, Ok(Target::Http(url.to_owned())));
    }

    #[test]
    fn anything_else_is_refused_with_what_to_write() {
        check("/run/s.sock", Err(BadTarget::BarePath { path: "/run/s.sock".to_owned() }));
        check("https://host:1", Err(BadTarget::Https));
        check("unix://", Err(BadTarget::Unknown));
        check("http://", Err(BadTarget::Unknown));
        check("localhost:7070", Err(BadTarget::Unknown));
        check("", Err(BadTarget::Unknown));
    }

    #[track_caller]
    fn advises(url: &str, kind: io::ErrorKind, expected: &str) {
        let wrapped = io::Error::other(io::Error::from(kind));
        let kind = io_kind(wrapped.get_ref().unwrap());
        let advice = advice(&url.parse().unwrap(), kind);
        assert!(advice.contains(expected), "{advice:?} should contain {expected:?}");
    }

    #[test]
    fn each_cause_has_its_advice() {
        advises("unix:///s", io::ErrorKind::NotFound, "make serve");
        advises("unix:///s", io::ErrorKind::PermissionDenied, "not in the socket's group");
        advises("unix:///s", io::ErrorKind::ConnectionRefused, "nobody listens");
        advises("http://h:1", io::ErrorKind::ConnectionRefused, "listen on this address");
        advises("http://h:1", io::ErrorKind::NotFound, "--endpoint");
    }
}
