//! The shim's frames by hand: what a launcher without a daemon says to it.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    time::Duration,
};

use anyhow::{Context as _, bail};
use skep_link::frame::{self, Bind, Encoding, Invoke, Module, PREFIX, ToDaemon, ToShim};

/// Binds `source` and calls its default function, all in one go.
pub(crate) fn ask(link: &mut UnixStream, source: &str, event: &[u8]) -> anyhow::Result<()> {
    let mut out = Vec::new();
    ToShim::Bind(Bind {
        entry: "index.js",
        modules: vec![Module { path: "index.js", source: source.as_bytes() }],
        heap_bytes: 32 << 20,
        max_reply_bytes: 1 << 20,
        wall_ns: 5_000_000_000,
    })
    .encode(&mut out);
    ToShim::Invoke(Invoke {
        id: [0; 16],
        function: "default",
        encoding: Encoding::Json,
        wall_ns: 5_000_000_000,
        cpu_ns: None,
        log_lines: 0,
        log_bytes: 0,
        payload: event,
    })
    .encode(&mut out);
    link.write_all(&out)?;
    Ok(())
}

/// Reads until the reply is there.
pub(crate) fn await_reply(link: &mut UnixStream) -> anyhow::Result<Vec<u8>> {
    link.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut body = Vec::new();
    loop {
        let mut prefix = [0; PREFIX];
        link.read_exact(&mut prefix).context("no reply")?;
        body.resize(frame::body_len(prefix)?, 0);
        link.read_exact(&mut body)?;
        match ToDaemon::decode(&body)? {
            ToDaemon::Sealed { .. } | ToDaemon::Bound { .. } => {}
            ToDaemon::Reply { payload, .. } => return Ok(payload.to_vec()),
            other => bail!("instead of a reply: {other:?}"),
        }
    }
}
