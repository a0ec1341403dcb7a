//! The size of a refusal. It travels in headers, which every client bounds, so all of them together are
//! bounded here, whatever the message and the details hold.
//!
//! This is the one place where a status is made. Always true of what it makes: its headers are at most
//! [`MOST_BYTES`], counted as HTTP/2 counts a header list; code and reason are never cut.

use http::HeaderMap;
use tonic::{Code, Status};
use tonic_types::{BadRequest, ErrorDetails, ErrorInfo, QuotaFailure, StatusExt as _};

use super::answer::list_size;

/// Bytes of all headers of a refusal: those of each name, of each value as it is written, and 32 for both.
pub(super) const MOST_BYTES: usize = 7 << 10;
/// Of them, those that are not counted here: the status of HTTP, the content type, the bill of a call.
const OTHERS: usize = 512;
/// Bad fields that are named; the rest is counted.
pub(super) const MOST_FIELDS: usize = 8;
/// Bytes of a field's name, of what is wrong with it, and of a name that is shown there.
const FIELD: usize = 100;
const RULE: usize = 320;
const NAME: usize = 64;
/// Bytes of one value of metadata.
const VALUE: usize = 128;

/// The first `most` bytes of a text, or a few less.
pub(super) fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// A name that came from outside, to be shown: in quotation marks, not longer than any name must be.
pub(super) fn shown(name: &str) -> String {
    match cut(name, NAME) {
        whole if whole.len() == name.len() => format!("{whole:?}"),
        part => format!("{part:?}... ({} bytes)", name.len()),
    }
}

/// The texts that fit into `most` bytes, and how many more there are than those.
pub(super) fn joined(
    texts: impl ExactSizeIterator<Item = String>,
    more: usize,
    most: usize,
) -> String {
    let (all, mut told, mut joined) = (texts.len() + more, 0, String::new());
    for text in texts {
        let separator = if told == 0 { "" } else { "; " };
        if told != 0 && most < joined.len() + text.len() {
            break;
        }
        joined.push_str(separator);
        joined.push_str(cut(&text, most));
        told += 1;
    }
    if told < all {
        joined.push_str(&format!("; and {} more", all - told));
    }
    joined
}

/// The status with that code, text and details, as far as they fit.
pub(super) fn fit(code: Code, text: &str, mut details: ErrorDetails) -> Status {
    let status = Status::with_error_details(code, text, details.clone());
    // Every byte of the message may be written as three, every three of the details as four.
    let largest = text.len() * 3 + status.details().len() * 4 / 3 + 256 + OTHERS;
    if largest <= MOST_BYTES || size(&status) <= MOST_BYTES {
        return status;
    }
    shorten(&mut details);
    let mut text = text;
    loop {
        let status = Status::with_error_details(code, text, details.clone());
        if size(&status) <= MOST_BYTES || text.is_empty() {
            return status;
        }
        // First a long text, then fields from the last one, then the rest of the text.
        let fields = details.bad_request().map_or(0, |bad| bad.field_violations.len());
        if 512 < text.len() || fields == 0 {
            text = cut(text, text.len() / 2);
        } else if let Some(mut bad) = details.bad_request().cloned() {
            bad.field_violations.truncate(fields - 1);
            details.set_bad_request(bad.field_violations);
        }
    }
}

fn size(status: &Status) -> usize {
    let mut headers = HeaderMap::new();
    // What cannot be written is not sent either.
    let _ = status.add_header(&mut headers);
    list_size(&headers) + OTHERS
}

/// Cuts every part of the details that came from outside.
fn shorten(details: &mut ErrorDetails) {
    if let Some(BadRequest { field_violations }) = details.bad_request().cloned() {
        let mut fields = field_violations;
        fields.truncate(MOST_FIELDS);
        for bad in &mut fields {
            bad.field = cut(&bad.field, FIELD).to_owned();
            bad.description = cut(&bad.description, RULE).to_owned();
        }
        details.set_bad_request(fields);
    }
    if let Some(QuotaFailure { violations }) = details.quota_failure().cloned() {
        let mut violations = violations;
        violations.truncate(1);
        for one in &mut violations {
            one.subject = cut(&one.subject, FIELD).to_owned();
            one.description = cut(&one.description, RULE).to_owned();
        }
        details.set_quota_failure(violations);
    }
    if let Some(ErrorInfo { reason, domain, metadata }) = details.error_info().cloned() {
        let short = metadata
            .into_iter()
            .take(16)
            .map(|(key, value)| (cut(&key, NAME).to_owned(), cut(&value, VALUE).to_owned()));
        details.set_error_info(reason, domain, short.collect::<std::collections::HashMap<_, _>>());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use skep_core::{
        ByteCount, Cause, Denied, InvocationId, Level, Metric,
        budget::{Full, Holder},
        encoded::Unfit,
    };

    use super::{
        super::status::{self, BadField, Refusal},
        *,
    };
    use crate::dispatch::Failure;

    /// Texts of one character, which are the largest ones when they are written, and mixed ones.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            (any::<char>(), 0_usize..5000).prop_map(|(one, count)| one.to_string().repeat(count)),
            ".{0,300}",
        ]
    }

    fn refusal() -> impl Strategy<Value = Refusal> {
        let bad = (text(), text()).prop_map(|(field, what)| BadField { field, what });
        let holder = prop_oneof![Just(Holder::Daemon), Just(Holder::Caller), Just(Holder::Tenant)];
        let full = (holder, any::<u64>(), any::<u64>()).prop_map(|(holder, asked, most)| {
            let (asked, most) = (ByteCount::from_bytes(asked), ByteCount::from_bytes(most));
            Refusal::Full(Full { holder, asked, most })
        });
        let source = (text(), any::<u32>(), any::<u32>(), text()).prop_map(
            |(path, line, column, message)| Refusal::Source { path, line, column, message },
        );
        prop_oneof![
            Just(Refusal::Unknown),
            Just(Refusal::NotAdmin),
            Just(Refusal::NotFound),
            (proptest::collection::vec(bad, 0..20), any::<usize>())
                .prop_map(|(bad, more)| Refusal::Fields(bad, more / 2)),
            full,
            any::<usize>()
                .prop_map(|most| Refusal::Places { what: "calls of health and reflection", most }),
            Just(Refusal::MayNot(crate::config::May::Deploy)),
            (any::<u32>(), any::<u64>()).prop_map(|(per_second, wait)| {
                let retry_after = Some(Duration::from_nanos(wait));
                let too_often = skep_core::paces::TooOften { per_second, retry_after };
                Refusal::TooOften { rpc: "Instances", too_often }
            }),
            source,
            (cause(), proptest::option::of(text()))
                .prop_map(|(cause, told)| Refusal::Cause(cause, told)),
            text().prop_map(Refusal::Internal),
        ]
    }

    fn cause() -> impl Strategy<Value = Cause> {
        let size = || any::<u64>().prop_map(ByteCount::from_bytes);
        let denied = any::<u64>().prop_map(|limit| Denied {
            level: Level::Process,
            what: Metric::Rate,
            limit,
            retry_after: Some(Duration::from_nanos(limit)),
        });
        prop_oneof![
            Just(Cause::OomHeap),
            Just(Cause::OomCgroup { level: Level::Tenant }),
            Just(Cause::Deadline),
            any::<i32>().prop_map(|signal| Cause::Crashed { signal }),
            denied.prop_map(Cause::Quota),
            (size(), size()).prop_map(|(size, most)| Cause::TooLarge { size, most }),
            any::<u64>()
                .prop_map(|nanos| Cause::BackOff { retry_after: Duration::from_nanos(nanos) }),
        ]
    }

    #[track_caller]
    fn fits(status: Status, reason: Option<&str>) {
        let found = status.get_details_error_info().unwrap().reason;
        assert!(reason.is_none_or(|reason| reason == found), "{found}");
        let code = status.code();
        let response = status.into_http::<()>();
        // With the status of HTTP.
        let bytes = list_size(response.headers()) + 42;
        assert!(bytes <= MOST_BYTES, "{bytes} bytes of {found}");
        assert_eq!(Status::from_header_map(response.headers()).unwrap().code(), code);
    }

    proptest! {
        #[test]
        fn every_refusal_fits_into_its_headers(refusal in refusal()) {
            fits(refusal.into(), None);
        }

        #[test]
        fn every_failure_of_a_call_fits_into_its_headers(
            cause in cause(), confirmed in any::<bool>(), detail in proptest::option::of(text()),
        ) {
            let failure = Failure::Cause { cause, confirmed, detail };
            fits(status::of_failure(failure, InvocationId::from_bits(7)), Some(cause.reason()));
        }

        #[test]
        fn what_others_refuse_gets_a_reason_and_fits(code in 1_i32..17, text in text()) {
            let status = status::ours(&Status::new(Code::from_i32(code), text)).unwrap();
            fits(status, None);
        }
    }

    #[test]
    fn refusals_of_what_is_not_decoded_fit() {
        for status in [
            status::too_large(u64::MAX, u64::MAX),
            status::unfit(&Unfit::TooMany { most: u32::MAX }),
            status::unfit(&Unfit::Malformed { at: u64::MAX }),
            status::one_message(),
            status::cut_short(),
            status::too_slow(),
            status::too_late(),
        ] {
            fits(status, None);
        }
    }

    #[test]
    fn the_first_fields_are_named_and_the_others_counted() {
        let bad = |at| BadField { field: format!("files[{at}].path"), what: "is wrong".to_owned() };
        let status: Status = Refusal::Fields((0..8).map(bad).collect(), 999).into();
        assert!(status.message().ends_with("files[7].path: is wrong; and 999 more"));
        assert_eq!(status.get_details_bad_request().unwrap().field_violations.len(), 8);
    }

    #[test]
    fn names_are_shown_escaped_and_no_longer_than_names_are() {
        assert_eq!(shown("a\nb"), "\"a\\nb\"");
        assert_eq!(shown(&"x".repeat(70)), format!("\"{}\"... (70 bytes)", "x".repeat(64)));
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let texts = || ["one", "two", "three"].map(str::to_owned).into_iter();
        assert_eq!(joined(texts(), 0, 100), "one; two; three");
        assert_eq!(joined(texts(), 5, 100), "one; two; three; and 5 more");
        assert_eq!(joined(texts(), 5, 7), "one; two; and 6 more");
        assert_eq!(joined(texts(), 0, 2), "on; and 2 more");
    }
}
