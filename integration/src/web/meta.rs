//! What a test file says of itself: the lines `// META: key=value` at its beginning.

/// The lines of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Scripts that are to run before it, in order: relative to it, or from the root of the tests.
    pub scripts: Vec<String>,
    /// Its name for people.
    pub title: Option<String>,
    /// Whether it takes longer than tests do.
    pub is_long: bool,
    /// Queries of its address with which it is run, each time on its own; it is run once if there are none.
    pub variants: Vec<String>,
}

impl Meta {
    /// Reads the lines up to the first that is no such line. Keys that mean nothing here are passed over; so is
    /// `global`, since an app is neither a window nor a worker: what a test needs of those shows when it runs.
    pub fn of(text: &str) -> Self {
        let mut found = Self::default();
        for (key, value) in text.lines().map_while(entry) {
            match key {
                "script" => found.scripts.push(value.to_owned()),
                "title" => found.title = Some(value.to_owned()),
                "timeout" => found.is_long = value == "long",
                "variant" => found.variants.push(value.to_owned()),
                _ => {}
            }
        }
        found
    }
}

/// Key and value of a line, if it is one of those.
fn entry(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim_start_matches('\u{feff}').strip_prefix("//")?.trim_start();
    let (key, value) = rest.strip_prefix("META:")?.split_once('=')?;
    Some((key.trim(), value.trim()))
}
