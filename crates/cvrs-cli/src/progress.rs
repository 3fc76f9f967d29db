//! The progress line: on a terminal only, and only if there is something to wait for.

use cvrs_engine::Control;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(400);
const EVERY: Duration = Duration::from_millis(100);

/// Draws progress until dropped.
pub(crate) struct Progress {
    is_done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What is known of how far a run is.
pub(crate) struct Watched {
    /// Name of the input.
    pub(crate) name: String,
    /// Its length in bytes as stored, if known.
    pub(crate) total: Option<u64>,
    /// Compressed bytes read, for an input that is a stream.
    pub(crate) consumed: Arc<AtomicU64>,
    /// Text checked.
    pub(crate) control: Arc<Control>,
}

impl Progress {
    /// Starts drawing, if stderr is a terminal and it is wanted.
    pub(crate) fn start(is_wanted: bool, watched: Watched) -> Option<Self> {
        if !is_wanted || !std::io::stderr().is_terminal() {
            return None;
        }
        let is_done = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&is_done);
        let thread = std::thread::spawn(move || draw(&watched, &flag));
        Some(Self { is_done, thread: Some(thread) })
    }
}

fn draw(watched: &Watched, is_done: &AtomicBool) {
    std::thread::park_timeout(FIRST);
    if is_done.load(Ordering::Relaxed) {
        return;
    }
    let template = match watched.total {
        Some(_) => "{prefix} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {msg}",
        None => "{prefix} {spinner} {binary_bytes} {binary_bytes_per_sec} {msg}",
    };
    let bar = watched.total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(watched.name.clone());
    while !is_done.load(Ordering::Relaxed) {
        let consumed = watched.consumed.load(Ordering::Relaxed);
        let checked = watched.control.bytes.load(Ordering::Relaxed);
        bar.set_position(if consumed > 0 { consumed } else { checked });
        bar.set_message(format!("{} records", watched.control.records.load(Ordering::Relaxed)));
        std::thread::park_timeout(EVERY);
    }
    bar.finish_and_clear();
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.is_done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}
