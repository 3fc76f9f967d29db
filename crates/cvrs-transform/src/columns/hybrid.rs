//! Small numbers as Parquet packs them: runs of equal ones told once, all others side by side in as few bits as they need
//! (the format's "RLE / bit-packing hybrid").

/// A run is worth telling once from so many equal numbers on.
const RUN: usize = 8;

/// How many bits numbers up to this one take, at least one.
pub(super) const fn width(largest: u32) -> u8 {
    if largest == 0 { 1 } else { (u32::BITS - largest.leading_zeros()) as u8 }
}

/// Appends numbers of so many bits each.
pub(super) fn encode(numbers: &[u32], width: u8, out: &mut Vec<u8>) {
    // Packed numbers stand in groups of eight, of which only the very last may be filled up.
    let (mut packed, mut at) = (0, 0);
    while let Some(&first) = numbers.get(at) {
        // Mostly there is no run, which eight numbers at once tell.
        let eight = numbers[at..].first_chunk::<8>();
        if eight.is_some_and(|eight| eight.iter().fold(0, |differ, number| differ | (number ^ first)) != 0) {
            at += 8;
            continue;
        }
        let run = numbers[at..].iter().take_while(|&&number| number == first).count();
        if run >= RUN || at + run == numbers.len() && run > 1 && packed == at {
            pack(&numbers[packed..at], width, out);
            repeat(first, run, width, out);
            at += run;
            packed = at;
        } else {
            at = (at + 8).min(numbers.len());
        }
    }
    pack(&numbers[packed..], width, out);
}

/// Appends a number so many times.
pub(super) fn repeat(number: u32, times: usize, width: u8, out: &mut Vec<u8>) {
    push_varint((times as u64) << 1, out);
    out.extend_from_slice(&number.to_le_bytes()[..usize::from(width).div_ceil(8)]);
}

fn pack(numbers: &[u32], width: u8, out: &mut Vec<u8>) {
    if numbers.is_empty() {
        return;
    }
    push_varint((numbers.len().div_ceil(8) as u64) << 1 | 1, out);
    pack_bare(numbers, width, out);
}

/// Appends bits that are packed already, of eight numbers a byte.
pub(super) fn bits(packed: &[u8], out: &mut Vec<u8>) {
    push_varint((packed.len() as u64) << 1 | 1, out);
    out.extend_from_slice(packed);
}

/// Appends numbers side by side and nothing that tells how many they are; groups of eight, the last one filled up.
pub(super) fn pack_bare(numbers: &[u32], width: u8, out: &mut Vec<u8>) {
    let (groups, rest) = numbers.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let groups = groups.iter().chain((!rest.is_empty()).then_some(&last));
    let bytes = usize::from(width);
    let mut at = out.len();
    // Each group is written with zeros behind it, over which the next one is written.
    out.resize(at + numbers.len().div_ceil(8) * bytes + 32, 0);
    for group in groups {
        // Four numbers of up to 32 bits each are as much as 128 bits.
        let half = |four: &[u32]| four.iter().rev().fold(0u128, |bits, &number| bits << width | u128::from(number));
        if width <= 8 {
            let bits = group.iter().rev().fold(0u64, |bits, &number| bits << width | u64::from(number));
            out[at..at + 8].copy_from_slice(&bits.to_le_bytes());
        } else if width <= 16 {
            out[at..at + 16].copy_from_slice(&half(group).to_le_bytes());
        } else {
            let [low, high] = [half(&group[..4]), half(&group[4..])];
            let shift = 4 * u32::from(width);
            let over = if shift == 128 { high } else { high >> (128 - shift) };
            let low = if shift == 128 { low } else { low | high << shift };
            out[at..at + 16].copy_from_slice(&low.to_le_bytes());
            out[at + 16..at + 32].copy_from_slice(&over.to_le_bytes());
        }
        at += bytes;
    }
    out.truncate(at);
}

fn push_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads so many numbers in the plainest way.
    fn decode(mut bytes: &[u8], width: u8, n: usize) -> Vec<u32> {
        let mut numbers = Vec::new();
        while numbers.len() < n {
            let (mut head, mut shift) = (0u64, 0);
            loop {
                let (&byte, rest) = bytes.split_first().expect("a head");
                bytes = rest;
                head |= u64::from(byte & 0x7F) << shift;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            let count = (head >> 1) as usize;
            if head & 1 == 0 {
                let (value, rest) = bytes.split_at(usize::from(width).div_ceil(8));
                bytes = rest;
                let number = value.iter().rev().fold(0, |sum, &byte| sum << 8 | u32::from(byte));
                numbers.extend(std::iter::repeat_n(number, count));
            } else {
                let (packed, rest) = bytes.split_at(count * usize::from(width));
                bytes = rest;
                let bit = |at: usize| u32::from(packed[at / 8] >> (at % 8) & 1);
                let number =
                    |at: usize| (0..usize::from(width)).fold(0, |sum, n| sum | bit(at * usize::from(width) + n) << n);
                numbers.extend((0..count * 8).map(number));
            }
        }
        assert!(bytes.is_empty() && numbers.len() < n + 8, "nothing more than the last group is filled up");
        assert!(numbers.drain(n..).all(|number| number == 0));
        numbers
    }

    proptest! {
        #[test]
        fn numbers_come_back(
            runs in prop::collection::vec((any::<u32>(), prop_oneof![3 => 1usize..3, 1 => 1usize..40]), 0..40),
            width in 1u8..=32,
        ) {
            let number = |number: u32| number & (u32::MAX >> (32 - width));
            let numbers: Vec<u32> = runs.iter().flat_map(|&(of, n)| std::iter::repeat_n(number(of), n)).collect();
            let mut out = Vec::new();
            encode(&numbers, width, &mut out);
            prop_assert_eq!(decode(&out, width, numbers.len()), numbers);
        }
    }

    #[test]
    fn packed_bits_are_numbers_of_one_bit() {
        let mut out = Vec::new();
        bits(&[0b0000_0101, 0b1000_0000], &mut out);
        let numbers = [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(decode(&out, 1, 16), numbers);
        let mut bare = Vec::new();
        pack_bare(&numbers, 1, &mut bare);
        assert_eq!(bare, out[1..]);
    }

    #[test]
    fn numbers_take_as_few_bits_as_they_need() {
        assert_eq!([0, 1, 2, 3, 4, 255, 256, u32::MAX].map(width), [1, 1, 2, 2, 3, 8, 9, 32]);
    }
}
