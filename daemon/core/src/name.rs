//! The names that come from outside: of tenants, apps, functions and files.
//!
//! Each is parsed once, here; after that nobody checks it again. This module does not say whether
//! something of that name exists.
//!
//! Always true of a value: it is bounded in length and has no control character. All but a [`FilePath`] are ASCII and
//! safe as a path component, metric label and log field; a [`FilePath`] is a relative path that stays below its folder.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest tenant, app or function name, in bytes.
pub const NAME_BYTES: usize = 63;

/// The longest path of a file of an app, in bytes.
pub const PATH_BYTES: usize = 512;

/// A text that is not the name it was given for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {fault}; {rule}")]
pub struct BadName {
    /// Which name, in words: "app name".
    pub what: &'static str,
    /// What is wrong with it, and where.
    pub fault: Fault,
    /// What would be right.
    pub rule: &'static str,
}

/// What is wrong with a name. Positions are byte offsets from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is nothing.
    #[error("is empty")]
    Empty,
    /// It has more bytes than any name of its kind.
    #[error("has {len} bytes")]
    TooLong {
        /// How many bytes it has.
        len: usize,
    },
    /// A character that no name of its kind has at that place.
    #[error("has {found:?} at byte {at}")]
    BadChar {
        /// The character.
        found: char,
        /// Where it stands.
        at: usize,
    },
    /// Two slashes in a row, or one at the start or the end.
    #[error("has an empty segment at byte {at}")]
    EmptySegment {
        /// Where the segment would begin.
        at: usize,
    },
    /// A segment that is `.` or `..`.
    #[error("has a segment that is '.' or '..' at byte {at}")]
    DotSegment {
        /// Where the segment begins.
        at: usize,
    },
}

/// What the names have in common: parsing, reading, showing and storing as text.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident = $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadName;

            fn from_str(text: &str) -> Result<Self, BadName> {
                $check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;

            fn try_from(text: String) -> Result<Self, BadName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        /// So that maps keyed by the name can be asked with a `&str`.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// A tenant's name: 1 to 63 bytes of `a-z`, `0-9` and `-`, first one a letter.
    TenantId = tenant_rule
}

name! {
    /// An app's name inside its tenant: 1 to 63 bytes of `a-z`, `0-9` and `-`, first one a letter.
    AppId = app_rule
}

name! {
    /// The name of an exported function: 1 to 63 bytes, an ASCII letter, `_` or `$` first, then also
    /// digits.
    ///
    /// Its `Default` is `default`, the function that a call runs when it names none.
    FunctionName = function_rule
}

name! {
    /// Where a file stands inside its app: 1 to 512 bytes of UTF-8 without control characters and `\`, segments
    /// separated by `/`, none of them empty, `.` or `..`.
    FilePath = path_rule
}

impl FunctionName {
    /// The function that a call runs when it names none.
    pub const DEFAULT: &'static str = "default";
}

impl Default for FunctionName {
    fn default() -> Self {
        Self(Self::DEFAULT.into())
    }
}

fn tenant_rule(text: &str) -> Result<(), BadName> {
    label_rule("tenant name", text)
}

fn app_rule(text: &str) -> Result<(), BadName> {
    label_rule("app name", text)
}

fn label_rule(what: &'static str, text: &str) -> Result<(), BadName> {
    word(text, |found, first| match found {
        'a'..='z' => true,
        '0'..='9' | '-' => !first,
        _ => false,
    })
    .map_err(|fault| BadName {
        what,
        fault,
        rule: "use 1 to 63 of a-z, 0-9 and '-', starting with a letter",
    })
}

fn function_rule(text: &str) -> Result<(), BadName> {
    word(text, |found, first| match found {
        'A'..='Z' | 'a'..='z' | '_' | '$' => true,
        '0'..='9' => !first,
        _ => false,
    })
    .map_err(|fault| BadName {
        what: "function name",
        fault,
        rule: "use 1 to 63 of A-Z, a-z, 0-9, '_' and '$', not starting with a digit",
    })
}

fn path_rule(text: &str) -> Result<(), BadName> {
    path(text).map_err(|fault| BadName {
        what: "file path",
        fault,
        rule: "use up to 512 bytes, segments separated by '/', none of them empty, '.' or '..', no control characters \
               and no '\\'",
    })
}

/// Checks length, then each character with `allowed(character, is it the first)`.
fn word(text: &str, allowed: impl Fn(char, bool) -> bool) -> Result<(), Fault> {
    within(text, NAME_BYTES)?;
    for (at, found) in text.char_indices() {
        if !allowed(found, at == 0) {
            return Err(Fault::BadChar { found, at });
        }
    }
    Ok(())
}

fn path(text: &str) -> Result<(), Fault> {
    within(text, PATH_BYTES)?;
    if let Some((at, found)) =
        text.char_indices().find(|(_, found)| found.is_control() || *found == '\\')
    {
        return Err(Fault::BadChar { found, at });
    }
    let mut at = 0;
    for segment in text.split('/') {
        match segment {
            "" => return Err(Fault::EmptySegment { at }),
            "." | ".." => return Err(Fault::DotSegment { at }),
            _ => at += segment.len() + 1,
        }
    }
    Ok(())
}

/// Refuses what is empty or too long before anybody walks over it.
fn within(text: &str, most: usize) -> Result<(), Fault> {
    match text.len() {
        0 => Err(Fault::Empty),
        len if most < len => Err(Fault::TooLong { len }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
