//! Values as Parquet has them: how they are written, and what is told of the least and the greatest.

use parquet::basic::Type;
use parquet::data_type::ByteArray;
use parquet::file::statistics::{Statistics, ValueStatistics};

/// The least and the greatest text are told by so many bytes at most, if their beginnings can stand for them.
const BOUND_BYTES: usize = 64;

/// A bound as it is told, and whether it is the value itself.
type Bound = (Vec<u8>, bool);

/// A value of a column.
pub(super) trait Value: Copy {
    /// What is compared first.
    type Order: Copy + Ord;
    /// The type that it has in the file.
    const TYPE: Type;

    fn order(self) -> Self::Order;

    /// Appends it as it is written without a dictionary.
    fn push(self, out: &mut Vec<u8>);

    /// How long it is, if that is not the same for all.
    fn n_bytes(self) -> usize {
        0
    }

    /// What is told of the least one.
    fn lower(self) -> Bound {
        let mut bytes = Vec::new();
        self.push(&mut bytes);
        (bytes, true)
    }

    /// What is told of the greatest one.
    fn upper(self) -> Bound {
        self.lower()
    }

    /// What is told of a column with that least and greatest value.
    fn statistics(bounds: Option<[Self; 2]>, n_nulls: u64) -> Statistics;
}

impl Value for &[u8] {
    type Order = (u64, Self);
    const TYPE: Type = Type::BYTE_ARRAY;

    #[inline]
    fn order(self) -> Self::Order {
        // Of equal beginnings one may be filled up with zeros, so that the texts decide.
        (beginning(self), self)
    }

    #[inline]
    fn push(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.len() as u32).to_le_bytes());
        out.extend_from_slice(self);
    }

    #[inline]
    fn n_bytes(self) -> usize {
        self.len()
    }

    fn lower(self) -> Bound {
        lower(self)
    }

    fn upper(self) -> Bound {
        upper(self)
    }

    fn statistics(bounds: Option<[Self; 2]>, n_nulls: u64) -> Statistics {
        let (least, is_least) = bounds.map(|[least, _]| lower(least)).unzip();
        let (greatest, is_greatest) = bounds.map(|[_, greatest]| upper(greatest)).unzip();
        let (least, greatest) = (least.map(ByteArray::from), greatest.map(ByteArray::from));
        Statistics::ByteArray(
            ValueStatistics::new(least, greatest, None, Some(n_nulls), false)
                .with_min_is_exact(is_least.unwrap_or(true))
                .with_max_is_exact(is_greatest.unwrap_or(true)),
        )
    }
}

impl Value for i32 {
    type Order = Self;
    const TYPE: Type = Type::INT32;

    fn order(self) -> Self {
        self
    }

    fn push(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn statistics(bounds: Option<[Self; 2]>, n_nulls: u64) -> Statistics {
        let (least, greatest) = bounds.map(|[least, greatest]| (least, greatest)).unzip();
        Statistics::Int32(ValueStatistics::new(least, greatest, None, Some(n_nulls), false))
    }
}

impl Value for i64 {
    type Order = Self;
    const TYPE: Type = Type::INT64;

    fn order(self) -> Self {
        self
    }

    fn push(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn statistics(bounds: Option<[Self; 2]>, n_nulls: u64) -> Statistics {
        let (least, greatest) = bounds.map(|[least, greatest]| (least, greatest)).unzip();
        Statistics::Int64(ValueStatistics::new(least, greatest, None, Some(n_nulls), false))
    }
}

impl Value for bool {
    type Order = Self;
    const TYPE: Type = Type::BOOLEAN;

    fn order(self) -> Self {
        self
    }

    fn push(self, out: &mut Vec<u8>) {
        out.push(u8::from(self));
    }

    fn statistics(bounds: Option<[Self; 2]>, n_nulls: u64) -> Statistics {
        let (least, greatest) = bounds.map(|[least, greatest]| (least, greatest)).unzip();
        Statistics::Boolean(ValueStatistics::new(least, greatest, None, Some(n_nulls), false))
    }
}

/// The least and the greatest of some values.
#[derive(Clone, Copy)]
pub(super) struct Bounds<V: Value>(Option<[(V::Order, V); 2]>);

impl<V: Value> Bounds<V> {
    pub(super) const NONE: Self = Self(None);

    #[inline]
    pub(super) fn add(&mut self, value: V) {
        let own = (value.order(), value);
        match &mut self.0 {
            None => self.0 = Some([own; 2]),
            Some([least, greatest]) => {
                if own.0 < least.0 {
                    *least = own;
                }
                if own.0 > greatest.0 {
                    *greatest = own;
                }
            }
        }
    }

    pub(super) fn add_all(&mut self, others: Self) {
        others.get().into_iter().flatten().for_each(|value| self.add(value));
    }

    pub(super) fn get(self) -> Option<[V; 2]> {
        self.0.map(|bounds| bounds.map(|(_, value)| value))
    }
}

/// The beginning of a text, which mostly says already which of two is less.
#[inline]
fn beginning(text: &[u8]) -> u64 {
    if let Some(start) = text.first_chunk::<8>() {
        return u64::from_be_bytes(*start);
    }
    let mut start = [0; 8];
    start[..text.len()].copy_from_slice(text);
    u64::from_be_bytes(start)
}

/// A text's beginning, which is not greater; whether it is the text itself.
fn lower(text: &[u8]) -> Bound {
    let end = cut(text);
    (text[..end].to_vec(), end == text.len())
}

/// A text that is not less, mostly not longer; whether it is the text itself.
fn upper(text: &[u8]) -> Bound {
    let end = cut(text);
    let start = std::str::from_utf8(&text[..end]).ok().filter(|_| end < text.len());
    // The last character that has a successor is raised: texts stand in the order of their characters.
    let raised = start.and_then(|start| {
        let raise = |(at, last): (usize, char)| Some((at, (last..=char::MAX).nth(1)?));
        let (at, raised) = start.char_indices().rev().find_map(raise)?;
        Some(start[..at].chars().chain([raised]).collect::<String>())
    });
    raised.map_or_else(|| (text.to_vec(), true), |raised| (raised.into_bytes(), false))
}

/// Where a text is cut, between two characters.
fn cut(text: &[u8]) -> usize {
    if text.len() <= BOUND_BYTES {
        return text.len();
    }
    (0..=BOUND_BYTES).rev().find(|&at| text[at] & 0xC0 != 0x80).unwrap_or(BOUND_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn bounds_lie_around_the_texts_and_are_text(texts in proptest::collection::vec("[ab\\x00\\x7f\u{e9}\u{20ac}\u{d7ff}\u{10ffff}]{0,80}", 1..20)) {
            let mut bounds = Bounds::NONE;
            for text in &texts {
                bounds.add(text.as_bytes());
            }
            let [least, greatest] = bounds.get().expect("a text");
            proptest::prop_assert_eq!(Some(least), texts.iter().map(String::as_bytes).min());
            proptest::prop_assert_eq!(Some(greatest), texts.iter().map(String::as_bytes).max());
            let ((below, is_least), (above, is_greatest)) = (lower(least), upper(greatest));
            proptest::prop_assert!(below.as_slice() <= least && above.as_slice() >= greatest);
            proptest::prop_assert_eq!(is_least, below == least);
            proptest::prop_assert_eq!(is_greatest, above == greatest);
            proptest::prop_assert!(String::from_utf8(below).is_ok() && String::from_utf8(above).is_ok());
        }
    }
}
