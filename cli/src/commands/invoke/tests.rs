//! What is sent, and how answers are shown.

use super::*;

fn args(data: Option<&str>, bytes: bool) -> Invoke {
    Invoke {
        app: "a".to_owned(),
        function: None,
        data: data.map(str::to_owned),
        data_file: None,
        bytes,
        http: None,
        header: Vec::new(),
        include: false,
        fail: false,
        context: None,
        timeout: None,
        usage: false,
    }
}

#[test]
fn an_answer_is_waited_for_longer_than_any_app_may_take() {
    assert_eq!(patience(Some(Millis(500))), Duration::from_millis(5500));
    assert_eq!(patience(None), Duration::from_secs(305));
}

#[test]
fn nothing_to_send_is_null_or_no_bytes() {
    assert_eq!(payload(&args(None, false)).unwrap(), b"null");
    assert_eq!(payload(&args(None, true)).unwrap(), b"");
}

#[test]
fn json_is_sent_as_it_was_written() {
    let text = "{ \"b\":1, \"a\":1e400 }";
    assert_eq!(payload(&args(Some(text), false)).unwrap(), text.as_bytes());
}

#[test]
fn text_that_is_no_json_is_sent_only_as_bytes() {
    assert!(payload(&args(Some("hello"), false)).is_err());
    assert_eq!(payload(&args(Some("hello"), true)).unwrap(), b"hello");
}

#[test]
fn half_json_two_values_and_bad_utf8_are_no_json() {
    assert!(is_json(b"{\"a\":").is_err());
    assert!(is_json(b"1 2").is_err());
    assert!(is_json(b"").is_err());
    assert!(is_json(b"\"\xff\"").is_err());
    assert!(is_json(b"\"\x1b\"").is_err());
}

#[test]
fn deep_json_is_json() {
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(is_json(deep.as_bytes()), Ok(()));
}

fn thrown(name: &str, message: &str, stack: &str) -> String {
    let [name, message, stack] = [name, message, stack].map(str::to_owned);
    thrown_text(&Thrown { name, message, stack })
}

#[test]
fn a_thrown_error_is_name_message_and_stack() {
    assert_eq!(
        thrown("TypeError", "no", "    at f (index.js:1)\n    at <anonymous>\n"),
        "TypeError: no\n    at f (index.js:1)\n    at <anonymous>"
    );
    assert_eq!(thrown("", "x", ""), "Error: x");
}

#[test]
fn a_stack_that_repeats_the_error_is_cut() {
    assert_eq!(thrown("E", "no", "E: no\n    at f"), "E: no\n    at f");
}

#[test]
fn a_thrown_error_cannot_reach_into_the_terminal() {
    assert_eq!(
        thrown("E", "a\x1b[2J\nb", "at \x1b]0;x\x07"),
        "E: a\\u{1b}[2J\\nb\nat \\u{1b}]0;x\\u{7}"
    );
}

#[test]
fn the_body_of_an_http_call_is_sent_as_it_is() {
    let http = Invoke { http: Some("POST /".to_owned()), ..args(Some("hello"), false) };
    assert_eq!(payload(&http).unwrap(), b"hello");
    let http = Invoke { http: Some("/".to_owned()), ..args(None, false) };
    assert_eq!(payload(&http).unwrap(), b"");
}

#[track_caller]
fn http_for_json(body: &[u8], by_http: bool, expected: &str) {
    let headers = [("a", "1"), ("a", "2")].map(|(name, value)| skep_proto::v1::Header {
        name: name.to_owned(),
        value: value.to_owned(),
    });
    let http = HttpResponse { status: 404, headers: headers.into(), body: body.to_vec().into() };
    let reply = Reply { payload: "[1]".into(), http: Some(http), ..Reply::default() };
    let outcome = Outcome::Reply(reply);
    let answer = InvokeResponse { invocation: "i".to_owned(), ..InvokeResponse::default() };
    let text = serde_json::to_string(&for_scripts(&outcome, &answer, by_http)).unwrap();
    let head = r#"{"status":404,"headers":[["a","1"],["a","2"]],"#;
    assert_eq!(text, format!(r#"{head}{expected},"usage":null,"invocation":"i"}}"#));
}

#[test]
fn an_http_answer_for_a_script_has_head_and_body() {
    http_for_json("ä".as_bytes(), true, r#""body":"ä""#);
    http_for_json(b"\xff1", true, r#""body_base64":"/zE=""#);
    http_for_json(b"", true, r#""body":"""#);
}

#[test]
fn an_event_that_became_http_keeps_its_reply_beside_the_head() {
    http_for_json(b"", false, r#""reply":[1]"#);
}

#[track_caller]
fn for_json(reply: Reply, expected: &str) {
    let outcome = Outcome::Reply(reply);
    let answer = InvokeResponse { invocation: "i".to_owned(), ..InvokeResponse::default() };
    let text = serde_json::to_string(&for_scripts(&outcome, &answer, false)).unwrap();
    assert_eq!(text, expected);
}

#[test]
fn a_json_reply_is_embedded_as_it_came() {
    let payload = br#"{"z":1.0,"a":12345678901234567890123}"#;
    for_json(
        Reply {
            payload: payload.to_vec().into(),
            encoding: Encoding::Json.into(),
            ..Reply::default()
        },
        r#"{"reply":{"z":1.0,"a":12345678901234567890123},"usage":null,"invocation":"i"}"#,
    );
}

#[test]
fn other_replies_are_embedded_as_base64() {
    for_json(
        Reply {
            payload: b"\xff1".to_vec().into(),
            encoding: Encoding::Bytes.into(),
            ..Reply::default()
        },
        r#"{"reply_base64":"/zE=","usage":null,"invocation":"i"}"#,
    );
    for_json(
        Reply {
            payload: b"oops".to_vec().into(),
            encoding: Encoding::Json.into(),
            ..Reply::default()
        },
        r#"{"reply_base64":"b29wcw==","usage":null,"invocation":"i"}"#,
    );
}

#[test]
fn base64_has_the_values_of_the_rfc() {
    let encoded = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|t| base64(t.as_bytes()));
    assert_eq!(encoded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
}
