//! How a server is asked to end.
//!
//! Signals are listened for before anybody is told that the server is there: who has read its address may end it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

/// What asks: Ctrl-C, and where there is one a polite kill.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(windows)]
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits for the next one: whether it is an interrupt.
    async fn next(&mut self) -> bool {
        #[cfg(unix)]
        return tokio::select! {
            _ = self.interrupt.recv() => true,
            _ = self.terminate.recv() => false,
        };
        #[cfg(windows)]
        return self.interrupt.recv().await.is_some();
    }
}

/// A server's end, once somebody has asked for it.
pub(super) struct Ending {
    asked: oneshot::Receiver<()>,
    interrupted: Arc<AtomicBool>,
}

impl Ending {
    /// Listens from now on. The second signal ends the process at once.
    pub(super) fn listen() -> std::io::Result<Self> {
        let mut signals = Signals::listen()?;
        let (first, asked) = oneshot::channel();
        let interrupted = Arc::new(AtomicBool::new(false));
        let ending = Self { asked, interrupted: Arc::clone(&interrupted) };
        tokio::spawn(async move {
            interrupted.store(signals.next().await, Ordering::Relaxed);
            let _ = first.send(());
            signals.next().await;
            std::process::exit(130);
        });
        Ok(ending)
    }

    /// Waits until somebody has asked.
    pub(super) async fn asked(&mut self) {
        let _ = (&mut self.asked).await;
    }

    /// Whether it was Ctrl-C that asked.
    pub(super) fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}
