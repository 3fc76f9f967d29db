//! From the connection to the disk.

use super::unpack::{Coding, Counting, Guard, decoder};
use super::{Body, Keeping, Kind, Limits, Media, file_of};
use crate::folder::Folder;
use crate::refusal::{Refusal, Result};
use axum::body::Body as HttpBody;
use http_body_util::BodyExt;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::sync::Arc;
use std::time::Duration;

/// How much is gathered before it is written, in bytes.
const WRITE_BYTES: usize = 1 << 20;

/// A body up to so many bytes stays in memory, and is kept within the store: a file of its own would take longer to make
/// last than its records.
const SMALL_BYTES: usize = 64 << 10;

fn too_large(limits: &Limits) -> Refusal {
    Refusal::too_large(format!("the body must be smaller than {} bytes; split the file", limits.body_bytes))
}

/// Receives a body. `may_keep`: it gets a name that it can be kept under.
pub(crate) async fn receive(
    body: HttpBody,
    coding: Option<&str>,
    media: Media,
    limits: Limits,
    folder: Arc<Folder>,
    may_keep: bool,
) -> Result<Body> {
    let coding = Coding::of(coding)?;
    let named = may_keep && coding == Coding::Identity;
    let (file, bytes) = {
        let folder = Arc::clone(&folder);
        let received = write_all(body, limits, folder, named);
        let whole = Duration::from_secs(limits.body_seconds);
        tokio::time::timeout(whole, received).await.map_err(|_| Refusal::too_slow())??
    };
    match coding {
        Coding::Identity => Ok(Body { file: file.file, keeping: file.keeping, bytes, media, kind: Kind::Cvrs }),
        coding => {
            super::super::blocking(move || decode(file.file, bytes, coding, media, limits, &folder, may_keep)).await
        }
    }
}

/// Where a body is put.
struct NewFile {
    file: File,
    keeping: Keeping,
}

fn new_file(folder: &Folder, may_keep: bool) -> std::io::Result<NewFile> {
    if !may_keep {
        return Ok(NewFile { file: folder.unnamed()?, keeping: Keeping::Not });
    }
    let named = folder.incoming()?;
    Ok(NewFile { file: named.as_file().try_clone()?, keeping: Keeping::Named(named) })
}

/// A body that stays in memory.
fn small_file(bytes: &[u8], folder: &Folder, may_keep: bool) -> std::io::Result<NewFile> {
    let keeping = if may_keep { Keeping::Stored } else { Keeping::Not };
    file_of(bytes, folder).map(|file| NewFile { file, keeping })
}

async fn write_all(mut body: HttpBody, limits: Limits, folder: Arc<Folder>, may_keep: bool) -> Result<(NewFile, u64)> {
    let mut file = None;
    let mut buffer = Vec::new();
    let mut bytes = 0u64;
    let pause = Duration::from_secs(limits.pause_seconds);
    loop {
        let frame = tokio::time::timeout(pause, body.frame()).await.map_err(|_| Refusal::too_slow())?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|_| Refusal::invalid("the body ended early; send it again"))?;
        let Ok(data) = frame.into_data() else { continue };
        bytes += data.len() as u64;
        if bytes >= limits.body_bytes {
            // What still comes is read and dropped, so that the client reads why instead of a broken connection.
            if bytes >= limits.body_bytes.saturating_mul(2) {
                return Err(too_large(&limits));
            }
            continue;
        }
        buffer.extend_from_slice(&data);
        if buffer.len() >= WRITE_BYTES {
            let folder = Arc::clone(&folder);
            (file, buffer) = super::super::blocking(move || {
                let mut new = match file {
                    Some(file) => file,
                    None => new_file(&folder, may_keep)?,
                };
                new.file.write_all(&buffer)?;
                buffer.clear();
                Ok((Some(new), buffer))
            })
            .await?;
        }
    }
    if bytes >= limits.body_bytes {
        return Err(too_large(&limits));
    }
    let mut new = match file {
        None if buffer.len() <= SMALL_BYTES => return Ok((small_file(&buffer, &folder, may_keep)?, bytes)),
        None => super::super::blocking(move || Ok(new_file(&folder, may_keep)?)).await?,
        Some(file) => file,
    };
    new.file.write_all(&buffer)?;
    Ok((new, bytes))
}

/// Undoes the coding of the transport, into a file of its own.
fn decode(
    mut file: File,
    bytes: u64,
    coding: Coding,
    media: Media,
    limits: Limits,
    folder: &Folder,
    may_keep: bool,
) -> Result<Body> {
    file.rewind()?;
    let guard = Guard::new(bytes, &limits);
    let count = if media == Media::Text { Counting::Lines } else { Counting::Bytes };
    let mut reader = guard.reader(decoder(coding, file)?, count);
    let NewFile { file, keeping } = new_file(folder, may_keep)?;
    let mut out = BufWriter::with_capacity(WRITE_BYTES, file);
    let copied = std::io::copy(&mut reader, &mut out);
    guard.judge()?;
    let bytes = copied.map_err(|_| Refusal::invalid("the body is not what its Content-Encoding says, or was cut"))?;
    let file = out.into_inner().map_err(|error| Refusal::internal(&error))?;
    if media == Media::Zip && bytes >= limits.body_bytes {
        return Err(too_large(&limits));
    }
    Ok(Body { file, keeping, bytes, media, kind: Kind::Cvrs })
}
