//! Reading ahead: a thread of its own reads, and hands over full buffers.
//!
//! Decompressing a text takes as long as checking it or longer, and only one thread can do it for one stream. Without
//! this the workers would take turns at it, and nobody decompresses while all of them check.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

/// What is handed over at once, in bytes.
const BUFFER_BYTES: usize = 256 << 10;

/// A reader whose bytes another thread reads ahead, at most so many buffers.
///
/// Errors come where they stand among the bytes, and as often as they are met. The thread ends with the text, or soon
/// after this is dropped; one that waits for a pipe ends with the pipe.
pub(super) struct Ahead {
    filled: Receiver<io::Result<Vec<u8>>>,
    spare: Sender<Vec<u8>>,
    current: Vec<u8>,
    at: usize,
    is_at_end: bool,
}

impl Ahead {
    /// Starts to read `inner`, up to `n_buffers` of 256 KiB ahead.
    pub(super) fn new(inner: Box<dyn Read + Send>, n_buffers: usize) -> io::Result<Self> {
        let (sender, filled) = sync_channel(n_buffers);
        let (spare, spares) = channel();
        std::thread::Builder::new().name("decompress".to_owned()).spawn(move || run(inner, &sender, &spares))?;
        Ok(Self { filled, spare, current: Vec::new(), at: 0, is_at_end: false })
    }
}

/// Fills buffers until the text ends, which an empty one says, or until nobody wants them.
fn run(mut inner: Box<dyn Read + Send>, filled: &SyncSender<io::Result<Vec<u8>>>, spares: &Receiver<Vec<u8>>) {
    loop {
        let mut buffer = spares.try_recv().unwrap_or_default();
        buffer.resize(BUFFER_BYTES, 0);
        let mut length = 0;
        let mut fault = None;
        while length < BUFFER_BYTES && fault.is_none() {
            match inner.read(&mut buffer[length..]) {
                Ok(0) => break,
                Ok(more) => length += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => fault = Some(error),
            }
        }
        buffer.truncate(length);
        let is_at_end = length < BUFFER_BYTES && fault.is_none();
        let is_wanted = (length == 0 || filled.send(Ok(buffer)).is_ok())
            && match fault {
                Some(error) => filled.send(Err(error)).is_ok(),
                None => !is_at_end || filled.send(Ok(Vec::new())).is_ok(),
            };
        if is_at_end || !is_wanted {
            return;
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at == self.current.len() && !self.is_at_end {
            // Without the mark of the end the thread is gone for another reason: the text is not complete.
            let next =
                self.filled.recv().map_err(|_| io::Error::other("the thread that decompresses has failed"))??;
            self.is_at_end = next.is_empty();
            let done = std::mem::replace(&mut self.current, next);
            self.at = 0;
            // Nobody takes it when the thread has ended.
            let _ = self.spare.send(done);
        }
        let n = buf.len().min(self.current.len() - self.at);
        buf[..n].copy_from_slice(&self.current[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Counts what is read of it; at `fails_at` it fails, time and again.
    struct Counted {
        left: usize,
        fails_at: Option<usize>,
        read: Arc<AtomicUsize>,
    }

    impl Read for Counted {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if self.fails_at == Some(self.left) {
                return Err(io::Error::other("fault"));
            }
            let wanted = buf.len().min(777).min(self.left - self.fails_at.unwrap_or(0));
            for (at, byte) in buf[..wanted].iter_mut().enumerate() {
                *byte = ((self.left - at) % 251) as u8;
            }
            self.left -= wanted;
            self.read.fetch_add(wanted, Ordering::SeqCst);
            Ok(wanted)
        }
    }

    fn counted(left: usize, fails_at: Option<usize>) -> (Counted, Arc<AtomicUsize>) {
        let read = Arc::default();
        (Counted { left, fails_at, read: Arc::clone(&read) }, read)
    }

    #[test]
    fn bytes_come_as_they_are() {
        for length in [0, 1, BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES * 5 + 3] {
            let mut plain = Vec::new();
            counted(length, None).0.read_to_end(&mut plain).unwrap();
            let mut ahead = Ahead::new(Box::new(counted(length, None).0), 2).unwrap();
            let mut text = Vec::new();
            ahead.read_to_end(&mut text).unwrap();
            assert_eq!(text.len(), length);
            assert!(text == plain);
            assert_eq!(ahead.read(&mut [0; 8]).unwrap(), 0, "an end stays one");
        }
    }

    #[test]
    fn an_error_comes_after_what_precedes_it_and_again() {
        let mut ahead = Ahead::new(Box::new(counted(BUFFER_BYTES * 3, Some(1000)).0), 2).unwrap();
        let mut text = Vec::new();
        assert_eq!(ahead.read_to_end(&mut text).unwrap_err().to_string(), "fault");
        assert_eq!(text.len(), BUFFER_BYTES * 3 - 1000);
        for _ in 0..10 {
            assert_eq!(ahead.read(&mut [0; 8]).unwrap_err().to_string(), "fault");
        }
    }

    #[test]
    fn no_more_is_read_ahead_than_agreed() {
        let (inner, read) = counted(BUFFER_BYTES * 100, None);
        let mut ahead = Ahead::new(Box::new(inner), 3).unwrap();
        ahead.read_exact(&mut [0; 1]).unwrap();
        let mut seen = 0;
        // As soon as two looks see the same, the thread waits.
        loop {
            std::thread::sleep(std::time::Duration::from_millis(30));
            let now = read.load(Ordering::SeqCst);
            if now == seen {
                break;
            }
            seen = now;
        }
        // The one in use, three that wait, and one in the hands of the thread.
        assert!(seen <= BUFFER_BYTES * 5, "{seen}");
    }

    #[test]
    fn a_panic_is_no_end() {
        struct Panics;
        impl Read for Panics {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("as a defect would")
            }
        }
        let mut ahead = Ahead::new(Box::new(Panics), 2).unwrap();
        assert!(ahead.read(&mut [0; 8]).is_err());
        assert!(ahead.read(&mut [0; 8]).is_err());
    }
}
