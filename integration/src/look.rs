//! A process as the host's root sees it.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt as _, path::PathBuf};

/// A process, by its number on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(pub i32);

impl Process {
    /// This very process.
    pub fn own() -> Self {
        Self(i32::try_from(std::process::id()).unwrap())
    }

    /// A file or folder of its `/proc` entry.
    pub fn path(self, name: &str) -> PathBuf {
        format!("/proc/{}/{name}", self.0).into()
    }

    /// The text of such a file.
    pub fn text(self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The fields of `/proc/PID/status`.
    pub fn status(self) -> BTreeMap<String, String> {
        self.text("status")
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
            .collect()
    }

    /// The inode numbers of its namespaces.
    pub fn namespaces(self) -> BTreeMap<&'static str, u64> {
        skep_link::frame::NAMESPACES
            .into_iter()
            .map(|name| (name, fs::metadata(self.path(&format!("ns/{name}"))).unwrap().ino()))
            .collect()
    }

    /// What its descriptors are.
    pub fn descriptors(self) -> Vec<String> {
        fs::read_dir(self.path("fd"))
            .unwrap()
            .map(|entry| fs::read_link(entry.unwrap().path()).unwrap().display().to_string())
            .collect()
    }

    /// Names in the folder that it sees as `/`.
    pub fn root(self) -> Vec<String> {
        fs::read_dir(self.path("root"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().display().to_string())
            .collect()
    }

    /// The soft and hard value of one line of `/proc/PID/limits`.
    pub fn limit(self, title: &str) -> (String, String) {
        let text = self.text("limits");
        let line = text.lines().find(|line| line.starts_with(title)).unwrap();
        let mut words = line[title.len()..].split_whitespace().map(str::to_owned);
        (words.next().unwrap(), words.next().unwrap())
    }

    /// Field `number` of `/proc/PID/stat`, counted as proc_pid_stat(5) does.
    pub fn stat(self, number: usize) -> String {
        let text = self.text("stat");
        let after_name = text.rsplit_once(") ").unwrap().1;
        after_name.split(' ').nth(number - 3).unwrap().trim().to_owned()
    }

    /// Whether it exists and has not ended.
    pub fn alive(self) -> bool {
        match fs::read_to_string(self.path("stat")) {
            Ok(text) => !text.rsplit_once(") ").unwrap().1.starts_with(['Z', 'X']),
            Err(_) => false,
        }
    }
}
