//! The names of the built-in modules that apps find in their sandbox.
//!
//! They win over packages of the same name, so they are not looked for in `node_modules`.

/// Every name, without `node:`, sorted.
pub(crate) const BUILTINS: [&str; 51] = [
    "assert",
    "assert/strict",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "dns/promises",
    "events",
    "fs",
    "fs/promises",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "path/posix",
    "path/win32",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "readline/promises",
    "repl",
    "stream",
    "stream/consumers",
    "stream/promises",
    "stream/web",
    "string_decoder",
    "sys",
    "timers",
    "timers/promises",
    "tls",
    "tty",
    "url",
    "util",
    "util/types",
    "v8",
    "vaas-framework",
    "vm",
    "worker_threads",
    "zlib",
];

/// The first of `names` that is no built-in module.
pub(crate) fn unknown(names: &[String]) -> Option<&str> {
    let known = |name: &str| BUILTINS.contains(&name.strip_prefix("node:").unwrap_or(name));
    names.iter().map(String::as_str).find(|name| !known(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list that the sandbox has.
    const THERE: &str = include_str!("../../../shim/js/builtin_list.js");

    #[test]
    fn the_list_is_that_of_the_sandbox() {
        let start = THERE.find("export const modules = [").unwrap();
        let list = &THERE[start..];
        let list = &list[..list.find("];").unwrap()];
        let names: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
        assert_eq!(names, BUILTINS);
    }

    #[test]
    fn names_may_have_their_prefix() {
        let names = ["fs", "node:crypto", "express"].map(str::to_owned);
        assert_eq!(unknown(&names), Some("express"));
        assert_eq!(unknown(&names[..2]), None);
    }
}
