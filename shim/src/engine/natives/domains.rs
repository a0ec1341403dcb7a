//! Names of hosts in ASCII and in Unicode (UTS #46, as the URL Standard uses it).

use std::rc::Rc;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use rquickjs::{Ctx, Exception, Object, Result, function::Func};

use super::{charge, or_null};
use crate::sys::{Meter, Text};

/// Bytes of a domain that are looked at, at most: 65 536 code units.
const MOST_BYTES: usize = 3 * 65_536;

/// Bytes that may be made for each byte of a domain: code points before and after mapping and sorting, the same of
/// all labels, and the answer.
const MADE_PER_BYTE: usize = 32;

pub(super) fn install<'js>(natives: &Object<'js>, meter: &Rc<Meter>) -> Result<()> {
    let heap = Rc::clone(meter);
    let to_ascii = move |ctx: Ctx<'js>, domain: Text<'js>| {
        let domain = bounded(&ctx, &domain)?;
        let _charge = charge(&ctx, &heap, MADE_PER_BYTE * domain.len())?;
        let (list, length) = (AsciiDenyList::EMPTY, DnsLength::Ignore);
        let ascii = Uts46::new().to_ascii(domain.as_bytes(), list, Hyphens::Allow, length);
        or_null(&ctx, ascii.ok().as_deref())
    };
    natives.set("domainToASCII", Func::from(to_ascii))?;
    let heap = Rc::clone(meter);
    let to_unicode = move |ctx: Ctx<'js>, domain: Text<'js>| {
        let domain = bounded(&ctx, &domain)?;
        let _charge = charge(&ctx, &heap, MADE_PER_BYTE * domain.len())?;
        let list = AsciiDenyList::EMPTY;
        let (unicode, _) = Uts46::new().to_unicode(domain.as_bytes(), list, Hyphens::Allow);
        rquickjs::String::from_str(ctx.clone(), &unicode)
    };
    natives.set("domainToUnicode", Func::from(to_unicode))
}

fn bounded<'a>(ctx: &Ctx<'_>, domain: &'a Text<'_>) -> Result<&'a str> {
    let domain = domain.as_str();
    if MOST_BYTES < domain.len() {
        return Err(Exception::throw_range(ctx, "the domain is too long"));
    }
    Ok(domain)
}
