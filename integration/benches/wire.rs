//! The shim's frames by hand: what a launcher without a daemon says to it.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use skep_link::frame::{self, Bind, Encoding, Form, Invoke, PREFIX, Part, ToDaemon, ToShim};

use crate::reference::FUNCTION;

const PATIENCE: Duration = Duration::from_secs(10);

/// Binds [`FUNCTION`], as soon as the shim is there, and calls its default function with 1, which must give 2.
pub(crate) fn first_call(link: &mut UnixStream) -> anyhow::Result<()> {
    link.set_read_timeout(Some(PATIENCE))?;
    let wall_ns = u64::try_from(PATIENCE.as_nanos())?;
    send(
        link,
        &ToShim::Part(Part { form: Form::File, path: "index.js", bytes: FUNCTION.as_bytes() }),
    )?;
    let bind = ToShim::Bind(Bind {
        entry: "index.js",
        name: "bench",
        handler: "",
        variables: Vec::new(),
        modules: None,
        conditions: Vec::new(),
        functions: Vec::new(),
        deployed_ms: 0,
        heap_bytes: 32 << 20,
        max_reply_bytes: 1 << 20,
        max_bytecode_bytes: 0,
        wall_ns,
        log_lines: 0,
        log_bytes: 0,
    });
    send(link, &bind)?;
    let mut body = Vec::new();
    loop {
        match receive(link, &mut body)? {
            ToDaemon::Sealed { .. } => {}
            ToDaemon::Bound { .. } => break,
            other => bail!("instead of being bound: {other:?}"),
        }
    }
    let invoke = ToShim::Invoke(Invoke {
        id: [0; 16],
        function: "default",
        encoding: Encoding::Json,
        wall_ns,
        cpu_ns: None,
        log_lines: 0,
        log_bytes: 0,
        http: None,
        context: "",
        payload: b"1",
    });
    send(link, &invoke)?;
    let reply = receive(link, &mut body)?;
    ensure!(
        matches!(reply, ToDaemon::Reply { payload: b"2", .. }),
        "instead of a reply: {reply:?}"
    );
    Ok(())
}

fn send(link: &mut UnixStream, frame: &ToShim<'_>) -> anyhow::Result<()> {
    let mut out = Vec::new();
    frame.encode(&mut out);
    Ok(link.write_all(&out)?)
}

fn receive<'a>(link: &mut UnixStream, body: &'a mut Vec<u8>) -> anyhow::Result<ToDaemon<'a>> {
    let mut prefix = [0; PREFIX];
    link.read_exact(&mut prefix).context("no answer")?;
    body.resize(frame::body_len(prefix)?, 0);
    link.read_exact(body)?;
    Ok(ToDaemon::decode(body)?)
}
