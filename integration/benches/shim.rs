//! The same engine, without a runtime, and the same walls without zygote and daemon: what the benchmark compares with.
//!
//! `bench-shim exec` serves the link that is its standard input, without walls: for sandboxes that put
//! their own around it. `bench-shim launch ID` clones and executes `bench-shim walled` for each packet of
//! two descriptors, a link and a control group, one after the other: the plain way to start a walled
//! process.

mod bare;

use std::{
    collections::HashSet, error::Error, fs, mem::ManuallyDrop, num::NonZeroUsize,
    os::fd::AsFd as _, rc::Rc,
};

use caps::{CapSet, Capability};
use nix::{
    fcntl::OFlag,
    sys::wait::waitpid,
    unistd::{Pid, dup2_stdin, dup2_stdout, execv, pipe2, write},
};
use skep_link::{VERSION, frame::ToDaemon};
use skep_shim::{
    jail::{Child, INSIDE_ID, Jail, NAMESPACES},
    link::Link,
    root::{self, Proc},
    sys::{self, Cloned, SharedBytes},
};

use bare::Bare;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (Some("exec"), None) => serve(Link::new(sys::standard_input())),
        (Some("walled"), None) => walled(),
        (Some("launch"), Some(id)) => launch(id.parse()?),
        _ => Err("usage: bench-shim exec | launch ID".into()),
    }
}

/// As in the product, the engine is not taken down at the end.
fn serve(link: Link) -> Result<(), Box<dyn Error>> {
    let mut engine = ManuallyDrop::new(Bare::new()?);
    engine.serve(link)?;
    sys::exit_now(0)
}

fn walled() -> Result<(), Box<dyn Error>> {
    let gate = std::io::stdout().as_fd().try_clone_to_owned()?;
    let link = std::io::stdin().as_fd().try_clone_to_owned()?;
    let mut child = Child::new(gate, link, Rc::new(Proc::open()?), Ok(()));
    root::empty()?;
    let mut progress = SharedBytes::new(NonZeroUsize::MIN)?;
    sys::default_signals()?;
    Jail::complete().enter(&mut child, &mut progress, 0)?;
    let mut link = Link::new(sys::standard_input());
    let namespaces = child.namespaces();
    link.send(&ToDaemon::Sealed { version: VERSION, build: 0, namespaces })?;
    serve(link)
}

fn launch(id: u32) -> Result<(), Box<dyn Error>> {
    let socket = sys::standard_input();
    let mut packet = [0; 1];
    loop {
        let (len, fds) = sys::receive(socket.as_fd(), &mut packet)?;
        if len == 0 {
            return Ok(());
        }
        let [link, leaf] = fds.as_slice() else { return Err("two descriptors are needed".into()) };
        let (gate, release) = pipe2(OFlag::O_CLOEXEC)?;
        match sys::clone_child(u64::from(NAMESPACES.bits().cast_unsigned()), leaf.as_fd())? {
            Cloned::Child => {
                dup2_stdin(link)?;
                dup2_stdout(&gate)?;
                // An exec by a user who is not mapped yet would lose them.
                let all: HashSet<Capability> = caps::all();
                caps::set(None, CapSet::Inheritable, &all)?;
                caps::set(None, CapSet::Ambient, &all)?;
                execv(c"/proc/self/exe", &[c"bench-shim", c"walled"])?;
            }
            Cloned::Parent { pid, .. } => {
                for map in ["gid_map", "uid_map"] {
                    fs::write(format!("/proc/{pid}/{map}"), format!("{INSIDE_ID} {id} 1\n"))?;
                }
                write(&release, &[1])?;
                // One at a time: nothing of this one is left to be done when the next is asked for.
                waitpid(Pid::from_raw(pid), None)?;
            }
        }
    }
}
