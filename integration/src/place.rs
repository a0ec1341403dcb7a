//! Names, folders, ids and programs that tests use without meeting each other.

use std::{
    env, fs,
    io::ErrorKind,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use skepd::config::Ids;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Two folders and a name, all only of this test; the folders go with the value.
#[derive(Debug)]
pub struct Place {
    /// Fit for folders and control groups.
    pub name: String,
    /// An empty folder below /run that everybody may read and only root may write.
    pub folder: PathBuf,
    /// Another one, for programs: on some hosts nothing below /run may be executed.
    pub programs: PathBuf,
    /// First of a thousand ids that nobody else uses.
    pub first_id: u32,
    /// First of ten thousand of that kind.
    pub first_of_many: u32,
}

impl Place {
    /// A new one.
    #[allow(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("skep-test-{}-{number}", process::id());
        let (folder, programs) = (Path::new("/run").join(&name), env::temp_dir().join(&name));
        for folder in [&folder, &programs] {
            fs::create_dir(folder).unwrap();
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
        // Tests of other processes may run beside these: spread by process number.
        let spread = (process::id() % 10_000) * 100_000;
        let first_id = 1_000_000 + spread + number * 1_000;
        let first_of_many = 1_100_000_000 + spread + (number % 10) * 10_000;
        Self { name, folder, programs, first_id, first_of_many }
    }
}

impl Place {
    /// Who is who, if `first_id` begins the range: as the configuration has it by default.
    pub fn ids(&self) -> Ids {
        let (first, count) = (self.first_id, 500);
        let end = first + count;
        Ids { first, count, user: end, zygote: end + 1, group: end + 2 }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for folder in [&self.folder, &self.programs] {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// A disk of 64 KiB, mounted for as long as the value lives.
#[derive(Debug)]
pub struct SmallDisk(pub PathBuf);

impl SmallDisk {
    /// Mounts one at `folder`, which is made if it is not there.
    pub fn new(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).unwrap();
        let options = Some("size=64k");
        mount(Some("none"), &folder, Some("tmpfs"), MsFlags::empty(), options).unwrap();
        Self(folder)
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Leaves no page free; a file may still have room in its last one.
    pub fn fill(&self) {
        let full = fs::write(self.filler(), vec![b'x'; 128 << 10]).unwrap_err();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
    }

    /// Takes that back.
    pub fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whoever still has a file open there keeps it until then.
        if let Err(error) = umount2(&self.0, MntFlags::MNT_DETACH) {
            eprintln!("{} stays mounted: {error}", self.0.display());
        }
    }
}

/// A program of this build: beside our own, or above it where ours is a test.
pub fn program(name: &str) -> PathBuf {
    let own = env::current_exe().unwrap();
    let found =
        own.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|it| it.exists());
    found.unwrap_or_else(|| panic!("{name} is missing beside {}: make build", own.display()))
}
