use proptest::prelude::*;

use super::*;

#[track_caller]
fn round_trip_to_shim(frame: &ToShim<'_>) {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes);
    let len = body_len([bytes[0], bytes[1], bytes[2], bytes[3]]).unwrap();
    assert_eq!(len, bytes.len() - PREFIX);
    assert_eq!(ToShim::decode(&bytes[PREFIX..]).as_ref(), Ok(frame));
}

#[track_caller]
fn round_trip_to_daemon(frame: &ToDaemon<'_>) {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes);
    assert_eq!(ToDaemon::decode(&bytes[PREFIX..]).as_ref(), Ok(frame));
    for cut in PREFIX..bytes.len() {
        assert_ne!(ToDaemon::decode(&bytes[PREFIX..cut]).as_ref(), Ok(frame));
    }
}

const THROWN: Exception<'_> = Exception { name: "TypeError", message: "no", stack: "at f" };

#[test]
fn every_frame_to_the_shim_is_read_back() {
    round_trip_to_shim(&ToShim::Bind(Bind {
        entry: "index.js",
        name: "shop",
        handler: "lambda",
        variables: vec![("A", "1"), ("A", "")],
        modules: Some(vec!["fs"]),
        conditions: vec!["worker"],
        functions: vec![Function { name: "default", event: "skep", http: "" }],
        deployed_ms: 3,
        heap_bytes: 1 << 24,
        max_reply_bytes: 5,
        max_bytecode_bytes: 6,
        wall_ns: 7,
        log_lines: 8,
        log_bytes: 9,
    }));
    for form in
        [Form::File, Form::Bytecode, Form::Link, Form::Given, Form::Table, Form::Text, Form::Places]
    {
        round_trip_to_shim(&ToShim::Part(Part { form, path: "lib/a.js", bytes: b"\x18" }));
    }
    let http = HttpCall { method: "GET", url: "/a?b", headers: vec![("A", "1"), ("a", "2")] };
    for (cpu_ns, http) in [(None, None), (Some(0), Some(http)), (Some(9), None)] {
        round_trip_to_shim(&ToShim::Invoke(Invoke {
            id: [3; 16],
            function: "default",
            encoding: Encoding::Bytes,
            wall_ns: u64::MAX,
            cpu_ns,
            log_lines: 1,
            log_bytes: 2,
            http,
            context: "{}",
            payload: b"\0\xff",
        }));
    }
    round_trip_to_shim(&ToShim::Cancel);
    round_trip_to_shim(&ToShim::Ping);
}

#[test]
fn every_frame_to_the_daemon_is_read_back() {
    let namespaces = [1, 2, 3, 4, 5, 6, 7];
    round_trip_to_daemon(&ToDaemon::Sealed { version: 1, build: u64::MAX, namespaces });
    for form in [MadeForm::Bytecode, MadeForm::Table, MadeForm::Text, MadeForm::Places] {
        round_trip_to_daemon(&ToDaemon::Made { form, path: "index.js", bytes: b"\x18" });
    }
    round_trip_to_daemon(&ToDaemon::MadeAll);
    round_trip_to_daemon(&ToDaemon::BadPayload { message: "no" });
    let functions = vec![
        Function { name: "default", event: "skep", http: "edge" },
        Function { name: "add", event: "", http: "" },
    ];
    let named = vec!["\u{e9}"];
    round_trip_to_daemon(&ToDaemon::Bound { functions, skipped: 9, named, dropped: 3 });
    round_trip_to_daemon(&ToDaemon::BindFailed {
        path: "lib/a.js",
        line: 3,
        column: 4,
        exception: THROWN,
    });
    round_trip_to_daemon(&ToDaemon::Log { level: Level::Warn, text: "careful" });
    round_trip_to_daemon(&ToDaemon::Reply {
        dropped: 1,
        spent: true,
        encoding: Encoding::Json,
        http: Some(HttpHead { status: 599, headers: vec![("a", "")] }),
        payload: b"{}",
    });
    round_trip_to_daemon(&ToDaemon::Thrown { dropped: 0, spent: false, exception: THROWN });
    round_trip_to_daemon(&ToDaemon::NoFunction);
    round_trip_to_daemon(&ToDaemon::Stopped { why: Stop::Heap, dropped: 2 });
    round_trip_to_daemon(&ToDaemon::Stopped { why: Stop::Exit(-3), dropped: 0 });
    round_trip_to_daemon(&ToDaemon::ReplyTooLarge { bytes: 1 << 40 });
    round_trip_to_daemon(&ToDaemon::Pong);
}

#[test]
fn a_frame_of_no_bytes_or_of_too_many_is_refused() {
    assert_eq!(body_len([0; 4]), Err(BadLength { len: 0 }));
    let over = u32::try_from(MAX_FRAME + 1).unwrap().to_le_bytes();
    assert_eq!(body_len(over), Err(BadLength { len: MAX_FRAME + 1 }));
    let most = u32::try_from(MAX_FRAME).unwrap().to_le_bytes();
    assert_eq!(body_len(most), Ok(MAX_FRAME));
}

#[test]
fn a_count_above_the_bound_is_refused_before_any_allocation() {
    let body = [2, 255, 255, 255, 255];
    let len = usize::try_from(u32::MAX).unwrap();
    let expected = Malformed::TooLong { field: "functions", len, max: MAX_FUNCTIONS };
    assert_eq!(ToDaemon::decode(&body), Err(expected));
}

#[test]
fn a_log_line_above_the_bound_is_refused() {
    let text = "x".repeat(MAX_LOG_LINE + 1);
    let mut bytes = Vec::new();
    ToDaemon::Log { level: Level::Info, text: &text }.encode(&mut bytes);
    assert!(matches!(ToDaemon::decode(&bytes[PREFIX..]), Err(Malformed::TooLong { .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        // Whatever is accepted must be what encoding it gives again: there is one form only.
        if let Ok(frame) = ToDaemon::decode(&bytes) {
            let mut again = Vec::new();
            frame.encode(&mut again);
            prop_assert_eq!(&again[PREFIX..], &bytes[..]);
        }
        let _ = ToShim::decode(&bytes);
    }

    #[test]
    fn a_flipped_byte_never_grows_a_frame(
        kind in 1_u8..=13, mut body in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        body.insert(0, kind);
        if let Ok(ToDaemon::Bound { functions, .. }) = ToDaemon::decode(&body) {
            let named: usize = functions.iter().map(|function| function.name.len()).sum();
            prop_assert!(named <= body.len());
        }
    }
}
