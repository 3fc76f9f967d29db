//! Trimming and padding the bytes of a cell.

/// The cell without the characters that the CDC tool's `trim` removes: every byte up to the blank, at both ends.
pub fn trim(cell: &[u8]) -> &[u8] {
    let Some(start) = cell.iter().position(|byte| *byte > b' ') else { return &[] };
    let end = cell.iter().rposition(|byte| *byte > b' ').unwrap_or(start);
    &cell[start..=end]
}

/// A cell of at most `N` digits, filled with zeros on the left, such as a county or ZIP code that lost one; `None` for
/// anything else, the empty cell included.
pub fn pad<const N: usize>(cell: &[u8]) -> Option<[u8; N]> {
    if cell.is_empty() || cell.len() > N || !cell.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut padded = [b'0'; N];
    padded[N - cell.len()..].copy_from_slice(cell);
    Some(padded)
}

#[cfg(test)]
mod tests {
    use super::{pad, trim};

    #[test]
    fn trims_blanks_and_controls_at_both_ends() {
        assert_eq!(trim(b" \x01MOD\t "), b"MOD");
        assert_eq!(trim(b"A B"), b"A B");
        assert_eq!(trim(b"\xC2\xA0A"), b"\xC2\xA0A");
        assert_eq!(trim(b"   "), b"");
        assert_eq!(trim(b""), b"");
    }

    #[test]
    fn pads_with_zeros() {
        assert_eq!(pad::<5>(b"1001"), Some(*b"01001"));
        assert_eq!(pad::<5>(b"01001"), Some(*b"01001"));
        for cell in [&b""[..], b"123456", b"1a", b" 1001"] {
            assert_eq!(pad::<5>(cell), None);
        }
    }
}
