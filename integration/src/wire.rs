//! A client that keeps to HTTP/2 and to nothing else: it may open no window, send half a message, or come
//! as another user. What the daemon answers is seen as it was written: code, reason, and bytes of headers.

use std::{
    os::unix::net::UnixStream as StdStream,
    time::{Duration, Instant},
};

use bytes::Bytes;
use h2::{
    RecvStream, SendStream,
    client::{Builder, ResponseFuture, SendRequest},
};
use http::{HeaderMap, Method, Request};
use prost::Message;
use rustix::{
    process::{Gid, Uid},
    thread::{set_thread_res_gid, set_thread_res_uid},
};
use tokio::{net::UnixStream, task::JoinHandle};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::{host::Host, yard::patience};

/// The window of a client that reads.
pub const OPEN: u32 = 1 << 20;

/// One connection.
pub struct Wire {
    sender: SendRequest<Bytes>,
    ended: JoinHandle<Result<(), h2::Error>>,
}

/// A request on its way.
pub struct Sent {
    /// Its answer.
    pub answer: ResponseFuture,
    /// Where more of it can be sent.
    pub body: SendStream<Bytes>,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answered {
    /// Code and details.
    pub status: Status,
    /// Bytes of the message.
    pub message: Bytes,
    /// Bytes of all headers that carry the status, as HTTP/2 counts a header list.
    pub header_bytes: usize,
    /// The headers themselves.
    pub headers: HeaderMap,
}

impl Answered {
    /// Code, reason and level; empty where there is none.
    pub fn said(&self) -> (Code, String, String) {
        let info = self.status.get_details_error_info();
        let (reason, level) = info.map_or_else(Default::default, |info| {
            (info.reason, info.metadata.get("level").cloned().unwrap_or_default())
        });
        (self.status.code(), reason, level)
    }
}

/// A stream of the unix socket whose peer is that user, in the group of the same number.
pub fn connect_as(host: &Host, uid: u32) -> StdStream {
    let socket = host.place.folder.join("skep.sock");
    // Credentials belong to a thread; this one ends.
    let connect = move || {
        if uid != 0 {
            let (id, group) = (Uid::from_raw(uid), Gid::from_raw(uid));
            set_thread_res_gid(group, group, group).unwrap();
            set_thread_res_uid(id, id, id).unwrap();
        }
        StdStream::connect(socket).unwrap()
    };
    std::thread::spawn(connect).join().unwrap()
}

impl Wire {
    /// Connects as a user, with so large a window for each answer.
    pub async fn open(host: &Host, uid: u32, window: u32) -> Self {
        Self::over(connect_as(host, uid), window).await.unwrap()
    }

    /// Speaks HTTP/2 over a stream.
    pub async fn over(stream: StdStream, window: u32) -> Result<Self, h2::Error> {
        stream.set_nonblocking(true).unwrap();
        let stream = UnixStream::from_std(stream).unwrap();
        let mut client = Builder::new();
        client.initial_window_size(window).initial_connection_window_size(OPEN.max(window));
        client.max_header_list_size(1 << 20).enable_push(false);
        let (sender, connection) = client.handshake(stream).await?;
        let ended = tokio::spawn(connection);
        Ok(Self { sender, ended })
    }

    /// Begins a request that says to have `claims` bytes of message, and sends `message` of it.
    pub async fn begin(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        claims: usize,
        message: &[u8],
        end: bool,
    ) -> Result<Sent, h2::Error> {
        let message = Bytes::copy_from_slice(message);
        self.begin_shared(path, headers, claims, message, end).await
    }

    /// The same with bytes that many requests share.
    pub async fn begin_shared(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        claims: usize,
        message: Bytes,
        end: bool,
    ) -> Result<Sent, h2::Error> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("http://localhost{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sender = self.sender.clone().ready().await;
        let (answer, mut body) = sender?.send_request(request.body(()).unwrap(), false)?;
        let mut prefix = vec![0];
        prefix.extend(u32::try_from(claims).unwrap().to_be_bytes());
        // Where it was answered already, they are not needed any more.
        let _ = body.send_data(prefix.into(), false);
        let _ = body.send_data(message, end);
        Ok(Sent { answer, body })
    }

    /// Sends a whole request.
    pub async fn send(&mut self, path: &str, message: &[u8]) -> Result<Sent, h2::Error> {
        self.begin(path, &[], message.len(), message, true).await
    }

    /// Sends a whole request and waits for its answer.
    pub async fn ask(&mut self, path: &str, message: &impl Message) -> Answered {
        let sent = self.send(path, &message.encode_to_vec()).await.unwrap();
        answered(sent.answer).await.unwrap()
    }

    /// Whether the other side has ended the connection.
    pub fn has_ended(&self) -> bool {
        self.ended.is_finished()
    }

    /// Waits until the other side ends the connection; how long that took.
    pub async fn end(self) -> Duration {
        let start = Instant::now();
        // What it ended with is another question.
        let _ = tokio::time::timeout(patience() * 6, self.ended)
            .await
            .expect("the daemon does not end the connection");
        start.elapsed()
    }
}

/// Waits for an answer and reads it.
pub async fn answered(answer: ResponseFuture) -> Result<Answered, h2::Error> {
    let (head, mut body) = answer.await?.into_parts();
    let mut message = Vec::new();
    let mut headers = head.headers;
    if !body.is_end_stream() {
        while let Some(data) = body.data().await {
            let data = data?;
            release(&mut body, data.len());
            message.extend_from_slice(&data);
        }
        headers.extend(body.trailers().await?.unwrap_or_default());
    }
    let status = Status::from_header_map(&headers).expect("an answer without a status");
    let one = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        name.as_str().len() + value.len() + 32
    };
    // And the pseudo header of the status of HTTP.
    let header_bytes = headers.iter().map(one).sum::<usize>() + 42;
    Ok(Answered { status, message: message.into(), header_bytes, headers })
}

fn release(body: &mut RecvStream, bytes: usize) {
    // A window that is gone with its connection needs no opening.
    let _ = body.flow_control().release_capacity(bytes);
}
