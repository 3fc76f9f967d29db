//! Digits and dates in a register: up to eight bytes at a time, loaded from the text with what follows them.

use cvrs_parse::Date;

/// Eight copies of a byte.
pub(crate) const fn splat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The lowest `length` bytes of a word.
pub(crate) const MASKS: [u64; 9] = {
    let mut masks = [0; 9];
    let mut length = 1;
    while length <= 8 {
        masks[length] = u64::MAX >> (64 - 8 * length);
        length += 1;
    }
    masks
};

/// Eight bytes from `at` on; zeros beyond the text's end.
#[inline(always)]
pub(crate) fn load(text: &[u8], at: usize) -> u64 {
    if let Some(rest) = text.get(at..)
        && let Some(bytes) = rest.first_chunk::<8>()
    {
        return u64::from_le_bytes(*bytes);
    }
    load_near_end(text, at)
}

#[cold]
#[inline(never)]
fn load_near_end(text: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 8];
    let rest = text.get(at..).unwrap_or_default();
    let count = rest.len().min(8);
    bytes[..count].copy_from_slice(&rest[..count]);
    u64::from_le_bytes(bytes)
}

/// Not zero if any of the bytes that `mask` covers is no digit.
#[inline(always)]
pub(crate) const fn not_digits(word: u64, mask: u64) -> u64 {
    // '0' to '9' are 0x30 to 0x39: the high half must be 3, and adding 6 to the low half must not carry.
    let high = (word & splat(0xF0)) ^ splat(0x30);
    let low = ((word & splat(0x0F)) + splat(0x06)) & splat(0xF0);
    (high | low) & mask
}

/// The number that the lowest `length` bytes, all digits, stand for (at most eight of them).
#[inline(always)]
pub(crate) const fn number(word: u64, length: u32) -> u32 {
    if length == 0 {
        return 0;
    }
    // Digits move to the top, so that zeros stand before them; then pairs, fours and eights are added up.
    let digits = (word & splat(0x0F)) << (64 - 8 * length);
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    (fours.wrapping_mul(10_000) + (fours >> 32)) as u32
}

/// A date as `YYYYMMDD`, day 0 for a month; `None` if the cell is none. Equal to [`Date::parse`].
#[inline(always)]
pub(crate) fn date(text: &[u8], start: usize, length: u32) -> Option<u32> {
    if length != 10 {
        return month(text, start, length);
    }
    let word = load(text, start);
    let day = load(text, start + 8);
    const DASHES: u64 = 0x2D00_002D_0000_0000;
    const DIGITS: u64 = 0x00FF_FF00_FFFF_FFFF;
    let wrong = not_digits(word, DIGITS) | (word & !DIGITS) ^ DASHES | not_digits(day, 0xFFFF);
    // Four digits of the year, then month and day, as one word of digits.
    let packed = (word & 0xFFFF_FFFF) | (word >> 8 & 0x0000_FFFF_0000_0000) | day << 48;
    let number = number(packed, 8);
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    if wrong != 0
        || year == 0
        || month.wrapping_sub(1) > 11
        || day == 0
        || day > 28 && Date::from_ymd(year, month, day).is_none()
    {
        return None;
    }
    Some(number)
}

#[inline(never)]
fn month(text: &[u8], start: usize, length: u32) -> Option<u32> {
    Date::parse(text.get(start..start + length as usize)?).map(Date::as_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn dates_agree_with_the_parser(
            text in prop_oneof![
                "[0-9]{4}-[01][0-9]-[0-3][0-9]", "[0-9]{4}-[01][0-9]", "(19|20)[0-9]{2}-02-(28|29|30)", "[0-9/:-]{10}", "[ -~]{0,12}"
            ],
            before in "[ -~]{0,9}", after in "[ -~]{0,9}"
        ) {
            let whole = format!("{before}{text}{after}");
            let ours = date(whole.as_bytes(), before.len(), text.len() as u32);
            prop_assert_eq!(ours, Date::parse(text.as_bytes()).map(Date::as_number));
        }

        #[test]
        fn digits_are_the_ten_digits(bytes: [u8; 8], length in 0usize..=8) {
            let word = u64::from_le_bytes(bytes);
            prop_assert_eq!(not_digits(word, MASKS[length]) == 0, bytes[..length].iter().all(u8::is_ascii_digit));
        }

        #[test]
        fn numbers_are_those_of_the_standard_library(number_in in 0u32..100_000_000, width in 1usize..=8) {
            let text = format!("{:0width$}", number_in % 10u32.pow(width as u32));
            prop_assert_eq!(number(load(text.as_bytes(), 0), width as u32), text.parse::<u32>().unwrap());
        }
    }

    #[test]
    fn bytes_beyond_the_end_are_zero() {
        assert_eq!(load(b"ab", 0), u64::from(u16::from_le_bytes(*b"ab")));
        assert_eq!(load(b"ab", 5), 0);
    }
}
