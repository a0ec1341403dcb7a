//! How an answer is shown.

use super::*;

fn answer(functions: &[&str], found: &[[&str; 3]]) -> String {
    let functions = functions.iter().map(|name| (*name).to_owned()).collect();
    let found = found.iter().map(|texts| {
        let [name, event, http] = texts.map(str::to_owned);
        Function { name, event, http }
    });
    let (version, found) = ("0123456789abcdef".to_owned(), found.collect());
    text("shop", &DeployResponse { version, functions, found, ..DeployResponse::default() })
}

const START: &str = "deployed shop version 0123456789ab\n";

#[test]
fn exports_that_cannot_be_called_are_told_with_their_number() {
    let answer = DeployResponse {
        version: "0123456789abcdef".to_owned(),
        functions: vec!["default".to_owned()],
        skipped_exports: 3,
        skipped_names: vec!["not a name".to_owned()],
        ..DeployResponse::default()
    };
    let told = "not callable: not a name, +2; names of functions are 1 to 63 of A-Z, a-z, 0-9, '_' and '$'";
    assert!(text("shop", &answer).contains(told), "{}", text("shop", &answer));
}

#[test]
fn what_was_deployed_says_how_to_call_it() {
    let default = answer(&["default", "add"], &[]);
    assert_eq!(default, format!("{START}functions: default, add\ncall it: skep invoke shop"));
    let named = answer(&["$(reboot)\x1b", "add"], &[]);
    let expected = "functions: $(reboot)\\u{1b}, add\ncall it: skep invoke shop --function add";
    assert_eq!(named, format!("{START}{expected}"));
    assert_eq!(answer(&["a b", "b c"], &[]), format!("{START}functions: a b, b c"));
    assert!(answer(&[], &[]).starts_with(&format!("{START}it exports no function")));
}

#[test]
fn a_function_without_a_name_is_the_one_that_the_daemon_takes() {
    assert!(answer(&["a", "main", "handler"], &[]).ends_with("call it: skep invoke shop"));
    assert!(answer(&["only"], &[]).ends_with("call it: skep invoke shop"));
    assert!(answer(&["a", "b"], &[]).ends_with("call it: skep invoke shop --function a"));
}

#[test]
fn conventions_are_a_table_and_choose_the_call() {
    assert_eq!(
        answer(&["fetch"], &[["fetch", "", "worker"]]),
        format!(
            "{START}FUNCTION  EVENT      HTTP\nfetch     as POST /  worker\n\
             call it: skep invoke shop --http \"GET /\""
        )
    );
    let both = answer(&["default"], &[["default", "skep", "edge"]]);
    let calls = "call it: skep invoke shop\n     or: skep invoke shop --http \"GET /\"";
    assert!(both.ends_with(calls), "{both}");
    let remote = answer(&["sum"], &[["sum", "vaas", "vaas"]]);
    assert!(remote.ends_with("\ncall it: skep invoke shop"), "{remote}");
    let event = answer(&["a", "b"], &[["a", "lambda", ""], ["b", "lambda", ""]]);
    assert!(event.ends_with("call it: skep invoke shop --function a"), "{event}");
}
