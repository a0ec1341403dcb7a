//! What the global console writes to the app's log: each method by its level and its text.

use skep_link::frame::{Encoding, Invoke, ToDaemon, ToShim};

use super::Host;

const SOURCE: &str = r#"
export default () => {
    console.log("log %s", "a", { b: [1] });
    console.info("info");
    console.debug("debug");
    console.warn("warn %d", "5");
    console.error(new RangeError("own").message);
    console.dir({ a: { b: { c: {} } } }, { depth: 0 });
    console.dirxml([1], "x");
    console.table([{ a: 1 }]);
    console.assert(true, "not told");
    console.assert(false, "told");
    console.group("one");
    console.log("inside");
    console.groupCollapsed("two");
    console.warn("deeper");
    console.groupEnd();
    console.groupEnd();
    console.count();
    console.count();
    console.countReset();
    console.count("default");
    console.time("t");
    console.timeLog("t", "more");
    console.timeEnd("t");
    console.trace("here");
    console.clear();
    console.profile("p");
    console.profileEnd("p");
    console.timeStamp("s");
    return 5;
};
"#;

#[test]
fn each_method_of_the_console_writes_its_lines_at_its_level() {
    let mut host = Host::serving(SOURCE);
    host.send(&ToShim::Invoke(Invoke {
        id: [7; 16],
        function: "default",
        encoding: Encoding::Json,
        wall_ns: 5_000_000_000,
        cpu_ns: None,
        log_lines: 100,
        log_bytes: 10_000,
        http: None,
        context: "",
        payload: b"null",
    }));
    let mut lines = Vec::new();
    let reply = loop {
        match host.receive() {
            ToDaemon::Log { level, text } => lines.push(format!("{level:?} {text}")),
            ToDaemon::Reply { payload, .. } => break payload.to_vec(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reply, b"5");
    // What took a time or has a place in the file is known by its start alone.
    let cut = |line: String| {
        ["Info t: ", "Info Trace: here\n    at"]
            .into_iter()
            .find(|start| line.starts_with(start))
            .map_or(line.clone(), str::to_owned)
    };
    let lines: Vec<_> = lines.into_iter().map(cut).collect();
    assert_eq!(
        lines,
        [
            "Info log a { b: [ 1 ] }",
            "Info info",
            "Debug debug",
            "Warn warn 5",
            "Error own",
            "Info { a: [Object] }",
            "Info [ 1 ] x",
            "Info ┌─────────┬───┐\n│ (index) │ a │\n├─────────┼───┤\n│ 0       │ 1 │\n└─────────┴───┘",
            "Error Assertion failed: told",
            "Info one",
            "Info   inside",
            "Info   two",
            "Warn     deeper",
            "Info default: 1",
            "Info default: 2",
            "Info default: 1",
            "Info t: ",
            "Info t: ",
            "Info Trace: here\n    at",
        ]
    );
}
