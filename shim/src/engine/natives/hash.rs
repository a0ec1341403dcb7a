//! Message digests: MD5 (RFC 1321), RIPEMD-160, SHA-1 and SHA-2 (FIPS 180-4), SHA-3 (FIPS 202).

use std::rc::Rc;

use rquickjs::{Class, Ctx, Exception, Object, Result, Value, function::Func};
use sha2::{Digest, digest::common::BlockSizeUser};

use super::charge;
use crate::sys::{Bytes, Charge, Handle, Meter, Text};

/// Bytes that one call takes in, at most.
const MOST_BYTES: usize = 1 << 20;

/// More than the state of any digest has, in bytes.
pub(super) const STATE_BYTES: usize = 512;

/// What can be done with each type of digest.
pub(super) trait ForDigest {
    type Made;

    fn make<D: Digest + BlockSizeUser + Clone + 'static>(self) -> Self::Made;
}

/// Does it with the digest of that name; `None` for an unknown one.
pub(super) fn for_named<F: ForDigest>(name: &str, work: F) -> Option<F::Made> {
    Some(match name {
        "MD5" => work.make::<md5::Md5>(),
        "RIPEMD-160" => work.make::<ripemd::Ripemd160>(),
        "SHA-1" => work.make::<sha1::Sha1>(),
        "SHA-224" => work.make::<sha2::Sha224>(),
        "SHA-256" => work.make::<sha2::Sha256>(),
        "SHA-384" => work.make::<sha2::Sha384>(),
        "SHA-512" => work.make::<sha2::Sha512>(),
        "SHA-512/224" => work.make::<sha2::Sha512_224>(),
        "SHA-512/256" => work.make::<sha2::Sha512_256>(),
        "SHA3-224" => work.make::<sha3::Sha3_224>(),
        "SHA3-256" => work.make::<sha3::Sha3_256>(),
        "SHA3-384" => work.make::<sha3::Sha3_384>(),
        "SHA3-512" => work.make::<sha3::Sha3_512>(),
        _ => return None,
    })
}

/// Throws for a name that is none of those.
pub(super) fn unknown(ctx: &Ctx<'_>) -> rquickjs::Error {
    Exception::throw_type(ctx, "unknown digest")
}

/// A digest of any type, which takes in bytes.
trait State {
    fn update(&mut self, bytes: &[u8]);
    fn another(&self) -> Box<dyn State>;
    fn digest<'js>(&self, ctx: &Ctx<'js>) -> Result<Bytes<'js>>;
}

impl<D: Digest + Clone + 'static> State for D {
    fn update(&mut self, bytes: &[u8]) {
        Digest::update(self, bytes);
    }

    fn another(&self) -> Box<dyn State> {
        Box::new(self.clone())
    }

    fn digest<'js>(&self, ctx: &Ctx<'js>) -> Result<Bytes<'js>> {
        Bytes::copied(ctx, &self.clone().finalize())
    }
}

struct New;

impl ForDigest for New {
    type Made = Box<dyn State>;

    fn make<D: Digest + BlockSizeUser + Clone + 'static>(self) -> Self::Made {
        Box::new(D::new())
    }
}

/// A digest and its bytes in the meter.
struct Hash {
    state: Box<dyn State>,
    _charge: Charge,
}

type HashHandle<'js> = Class<'js, Handle<Hash>>;

pub(super) fn install<'js>(natives: &Object<'js>, meter: &Rc<Meter>) -> Result<()> {
    let heap = Rc::clone(meter);
    let create = move |ctx: Ctx<'js>, name: Text<'js>| {
        let _charge = charge(&ctx, &heap, STATE_BYTES)?;
        let state = for_named(name.as_str(), New).ok_or_else(|| unknown(&ctx))?;
        Handle::around(&ctx, Hash { state, _charge })
    };
    natives.set("hashCreate", Func::from(create))?;
    natives.set("hashUpdate", Func::from(update))?;
    natives.set("hashDigest", Func::from(digest))?;
    let heap = Rc::clone(meter);
    let clone = move |ctx: Ctx<'js>, handle: HashHandle<'js>| {
        let _charge = charge(&ctx, &heap, STATE_BYTES)?;
        let state = handle.borrow().state(&ctx)?.state.another();
        Handle::around(&ctx, Hash { state, _charge })
    };
    natives.set("hashClone", Func::from(clone))
}

/// `hashUpdate(handle, bytes)`.
fn update<'js>(ctx: Ctx<'js>, handle: HashHandle<'js>, bytes: Bytes<'js>) -> Result<()> {
    if MOST_BYTES < bytes.len() {
        return Err(Exception::throw_range(&ctx, "more than 1 MiB at once"));
    }
    let handle = handle.borrow();
    let mut hash = handle.state(&ctx)?;
    bytes.read(|bytes| hash.state.update(bytes));
    Ok(())
}

/// `hashDigest(handle)`: the digest; the handle is used up.
fn digest<'js>(ctx: Ctx<'js>, handle: HashHandle<'js>) -> Result<Value<'js>> {
    let hash = handle.borrow().take(&ctx)?;
    hash.state.digest(&ctx).map(Bytes::into_value)
}
