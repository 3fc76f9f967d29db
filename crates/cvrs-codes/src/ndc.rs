//! National drug codes: their spellings and the one normal form, 11 digits in the pattern 5-4-2.
//!
//! Ten-digit codes come in three hyphen patterns, and one zero in front of the short part makes them 11 digits.
//! Without hyphens the pattern is lost, so ten bare digits stand for up to three codes. The way back, from 11 to 10
//! digits, is not a function and is not offered.

use std::fmt;

/// An 11-digit NDC; prints as 5-4-2 with hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ndc11(u64);

impl Ndc11 {
    /// The code of its three parts: labeler (5 digits), product (4), package (2).
    pub const fn new(labeler: u32, product: u16, package: u8) -> Option<Self> {
        if labeler > 99_999 || product > 9_999 || package > 99 {
            return None;
        }
        Some(Self(labeler as u64 * 1_000_000 + product as u64 * 100 + package as u64))
    }

    /// The eleven digits as one number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The eleven digits without hyphens, ASCII.
    pub fn digits(self) -> [u8; 11] {
        let mut digits = [b'0'; 11];
        let mut rest = self.0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        digits
    }

    /// The pattern 5-4-2 with hyphens, ASCII.
    pub fn hyphenated(self) -> [u8; 13] {
        let digits = self.digits();
        let mut text = [b'-'; 13];
        text[..5].copy_from_slice(&digits[..5]);
        text[6..10].copy_from_slice(&digits[5..9]);
        text[11..].copy_from_slice(&digits[9..]);
        text
    }

    /// Reads a spelling that stands for one code: any but ten bare digits.
    pub fn parse(cell: &[u8]) -> Option<Self> {
        match parse_ndc(cell) {
            Ok(NdcText { spelling, candidates }) if spelling != NdcSpelling::TenBare => {
                candidates.as_slice().first().copied()
            }
            _ => None,
        }
    }
}

impl fmt::Display for Ndc11 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.hyphenated();
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// How a cell spells an NDC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NdcSpelling {
    /// 11 digits, 5-4-2, with hyphens: the normal form.
    Eleven,
    /// 11 digits without hyphens.
    ElevenBare,
    /// 11 places with `*` for the zero that fills the short part, with or without hyphens.
    Filler,
    /// 10 digits, 4-4-2.
    Ten442,
    /// 10 digits, 5-3-2.
    Ten532,
    /// 10 digits, 5-4-1.
    Ten541,
    /// 10 digits without hyphens: up to three codes.
    TenBare,
}

/// Up to three 11-digit codes for one spelling, all different, in the order 4-4-2, 5-3-2, 5-4-1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Candidates {
    codes: [Ndc11; 3],
    len: u8,
}

impl Candidates {
    const fn one(code: Ndc11) -> Self {
        Self { codes: [code; 3], len: 1 }
    }

    /// The codes.
    pub fn as_slice(&self) -> &[Ndc11] {
        &self.codes[..usize::from(self.len)]
    }
}

impl fmt::Debug for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

/// A cell read as an NDC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NdcText {
    /// How the cell spells it.
    pub spelling: NdcSpelling,
    /// What it stands for: one code, or up to three for [`NdcSpelling::TenBare`].
    pub candidates: Candidates,
}

/// Why a cell is no NDC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotNdc {
    /// No legal spelling, the empty cell included.
    Malformed,
    /// The twelve-digit form (6-4-2) that the FDA announced; recognised, not supported, never to be cut.
    TwelveDigits,
}

/// Reads every legal spelling of an NDC; see [`NdcSpelling`]. Blanks around it are not removed.
#[inline]
pub fn parse_ndc(cell: &[u8]) -> Result<NdcText, NotNdc> {
    if cell.len() > 14 {
        return Err(NotNdc::Malformed);
    }
    // One pass: the number and the length of each part, and where a filler stands.
    let mut value = [0u64; 3];
    let mut length = [0usize; 3];
    let mut part = 0;
    let mut filler = None;
    for byte in cell {
        let digit = match byte {
            b'0'..=b'9' => u64::from(byte - b'0'),
            b'*' if filler.is_none() => {
                filler = Some((part, length[part]));
                0
            }
            b'-' if part < 2 => {
                part += 1;
                continue;
            }
            _ => return Err(NotNdc::Malformed),
        };
        value[part] = value[part] * 10 + digit;
        length[part] += 1;
    }
    let [labeler, product, package] = value;
    // Only meant for parts of the right length: a longer one could overflow.
    let whole = || Ndc11(labeler * 1_000_000 + product * 100 + package);
    let (spelling, code) = match (part, length) {
        (0, [12, 0, 0]) | (2, [6, 4, 2]) if filler.is_none() => return Err(NotNdc::TwelveDigits),
        // The filler stands where the added zero would: first in its part.
        (2, [5, 4, 2]) => match filler {
            None => (NdcSpelling::Eleven, whole()),
            Some((_, 0)) => (NdcSpelling::Filler, whole()),
            Some(_) => return Err(NotNdc::Malformed),
        },
        (0, [11, 0, 0]) => match filler {
            None => (NdcSpelling::ElevenBare, Ndc11(labeler)),
            Some((_, 0 | 5 | 9)) => (NdcSpelling::Filler, Ndc11(labeler)),
            Some(_) => return Err(NotNdc::Malformed),
        },
        (2, [4, 4, 2]) if filler.is_none() => (NdcSpelling::Ten442, whole()),
        (2, [5, 3, 2]) if filler.is_none() => (NdcSpelling::Ten532, whole()),
        (2, [5, 4, 1]) if filler.is_none() => (NdcSpelling::Ten541, whole()),
        (0, [10, 0, 0]) if filler.is_none() => {
            return Ok(NdcText { spelling: NdcSpelling::TenBare, candidates: ten_bare(labeler) });
        }
        _ => return Err(NotNdc::Malformed),
    };
    Ok(NdcText { spelling, candidates: Candidates::one(code) })
}

/// The codes that ten bare digits can stand for.
fn ten_bare(digits: u64) -> Candidates {
    let split = |tail: u64| (digits / tail, digits % tail);
    let (l442, rest) = split(1_000_000);
    let (l5, rest5) = split(100_000);
    let all = [
        Ndc11(l442 * 1_000_000 + rest),
        Ndc11(l5 * 1_000_000 + rest5),
        Ndc11(l5 * 1_000_000 + rest5 / 10 * 100 + rest5 % 10),
    ];
    let mut candidates = Candidates::one(all[0]);
    for code in &all[1..] {
        if !candidates.as_slice().contains(code) {
            candidates.codes[usize::from(candidates.len)] = *code;
            candidates.len += 1;
        }
    }
    candidates
}

/// The codes that ten bare digits can stand for, in the order 4-4-2, 5-3-2, 5-4-1; `None` for anything else.
pub fn ndc11_candidates(cell: &[u8]) -> Option<Candidates> {
    parse_ndc(cell).ok().filter(|text| text.spelling == NdcSpelling::TenBare).map(|text| text.candidates)
}

/// Whether the code is one of the two that CDC's test material of 2020 uses and that are no real codes:
/// 80777-9999-00 and 99999-9999-01.
pub const fn is_placeholder_ndc(code: Ndc11) -> bool {
    matches!(code.0, 80_777_999_900 | 99_999_999_901)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str) -> Result<(NdcSpelling, Vec<String>), NotNdc> {
        parse_ndc(cell.as_bytes())
            .map(|text| (text.spelling, text.candidates.as_slice().iter().map(Ndc11::to_string).collect()))
    }

    #[test]
    fn reads_the_legal_spellings() {
        for (cell, spelling, code) in [
            ("00006-4045-00", NdcSpelling::Eleven, "00006-4045-00"),
            ("00006404500", NdcSpelling::ElevenBare, "00006-4045-00"),
            ("0006-4045-00", NdcSpelling::Ten442, "00006-4045-00"),
            ("80777-273-10", NdcSpelling::Ten532, "80777-0273-10"),
            ("59267-1000-1", NdcSpelling::Ten541, "59267-1000-01"),
            ("80777-*273-10", NdcSpelling::Filler, "80777-0273-10"),
            ("*0006-4045-00", NdcSpelling::Filler, "00006-4045-00"),
            ("59267-1000-*1", NdcSpelling::Filler, "59267-1000-01"),
            ("80777*27310", NdcSpelling::Filler, "80777-0273-10"),
        ] {
            assert_eq!(read(cell), Ok((spelling, vec![code.to_owned()])), "{cell}");
            assert_eq!(Ndc11::parse(cell.as_bytes()).map(|c| c.to_string()).as_deref(), Some(code));
        }
    }

    #[test]
    fn ten_bare_digits_stand_for_up_to_three_codes() {
        let codes = ["08077-7273-10", "80777-0273-10", "80777-2731-00"].map(str::to_owned).to_vec();
        assert_eq!(read("8077727310"), Ok((NdcSpelling::TenBare, codes)));
        assert_eq!(ndc11_candidates(b"0000000000").map(|c| c.as_slice().len()), Some(1));
        assert_eq!(Ndc11::parse(b"8077727310"), None);
        assert_eq!(ndc11_candidates(b"80777-273-10"), None);
    }

    #[test]
    fn refuses_everything_else() {
        for cell in ["123456789012", "123456-7890-12"] {
            assert_eq!(read(cell), Err(NotNdc::TwelveDigits), "{cell}");
        }
        for cell in [
            "",
            " ",
            "80777-273-10 ",
            "80777-273",
            "8077-273-10",
            "80777-0273-10-",
            "80777-0*73-10",
            "8*777-0273-10",
            "80777--10",
            "807770273",
            "80777-*73-10",
            "**777-0273-10",
            "8077*27310",
            "807770-27310",
            "80777–0273–10",
            "1234567890123",
            "999999999999999",
        ] {
            assert_eq!(read(cell), Err(NotNdc::Malformed), "{cell}");
        }
    }
}
