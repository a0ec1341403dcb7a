//! Files of the state: what is kept, what is damaged, and what is of an earlier form.

use std::{num::NonZeroU32, os::unix::fs::MetadataExt as _, time::Duration};

use rustix::fs::inotify;
use skep_core::{
    AppLimits,
    Ceiling::{At, Open},
    VersionId,
};

use super::*;
use crate::{
    cgroup::Limits,
    kept::Kept,
    registry::{self, Content, FileKind, Function, Manifest},
};

/// A store of its own; the folder goes with the value.
struct Place(PathBuf, Store);

impl Place {
    fn new(name: &str) -> Self {
        let name = format!("skep-store-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        let store = Store::open(&folder).unwrap();
        Self(folder, store)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_state_has_a_salt_of_its_own_and_keeps_it() {
    let (one, other) = (Place::new("salt"), Place::new("other-salt"));
    // Whoever asks for none writes none: the disk may be full.
    assert!(!one.0.join(SALT).exists());
    let of = |place: &Place| Store::open(&place.0).unwrap().salt().unwrap();
    let salt = of(&one);
    assert_ne!(salt, of(&other));
    assert_eq!((of(&one), one.1.salt().unwrap()), (salt, salt));
    fs::write(one.0.join(SALT), b"short").unwrap();
    let again = of(&one);
    assert_ne!(again, salt);
    assert_eq!(of(&one), again);
    fs::remove_file(one.0.join(SALT)).unwrap();
    fs::create_dir(one.0.join(SALT)).unwrap();
    let unreadable = Store::open(&one.0).unwrap().salt();
    assert!(matches!(unreadable, Err(StoreError::Io { .. })), "{unreadable:?}");
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn of_the_file(concurrency: u32) -> TenantQuota {
    TenantQuota {
        rate: Open,
        concurrency: At(concurrency),
        group: Limits { memory: Open, cpu: Open, processes: At(concurrency) },
    }
}

#[test]
fn what_was_set_holds_and_everything_else_is_the_configurations() {
    let Place(_, store) = &Place::new("overlay");
    let memory = At(ByteCount::from_mib(64));
    let set = QuotaSet { memory: Some(memory), ..QuotaSet::default() };
    store.save_quota(&acme(), &set).unwrap();
    let set = QuotaSet { cpu: Some(Open), ..QuotaSet::default() };
    store.save_quota(&acme(), &set).unwrap();
    let kept = store.quota(&acme()).unwrap();
    assert_eq!(kept.names(), ["memory", "cpu"]);
    let edited = kept.over(of_the_file(7));
    assert_eq!(edited.group, Limits { memory, cpu: Open, processes: At(7) });
    assert_eq!(edited.concurrency, At(7));
}

#[test]
fn a_tenant_for_whom_nothing_was_set_has_the_configurations_quota() {
    let Place(_, store) = &Place::new("nothing");
    let kept = store.quota(&acme()).unwrap();
    assert_eq!(kept.over(of_the_file(3)), of_the_file(3));
    assert!(kept.names().is_empty());
}

#[test]
fn a_file_that_cannot_be_read_is_never_taken_for_none() {
    let Place(folder, store) = &Place::new("unreadable");
    fs::create_dir(folder.join("quotas/acme.json")).unwrap();
    let error = store.quota(&acme()).unwrap_err().to_string();
    assert!(error.contains("quotas/acme.json"), "{error}");
    fs::remove_dir(folder.join("quotas/acme.json")).unwrap();
    fs::write(folder.join("quotas/acme.json"), "{").unwrap();
    let error = store.quota(&acme()).unwrap_err().to_string();
    assert!(error.contains("quotas/acme.json"), "{error}");
    // What is set now holds; what was set before nobody knows any more.
    let set = QuotaSet { cpu: Some(Open), ..QuotaSet::default() };
    store.save_quota(&acme(), &set).unwrap();
    assert_eq!(store.quota(&acme()).unwrap(), set);
    assert_eq!(fs::read_to_string(folder.join("quotas/acme.json.damaged")).unwrap(), "{");
}

#[test]
fn a_tenant_whose_quota_nobody_knows_is_closed() {
    let closed = QuotaSet::CLOSED.over(of_the_file(3));
    assert_eq!(closed.rate, At(Rate::CLOSED));
    assert_eq!(closed.group, of_the_file(3).group);
}

#[test]
fn the_first_app_of_a_tenant_syncs_the_folder_that_its_own_is_in() {
    let Place(folder, store) = &Place::new("sync");
    let apps = folder.join("apps");
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&watch, &apps, inotify::WatchFlags::OPEN).unwrap();
    store.write(&apps.join("acme/app.json"), &0).unwrap();
    let mut buffer = [const { std::mem::MaybeUninit::uninit() }; 1024];
    let mut events = inotify::Reader::new(&watch, &mut buffer);
    // Without a name it is the watched folder itself, which is opened for nothing else.
    let mut own = || events.next().map(|event| event.file_name().is_none());
    assert!(std::iter::from_fn(|| own().ok()).any(|own| own));
}

/// Not text, so that the form before had it as a list of numbers.
const BINARY: [u8; 4] = [0, 10, 159, 255];

fn file(path: &str, bytes: Vec<u8>) -> registry::File {
    registry::File { path: path.parse().unwrap(), kind: FileKind::File, bytes }
}

fn version(app: &str) -> Version {
    let text = b"export default () => 1\n".to_vec();
    Version {
        tenant: acme(),
        app: app.parse().unwrap(),
        id: VersionId::from_bytes([7; 32]),
        entry: "index.js".parse().unwrap(),
        content: Kept::new(Content::new(
            vec![file("data.js", BINARY.to_vec()), file("index.js", text)],
            Manifest::default(),
        )),
        limits: AppLimits {
            memory: ByteCount::from_mib(64),
            cpu: CpuShare::ONE,
            processes: 1,
            timeout: Duration::from_secs(1),
            cpu_budget: Open,
            concurrency: NonZeroU32::MIN,
            min_instances: 0,
            max_instances: NonZeroU32::MIN,
        },
        functions: vec![Function::own("default".to_owned())],
    }
}

fn quota(concurrency: u32) -> AppQuota {
    AppQuota { concurrency: At(concurrency), ..AppQuota::OPEN }
}

fn names(folder: &Path) -> Vec<String> {
    let all = entries(&folder.join("apps/acme")).unwrap();
    let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<String> = all.into_iter().map(name).collect();
    names.sort();
    names
}

#[test]
fn an_app_comes_back_as_it_was_with_its_quota() {
    let Place(folder, store) = &Place::new("back");
    store.save(&version("shop"), &quota(3)).unwrap();
    let apps = store.apps(&acme()).unwrap();
    assert_eq!(apps.kept, [(version("shop"), quota(3))]);
    assert_eq!((apps.wrong.len(), apps.aside.len()), (0, 0));
    assert_eq!(names(folder), ["shop.app", "shop.quota"]);
    store.remove(&acme(), &"shop".parse().unwrap()).unwrap();
    assert_eq!(names(folder), Vec::<String>::new());
    assert!(store.apps(&acme()).unwrap().kept.is_empty());
}

#[test]
fn a_quota_is_written_without_its_app() {
    let Place(folder, store) = &Place::new("quota");
    store.save(&version("shop"), &quota(3)).unwrap();
    let file = folder.join("apps/acme/shop.app");
    let before = fs::metadata(&file).unwrap();
    store.save_app_quota(&acme(), &"shop".parse().unwrap(), &quota(4)).unwrap();
    let after = fs::metadata(&file).unwrap();
    assert_eq!((before.ino(), before.mtime_nsec()), (after.ino(), after.mtime_nsec()));
    assert!(fs::metadata(folder.join("apps/acme/shop.quota")).unwrap().len() < 200);
    assert_eq!(store.apps(&acme()).unwrap().kept, [(version("shop"), quota(4))]);
}

#[test]
fn files_and_the_manifest_are_kept_as_they_are() {
    let Place(folder, store) = &Place::new("bytes");
    let given = registry::File { kind: FileKind::Given, ..file("var/token", b"secret".to_vec()) };
    let link = registry::File { kind: FileKind::Link, ..file("node_modules/a", b"../a".to_vec()) };
    let files =
        vec![file("data.js", vec![255; 100_000]), file("index.js", b"1".to_vec()), link, given];
    let manifest = Manifest {
        handler: "lambda".to_owned(),
        modules: Some(vec!["fs".to_owned()]),
        conditions: vec!["worker".to_owned()],
        variables: vec![("TOKEN".to_owned(), "hunter2".to_owned())],
        deployed_ms: 7,
    };
    let functions =
        vec![Function { name: "f".to_owned(), event: String::new(), http: "worker".to_owned() }];
    let content = Kept::new(Content::new(files, manifest));
    let large = Version { content, functions, ..version("shop") };
    store.save(&large, &quota(3)).unwrap();
    let path = folder.join("apps/acme/shop.app");
    let bytes = fs::metadata(&path).unwrap().len();
    assert!((100_000..101_500).contains(&bytes), "{bytes}");
    assert_eq!(store.apps(&acme()).unwrap().kept, [(large, quota(3))]);
}

/// An app as it was written by the form before, but for its bytes.
const SECOND: &str = concat!(
    "skep-app 2\n",
    r#"{"tenant":"acme","app":"shop","#,
    r#""version":"0707070707070707070707070707070707070707070707070707070707070707","#,
    r#""entry":"index.js","functions":["default"],"#,
    r#""limits":{"memory":"64MiB","cpu":"1","processes":1,"timeout":"1s","cpu_budget":"open","#,
    r#""concurrency":1,"min_instances":0,"max_instances":1},"#,
    r#""modules":[["data.js",4],["index.js",23]],"#,
    r#""sha256":"HASH"}"#,
    "\n",
);

#[test]
fn the_form_before_is_read() {
    let Place(folder, store) = &Place::new("second");
    store.save(&version("shop"), &quota(3)).unwrap();
    let hash = form::sha256(&[&BINARY, b"export default () => 1\n"]);
    let mut bytes = SECOND.replace("HASH", &hash).into_bytes();
    bytes.extend_from_slice(&BINARY);
    bytes.extend_from_slice(b"export default () => 1\n");
    fs::write(folder.join("apps/acme/shop.app"), bytes).unwrap();
    let found = store.apps(&acme()).unwrap();
    assert_eq!(found.kept, [(version("shop"), quota(3))], "{:?}", found.wrong);
}

/// An app as it was written by the first form.
const OLD: &str = concat!(
    r#"{"tenant":"acme","app":"shop","#,
    r#""version":"0707070707070707070707070707070707070707070707070707070707070707","#,
    r#""entry":"index.js","functions":["default"],"#,
    r#""limits":{"memory":"64MiB","cpu":"1","processes":1,"timeout":"1s","cpu_budget":"open","#,
    r#""concurrency":1,"min_instances":0,"max_instances":1},"#,
    r#""rate":"open","concurrency":3,"memory":"open","instance_rate":"open","#,
    r#""modules":[{"path":"data.js","bytes":[0,10,159,255]},"#,
    r#"{"path":"index.js","text":"export default () => 1\n"}]}"#,
);

#[test]
fn the_first_form_is_read_and_written_anew_once() {
    let Place(folder, store) = &Place::new("old");
    make_folder(&folder.join("apps/acme")).unwrap();
    fs::write(folder.join("apps/acme/shop.json"), OLD).unwrap();
    let first = store.apps(&acme()).unwrap();
    assert_eq!(first.kept, [(version("shop"), quota(3))], "{:?}", first.wrong);
    assert_eq!(names(folder), ["shop.app", "shop.quota"]);
    let written = fs::metadata(folder.join("apps/acme/shop.app")).unwrap().ino();
    assert_eq!(store.apps(&acme()).unwrap().kept, first.kept);
    assert_eq!(fs::metadata(folder.join("apps/acme/shop.app")).unwrap().ino(), written);
}

#[test]
fn of_both_forms_the_new_one_holds() {
    let Place(folder, store) = &Place::new("both");
    store.save(&version("shop"), &quota(5)).unwrap();
    fs::write(folder.join("apps/acme/shop.json"), OLD).unwrap();
    assert_eq!(store.apps(&acme()).unwrap().kept, [(version("shop"), quota(5))]);
    assert_eq!(names(folder), ["shop.app", "shop.quota"]);
}

/// Damages the file of one of two apps; it is set aside, and the other one is there.
#[track_caller]
fn damaged(name: &str, file: &str, damage: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let Place(folder, store) = &Place::new(name);
    for app in ["other", "shop"] {
        store.save(&version(app), &quota(3)).unwrap();
    }
    let path = folder.join("apps/acme").join(file);
    let bytes = damage(fs::read(&path).unwrap());
    fs::write(&path, &bytes).unwrap();
    let apps = store.apps(&acme()).unwrap();
    assert_eq!(apps.kept, [(version("other"), quota(3))]);
    assert!(apps.wrong[0].to_string().contains(file), "{}", apps.wrong[0]);
    let aside = with_more(&path, DAMAGED);
    assert_eq!(apps.aside, [aside.as_path()]);
    assert_eq!(fs::read(&aside).unwrap(), bytes);
    // It is still named, and another deploy is all that is needed.
    assert_eq!(store.apps(&acme()).unwrap().aside, [aside]);
    store.save(&version("shop"), &quota(3)).unwrap();
    assert_eq!(store.apps(&acme()).unwrap().kept.len(), 2);
}

#[test]
fn an_empty_file_is_set_aside() {
    damaged("empty", "shop.app", |_| Vec::new());
}

#[test]
fn a_file_that_breaks_off_is_set_aside() {
    damaged("short", "shop.app", |mut bytes| {
        bytes.pop();
        bytes
    });
}

#[test]
fn a_file_with_one_wrong_bit_is_set_aside() {
    damaged("bit", "shop.app", |mut bytes| {
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        bytes
    });
}

#[test]
fn a_file_of_another_app_is_set_aside() {
    damaged("name", "shop.app", |_| form::of_app(&version("other")).unwrap());
}

#[test]
fn an_app_whose_quota_is_damaged_is_not_served_without_it() {
    damaged("its-quota", "shop.quota", |_| b"{}".to_vec());
}

#[test]
fn a_file_of_a_later_skepd_stays_where_it_is() {
    let Place(folder, store) = &Place::new("later");
    store.save(&version("shop"), &quota(3)).unwrap();
    fs::write(folder.join("apps/acme/shop.app"), "skep-app 4\n").unwrap();
    let apps = store.apps(&acme()).unwrap();
    let told = apps.wrong[0].to_string();
    assert!(told.contains("shop.app has the form \"skep-app 4\""), "{told}");
    assert_eq!(names(folder), ["shop.app", "shop.quota"]);
}

#[test]
fn what_was_half_written_is_gone_at_the_next_start() {
    let Place(folder, store) = &Place::new("leftovers");
    store.save(&version("shop"), &quota(3)).unwrap();
    for leftover in ["apps/acme/shop.app.new", "apps/acme/shop.new", "quotas/acme.json.new"] {
        fs::write(folder.join(leftover), "half").unwrap();
    }
    let again = Store::open(folder).unwrap();
    assert_eq!(names(folder), ["shop.app", "shop.quota"]);
    assert!(entries(&folder.join("quotas")).unwrap().is_empty());
    assert_eq!(again.apps(&acme()).unwrap().kept.len(), 1);
}

#[test]
fn no_room_on_the_disk_is_told_from_other_errors() {
    let full = |kind: io::ErrorKind| at(Path::new("/state"))(kind.into()).is_full();
    assert!(full(io::ErrorKind::StorageFull) && full(io::ErrorKind::QuotaExceeded));
    assert!(!full(io::ErrorKind::PermissionDenied));
}
