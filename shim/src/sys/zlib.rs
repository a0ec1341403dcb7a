//! One compression or decompression by zlib (RFC 1950 to 1952), in steps.
//!
//! Its interface is that of C, its code is Rust. All its memory is a heap's: counted, and refused beyond the limit.
//! Between two steps it holds no pointer to anything of ours but the meter.

use std::{
    ffi::{CStr, c_char, c_int, c_uint, c_void},
    ptr,
    rc::Rc,
};

use libz_rs_sys::{self as libz, z_stream};

use super::heap::Meter;

/// The version of zlib whose interface this is; the library compares the first digit.
const VERSION: *const c_char = c"1.3.1".as_ptr();

/// The only method there is: deflate.
const METHOD: c_int = 8;

/// A compression or a decompression.
pub struct Zlib {
    stream: Box<z_stream>,
    /// Whether it was set up to compress.
    deflates: bool,
    /// What the stream's allocator counts with.
    _meter: Rc<Meter>,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The heap has no room for it.
    Memory,
    /// The library refuses the settings.
    Settings,
}

/// What a step did.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Bytes of the input.
    pub consumed: usize,
    /// Bytes of the output.
    pub written: usize,
    /// What the library answered: `Z_OK` and its kin.
    pub status: c_int,
}

impl Zlib {
    /// A compression. `window_bits` is negative for bare data and has 16 added for gzip.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn deflate(
        meter: &Rc<Meter>,
        level: c_int,
        window_bits: c_int,
        mem_level: c_int,
        strategy: c_int,
    ) -> Result<Self, Refused> {
        Self::new(meter, true, |stream, size| {
            // SAFETY: the stream has an allocator and the version is a string of C.
            unsafe {
                libz::deflateInit2_(
                    stream,
                    level,
                    METHOD,
                    window_bits,
                    mem_level,
                    strategy,
                    VERSION,
                    size,
                )
            }
        })
    }

    /// A decompression. `window_bits` is as above; 0 is what the data says.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn inflate(meter: &Rc<Meter>, window_bits: c_int) -> Result<Self, Refused> {
        Self::new(meter, false, |stream, size| {
            // SAFETY: the stream has an allocator and the version is a string of C.
            unsafe { libz::inflateInit2_(stream, window_bits, VERSION, size) }
        })
    }

    fn new(
        meter: &Rc<Meter>,
        deflates: bool,
        init: impl FnOnce(*mut z_stream, c_int) -> c_int,
    ) -> Result<Self, Refused> {
        let meter = Rc::clone(meter);
        let stream = z_stream {
            next_in: ptr::null(),
            avail_in: 0,
            total_in: 0,
            next_out: ptr::null_mut(),
            avail_out: 0,
            total_out: 0,
            msg: ptr::null_mut(),
            state: ptr::null_mut(),
            zalloc: Some(allocate),
            zfree: Some(free),
            opaque: Rc::as_ptr(&meter).cast_mut().cast::<c_void>(),
            data_type: 0,
            adler: 0,
            reserved: 0,
        };
        let mut zlib = Self { stream: Box::new(stream), deflates, _meter: meter };
        let size = c_int::try_from(size_of::<z_stream>()).map_err(|_| Refused::Settings)?;
        match init(&raw mut *zlib.stream, size) {
            libz::Z_OK => Ok(zlib),
            libz::Z_MEM_ERROR => Err(Refused::Memory),
            _ => Err(Refused::Settings),
        }
    }

    /// Works until the input is used up, the output is full or the data is at its end. `flush` is as in zlib.h.
    pub fn step(&mut self, input: &[u8], flush: c_int, output: &mut [u8]) -> Progress {
        let given = c_uint::try_from(input.len()).unwrap_or(c_uint::MAX);
        let room = c_uint::try_from(output.len()).unwrap_or(c_uint::MAX);
        (self.stream.next_in, self.stream.avail_in) = (input.as_ptr(), given);
        (self.stream.next_out, self.stream.avail_out) = (output.as_mut_ptr(), room);
        let stream = &raw mut *self.stream;
        let status = if self.deflates {
            // SAFETY: the stream was set up in `deflate`, and input and output are ours for this call.
            unsafe { libz::deflate(stream, flush) }
        } else {
            // SAFETY: the stream was set up in `inflate`, and input and output are ours for this call.
            unsafe { libz::inflate(stream, flush) }
        };
        let consumed = (given - self.stream.avail_in) as usize;
        let written = (room - self.stream.avail_out) as usize;
        self.forget_buffers();
        Progress { consumed, written, status }
    }

    /// No byte to read and none to write: those of the last step are somebody else's.
    fn forget_buffers(&mut self) {
        (self.stream.next_in, self.stream.avail_in) = (ptr::dangling(), 0);
        (self.stream.next_out, self.stream.avail_out) = (ptr::dangling_mut(), 0);
    }

    /// Gives it the bytes that the data is expected to begin like; the answer is `Z_OK` or an error of zlib.
    pub fn set_dictionary(&mut self, dictionary: &[u8]) -> c_int {
        let Ok(len) = c_uint::try_from(dictionary.len()) else { return libz::Z_STREAM_ERROR };
        let stream = &raw mut *self.stream;
        if self.deflates {
            // SAFETY: the stream was set up in `deflate`; the dictionary is copied.
            unsafe { libz::deflateSetDictionary(stream, dictionary.as_ptr(), len) }
        } else {
            // SAFETY: the stream was set up in `inflate`; the dictionary is copied.
            unsafe { libz::inflateSetDictionary(stream, dictionary.as_ptr(), len) }
        }
    }

    /// Changes how a compression goes on; the answer is `Z_OK` or an error of zlib.
    pub fn set_params(&mut self, level: c_int, strategy: c_int) -> c_int {
        if !self.deflates {
            return libz::Z_STREAM_ERROR;
        }
        self.forget_buffers();
        // SAFETY: the stream was set up in `deflate`, and it has no room to write to.
        unsafe { libz::deflateParams(&raw mut *self.stream, level, strategy) }
    }

    /// Begins anew with the same settings and no dictionary.
    pub fn reset(&mut self) {
        let stream = &raw mut *self.stream;
        if self.deflates {
            // SAFETY: the stream was set up in `deflate`.
            unsafe { libz::deflateReset(stream) };
        } else {
            // SAFETY: the stream was set up in `inflate`.
            unsafe { libz::inflateReset(stream) };
        }
    }

    /// What the library says about its last error, or nothing.
    pub fn message(&self) -> &str {
        if self.stream.msg.is_null() {
            return "";
        }
        // SAFETY: the library's messages are constants of it, each with a zero at its end.
        unsafe { CStr::from_ptr(self.stream.msg) }.to_str().unwrap_or_default()
    }
}

impl Drop for Zlib {
    fn drop(&mut self) {
        let stream = &raw mut *self.stream;
        if self.deflates {
            // SAFETY: the stream was set up in `deflate`, or is without a state, which is looked at.
            unsafe { libz::deflateEnd(stream) };
        } else {
            // SAFETY: the stream was set up in `inflate`, or is without a state, which is looked at.
            unsafe { libz::inflateEnd(stream) };
        }
    }
}

/// The CRC-32 of gzip over `bytes` behind those whose CRC is `start`.
pub fn crc32(start: u32, bytes: &[u8]) -> u32 {
    // SAFETY: pointer and length are those of a slice.
    let crc = unsafe { libz::crc32_z(start.into(), bytes.as_ptr(), bytes.len()) };
    // The library's type has room for more; the CRC has 32 bits.
    u32::try_from(crc).unwrap_or_default()
}

unsafe extern "C" fn allocate(opaque: *mut c_void, items: c_uint, size: c_uint) -> *mut c_void {
    // SAFETY: `opaque` is the meter that a `Zlib` keeps for as long as its stream is used.
    let meter = unsafe { &*opaque.cast::<Meter>() };
    meter.allocate(items as usize * size as usize)
}

unsafe extern "C" fn free(opaque: *mut c_void, block: *mut c_void) {
    // SAFETY: as above.
    let meter = unsafe { &*opaque.cast::<Meter>() };
    // SAFETY: the library gives back what `allocate` gave it, once.
    unsafe { meter.free(block) };
}
