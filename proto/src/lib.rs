//! The public gRPC API of Skep, compiled from `skep/v1/skep.proto`.
//!
//! Messages and stubs only: what a field may hold is decided by the daemon's `api::convert`.

/// Version 1 of the API.
#[allow(missing_docs, unreachable_pub, clippy::all)]
pub mod v1 {
    tonic::include_proto!("skep.v1");

    /// The encoded `FileDescriptorSet`, for server reflection.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/skep.v1.fds"));
}

/// The `domain` of every `google.rpc.ErrorInfo` that the daemon sends.
pub const ERROR_DOMAIN: &str = "skep.v1";
