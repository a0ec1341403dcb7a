//! What root does in folders and groups: only where nobody else decides what is in them, and to the end.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
        net::UnixListener,
    },
    path::Path,
    process::{Command, Output},
};

use nix::sys::signal::Signal;
use skep_integration::{
    host::Host,
    place::{Place, program},
    yard::until,
};
use skepd::cgroup::Hierarchies;

use crate::NEIGHBOUR;

/// A configuration of its own for a start that shall end by itself.
fn configuration(place: &Place, changes: &[(&str, String)]) -> std::path::PathBuf {
    let folder = place.folder.display();
    let mut keys = vec![
        ("socket", format!("\"{folder}/skep.sock\"")),
        ("state", format!("\"{folder}/state\"")),
        ("shim", format!("\"{}\"", program("skep-shim").display())),
        ("cgroup", format!("\"/{}\"", place.name)),
        ("first", place.first_id.to_string()),
    ];
    for (key, value) in changes {
        keys.retain(|(known, _)| known != key);
        keys.push((key, value.clone()));
    }
    let of = |key: &str| keys.iter().find(|(known, _)| *known == key).unwrap().1.clone();
    let text = format!(
        "socket = {}\nstate = {}\nshim = {}\ncgroup = {}\n[ids]\nfirst = {}\ncount = 500\n\
         [[tenants]]\nname = \"acme\"\n[[callers]]\nuid = 0\nadmin = true\ntenants = [\"*\"]\n",
        of("socket"),
        of("state"),
        of("shim"),
        of("cgroup"),
        of("first"),
    );
    let file = place.folder.join("other.toml");
    fs::write(&file, text).unwrap();
    file
}

fn start(file: &Path) -> Output {
    Command::new(program("skepd")).arg("--config").arg(file).output().unwrap()
}

#[track_caller]
fn ends(file: &Path, code: i32, said: &str) -> String {
    let output = start(file);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(said), "{text}");
    text
}

#[test]
fn a_folder_in_which_others_decide_is_refused_with_the_line_that_mends_it() {
    let place = Place::new();
    let shared = place.folder.join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).unwrap();
    let below = |name: &str| format!("\"{}/{name}\"", shared.join("deep").display());
    for (key, name) in [("state", "state"), ("socket", "skep.sock")] {
        let file = configuration(&place, &[(key, below(name))]);
        let text = ends(&file, 74, "belongs to uid 0 and has mode 1777");
        // /tmp is such a folder: whoever follows the first advice breaks nothing.
        assert!(text.contains("fix: choose a path below /run or /var/lib, or, if nobody else"));
        assert!(text.contains(&format!("chown root:root {0} && chmod go-w {0}", shared.display())));
    }
    let theirs = place.folder.join("theirs");
    fs::create_dir(&theirs).unwrap();
    chown(&theirs, Some(1000), Some(1000)).unwrap();
    let file = configuration(&place, &[("state", format!("\"{}/state\"", theirs.display()))]);
    ends(&file, 74, "belongs to uid 1000 and has mode 755");
    // A link that somebody else could change is no way either.
    let (real, link) = (place.folder.join("real"), theirs.join("link"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    let file = configuration(&place, &[("state", format!("\"{}/state\"", link.display()))]);
    ends(&file, 74, "belongs to uid 1000 and has mode 755");
    fs::remove_file(&link).unwrap();
    assert!(fs::read_dir(&real).unwrap().next().is_none());
    assert!(fs::read_dir(&shared).unwrap().next().is_none());
    assert!(fs::read_dir(&theirs).unwrap().next().is_none());
}

#[test]
fn a_state_that_is_somebody_elses_tree_is_not_given_away() {
    let place = Place::new();
    let state = place.folder.join("state");
    fs::create_dir(&state).unwrap();
    fs::write(state.join("letters"), "mine").unwrap();
    for path in [state.join("letters"), state.clone()] {
        chown(path, Some(1000), Some(1000)).unwrap();
    }
    ends(&configuration(&place, &[]), 74, "it holds \"letters\", which is not Skep's");
    for path in [state.join("letters"), state] {
        assert_eq!(fs::metadata(path).unwrap().uid(), 1000);
    }
}

#[test]
fn the_files_of_an_earlier_user_are_given_to_the_daemon_and_no_others() {
    let mut host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    let state = host.place.folder.join("state");
    let outside = host.place.folder.join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("of-root"), "mine").unwrap();
    // The earlier user, who was taken over, left links to where it wants to be.
    symlink(&outside, state.join("apps/acme/folder")).unwrap();
    symlink(outside.join("of-root"), state.join("apps/acme/file")).unwrap();
    for path in [state.join("apps/acme"), state.join("apps"), state.clone()] {
        chown(path, Some(1234), Some(1234)).unwrap();
    }
    host.start_again();
    let user = host.place.ids().user;
    for path in ["", "apps", "apps/acme"] {
        assert_eq!(fs::metadata(state.join(path)).unwrap().uid(), user, "{path}");
    }
    assert_eq!(fs::symlink_metadata(state.join("apps/acme/file")).unwrap().uid(), user);
    for path in [outside.join("of-root"), outside] {
        assert_eq!(fs::metadata(path).unwrap().uid(), 0);
    }
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn a_file_of_the_state_with_another_name_elsewhere_is_not_given_away() {
    let mut host = Host::new("");
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    let (state, secret) = (host.place.folder.join("state"), host.place.folder.join("of-root"));
    fs::write(&secret, "mine").unwrap();
    fs::hard_link(&secret, state.join("apps/linked")).unwrap();
    ends(&host.place.folder.join("skepd.toml"), 74, "apps/linked: it has 2 names (hard links)");
    assert_eq!(fs::metadata(&secret).unwrap().uid(), 0);
}

#[test]
fn a_displaced_daemon_leaves_the_socket_of_its_successor() {
    let mut host = Host::new("");
    let socket = host.place.folder.join("skep.sock");
    fs::remove_file(&socket).unwrap();
    let _successor = UnixListener::bind(&socket).unwrap();
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    assert!(socket.exists());
    fs::remove_file(&socket).unwrap();
}

/// A process that sleeps in a group of that name below the subtree's root.
fn stray(root: &Path, name: &str) -> std::process::Child {
    let group = root.join(name);
    fs::create_dir(&group).unwrap();
    let child = Command::new("sleep").arg("1000").spawn().unwrap();
    fs::write(group.join("cgroup.procs"), child.id().to_string()).unwrap();
    child
}

fn root(name: &str) -> std::path::PathBuf {
    Hierarchies::detect().unwrap().v2().join(name)
}

#[test]
fn whatever_is_in_the_subtree_ends_with_the_daemon_and_before_the_next_begins() {
    let mut host = Host::new("");
    let root = root(&host.place.name);
    let mut at_the_end = stray(&root, "nobody-looks-for-this");
    assert_eq!(host.stop(Signal::SIGTERM), 0);
    assert!(at_the_end.wait().unwrap().code().is_none());
    assert!(!root.exists());
    // What a keeper that was killed leaves.
    fs::create_dir_all(root.join("tenants")).unwrap();
    let mut at_the_start = stray(&root, "nor-for-this");
    host.start_again();
    assert!(at_the_start.wait().unwrap().code().is_none());
    until("its group is gone", || !root.join("nor-for-this").exists());
}

#[test]
fn a_group_that_somebody_else_uses_is_left_alone() {
    let place = Place::new();
    let root = root(&place.name);
    fs::create_dir(&root).unwrap();
    let mut child = stray(&root, "of-others");
    ends(&configuration(&place, &[]), 69, "of-others, and everything below it would be killed");
    assert_eq!(child.try_wait().unwrap(), None);
    child.kill().unwrap();
    child.wait().unwrap();
    until("the groups are gone", || {
        fs::remove_dir(root.join("of-others")).is_ok() && fs::remove_dir(&root).is_ok()
    });
}

#[test]
fn a_second_daemon_is_told_what_is_held_and_by_whom_and_harms_nobody() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    let place = Place::new();
    let keeper = format!("another skepd, process {}, has", host.keeper_process().0);
    let state = host.place.folder.join("state");
    let owner = fs::metadata(&state).unwrap().uid();
    let other_way = place.folder.join("other-way");
    symlink(&state, &other_way).unwrap();
    let last = host.place.first_id + 499;
    let ids = host.place.ids();
    for (key, value, what) in [
        ("cgroup", format!("\"/{}//x\"", host.place.name), "the control groups at".to_owned()),
        (
            "cgroup",
            format!("\"/{}\"", host.place.name),
            format!("the control groups at /{}", host.place.name),
        ),
        ("state", format!("\"{}\"", state.display()), format!("the state in {}", state.display())),
        ("state", format!("\"{}\"", other_way.display()), "the state in".to_owned()),
        ("first", host.place.first_id.to_string(), "ids from".to_owned()),
        ("first", last.to_string(), format!("ids from {last} to")),
        ("first", (ids.group - 500).to_string(), "ids from".to_owned()),
        ("first", (host.place.first_id - 500).to_string(), format!("id {}", host.place.first_id)),
    ] {
        let text = ends(&configuration(&place, &[(key, value)]), 75, &format!("{keeper} {what}"));
        assert!(text.contains("; stop it, or give this one "), "{text}");
    }
    assert_eq!(fs::metadata(&state).unwrap().uid(), owner);
    assert_eq!(host.reply("app", "", "1"), "2");
    host.deploy("acme", "more", NEIGHBOUR, |_| ()).unwrap();
    assert_eq!(host.reply("more", "", "1"), "2");
}
