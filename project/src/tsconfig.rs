//! Reads `tsconfig.json`: where names lead (`paths`, `baseUrl`), and how TypeScript is written out.
//!
//! Of everything that the compiler knows only those options are read that change what a program
//! does. `extends` is followed; `references`, `include` and `files` are not looked at.

use serde_json::Value;

use crate::{
    files::{Files, file, folder, join, normal, upwards},
    manifest::MAX_BYTES,
};

/// How many files may extend each other.
const MAX_EXTENDS: usize = 16;
/// How many entries `paths` may have, and targets an entry.
const MAX_PATHS: usize = 1000;

/// How JSX is written out.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Jsx {
    /// Calls of `React.createElement`, or of what `jsxFactory` names.
    #[default]
    Classic,
    /// Calls of what `jsxImportSource` (or `react`) exports as `jsx-runtime`.
    Automatic,
}

/// What is read of a `tsconfig.json` and of those that it extends.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TsConfig {
    /// The files that were read, this one first.
    pub paths_read: Vec<String>,
    /// `baseUrl`, as a folder of the project.
    pub base: Option<String>,
    /// `paths`: patterns with at most one `*`, and their targets.
    pub paths: Vec<(String, Vec<String>)>,
    /// The folder that the targets are relative to.
    pub paths_base: String,
    /// `jsx`
    pub jsx: Jsx,
    /// `jsxImportSource`
    pub jsx_source: Option<String>,
    /// `jsxFactory`
    pub jsx_factory: Option<String>,
    /// `jsxFragmentFactory`
    pub jsx_fragment: Option<String>,
    /// `experimentalDecorators`
    pub experimental_decorators: bool,
    /// `emitDecoratorMetadata`
    pub metadata: bool,
    /// `strictNullChecks`, or `strict`.
    pub strict_nulls: bool,
    /// `useDefineForClassFields`
    pub define_fields: Option<bool>,
    /// Whether `target` is older than ES2022.
    pub old_target: bool,
    /// `verbatimModuleSyntax`: imports that no value uses stay.
    pub verbatim: bool,
    /// Why a file of them cannot be read: its path, and the reason.
    pub problem: Option<(String, String)>,
}

impl TsConfig {
    /// The config for files in `from`: the nearest `tsconfig.json` at or above it that is not beyond
    /// a `node_modules`. `package` finds the file that `extends` names in a package.
    pub(crate) fn nearest(
        files: &dyn Files,
        from: &str,
        package: &dyn Fn(&str, &str) -> Option<String>,
    ) -> Option<Self> {
        if from.split('/').any(|it| it == "node_modules") {
            return None;
        }
        let path = upwards(from).find_map(|it| file(files, &join(it, "tsconfig.json")))?;
        let mut config = Self::default();
        let mut budget = MAX_EXTENDS;
        config.load(files, &path, package, &mut budget);
        Some(config)
    }

    /// Reads `path`: first what it extends, then its own options over that. Recursion is bounded by
    /// `budget`, which counts files.
    fn load(
        &mut self,
        files: &dyn Files,
        path: &str,
        package: &dyn Fn(&str, &str) -> Option<String>,
        budget: &mut usize,
    ) {
        self.paths_read.push(path.to_owned());
        let value = match read(files, path) {
            Ok(value) => value,
            Err(why) => {
                self.problem.get_or_insert((path.to_owned(), why));
                return;
            }
        };
        let here = folder(path);
        let extends = match value.get("extends") {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for name in extends {
            let Some(left) = budget.checked_sub(1) else {
                let why = format!("more than {MAX_EXTENDS} files extend each other");
                self.problem.get_or_insert((path.to_owned(), why));
                return;
            };
            *budget = left;
            let found = if name.starts_with('.') || name.starts_with('/') {
                let at = normal(here, name).unwrap_or_default();
                file(files, &at).or_else(|| file(files, &format!("{at}.json")))
            } else {
                package(here, name)
            };
            match found {
                Some(found) => self.load(files, &found, package, budget),
                None => {
                    let why = format!("it extends {name:?}, which is not there");
                    self.problem.get_or_insert((path.to_owned(), why));
                }
            }
        }
        if let Some(options) = value.get("compilerOptions") {
            self.take(here, options);
        }
    }

    /// Takes over the options of a file in the folder `here`.
    fn take(&mut self, here: &str, options: &Value) {
        let text = |name: &str| options.get(name).and_then(Value::as_str);
        let flag = |name: &str| options.get(name).and_then(Value::as_bool);
        if let Some(base) = text("baseUrl") {
            self.base = normal(here, base);
        }
        if let Some(Value::Object(paths)) = options.get("paths") {
            self.paths_base = self.base.clone().unwrap_or_else(|| here.to_owned());
            self.paths = paths
                .iter()
                .filter(|(pattern, _)| pattern.matches('*').count() < 2)
                .take(MAX_PATHS)
                .map(|(pattern, targets)| {
                    let targets = targets.as_array().into_iter().flatten();
                    let targets = targets.filter_map(Value::as_str).take(MAX_PATHS);
                    (pattern.clone(), targets.map(str::to_owned).collect())
                })
                .collect();
        }
        match text("jsx") {
            Some("react-jsx" | "react-jsxdev") => self.jsx = Jsx::Automatic,
            Some(_) => self.jsx = Jsx::Classic,
            None => {}
        }
        for (name, field) in [
            ("jsxImportSource", &mut self.jsx_source),
            ("jsxFactory", &mut self.jsx_factory),
            ("jsxFragmentFactory", &mut self.jsx_fragment),
        ] {
            if let Some(value) = text(name).filter(|it| is_dotted(it)) {
                *field = Some(value.to_owned());
            }
        }
        if let Some(value) = flag("experimentalDecorators") {
            self.experimental_decorators = value;
        }
        if let Some(value) = flag("emitDecoratorMetadata") {
            self.metadata = value;
        }
        if let Some(value) = flag("strictNullChecks").or(flag("strict")) {
            self.strict_nulls = value;
        }
        if let Some(value) = flag("verbatimModuleSyntax") {
            self.verbatim = value;
        }
        if let Some(value) = flag("useDefineForClassFields") {
            self.define_fields = Some(value);
        }
        if let Some(target) = text("target") {
            let old = ["es3", "es5", "es6", "es2015", "es2016", "es2017", "es2018", "es2019"];
            let old = old.into_iter().chain(["es2020", "es2021"]);
            self.old_target = old.into_iter().any(|it| target.eq_ignore_ascii_case(it));
        }
    }

    /// Whether class fields are defined, as ES2022 says, and not assigned.
    pub fn defines_fields(&self) -> bool {
        self.define_fields.unwrap_or(!self.old_target)
    }

    /// Where `paths` and `baseUrl` may lead `specifier`, best first: paths without an ending yet.
    pub(crate) fn candidates(&self, specifier: &str) -> Vec<String> {
        let mut best: Option<(usize, &[String], &str)> = None;
        for (pattern, targets) in &self.paths {
            let (rank, middle) = match pattern.split_once('*') {
                None if pattern == specifier => (usize::MAX, ""),
                None => continue,
                Some((start, end)) => {
                    let middle = specifier.strip_prefix(start).and_then(|it| it.strip_suffix(end));
                    let Some(middle) = middle else { continue };
                    (start.len(), middle)
                }
            };
            if best.is_none_or(|(found, ..)| found < rank) {
                best = Some((rank, targets, middle));
            }
        }
        let mut found = Vec::new();
        if let Some((_, targets, middle)) = best {
            let targets = targets.iter().map(|it| it.replacen('*', middle, 1));
            found.extend(targets.filter_map(|it| normal(&self.paths_base, &it)));
        }
        if let Some(base) = &self.base {
            found.extend(normal(base, specifier));
        }
        found
    }
}

/// Whether a text may stand in a program as the name of a function or package.
fn is_dotted(text: &str) -> bool {
    let plain = |it: char| it.is_alphanumeric() || "_$.@/-".contains(it);
    !text.is_empty() && text.len() <= 256 && text.chars().all(plain)
}

/// Reads a file of JSON with comments and trailing commas.
fn read(files: &dyn Files, path: &str) -> Result<Value, String> {
    let bytes = files.read(path).map_err(|err| err.source.to_string())?;
    if MAX_BYTES < bytes.len() {
        return Err(format!("it has {} bytes, at most {MAX_BYTES} are read", bytes.len()));
    }
    let text = std::str::from_utf8(&bytes).map_err(|err| err.to_string())?;
    let mut text = text.strip_prefix('\u{FEFF}').unwrap_or(text).to_owned();
    json_strip_comments::strip(&mut text).map_err(|err| err.to_string())?;
    serde_json::from_str(&text).map_err(|err| err.to_string())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::files::Uploaded;

    fn tree(files: &[(&str, &str)]) -> Uploaded {
        let mut tree = Uploaded::new();
        for (path, text) in files {
            tree.file(path, Bytes::copy_from_slice(text.as_bytes())).unwrap();
        }
        tree
    }

    fn nearest(files: &Uploaded, from: &str) -> Option<TsConfig> {
        TsConfig::nearest(files, from, &|_, name| Some(format!("node_modules/{name}")))
    }

    #[test]
    fn the_nearest_config_counts_and_extends_others() {
        let files = tree(&[
            (
                "node_modules/base/a.json",
                r#"{"compilerOptions":{"jsx":"react-jsx","target":"ES2017"}}"#,
            ),
            (
                "app/tsconfig.json",
                "\u{FEFF}{ // comment\n\"extends\": [\"base/a.json\", \"./more\"],\n\"compilerOptions\":\
                 {\"paths\":{\"@/*\":[\"src/*\"],\"@/x/*\":[\"y/*\"],},}, }",
            ),
            ("app/more.json", r#"{"compilerOptions":{"emitDecoratorMetadata":true}}"#),
        ]);
        let config = nearest(&files, "app/src/deep").unwrap();
        assert_eq!(config.problem, None);
        assert_eq!(config.jsx, Jsx::Automatic);
        assert!(!config.defines_fields());
        assert!(config.metadata);
        assert_eq!(config.candidates("@/a"), ["app/src/a"]);
        assert_eq!(config.candidates("@/x/a"), ["app/y/a"]);
        assert_eq!(config.candidates("lodash"), [""; 0]);
        assert_eq!(nearest(&files, "app/node_modules/a"), None);
        assert_eq!(nearest(&files, "other"), None);
    }

    #[test]
    fn configs_that_extend_each_other_are_a_problem() {
        let files = tree(&[("tsconfig.json", r#"{"extends":"./tsconfig.json"}"#)]);
        assert!(nearest(&files, "").unwrap().problem.is_some());
    }
}
