//! `skep.toml`: what a project says about how it is deployed.
//!
//! All problems are found at once, each with its place. No value is ever part of a problem: what stands
//! under `[env]` may be a secret, and so may be what stands in the wrong place.

use std::{fmt, str::FromStr};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::builtins;
use crate::{
    args::{Bounds, HANDLERS, Unseen},
    units::{Quantity, above_zero},
};

/// The name of the file.
pub(crate) const NAME: &str = "skep.toml";
/// The most bytes that it may have.
const MOST_BYTES: u64 = 1 << 20;

const KEYS: &str = "entry, handler, include, conditions, modules, env, files, limits, rates";
const LIMITS: &str = "memory, cpu, timeout, cpu_budget, concurrency, min_instances, max_instances";
const RATES: &str = "rps, burst, rps_per_instance, burst_per_instance";

/// What `skep.toml` says; what it does not say is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The script that is loaded, relative to the folder.
    pub(crate) entry: Option<String>,
    /// The convention of the functions.
    pub(crate) handler: Option<String>,
    /// Globs of files to be taken along.
    pub(crate) include: Vec<String>,
    /// Conditions of `exports` beside Node's.
    pub(crate) conditions: Vec<String>,
    /// The built-in modules that may be used.
    pub(crate) modules: Option<Vec<String>>,
    /// Variables.
    pub(crate) env: Vec<(String, Unseen)>,
    /// Absolute paths in the sandbox, each with a path relative to the folder.
    pub(crate) files: Vec<(String, String)>,
    /// Limits and rates.
    pub(crate) bounds: Bounds,
}

/// What is wrong in `skep.toml`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) struct BadSettings {
    /// In the order in which it was found.
    pub(crate) problems: Vec<String>,
}

impl fmt::Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

/// A problem of the file as a whole.
fn alone(what: &str) -> BadSettings {
    BadSettings { problems: vec![format!("{NAME}: {what}")] }
}

/// Refuses a file that is too large to be read.
pub(crate) fn fits(bytes: u64) -> Result<(), BadSettings> {
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    Err(alone(&format!("it has {bytes} bytes, at most {MOST_BYTES} are read")))
}

/// Reads the content of a `skep.toml`.
pub(crate) fn read(bytes: &[u8]) -> Result<Settings, BadSettings> {
    let text = str::from_utf8(bytes).map_err(|_| alone("it is not UTF-8"))?;
    let mut reader = Reader { text, problems: Vec::new() };
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            // Not all of the error: it would show the line.
            reader.problem(error.span().map_or(0, |span| span.start), error.message().to_owned());
            return Err(BadSettings { problems: reader.problems });
        }
    };
    let settings = reader.settings(table.get_ref());
    if reader.problems.is_empty() {
        Ok(settings)
    } else {
        Err(BadSettings { problems: reader.problems })
    }
}

type Value<'a> = Spanned<DeValue<'a>>;

struct Reader<'a> {
    text: &'a str,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn problem(&mut self, at: usize, what: String) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        self.problems.push(format!("{NAME}:{line}:{column}: {what}"));
    }

    fn settings(&mut self, table: &DeTable<'_>) -> Settings {
        let mut settings = Settings::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "entry" => settings.entry = self.text(key, value),
                "handler" => settings.handler = self.handler(key, value),
                "include" => settings.include = self.texts(key, value),
                "conditions" => settings.conditions = self.texts(key, value),
                "modules" => settings.modules = Some(self.modules(key, value)),
                "env" => settings.env = self.env(key, value),
                "files" => settings.files = self.pairs(key, value),
                "limits" => self.limits(&mut settings.bounds, key, value),
                "rates" => self.rates(&mut settings.bounds, key, value),
                _ => self.unknown(key, KEYS),
            }
        }
        settings
    }

    fn unknown(&mut self, key: &Spanned<impl AsRef<str>>, known: &str) {
        let what = format!("unknown key {:?}; known are {known}", key.get_ref().as_ref());
        self.problem(key.span().start, what);
    }

    fn expected(&mut self, key: &str, value: &Value<'_>, what: &str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.problem(value.span().start, format!("{key}: expected {what}, found {found}"));
    }

    fn text(&mut self, key: &Spanned<impl AsRef<str>>, value: &Value<'_>) -> Option<String> {
        let key = key.get_ref().as_ref();
        match value.get_ref().as_str() {
            Some("") => self.problem(value.span().start, format!("{key}: it is empty")),
            Some(text) => return Some(text.to_owned()),
            None => self.expected(key, value, "a text"),
        }
        None
    }

    fn handler(&mut self, key: &Spanned<impl AsRef<str>>, value: &Value<'_>) -> Option<String> {
        let name = self.text(key, value)?;
        if HANDLERS.contains(&name.as_str()) {
            return Some(name);
        }
        let what = format!("handler: expected one of {}", HANDLERS.join(", "));
        self.problem(value.span().start, what);
        None
    }

    fn texts(&mut self, key: &Spanned<impl AsRef<str>>, value: &Value<'_>) -> Vec<String> {
        let Some(list) = value.get_ref().as_array() else {
            self.expected(key.get_ref().as_ref(), value, "a list of texts");
            return Vec::new();
        };
        list.iter().filter_map(|item| self.text(key, item)).collect()
    }

    fn modules(&mut self, key: &Spanned<impl AsRef<str>>, value: &Value<'_>) -> Vec<String> {
        let names = self.texts(key, value);
        if let Some(name) = builtins::unknown(&names) {
            let what = format!("modules: {name:?} is no built-in module");
            self.problem(value.span().start, what);
        }
        names
    }

    fn table<'v, 'a>(
        &mut self,
        key: &Spanned<impl AsRef<str>>,
        value: &'v Value<'a>,
    ) -> Option<&'v DeTable<'a>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.expected(key.get_ref().as_ref(), value, "a table");
        }
        table
    }

    fn env(&mut self, key: &Spanned<impl AsRef<str>>, value: &Value<'_>) -> Vec<(String, Unseen)> {
        let mut found = Vec::new();
        for (name, value) in self.table(key, value).into_iter().flatten() {
            let name: &str = name.get_ref().as_ref();
            match value.get_ref().as_str() {
                Some(text) => found.push((name.to_owned(), Unseen(text.to_owned()))),
                None => self.expected(&format!("env.{name}"), value, "a text"),
            }
        }
        found
    }

    fn pairs(
        &mut self,
        key: &Spanned<impl AsRef<str>>,
        value: &Value<'_>,
    ) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (path, value) in self.table(key, value).into_iter().flatten() {
            let Some(file) = self.text(path, value) else { continue };
            let path: &str = path.get_ref().as_ref();
            found.push((path.to_owned(), file));
        }
        found
    }

    fn limits(&mut self, to: &mut Bounds, key: &Spanned<impl AsRef<str>>, value: &Value<'_>) {
        for (key, value) in self.table(key, value).into_iter().flatten() {
            match key.get_ref().as_ref() {
                "memory" => to.memory = self.quantity(key, value),
                "cpu" => to.cpu = self.quantity(key, value),
                "timeout" => to.timeout = self.quantity(key, value),
                "cpu_budget" => to.cpu_budget = self.quantity(key, value),
                "concurrency" => to.concurrency = self.number(key, value, 1),
                "min_instances" => to.min_instances = self.number(key, value, 0),
                "max_instances" => to.max_instances = self.number(key, value, 1),
                _ => self.unknown(key, LIMITS),
            }
        }
    }

    fn rates(&mut self, to: &mut Bounds, key: &Spanned<impl AsRef<str>>, value: &Value<'_>) {
        let start = key.span().start;
        for (key, value) in self.table(key, value).into_iter().flatten() {
            match key.get_ref().as_ref() {
                "rps" => to.rps = self.number(key, value, 0),
                "burst" => to.burst = self.number(key, value, 1),
                "rps_per_instance" => to.rps_per_instance = self.number(key, value, 0),
                "burst_per_instance" => to.burst_per_instance = self.number(key, value, 1),
                _ => self.unknown(key, RATES),
            }
        }
        let pairs = [
            ("burst", to.burst, "rps", to.rps),
            ("burst_per_instance", to.burst_per_instance, "rps_per_instance", to.rps_per_instance),
        ];
        for (burst, given, rate, absent) in pairs {
            if given.is_some() && absent.is_none() {
                self.problem(start, format!("rates: {burst} needs {rate} beside it"));
            }
        }
    }

    fn quantity<Q: Quantity + FromStr>(
        &mut self,
        key: &Spanned<impl AsRef<str>>,
        value: &Value<'_>,
    ) -> Option<Q> {
        let text = self.text(key, value)?;
        let read = above_zero(&text);
        if let Err(bad) = &read {
            self.problem(value.span().start, format!("{}: {bad}", key.get_ref().as_ref()));
        }
        read.ok()
    }

    fn number(
        &mut self,
        key: &Spanned<impl AsRef<str>>,
        value: &Value<'_>,
        least: u32,
    ) -> Option<u32> {
        let what = format!("a whole number from {least} to {}", u32::MAX);
        let key = key.get_ref().as_ref();
        let Some(number) = value.get_ref().as_integer() else {
            self.expected(key, value, &what);
            return None;
        };
        let number = u32::from_str_radix(number.as_str(), number.radix()).ok();
        let number = number.filter(|number| least <= *number);
        if number.is_none() {
            self.problem(value.span().start, format!("{key}: expected {what}"));
        }
        number
    }
}

#[cfg(test)]
mod tests;
