//! Reads `package.json`, within bounds.
//!
//! A manifest may be hostile: the resolver is only given what it needs of it, with every text short
//! and every level of nesting counted ([`reduced`]).

use serde_json::{Map, Value};

/// Largest `package.json` or `tsconfig.json` that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// Longest text in the fields that resolution reads, in bytes.
const MAX_TEXT: usize = 1024;
/// How often `*` may stand in one target.
const MAX_STARS: usize = 4;
/// The fields that resolution reads.
const FIELDS: [&str; 5] = ["name", "type", "main", "exports", "imports"];

/// What `type` says about the `.js` files of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageType {
    /// `"commonjs"`
    Commonjs,
    /// `"module"`
    Module,
}

/// What is read of a `package.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Path of the file.
    pub path: String,
    /// `name`
    pub name: Option<String>,
    /// `type`, if it is one that Node knows.
    pub kind: Option<PackageType>,
    /// `main`
    pub main: Option<String>,
    /// Whether it has `exports`.
    pub exports: bool,
    /// Why the file cannot be read; the rest is empty then.
    pub problem: Option<String>,
}

impl Manifest {
    /// Reads `bytes`, the content of `path`. Never fails: see [`Manifest::problem`].
    pub(crate) fn read(path: &str, bytes: &[u8]) -> Self {
        let map = match fields(bytes) {
            Ok(map) => map,
            Err(problem) => {
                return Self { path: path.into(), problem: Some(problem), ..Self::default() };
            }
        };
        let text = |field: &str| map.get(field).and_then(Value::as_str).map(str::to_owned);
        let kind = match text("type").as_deref() {
            Some("module") => Some(PackageType::Module),
            Some("commonjs") => Some(PackageType::Commonjs),
            _ => None,
        };
        let exports = map.get("exports").is_some_and(|it| !it.is_null());
        let path = path.to_owned();
        Self { path, name: text("name"), kind, main: text("main"), exports, problem: None }
    }
}

/// The manifest with nothing but what resolution reads, as JSON; the reason if it cannot be used.
pub(crate) fn reduced(bytes: &[u8]) -> Result<Vec<u8>, String> {
    serde_json::to_vec(&fields(bytes)?).map_err(|err| err.to_string())
}

/// The fields that resolution reads, all within bounds.
fn fields(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    if MAX_BYTES < bytes.len() {
        return Err(format!("it has {} bytes, at most {MAX_BYTES} are read", bytes.len()));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // serde_json refuses more than 127 levels.
    let whole: Value = serde_json::from_slice(bytes).map_err(|err| err.to_string())?;
    let Value::Object(mut whole) = whole else { return Err("it holds no object".to_owned()) };
    let mut kept = Map::new();
    for field in FIELDS {
        if let Some(value) = whole.remove(field) {
            check(field, &value)?;
            kept.insert(field.to_owned(), value);
        }
    }
    Ok(kept)
}

/// Recursion is bounded by the levels that serde_json takes.
fn check(field: &str, value: &Value) -> Result<(), String> {
    let text = |text: &str| {
        if MAX_TEXT < text.len() {
            return Err(format!(
                "{field:?} has a text of {} bytes (at most {MAX_TEXT})",
                text.len()
            ));
        }
        let stars = text.bytes().filter(|it| *it == b'*').count();
        if MAX_STARS < stars {
            return Err(format!("{field:?} has a text with {stars} '*' (at most {MAX_STARS})"));
        }
        Ok(())
    };
    match value {
        Value::String(it) => text(it),
        Value::Array(all) => all.iter().try_for_each(|it| check(field, it)),
        Value::Object(all) => all.iter().try_for_each(|(key, it)| {
            text(key)?;
            check(field, it)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_as_node_reads_it() {
        let text =
            b"\xEF\xBB\xBF{\"name\":\"a\",\"type\":\"module\",\"main\":\"x.js\",\"exports\":null}";
        let read = Manifest::read("a/package.json", text);
        assert_eq!(read.kind, Some(PackageType::Module));
        assert_eq!((read.name.as_deref(), read.main.as_deref()), (Some("a"), Some("x.js")));
        assert!(!read.exports);
        assert_eq!(Manifest::read("p", b"{\"type\":\"esm\"}").kind, None);
    }

    #[test]
    fn hostile_manifests_are_problems() {
        let deep = format!("{{\"exports\":{}1{}}}", "[".repeat(9000), "]".repeat(9000));
        let long = format!("{{\"main\":\"{}\"}}", "a/".repeat(600));
        let stars = format!("{{\"exports\":{{\"./*\":\"./{}\"}}}}", "*".repeat(9));
        for text in [deep.as_str(), &long, &stars, "", "[]", "{", "\0"] {
            assert!(Manifest::read("p", text.as_bytes()).problem.is_some(), "{text:.30}");
        }
    }

    #[test]
    fn the_order_of_conditions_is_kept() {
        let text = r#"{"description":"…","exports":{"z":"./z","node":"./n","a":"./a"}}"#;
        let kept = String::from_utf8(reduced(text.as_bytes()).unwrap()).unwrap();
        assert_eq!(kept, r#"{"exports":{"z":"./z","node":"./n","a":"./a"}}"#);
    }
}
