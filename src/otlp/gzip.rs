//! Bodies and messages that are compressed with gzip.

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// Why bytes could not be decompressed.
#[derive(Debug, thiserror::Error)]
pub enum GunzipError {
    /// They are more than may be, decompressed.
    #[error("it is too large when it is decompressed")]
    TooLarge,
    /// They are not gzip.
    #[error("the body is not gzip: {0}")]
    NotGzip(#[from] std::io::Error),
}

/// Decompresses `bytes` (RFC 1952, also several members one behind the other) into at most `limit` bytes.
///
/// # Errors
///
/// When they are not gzip, or more than `limit`.
pub fn gunzip(bytes: &[u8], limit: usize) -> Result<Vec<u8>, GunzipError> {
    let mut plain = Vec::with_capacity(bytes.len().saturating_mul(4).min(limit));
    MultiGzDecoder::new(bytes).take((limit as u64).saturating_add(1)).read_to_end(&mut plain)?;
    if plain.len() > limit { Err(GunzipError::TooLarge) } else { Ok(plain) }
}
