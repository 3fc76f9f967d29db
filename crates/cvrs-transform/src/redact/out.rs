//! The text that is being made.

use std::ops::Range;

/// How many bytes are put at once where few are wanted.
const BLOCK: usize = 64;

/// How many bytes of memory there are behind what is put, for who looks at whole blocks.
const BEHIND: usize = 2 * BLOCK;

/// A constant text with room behind it, for [`Out::put`].
pub(super) fn with_room(text: &[u8]) -> Vec<u8> {
    let mut padded = text.to_vec();
    padded.resize(text.len() + BLOCK, 0);
    padded
}

/// A text that is being made in memory that is asked for in advance.
pub(super) struct Out<'a> {
    room: &'a mut Vec<u8>,
    len: usize,
}

impl<'a> Out<'a> {
    /// Begins a text of about so many bytes in memory that may hold anything.
    pub(super) fn new(room: &'a mut Vec<u8>, expected: usize) -> Self {
        if room.len() < expected + BEHIND {
            room.resize(expected + BEHIND, 0);
        }
        Self { room, len: 0 }
    }

    /// Makes room for so many more bytes.
    #[inline]
    pub(super) fn reserve(&mut self, more: usize) {
        if self.room.len() - self.len < more + BEHIND {
            self.grow(more);
        }
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        self.room.resize(self.len + self.len / 4 + more + BEHIND, 0);
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// What was put, and what follows it in memory.
    pub(super) fn memory(&self) -> &[u8] {
        self.room
    }

    /// Puts a part of a text. What is short is put as a whole block, if there is so much text and room.
    #[inline(always)]
    pub(super) fn put(&mut self, text: &[u8], part: Range<usize>) {
        let n = part.len();
        let from = text.get(part.start..).and_then(<[u8]>::first_chunk::<BLOCK>);
        let to = self.room.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut::<BLOCK>);
        match from.zip(to) {
            Some((from, to)) if n <= BLOCK => {
                *to = *from;
                self.len += n;
            }
            _ => self.put_long(&text[part]),
        }
    }

    #[inline(never)]
    fn put_long(&mut self, text: &[u8]) {
        self.reserve(text.len());
        self.room[self.len..][..text.len()].copy_from_slice(text);
        self.len += text.len();
    }

    /// Ends the text.
    pub(super) fn end(self) {
        self.room.truncate(self.len);
    }
}
