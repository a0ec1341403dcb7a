//! What the zygote has to say to the operator, on the stream that it shares with keeper and daemon.
//!
//! Always true: it does not wait for the reader of that stream, and does not fail for it. What cannot be
//! written at once is not written: the daemon tells the same failures by their packets.

use std::io;

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    unistd::write,
};

/// Bytes that a pipe takes whole, and at once if it is ready.
const AT_ONCE: usize = 4096;

/// Says one line.
pub(crate) fn say(text: &str) {
    let mut line = format!("skep-shim: {text}");
    line.truncate(line.floor_char_boundary(AT_ONCE - 1));
    line.push('\n');
    let stderr = io::stderr();
    let mut ready = [PollFd::new(std::os::fd::AsFd::as_fd(&stderr), PollFlags::POLLOUT)];
    let polled = poll(&mut ready, PollTimeout::ZERO);
    if polled.is_ok() && ready[0].revents().is_some_and(|it| it.contains(PollFlags::POLLOUT)) {
        // Nobody to tell is no reason to stop.
        let _ = write(&stderr, line.as_bytes());
    }
}
