//! Names that apps use: made first, so that they lie together.
//!
//! An app that is loaded counts its use of each name where the name is, and that copies the page. Names that the
//! engine or the runtime made when it first met them lie all over the heap, one or two on a page; these lie on a few
//! pages together.

use std::mem::forget;

use rquickjs::{Atom, Context, Result, Runtime};

/// Beside the letters.
const NAMES: &str = "\
    add all amount app apply args assign async at await base body buffer bytes call callback catch charAt charCodeAt \
    children chunk class clear close code collect concat config console context copy count create created data date \
    debug decode default delete description detail digest dispatch doc element email emit encode end endsWith entries \
    env error errors event events every exec exports fetch field fields file files fill filter finally find findIndex \
    first flat flatMap floor forEach format forward from get getTime group groups handler has hasOwnProperty hash head \
    header headers height host href html http id image imports includes index indexOf info init input instance is \
    isArray item items join json key keys kind label last lastIndexOf left length limit line lines link list listen \
    load local locale log main map mark match max meta method min mode model module msg name next node now null number \
    object offset on open opts options order origin out output page params parent parse parts path pathname payload \
    pipe pop port pos prefix price promise prop props push put query random raw read reason record reduce ref regex \
    reject remove render replace replaceAll req request require res reset resolve response result results return \
    reverse right root round row rows rule run schema scope search self send sep server service session set size slice \
    some sort source splice split sqrt src stack start startsWith state status step str stringify sub subarray sum \
    switch tag tags target task template test text then time timeout title toFixed toISOString toJSON toLocaleString \
    toLowerCase toString toUpperCase token top total touch trim type types unit update url use user username uuid val \
    valid validate value values version view visit wait warn when where width word words wrap write zone";

/// Makes them.
///
/// # Errors
///
/// Out of memory.
pub(super) fn make(runtime: &Runtime) -> Result<()> {
    // A context of its own, that has nothing and goes again: in one that has all they would come too late.
    Context::custom::<()>(runtime)?.with(|ctx| {
        let letters = ('a'..='z').chain('A'..='Z').map(String::from);
        for name in letters.chain(NAMES.split_whitespace().map(str::to_owned)) {
            // They stay for as long as the engine is there.
            forget(Atom::from_str(ctx.clone(), &name)?);
        }
        Ok(())
    })
}
