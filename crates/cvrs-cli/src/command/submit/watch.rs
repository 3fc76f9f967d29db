//! `--watch`: each file that appears in a folder is submitted once it is finished.
//!
//! ```text
//! DIR/a.txt ─► DIR/work/a.txt (one rename: whoever has it there works on it) ─► DIR/done/ or DIR/failed/
//! ```
//!
//! A file is finished when neither its length nor its time has changed between two looks; a writer that renames its file
//! into the folder is always right. What stands in `work` when a watch begins was left by one that was stopped, and is
//! taken up again: the ledger knows how far it came. Folders are looked at time and again rather than by notification,
//! which network shares do not give.
//!
//! `failed` is for files that somebody has to look at. Where it is the service that fails, or cannot be reached, the file
//! stays in `work` and is tried again after a while; where nobody's file would get through (credentials, ledger, disk),
//! the watch ends, and the file stays for the next one.

use super::{Context, Rejects};
use crate::fault::{Exit, Fault, Remedy, Result};
use crate::outputs::Place;
use crate::terminal;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// The pause before a file is tried again; each one is twice the one before.
const FIRST_REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_mins(5);

struct Folders {
    inbox: PathBuf,
    work: PathBuf,
    done: PathBuf,
    failed: PathBuf,
    _lock: File,
}

fn file_fault(path: &Path, error: &std::io::Error) -> Fault {
    Fault::file(format!("{}: {error}", path.display()))
}

impl Folders {
    fn open(inbox: &Path) -> Result<Self> {
        if !inbox.is_dir() {
            return Err(Fault::file(format!("{}: no such folder; make it first", inbox.display())));
        }
        let [work, done, failed] = ["work", "done", "failed"].map(|name| inbox.join(name));
        for folder in [&work, &done, &failed] {
            private(folder).map_err(|error| file_fault(folder, &error))?;
        }
        let path = work.join(".lock");
        let lock = File::options().write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(|error| file_fault(&path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { inbox: inbox.to_owned(), work, done, failed, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(Fault::usage(format!("{}: another cvrs watches this folder", inbox.display())))
            }
            Err(TryLockError::Error(error)) => Err(file_fault(&path, &error)),
        }
    }
}

#[cfg(unix)]
fn private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn private(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

/// The files in a folder, by name; hidden ones and those that are still being written under another name are none.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| file_fault(folder, &error))?;
    let mut files: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_ours(path)).collect();
    files.sort();
    Ok(files)
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_partial =
        [".tmp", ".part", ".partial", ".filepart", ".crdownload", "~"].iter().any(|end| name.ends_with(end));
    let is_file = fs::symlink_metadata(path).is_ok_and(|facts| facts.is_file());
    is_file && !name.starts_with('.') && !is_partial
}

/// A file in `work` that waits for its next try.
struct Resting {
    until: Instant,
    pause: Duration,
    /// How often the service has failed at it.
    n_failures: u32,
}

pub(super) fn watch(context: &Context<'_>, inbox: &Path) -> Result<Exit> {
    let folders = Folders::open(inbox)?;
    context.note(&format!("watching {}", inbox.display()));
    let mut resting: BTreeMap<PathBuf, Resting> = BTreeMap::new();
    for left in files(&folders.work)?.iter().filter(|path| !is_product(path)) {
        take(context, &folders, left, &mut resting)?;
    }
    let mut seen: HashMap<PathBuf, (u64, Option<SystemTime>)> = HashMap::new();
    loop {
        if context.control.cancel.load(Ordering::Relaxed) {
            return Ok(Exit::Interrupted);
        }
        let mut now = HashMap::new();
        for path in files(&folders.inbox)? {
            let Ok(facts) = fs::metadata(&path) else { continue };
            let facts = (facts.len(), facts.modified().ok());
            if seen.get(&path) != Some(&facts) {
                now.insert(path, facts);
                continue;
            }
            let name = path.file_name().unwrap_or_default();
            let claimed = folders.work.join(name);
            if claimed.exists() {
                now.insert(path, facts);
                continue;
            }
            // Somebody else may have taken it; then it is theirs.
            if fs::rename(&path, &claimed).is_ok() {
                take(context, &folders, &claimed, &mut resting)?;
            }
        }
        let is_rested = |rest: &Resting| rest.until <= Instant::now();
        let rested: Vec<PathBuf> =
            resting.iter().filter(|(_, rest)| is_rested(rest)).map(|(path, _)| path.clone()).collect();
        for path in rested {
            take(context, &folders, &path, &mut resting)?;
        }
        seen = now;
        std::thread::sleep(LOOK);
    }
}

/// What a submission writes beside its file.
fn is_product(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".rejects.txt") || name.ends_with(".rejects.txt.jsonl") || name.ends_with(".receipt.json")
}

/// Submits a file and moves it, with all that came of it, to where it belongs; or lets it rest where it is.
fn take(context: &Context<'_>, folders: &Folders, path: &Path, resting: &mut BTreeMap<PathBuf, Resting>) -> Result<()> {
    let mut tokens = context.tokens();
    let ended = context.submit(path, Rejects::new(None, path), tokens.as_mut());
    let (fault, done) = match ended {
        Ok(mut done) => (done.fault.take(), Some(done)),
        Err(fault) => (Some(fault), None),
    };
    if let Some(fault) = &fault {
        if fault.exit == Exit::Interrupted {
            // It stays where it is, and the next watch goes on with it.
            terminal::error(&fault.message);
            return Err(Fault::new(Exit::Interrupted, "interrupted; the next watch goes on from here"));
        }
        let before = resting.get(path);
        let n_failures = before.map_or(0, |rest| rest.n_failures) + u32::from(fault.remedy == Remedy::Again);
        match fault.remedy {
            Remedy::Place => {
                let left = format!("{}; the file stays in {}", fault.message, folders.work.display());
                return Err(Fault::new(fault.exit, left));
            }
            Remedy::Time | Remedy::Again if n_failures <= context.args.connect.retries => {
                let pause = before.map_or(FIRST_REST, |rest| (rest.pause * 2).min(LONGEST_REST));
                resting.insert(path.to_owned(), Resting { until: Instant::now() + pause, pause, n_failures });
                let seconds = pause.as_secs();
                context.note(&format!("{}; it is tried again in {seconds} s", fault.message));
                return Ok(());
            }
            Remedy::Time | Remedy::Again | Remedy::Input => terminal::error(&fault.message),
        }
    }
    resting.remove(path);
    let mut receipt = None;
    if let Some(done) = done {
        context.tell(&done)?;
        receipt = Some(done.receipt.json());
    }
    let to = if fault.is_none() { &folders.done } else { &folders.failed };
    let name = path.file_name().unwrap_or_default();
    let target = free(to, name);
    let beside = |path: &Path, end: &str| PathBuf::from([path.as_os_str(), end.as_ref()].join("".as_ref()));
    if let Some(receipt) = receipt {
        let mut place = Place::file(&beside(&target, ".receipt.json"))?;
        place.write(receipt.as_bytes())?;
        place.commit()?;
    }
    for end in [".rejects.txt", ".rejects.txt.jsonl"] {
        let product = beside(path, end);
        if product.exists() {
            let target = beside(&target, end);
            fs::rename(&product, &target).map_err(|error| file_fault(&target, &error))?;
        }
    }
    fs::rename(path, &target).map_err(|error| file_fault(&target, &error))
}

/// A name in a folder that nothing has: nothing that is there is written over.
fn free(folder: &Path, name: &std::ffi::OsStr) -> PathBuf {
    let plain = folder.join(name);
    let numbered = (1..).map(|n| folder.join([name, format!(".{n}").as_ref()].join("".as_ref())));
    std::iter::once(plain).chain(numbered).find(|path| !path.exists()).unwrap_or_else(|| folder.join(name))
}
