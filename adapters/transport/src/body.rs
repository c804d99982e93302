//! Reading an answer's body within a limit.

use bytes::{Bytes, BytesMut};

use crate::broken::{self, Broken};

/// Why a body was not read whole.
pub(crate) enum BodyError {
    /// Longer than the limit, by its own word or by what came.
    TooLarge,
    /// It broke off before it was whole.
    Broken(Broken),
}

/// Reads chunk by chunk and stops at the limit, whatever length was announced.
pub(crate) async fn read(mut response: reqwest::Response, limit: usize) -> Result<Bytes, BodyError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(BodyError::TooLarge);
    }
    let mut body = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
    while let Some(chunk) =
        response.chunk().await.map_err(|error| BodyError::Broken(broken::classify(&error)))?
    {
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
