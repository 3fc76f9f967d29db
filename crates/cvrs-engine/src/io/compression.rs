//! Which compression an input has, told from its first bytes.

use std::fmt;

/// How the text of an input is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all: the bytes of the file are the text.
    None,
    /// gzip (RFC 1952), one member or several.
    Gzip,
    /// Zstandard (RFC 8878), one frame or several.
    Zstd,
    /// A zip archive.
    Zip,
}

impl Compression {
    /// The bytes that [`Compression::of`] wants to see; fewer only where the input is shorter.
    pub const MAGIC_BYTES: usize = 4;

    /// Tells the compression from the first bytes of an input; its name plays no part.
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A data frame, or a skippable frame, which some writers put first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            // A member, the end of an empty archive, or the mark of a split one.
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, ..] => Self::Zip,
            _ => Self::None,
        }
    }

    /// The word that users know it by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "plain text",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Zip => "zip",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Compression;

    #[test]
    fn text_is_never_taken_for_a_compression() {
        for text in ["", "P", "PK", "PKxy", "vax_event_id\t", "\u{feff}vax"] {
            assert_eq!(Compression::of(text.as_bytes()), Compression::None, "{text:?}");
        }
    }

    #[test]
    fn zstd_may_begin_with_a_skippable_frame() {
        assert_eq!(Compression::of(&[0x5a, 0x2a, 0x4d, 0x18, 0]), Compression::Zstd);
    }
}
