//! What goes, what stays, and what is wrong: for a person and for a script.
//!
//! Paths are those of the project, as the user sees them. Of variables and of files that are given
//! along there are names only.

use std::{cmp::Reverse, collections::BTreeMap};

use serde_json::{Value, json};
use skep_project::{
    files::{join, relative},
    trace::{Note, Problem, Traced},
};

use super::{opened::Opened, plan::Plan};
use crate::{
    screen::{Align, escaped, table},
    units::ByteCount,
};

/// How many packages are named.
const PACKAGES: usize = 8;
/// How many notes about files of packages a person sees.
const FOREIGN: usize = 5;
/// What does not come out of `node_modules`.
const OWN: &str = "(own files)";

/// What there is to say about an upload.
pub(crate) struct Report<'a> {
    opened: &'a Opened,
    plan: &'a Plan,
    traced: &'a Traced,
}

/// What one package has.
#[derive(Clone, Copy, Default)]
struct Share {
    files: usize,
    bytes: u64,
}

impl<'a> Report<'a> {
    pub(crate) fn new(opened: &'a Opened, plan: &'a Plan, traced: &'a Traced) -> Self {
        Self { opened, plan, traced }
    }

    /// A path of the upload as the user sees it.
    fn shown(&self, path: &str) -> String {
        relative(&self.opened.home, &join(&self.traced.root, path))
    }

    /// The packages, the largest first.
    fn packages(&self) -> Vec<(&'a str, Share)> {
        let mut shares: BTreeMap<&str, Share> = BTreeMap::new();
        for file in &self.traced.files {
            let share = shares.entry(package(&file.path)).or_default();
            share.files += 1;
            share.bytes += file.bytes;
        }
        let mut shares: Vec<_> = shares.into_iter().collect();
        shares.sort_by_key(|(_, share)| Reverse(share.bytes));
        shares
    }

    /// For a person.
    pub(crate) fn text(&self) -> String {
        let Traced { files, links, .. } = self.traced;
        let links = match links.len() {
            0 => String::new(),
            count => format!(" and {}", counted(count, "link")),
        };
        let size = ByteCount(self.traced.bytes());
        let mut lines = vec![format!(
            "{}{links}, {size}; entry {}",
            counted(files.len(), "file"),
            escaped(&self.shown(&self.traced.entry))
        )];
        let root = relative(&self.opened.home, &self.traced.root);
        if !root.is_empty() {
            lines.push(format!("root of the upload: {}", escaped(&root)));
        }
        lines.extend(self.shares());
        let plan = self.plan;
        let names = |names: Vec<&str>| escaped(&names.join(", "));
        lines.extend(plan.handler.iter().map(|handler| format!("handler: {handler}")));
        lines.extend(plan.modules.iter().map(|modules| format!("modules: {}", modules.join(", "))));
        let conditions = &plan.options.settings.conditions;
        if !conditions.is_empty() {
            lines.push(format!("conditions: {}", escaped(&conditions.join(", "))));
        }
        if !plan.env.is_empty() {
            let env = plan.env.keys().map(String::as_str).collect();
            lines.push(format!("variables: {}", names(env)));
        }
        if !plan.given.is_empty() {
            let given = plan.given.keys().map(String::as_str).collect();
            lines.push(format!("files beside the app: {}", names(given)));
        }
        let notes = self.notes();
        if !notes.is_empty() {
            lines.push("left out, or not seen:".to_owned());
            lines.extend(notes.iter().map(|note| format!("  {}", escaped(note))));
        }
        if !self.traced.problems.is_empty() {
            lines.push("problems:".to_owned());
            lines.extend(self.traced.problems.iter().map(|it| format!("  {}", problem_text(it))));
        }
        lines.join("\n")
    }

    /// The same, before it every file and link that would go.
    pub(crate) fn whole_text(&self) -> String {
        let files = self.traced.files.iter();
        let files = files.map(|it| [self.shown(&it.path), ByteCount(it.bytes).to_string()]);
        let links = self.traced.links.iter();
        let links = links.map(|it| [self.shown(&it.path), format!("-> {}", it.target)]);
        let rows: Vec<_> = files.chain(links).collect();
        let mut lines = table([("FILE", Align::Left), ("SIZE", Align::Right)], &rows);
        lines.push(self.text());
        lines.join("\n")
    }

    /// The table of packages, if there is more than one.
    fn shares(&self) -> Vec<String> {
        let packages = self.packages();
        if packages.len() < 2 {
            return Vec::new();
        }
        let row = |name: &str, share: &Share| {
            [name.to_owned(), share.files.to_string(), ByteCount(share.bytes).to_string()]
        };
        let (named, rest) = packages.split_at(packages.len().min(PACKAGES));
        let mut rows: Vec<[String; 3]> = named.iter().map(|(name, it)| row(name, it)).collect();
        if !rest.is_empty() {
            let all = rest.iter().fold(Share::default(), |sum, (_, it)| Share {
                files: sum.files + it.files,
                bytes: sum.bytes + it.bytes,
            });
            rows.push(row(&format!("+{} more", rest.len()), &all));
        }
        let columns = [("PACKAGE", Align::Left), ("FILES", Align::Right), ("SIZE", Align::Right)];
        table(columns, &rows)
    }

    /// Those about own files, and the first of those about packages.
    fn notes(&self) -> Vec<String> {
        let traced = &self.traced.notes;
        let (foreign, own): (Vec<&Note>, Vec<&Note>) =
            traced.iter().partition(|note| package(&note.path) != OWN);
        let mut notes = self.opened.left_out.clone();
        notes.extend(own.iter().map(ToString::to_string));
        notes.extend(foreign.iter().take(FOREIGN).map(ToString::to_string));
        if FOREIGN < foreign.len() {
            let more = foreign.len() - FOREIGN;
            notes.push(format!("{more} more in packages; --json has them all"));
        }
        notes
    }

    /// For a script.
    pub(crate) fn json(&self) -> Value {
        let files = self.traced.files.iter();
        let links = self.traced.links.iter();
        let packages = self.packages().into_iter().map(
            |(name, share)| json!({ "name": name, "files": share.files, "bytes": share.bytes }),
        );
        let archive = self.opened.left_out.iter().map(|it| json!({ "message": it }));
        let notes = self.traced.notes.iter().map(note_json);
        json!({
            "entry": self.shown(&self.traced.entry),
            "root": relative(&self.opened.home, &self.traced.root),
            "bytes": self.traced.bytes(),
            "files": files
                .map(|it| json!({ "path": self.shown(&it.path), "bytes": it.bytes }))
                .collect::<Vec<_>>(),
            "links": links
                .map(|it| json!({ "path": self.shown(&it.path), "target": it.target }))
                .collect::<Vec<_>>(),
            "packages": packages.collect::<Vec<_>>(),
            "handler": self.plan.handler,
            "modules": self.plan.modules,
            "conditions": self.plan.options.settings.conditions,
            "env": self.plan.env.keys().collect::<Vec<_>>(),
            "given": self.plan.given.keys().collect::<Vec<_>>(),
            "notes": archive.chain(notes).collect::<Vec<_>>(),
            "problems": self.traced.problems.iter().map(problem_json).collect::<Vec<_>>(),
        })
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// One problem on a line.
pub(crate) fn problem_text(problem: &Problem) -> String {
    let kind = if problem.fatal { "error" } else { "warning" };
    escaped(&format!("{kind}: {problem}"))
}

fn note_json(note: &Note) -> Value {
    let (line, column) = (note.at.map(|at| at.line), note.at.map(|at| at.column));
    json!({ "path": note.path, "line": line, "column": column, "message": note.message })
}

/// One problem for a script.
pub(crate) fn problem_json(problem: &Problem) -> Value {
    let (line, column) = (problem.at.map(|at| at.line), problem.at.map(|at| at.column));
    json!({
        "path": problem.path, "line": line, "column": column,
        "message": problem.message, "fatal": problem.fatal,
    })
}

/// The package in `node_modules` that a file belongs to.
fn package(path: &str) -> &str {
    let inner = path.rfind("/node_modules/").map(|at| at + 1);
    let start = inner.or_else(|| path.starts_with("node_modules/").then_some(0));
    let Some(start) = start else { return OWN };
    let rest = &path[start + "node_modules/".len()..];
    let mut ends = rest.match_indices('/').map(|(at, _)| at);
    let end = if rest.starts_with('@') { ends.nth(1) } else { ends.next() };
    end.map_or(rest, |end| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_known_by_their_paths() {
        let pnpm = "node_modules/.pnpm/b@1/node_modules/@s/b/x/y.js";
        let all = [pnpm, "a/node_modules/c/i.js", "src/i.js", "node_modules/d.js"].map(package);
        assert_eq!(all, ["@s/b", "c", OWN, "d.js"]);
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!((counted(1, "file"), counted(2, "file")), ("1 file".into(), "2 files".into()));
    }
}
