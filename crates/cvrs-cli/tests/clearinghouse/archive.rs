//! Zips, good ones and such as no program would write.

use std::io::Write;

pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A member that is stored uncompressed, and everything that its two headers say of it.
pub(crate) struct Member<'m> {
    pub(crate) name: &'m [u8],
    pub(crate) bytes: &'m [u8],
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) packed: u32,
    pub(crate) unpacked: u32,
    pub(crate) attributes: u32,
}

impl<'m> Member<'m> {
    /// What is true.
    pub(crate) fn new(name: &'m str, bytes: &'m [u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let len = u32::try_from(bytes.len()).unwrap();
        Self {
            name: name.as_bytes(),
            bytes,
            flags: 0,
            method: 0,
            crc: crc.sum(),
            packed: len,
            unpacked: len,
            attributes: 0,
        }
    }

    fn facts(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for word in [20, self.flags, self.method, 0, 0x21] {
            out.extend_from_slice(&u16::to_le_bytes(word));
        }
        for long in [self.crc, self.packed, self.unpacked] {
            out.extend_from_slice(&long.to_le_bytes());
        }
        out.extend_from_slice(&u16::try_from(self.name.len()).unwrap().to_le_bytes());
        out.extend_from_slice(&[0, 0]);
        out
    }

    /// A zip of this one member (APPNOTE 4.3).
    pub(crate) fn alone(&self) -> Vec<u8> {
        let mut out = b"PK\x03\x04".to_vec();
        out.extend(self.facts());
        out.extend_from_slice(self.name);
        out.extend_from_slice(self.bytes);
        let start = out.len();
        out.extend_from_slice(b"PK\x01\x02\x14\x03");
        out.extend(self.facts());
        out.extend_from_slice(&[0; 6]);
        out.extend_from_slice(&self.attributes.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(self.name);
        let length = out.len() - start;
        out.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
        out.extend_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
        out.extend_from_slice(&u32::try_from(start).unwrap().to_le_bytes());
        out.extend_from_slice(&[0, 0]);
        out
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub(crate) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub(crate) fn bare_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

#[test]
fn a_member_that_tells_the_truth_is_read_by_others() {
    let bytes = Member::new("a.txt", b"synthetic").alone();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_index(0).unwrap(), &mut text).unwrap();
    assert_eq!(text, "synthetic");
}
