//! Keys out of passwords: PBKDF2 (RFC 8018, section 5.2) in steps, and scrypt (RFC 7914) at once.

use std::rc::Rc;

use rquickjs::{Class, Ctx, Error, Exception, Object, Result, Value, function::Func};
use sha2::{
    Digest,
    digest::{Output, common::BlockSizeUser},
};

use super::{
    Integer, charge,
    hash::{ForDigest, STATE_BYTES, for_named, unknown},
    immutable,
};
use crate::sys::{Bytes, Charge, Handle, Meter, Text};

/// Iterations of one call, at most: about 5 ms of SHA-512.
const MOST_ITERATIONS: u32 = 4096;

/// One block of a key of any digest.
trait Steps {
    fn step(&mut self);
    fn sum(&self) -> &[u8];
}

/// One block of a key.
struct Block<D: Digest> {
    /// HMAC (RFC 2104) after the key's first block, of its inner digest and of its outer one.
    inner: D,
    outer: D,
    /// The inner digest of the first iteration, until that is done.
    first: Option<D>,
    /// U of the last iteration.
    last: Output<D>,
    /// All U so far, added without carry.
    sum: Output<D>,
}

impl<D: Digest + BlockSizeUser + Clone> Block<D> {
    fn new(password: &[u8], salt: &[u8], number: u32) -> Self {
        let block = D::block_size();
        let mut key =
            if block < password.len() { D::digest(password).to_vec() } else { password.to_vec() };
        key.resize(block, 0);
        let padded = |pad: u8| {
            let key: Vec<u8> = key.iter().map(|byte| byte ^ pad).collect();
            D::new_with_prefix(key)
        };
        let (inner, outer) = (padded(0x36), padded(0x5c));
        let first = inner.clone().chain_update(salt).chain_update(number.to_be_bytes());
        Self {
            inner,
            outer,
            first: Some(first),
            last: Output::<D>::default(),
            sum: Output::<D>::default(),
        }
    }
}

impl<D: Digest + BlockSizeUser + Clone> Steps for Block<D> {
    fn step(&mut self) {
        let inner = self.first.take();
        let inner = inner.unwrap_or_else(|| self.inner.clone().chain_update(&self.last));
        self.last = self.outer.clone().chain_update(inner.finalize()).finalize();
        for (sum, last) in self.sum.iter_mut().zip(&self.last) {
            *sum ^= last;
        }
    }

    fn sum(&self) -> &[u8] {
        &self.sum
    }
}

/// What a block is made of.
struct NewBlock<'a> {
    password: &'a [u8],
    salt: &'a [u8],
    number: u32,
}

impl ForDigest for NewBlock<'_> {
    type Made = Box<dyn Steps>;

    fn make<D: Digest + BlockSizeUser + Clone + 'static>(self) -> Self::Made {
        Box::new(Block::<D>::new(self.password, self.salt, self.number))
    }
}

/// A block and its bytes in the meter.
struct Pbkdf2 {
    block: Box<dyn Steps>,
    _charge: Charge,
}

pub(super) fn install<'js>(natives: &Object<'js>, meter: &Rc<Meter>) -> Result<()> {
    let heap = Rc::clone(meter);
    let open = move |ctx: Ctx<'js>,
                     name: Text<'js>,
                     password: Bytes<'js>,
                     salt: Bytes<'js>,
                     block: Integer| {
        let number = block.within(&ctx, 1..=1_u32 << 31)?;
        // Three states and two digests; the padded key while it is made.
        let _charge = charge(&ctx, &heap, 4 * STATE_BYTES)?;
        let block = password.read_both(&salt, |password, salt| {
            for_named(name.as_str(), NewBlock { password, salt, number })
        });
        let block = block.ok_or_else(|| unknown(&ctx))?;
        Handle::around(&ctx, Pbkdf2 { block, _charge })
    };
    natives.set("pbkdf2Open", Func::from(open))?;
    natives.set("pbkdf2Step", Func::from(step))?;
    let heap = Rc::clone(meter);
    let derive = move |ctx: Ctx<'js>,
                       password: Bytes<'js>,
                       salt: Bytes<'js>,
                       n: Integer,
                       r: Integer,
                       p: Integer,
                       length: Integer| {
        let costs = Costs::new(&ctx, n, r, p)?;
        let len = length.within(&ctx, 1..=i32::MAX)?.unsigned_abs() as usize;
        scrypt(&ctx, &heap, &password, &salt, costs, len)
    };
    natives.set("scryptDerive", Func::from(derive))
}

/// `pbkdf2Step(handle, count, output)`.
fn step<'js>(
    ctx: Ctx<'js>,
    handle: Class<'js, Handle<Pbkdf2>>,
    count: Integer,
    output: Bytes<'js>,
) -> Result<()> {
    let count = count.within(&ctx, 1..=MOST_ITERATIONS)?;
    let handle = handle.borrow();
    let mut state = handle.state(&ctx)?;
    if output.len() != state.block.sum().len() {
        return Err(Exception::throw_range(&ctx, "the output is not as long as the digest"));
    }
    (0..count).for_each(|_| state.block.step());
    let write = |room: &mut [u8]| room.copy_from_slice(state.block.sum());
    output.write(write).ok_or_else(|| immutable(&ctx))
}

/// What a key by scrypt costs.
#[derive(Clone, Copy)]
struct Costs {
    params: scrypt::Params,
    /// Bytes that it needs.
    memory: usize,
}

impl Costs {
    fn new(ctx: &Ctx<'_>, n: Integer, r: Integer, p: Integer) -> Result<Self> {
        let n = n.within(ctx, 2..=i64::from(u32::MAX) + 1)?.unsigned_abs();
        let (r, p) = (r.within(ctx, 1..=u32::MAX)?, p.within(ctx, 1..=u32::MAX)?);
        let refused = || Exception::throw_range(ctx, "N, r or p cannot be used");
        let product = r.checked_mul(p).filter(|product| *product < 1 << 30);
        if !n.is_power_of_two() || product.is_none() {
            return Err(refused());
        }
        let log_n = u8::try_from(n.ilog2()).map_err(|_| refused())?;
        let params = scrypt::Params::new(log_n, r, p).map_err(|_| refused())?;
        // 128 * r * (N + p + 2): below 2^7 * 2^30 * 2^33.
        let memory = 128 * u128::from(r) * (u128::from(n) + u128::from(p) + 2);
        Ok(Self { params, memory: usize::try_from(memory).unwrap_or(usize::MAX) })
    }
}

/// `scryptDerive(password, salt, N, r, p, length)`: a new `Uint8Array`. Nothing can stop it between.
fn scrypt<'js>(
    ctx: &Ctx<'js>,
    meter: &Rc<Meter>,
    password: &Bytes<'js>,
    salt: &Bytes<'js>,
    costs: Costs,
    len: usize,
) -> Result<Value<'js>> {
    let output = Bytes::zeroed(ctx, len)?;
    let _charge = charge(ctx, meter, costs.memory)?;
    let derived = password.read_both(salt, |password, salt| {
        output.write(|output| scrypt::scrypt(password, salt, &costs.params, output))
    });
    match derived {
        Some(Ok(())) => Ok(output.into_value()),
        Some(Err(_)) => Err(Exception::throw_range(ctx, "the length cannot be derived")),
        None => Err(Error::Unknown),
    }
}
