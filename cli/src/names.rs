//! The names that the daemon takes, checked before anything is sent: what is wrong is told at once, and with
//! the words of the command line.

/// The longest name of a tenant, an app or a function, in bytes.
const NAME: usize = 63;

/// A name of a tenant or an app.
pub(crate) fn label(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if plain && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.len() <= NAME {
        return Ok(text.to_owned());
    }
    Err("use 1 to 63 of a-z, 0-9 and '-', starting with a letter".to_owned())
}

/// A name of a function.
pub(crate) fn function(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_$".contains(&byte));
    let digit = text.starts_with(|first: char| first.is_ascii_digit());
    if plain && !digit && !text.is_empty() && text.len() <= NAME {
        return Ok(text.to_owned());
    }
    Err("use 1 to 63 of A-Z, a-z, 0-9, '_' and '$', not starting with a digit".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_the_daemon_takes() {
        assert!(label("a-1").is_ok() && label(&"a".repeat(63)).is_ok());
        assert!(
            ["", "1a", "A", "a_b", "\u{e9}", &"a".repeat(64)].iter().all(|bad| label(bad).is_err())
        );
        assert!(function("$f_1").is_ok() && function("default").is_ok());
        assert!(
            ["", "1f", "a-b", "\u{e9}", &"f".repeat(64)].iter().all(|bad| function(bad).is_err())
        );
    }
}
