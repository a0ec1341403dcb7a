//! What others do: bubblewrap, an OCI runtime, a launcher that clones and executes, and a bare gRPC
//! server. What is not on this machine is installed; what cannot be is an error that the table
//! shows.

use std::{
    fs,
    io::Read as _,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use rustix::{
    event::{PollFd, PollFlags, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use skep_integration::{
    look::Process,
    place::{Place, program},
};
use skepd::{
    cgroup::Hierarchies,
    keeper::{
        packets::{self, Wait},
        spawn,
    },
};

use crate::{control::time, stats::Series, wire};

/// What is called.
pub(crate) const FUNCTION: &str = "export default (n) => n + 1";

/// The same among as much other code as a small app has.
pub(crate) const APP: &str = include_str!("app.js");

/// Something to compare with cannot be had here.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Absent(pub(crate) String);

/// Debian's package, unless `program` is there.
pub(crate) fn install(program: &str, package: &str) -> anyhow::Result<()> {
    let there = |program: &str| {
        let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin"];
        folders.iter().any(|folder| Path::new(folder).join(program).exists())
    };
    if there(program) {
        return Ok(());
    }
    eprintln!("installing {package}");
    for args in
        [&["update", "-qq"][..], &["install", "-y", "-qq", "--no-install-recommends", package]]
    {
        let output = Command::new("apt-get")
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .output()
            .map_err(|error| Absent(format!("{package}: cannot run apt-get: {error}")))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), Absent(format!("{package}: {said}")));
    }
    ensure!(there(program), Absent(format!("{package} has no {program}")));
    Ok(())
}

fn link() -> anyhow::Result<(UnixStream, OwnedFd)> {
    let (ours, theirs) = UnixStream::pair()?;
    Ok((ours, theirs.into()))
}

/// `bwrap --unshare-all` and the same shim by exec.
pub(crate) struct Bwrap {
    shim: PathBuf,
}

impl Bwrap {
    pub(crate) fn new() -> anyhow::Result<Self> {
        install("bwrap", "bubblewrap")?;
        Ok(Self { shim: program("bench-shim") })
    }

    /// A process that answered once, and its link.
    pub(crate) fn start(&self) -> anyhow::Result<(Child, UnixStream)> {
        let (mut ours, theirs) = link()?;
        let child = Command::new("bwrap")
            .args(["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--"])
            .arg(&self.shim)
            .arg("exec")
            .stdin(theirs)
            .stdout(Stdio::null())
            .spawn()
            .context("cannot run bwrap")?;
        wire::first_call(&mut ours)?;
        Ok((child, ours))
    }

    pub(crate) fn series(&self, count: usize) -> anyhow::Result<Series> {
        let mut series = Series::default();
        for _ in 0..count {
            let (took, started) = time(|| self.start());
            let (mut child, link) = started?;
            series.push(took);
            drop(link);
            child.wait()?;
        }
        Ok(series)
    }
}

/// A launcher of the same shim with the same walls: one clone and one exec for each start.
pub(crate) struct Launcher {
    child: Child,
    socket: OwnedFd,
    group: PathBuf,
    leaf: fs::File,
}

impl Launcher {
    pub(crate) fn new(place: &Place) -> anyhow::Result<Self> {
        let hierarchies = Hierarchies::detect()?;
        let group = hierarchies.v2().join(format!("{}-launcher", place.name));
        fs::create_dir(&group)?;
        let leaf = fs::File::open(&group)?;
        let (ours, theirs) = spawn::packet_pair()?;
        let child = Command::new(program("bench-shim"))
            .arg("launch")
            .arg(place.first_id.to_string())
            .stdin(theirs)
            .spawn()?;
        Ok(Self { child, socket: ours, group, leaf })
    }

    pub(crate) fn series(&self, count: usize) -> anyhow::Result<Series> {
        let mut series = Series::default();
        for _ in 0..count {
            let (mut ours, theirs) = link()?;
            let (took, done) = time(|| -> anyhow::Result<()> {
                packets::send(&self.socket, b"s", &[theirs.as_fd(), self.leaf.as_fd()], Wait::Yes)?;
                drop(theirs);
                wire::first_call(&mut ours)
            });
            done.context("the launcher")?;
            series.push(took);
            drop(ours);
            self.await_end()?;
        }
        Ok(series)
    }

    /// How long one that answered once takes from its kill to its end.
    pub(crate) fn killed(&self) -> anyhow::Result<Duration> {
        let (mut ours, theirs) = link()?;
        packets::send(&self.socket, b"s", &[theirs.as_fd(), self.leaf.as_fd()], Wait::Yes)?;
        drop(theirs);
        wire::first_call(&mut ours).context("the launcher")?;
        let number = fs::read_to_string(self.group.join("cgroup.procs"))?;
        let pid = Pid::from_raw(number.trim().parse()?).context("no process")?;
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        let (took, ended) = time(|| {
            pidfd_send_signal(&pidfd, Signal::KILL)?;
            poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], None)
        });
        ended?;
        self.await_end()?;
        Ok(took)
    }

    /// Waits until the launched process is gone, which ends with its link: its end is not to be in the time
    /// of the next one. The launcher is waiting to reap it.
    fn await_end(&self) -> anyhow::Result<()> {
        for _ in 0..1000 {
            if fs::read_to_string(self.group.join("cgroup.procs"))?.is_empty() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        bail!("the launched process does not end")
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        let _ = fs::write(self.group.join("cgroup.kill"), "1");
        let _ = self.child.kill();
        let _ = self.child.wait();
        for _ in 0..100 {
            if fs::remove_dir(&self.group).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// `runc run` (or crun) of a static program that writes one byte.
pub(crate) struct Oci {
    runtime: &'static str,
    bundle: PathBuf,
    next: std::cell::Cell<u32>,
    name: String,
}

impl Oci {
    pub(crate) fn new(place: &Place) -> anyhow::Result<Self> {
        let unified = Hierarchies::detect()?.mode() == skepd::cgroup::Mode::Unified;
        let runtime = if unified { "crun" } else { "runc" };
        install(runtime, runtime)?;
        let bundle = place.programs.join("bundle");
        fs::create_dir_all(bundle.join("rootfs"))?;
        let text = "#include <unistd.h>\nint main(void) { return write(1, \"x\", 1) != 1; }\n";
        let file = place.folder.join("one.c");
        fs::write(&file, text)?;
        let built = Command::new("gcc")
            .args(["-O2", "-static", "-o"])
            .arg(bundle.join("rootfs/one"))
            .arg(&file)
            .status()?;
        ensure!(built.success(), "gcc cannot build a static program");
        let made = Command::new(runtime).arg("spec").current_dir(&bundle).status()?;
        ensure!(made.success(), "{runtime} spec failed");
        let text = fs::read_to_string(bundle.join("config.json"))?;
        let mut spec: serde_json::Value = serde_json::from_str(&text)?;
        spec["process"]["terminal"] = false.into();
        spec["process"]["args"] = serde_json::json!(["/one"]);
        spec["linux"]["cgroupsPath"] = format!("/{}-oci", place.name).into();
        fs::write(bundle.join("config.json"), spec.to_string())?;
        Ok(Self { runtime, bundle, next: 0.into(), name: place.name.clone() })
    }

    pub(crate) fn series(&self, count: usize) -> anyhow::Result<Series> {
        let mut series = Series::default();
        for _ in 0..count {
            let number = self.next.replace(self.next.get() + 1);
            let (took, child) = time(|| -> anyhow::Result<Child> {
                let mut child = Command::new(self.runtime)
                    .arg("run")
                    .arg("--bundle")
                    .arg(&self.bundle)
                    .arg(format!("{}-{number}", self.name))
                    .stdin(Stdio::null())
                    .stdout(Stdio::piped())
                    .spawn()?;
                let mut byte = [0];
                child.stdout.as_mut().context("no output")?.read_exact(&mut byte)?;
                Ok(child)
            });
            child.with_context(|| self.runtime)?.wait()?;
            series.push(took);
        }
        Ok(series)
    }
}

/// A bare tonic server with the same messages, in a process of its own.
pub(crate) struct Echo {
    child: Child,
    pub(crate) socket: PathBuf,
}

impl Echo {
    pub(crate) fn new(place: &Place) -> anyhow::Result<Self> {
        Self::asking(place, 0)
    }

    /// The same, but each answer comes from one of so many processes that it asks.
    pub(crate) fn asking(place: &Place, hops: usize) -> anyhow::Result<Self> {
        let socket = place.folder.join("echo.sock");
        let child = Command::new(std::env::current_exe()?)
            .arg("echo")
            .arg(&socket)
            .arg(hops.to_string())
            .stdin(Stdio::null())
            .spawn()?;
        for _ in 0..500 {
            if UnixStream::connect(&socket).is_ok() {
                return Ok(Self { child, socket });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("the echo server does not come up")
    }

    pub(crate) fn process(&self) -> Process {
        Process(i32::try_from(self.child.id()).unwrap_or(0))
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
