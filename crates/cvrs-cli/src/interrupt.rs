//! Ctrl-C: the run stops at the next chunk and leaves nothing half-written.

use cvrs_engine::Control;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a run may take to notice, before the process ends all the same (it may wait for stdin).
const PATIENCE: Duration = Duration::from_secs(2);

/// Makes Ctrl-C, a hang-up and a polite kill stop the run. Outputs have no name until they are complete.
pub(crate) fn watch(control: &Arc<Control>) {
    let control = Arc::clone(control);
    let _ = ctrlc::set_handler(move || {
        if control.cancel.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        std::thread::spawn(|| {
            std::thread::sleep(PATIENCE);
            std::process::exit(130);
        });
    });
}
