//! Zygote, jail and control groups without a daemon: the walls alone.
//!
//! Instances here run the native programs of `hostile-shim` on the product's own jail. A test may leave
//! out parts of the jail by name; the mutation run leaves out one more, by `SKEP_MUTANT`.

use std::{
    collections::HashMap,
    env, fs,
    io::{ErrorKind, Read as _, Write as _},
    os::{
        fd::{AsFd as _, BorrowedFd, OwnedFd},
        unix::{fs::chown, net::UnixStream},
    },
    process::Child,
    time::{Duration, Instant},
};

use skep_core::{ByteCount, Ceiling, CpuShare};
use skep_link::{
    VERSION,
    frame::{self, Encoding, Invoke, PREFIX, ToDaemon, ToShim},
    zygote::{Exit, FromZygote, MAX_PACKET, Step, ToZygote},
};
use skepd::{
    cgroup::{Group, Hierarchies, Inside, Limit, Limits, Tree},
    config::Ids,
    keeper::{
        ids::IdTable,
        packets::{self, Wait},
        spawn::{self, Start},
    },
};

use crate::{
    look::Process,
    place::{Place, program},
    slowness,
};

/// What the mutation run leaves out, if it is running.
pub fn mutant() -> Option<String> {
    env::var("SKEP_MUTANT").ok().filter(|name| !name.is_empty())
}

/// The limits that are not left out.
fn limits() -> &'static [Limit] {
    let omitted = mutant();
    let kept = Limit::ALL
        .iter()
        .copied()
        .filter(|limit| omitted.as_deref() != Some(&format!("limit.{limit:?}").to_lowercase()));
    kept.collect::<Vec<_>>().leak()
}

/// How an instance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Code or signal.
    pub exit: Exit,
    /// The last jail step that it began.
    pub step: Option<Step>,
}

/// A zygote with its own subtree of control groups.
pub struct Yard {
    place: Place,
    ids: Ids,
    table: IdTable,
    tree: Tree,
    zygote: Child,
    socket: OwnedFd,
    next: u64,
    ends: HashMap<u64, End>,
}

/// One instance that runs native programs.
pub struct Inmate {
    /// The zygote's number for it.
    pub number: u64,
    /// The host's view of it.
    pub process: Process,
    /// Its uid and gid on the host.
    pub id: u32,
    /// Its leaf.
    pub leaf: Group,
    /// What it said of its namespaces.
    pub namespaces: [u64; 7],
    /// The daemon's end of the link.
    pub link: UnixStream,
}

/// An instance that the zygote was asked for.
pub struct Asked {
    number: u64,
    id: u32,
    leaf: Group,
    link: UnixStream,
}

/// What is printed once a sandbox said that it stands.
pub const STOOD: &str = "a sandbox stood";

/// What instances get here unless a test says otherwise: little.
pub const SMALL: Limits = Limits {
    memory: Ceiling::At(ByteCount::from_mib(32)),
    cpu: Ceiling::At(CpuShare::from_millis(500)),
    processes: Ceiling::At(4),
};

impl Default for Yard {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Yard {
    /// A yard whose jail lacks the parts named by `omit` (`step.landlock`, `rlimit.core`, …).
    pub fn new(omit: &[&str]) -> Self {
        let place = Place::new();
        let mut parts: Vec<String> = omit.iter().map(ToString::to_string).collect();
        parts.extend(mutant().filter(|name| !name.starts_with("limit.")));
        let shim = if parts.is_empty() {
            program("hostile-shim")
        } else {
            let copy = place.programs.join(format!("omit.{}", parts.join("+")));
            fs::copy(program("hostile-shim"), &copy).unwrap();
            copy
        };
        let tree = Tree::new(Hierarchies::detect().unwrap(), place.name.as_ref(), limits());
        let ids = place.ids();
        tree.prepare(&ids, Inside::Stay).unwrap();
        let table = IdTable::new(ids.count).unwrap();
        // A copy is busy while a process that another test forked meanwhile still has it open.
        let end = Instant::now() + patience();
        let (zygote, socket) = loop {
            match spawn::zygote(Start { shim: &shim, ids: &ids, table: &table, tree: &tree }) {
                Err(spawn::SpawnError::Program { source, .. })
                    if source.kind() == ErrorKind::ExecutableFileBusy && Instant::now() < end => {}
                started => break started.unwrap(),
            }
        };
        rustix::net::sockopt::set_socket_timeout(
            &socket,
            rustix::net::sockopt::Timeout::Recv,
            Some(patience()),
        )
        .unwrap();
        let mut yard =
            Self { place, ids, table, tree, zygote, socket, next: 0, ends: HashMap::new() };
        let (ready, _) = yard.packet().expect("the zygote did not become ready");
        assert_eq!(ready, FromZygote::Ready { version: VERSION });
        yard
    }

    /// The zygote, from outside.
    pub fn zygote(&self) -> Process {
        Process(i32::try_from(self.zygote.id()).unwrap())
    }

    /// Who is who here.
    pub fn ids(&self) -> Ids {
        self.ids
    }

    /// How many identities are in use, as the zygote noted it for the keeper.
    pub fn ids_in_use(&self) -> usize {
        self.table.in_use().unwrap()
    }

    /// The tree.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Kills the zygote and waits for its end.
    pub fn kill_zygote(&mut self) {
        self.zygote.kill().unwrap();
        self.zygote.wait().unwrap();
    }

    fn packet(&mut self) -> Option<(FromZygote, Vec<OwnedFd>)> {
        let mut bytes = [0; MAX_PACKET];
        let (len, fds) = packets::receive(&self.socket, &mut bytes).ok()?;
        (0 < len).then(|| (FromZygote::decode(&bytes[..len]).unwrap(), fds))
    }

    /// A sealed instance with [`SMALL`] limits.
    pub fn inmate(&mut self) -> Inmate {
        self.inmate_with(&SMALL).unwrap_or_else(|end| panic!("not sealed: {end:?}"))
    }

    /// A sealed instance, or how the child ended before it sealed.
    pub fn inmate_with(&mut self, limits: &Limits) -> Result<Inmate, End> {
        let asked = self.ask(limits);
        self.await_sealed(asked)
    }

    /// Asks the zygote for an instance.
    pub fn ask(&mut self, limits: &Limits) -> Asked {
        self.next += 1;
        let number = self.next;
        let id = self.place.first_id + u32::try_from(number).unwrap();
        let tenant = self.tree.tenant("t");
        tenant.make().unwrap();
        self.tree.enable_tenant(&tenant).unwrap();
        let leaf = self.tree.leaf("t", &format!("i-{number}"));
        leaf.make().unwrap();
        leaf.limit(limits).unwrap();
        // The daemon would have made it as this user; the test is root.
        for path in leaf.paths() {
            for file in [path.to_owned(), path.join("cgroup.procs")] {
                chown(file, Some(self.ids.user), Some(self.ids.user)).unwrap();
            }
        }
        leaf.open_to(self.ids.group).unwrap();
        let (link, theirs) = UnixStream::pair().unwrap();
        link.set_read_timeout(Some(patience())).unwrap();
        let groups = leaf.open().unwrap();
        let places = u8::try_from(groups.len() - 1).unwrap();
        let mut fds: Vec<BorrowedFd<'_>> = vec![theirs.as_fd()];
        fds.extend(groups.iter().map(OwnedFd::as_fd));
        let ask = ToZygote::Clone { instance: number, id, places };
        packets::send(&self.socket, &ask.encode(), &fds, Wait::Yes).unwrap();
        Asked { number, id, leaf, link }
    }

    /// Waits for what was asked for.
    pub fn await_sealed(&mut self, asked: Asked) -> Result<Inmate, End> {
        let Asked { number, id, leaf, link } = asked;
        let pid = loop {
            match self.packet().expect("the zygote is gone").0 {
                FromZygote::Cloned { instance, pid } if instance == number => break pid,
                FromZygote::Exited { instance, exit, step } => {
                    self.ends.insert(instance, End { exit, step });
                }
                other => panic!("instead of a clone: {other:?}"),
            }
        };
        let mut inmate =
            Inmate { number, process: Process(pid), id, leaf, namespaces: [0; 7], link };
        match inmate.frame() {
            Some(body) => match ToDaemon::decode(&body).unwrap() {
                ToDaemon::Sealed { version, namespaces, .. } => {
                    // For the mutation run: from here on a failure is not one of building it.
                    eprintln!("{STOOD}");
                    assert_eq!(version, VERSION);
                    inmate.namespaces = namespaces;
                    Ok(inmate)
                }
                other => panic!("instead of sealed: {other:?}"),
            },
            None => Err(self.end_of(&inmate)),
        }
    }

    /// How an instance ended; waits for it.
    pub fn end_of(&mut self, inmate: &Inmate) -> End {
        loop {
            if let Some(end) = self.ends.get(&inmate.number) {
                return *end;
            }
            match self.packet().expect("the zygote is gone, or the instance does not end").0 {
                FromZygote::Exited { instance, exit, step } => {
                    self.ends.insert(instance, End { exit, step });
                }
                other => panic!("instead of an end: {other:?}"),
            }
        }
    }

    /// Runs one deed in an instance of its own.
    pub fn deed(&mut self, name: &str, argument: &str) -> Outcome {
        let mut inmate = self.inmate();
        match inmate.deed(name, argument) {
            Some(said) => Outcome::Said(said),
            None => Outcome::Ended(self.end_of(&inmate).exit),
        }
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        let _ = self.zygote.kill();
        let _ = self.zygote.wait();
        if let Err(error) = self.tree.remove(None) {
            eprintln!("left behind: {error}");
        }
    }
}

/// What came of a deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The program went on and said this.
    Said(String),
    /// The program ended.
    Ended(Exit),
}

impl Inmate {
    /// One frame; `None` at the end of the link.
    pub fn frame(&mut self) -> Option<Vec<u8>> {
        let mut prefix = [0; PREFIX];
        self.link.read_exact(&mut prefix).ok()?;
        let mut body = vec![0; frame::body_len(prefix).unwrap()];
        self.link.read_exact(&mut body).ok()?;
        Some(body)
    }

    /// Asks for a deed without waiting for its answer.
    pub fn ask(&mut self, name: &str, argument: &str) {
        let mut bytes = Vec::new();
        ToShim::Invoke(Invoke {
            id: [0; 16],
            function: name,
            encoding: Encoding::Bytes,
            wall_ns: u64::MAX,
            cpu_ns: None,
            log_lines: 0,
            log_bytes: 0,
            http: None,
            context: "",
            payload: argument.as_bytes(),
        })
        .encode(&mut bytes);
        self.link.write_all(&bytes).unwrap();
    }

    /// Runs a deed; `None` when the instance ended instead of answering.
    pub fn deed(&mut self, name: &str, argument: &str) -> Option<String> {
        self.ask(name, argument);
        let body = self.frame()?;
        match ToDaemon::decode(&body).unwrap() {
            ToDaemon::Reply { payload, .. } => Some(String::from_utf8(payload.to_vec()).unwrap()),
            other => panic!("instead of a reply: {other:?}"),
        }
    }
}

/// Runs a deed without walls: the counter-check.
pub fn outside(name: &str, argument: &str) -> String {
    let output = std::process::Command::new(program("hostile-shim"))
        .args(["outside", name, argument])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// How long a test waits for something that must happen.
pub fn patience() -> Duration {
    Duration::from_secs(10) * slowness()
}

/// Waits until `done` says so; panics with `what` when it never does.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + patience();
    while !done() {
        assert!(Instant::now() < end, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
