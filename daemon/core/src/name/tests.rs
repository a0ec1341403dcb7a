//! Tests of [`super`]: what each name may be, and where it goes wrong.

use super::*;
use crate::testing::{read, written};
use proptest::prelude::*;

#[track_caller]
fn check<T: FromStr<Err = BadName> + AsRef<str>>(text: &str, expected: Option<Fault>) {
    let parsed = text.parse::<T>();
    match expected {
        None => assert_eq!(parsed.unwrap_or_else(|bad| panic!("{bad}")).as_ref(), text),
        Some(fault) => {
            assert_eq!(parsed.err().map(|bad| bad.fault), Some(fault), "for {text:?}");
        }
    }
}

#[test]
fn plain_label_is_read() {
    check::<TenantId>("acme-2", None);
}

#[test]
fn longest_label_is_read() {
    check::<AppId>(&"a".repeat(63), None);
}

#[test]
fn empty_label_is_refused() {
    check::<AppId>("", Some(Fault::Empty));
}

#[test]
fn too_long_label_is_refused() {
    check::<AppId>(&"a".repeat(64), Some(Fault::TooLong { len: 64 }));
}

#[test]
fn label_starting_with_a_digit_is_refused() {
    check::<AppId>("2shop", Some(Fault::BadChar { found: '2', at: 0 }));
}

#[test]
fn label_with_a_dash_first_is_refused() {
    check::<TenantId>("-x", Some(Fault::BadChar { found: '-', at: 0 }));
}

#[test]
fn label_that_leaves_its_folder_is_refused() {
    check::<TenantId>("a/../b", Some(Fault::BadChar { found: '/', at: 1 }));
}

#[test]
fn label_with_a_letter_of_another_script_is_refused_at_its_place() {
    check::<TenantId>("aé", Some(Fault::BadChar { found: 'é', at: 1 }));
}

#[test]
fn label_with_a_zero_byte_is_refused() {
    check::<TenantId>("a\0", Some(Fault::BadChar { found: '\0', at: 1 }));
}

#[test]
fn javascript_identifier_is_read() {
    check::<FunctionName>("$on_Order2", None);
}

#[test]
fn function_starting_with_a_digit_is_refused() {
    check::<FunctionName>("2x", Some(Fault::BadChar { found: '2', at: 0 }));
}

#[test]
fn function_with_a_dash_is_refused() {
    check::<FunctionName>("on-order", Some(Fault::BadChar { found: '-', at: 2 }));
}

#[test]
fn the_default_function_is_a_function_name() {
    assert_eq!(FunctionName::default(), "default".parse().unwrap());
}

#[test]
fn nested_file_is_read() {
    check::<FilePath>("lib/math.v2/add_1.mjs", None);
}

#[test]
fn absolute_file_is_refused() {
    check::<FilePath>("/index.js", Some(Fault::EmptySegment { at: 0 }));
}

#[test]
fn doubled_slash_is_refused_at_its_place() {
    check::<FilePath>("lib//x.js", Some(Fault::EmptySegment { at: 4 }));
}

#[test]
fn parent_segment_is_refused_at_its_place() {
    check::<FilePath>("lib/../x.js", Some(Fault::DotSegment { at: 4 }));
}

#[test]
fn hidden_files_and_any_letters_are_read() {
    check::<FilePath>(".well-known/größe (1).json", None);
    check::<FilePath>("lib/.js", None);
}

#[test]
fn folder_is_not_a_file() {
    check::<FilePath>("lib/x.js/", Some(Fault::EmptySegment { at: 9 }));
}

#[test]
fn backslash_is_refused() {
    check::<FilePath>("lib\\x.js", Some(Fault::BadChar { found: '\\', at: 3 }));
}

#[test]
fn control_characters_are_refused() {
    check::<FilePath>("a\n.js", Some(Fault::BadChar { found: '\n', at: 1 }));
    check::<FilePath>("a\u{85}", Some(Fault::BadChar { found: '\u{85}', at: 1 }));
}

#[test]
fn path_over_the_limit_is_refused() {
    check::<FilePath>(&"a/".repeat(256)[..511], None);
    check::<FilePath>(&"a".repeat(513), Some(Fault::TooLong { len: 513 }));
}

#[test]
fn refusal_says_what_where_and_the_rule() {
    let bad = "Shop".parse::<AppId>().unwrap_err();
    assert_eq!(
        bad.to_string(),
        "app name has 'S' at byte 0; use 1 to 63 of a-z, 0-9 and '-', starting with a letter"
    );
}

#[test]
fn serde_writes_and_reads_plain_text() {
    let app: AppId = "shop".parse().unwrap();
    assert_eq!(written(&app), "shop");
    assert_eq!(read::<AppId>("shop").unwrap(), app);
}

#[test]
fn serde_refuses_what_parsing_refuses() {
    let bad = read::<AppId>("Shop").unwrap_err().to_string();
    assert!(bad.contains("at byte 0"), "{bad}");
}

/// The rule of paths, written a second time.
fn naive_path(text: &str) -> bool {
    let clean = |part: &str| !["", ".", ".."].contains(&part);
    text.len() <= 512 && text.split('/').all(clean) && !text.contains(['\\', '\0', '\t'])
}

proptest! {
    #[test]
    fn every_accepted_path_follows_the_rule_and_no_other(text in "[a-c./\\\\\0\\t\\-é]{0,12}(\\.m?js)?") {
        prop_assert_eq!(text.parse::<FilePath>().is_ok(), naive_path(&text));
    }

    #[test]
    fn labels_show_what_was_parsed(text in "[a-z][a-z0-9-]{0,62}") {
        prop_assert_eq!(text.parse::<TenantId>().unwrap().to_string(), text);
    }

    #[test]
    fn no_text_makes_parsing_panic(text in ".{0,80}") {
        let _ = text.parse::<TenantId>();
        let _ = text.parse::<FunctionName>();
        let _ = text.parse::<FilePath>();
    }
}
