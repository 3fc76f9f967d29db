//! Where generated text goes: onto the disk, or against what is there.

use anyhow::{Context, Result, bail};
use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

/// Whether generated files are written or compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Write each file that changed.
    Write,
    /// Fail if a file would change.
    Check,
}

/// Collects generated files.
pub(crate) struct Outputs {
    mode: Mode,
    root: PathBuf,
    stale: Vec<String>,
    n_written: usize,
}

impl Outputs {
    pub(crate) fn new(mode: Mode) -> Result<Self> {
        Ok(Self { mode, root: root()?, stale: Vec::new(), n_written: 0 })
    }

    /// The text of a file of the workspace, named from its top.
    pub(crate) fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.root.join(path)).with_context(|| format!("cannot read {path}"))
    }

    /// Rust source, formatted as `cargo fmt` would.
    pub(crate) fn rust(&mut self, path: &str, text: &str) -> Result<()> {
        let scratch = std::env::temp_dir().join(format!("cvrs-generate-{}.rs", std::process::id()));
        fs::write(&scratch, text)?;
        let done = Command::new("rustfmt")
            .args(["--edition", "2024", "--config-path"])
            .arg(self.root.join("rustfmt.toml"))
            .arg(&scratch)
            .status()?;
        let formatted = fs::read_to_string(&scratch)?;
        fs::remove_file(&scratch)?;
        if !done.success() {
            bail!("rustfmt refuses the text generated for {path}");
        }
        self.text(path, &formatted)
    }

    /// Any text, as it is.
    pub(crate) fn text(&mut self, path: &str, text: &str) -> Result<()> {
        let target = self.root.join(path);
        if fs::read_to_string(&target).is_ok_and(|present| present == text) {
            return Ok(());
        }
        match self.mode {
            Mode::Check => self.stale.push(path.to_owned()),
            Mode::Write => {
                if let Some(folder) = target.parent() {
                    fs::create_dir_all(folder)?;
                }
                fs::write(&target, text).with_context(|| format!("cannot write {path}"))?;
                println!("wrote {path}");
                self.n_written += 1;
            }
        }
        Ok(())
    }

    /// A folder in which nothing lies but these files; others of that ending are of what is no more.
    pub(crate) fn folder(&mut self, folder: &str, ending: &str, names: &BTreeSet<String>) -> Result<()> {
        for entry in fs::read_dir(self.root.join(folder)).with_context(|| format!("cannot read {folder}"))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if !name.ends_with(ending) || names.contains(&name) {
                continue;
            }
            let path = format!("{folder}/{name}");
            match self.mode {
                Mode::Check => self.stale.push(path),
                Mode::Write => {
                    fs::remove_file(self.root.join(&path)).with_context(|| format!("cannot remove {path}"))?;
                    println!("removed {path}");
                }
            }
        }
        Ok(())
    }

    /// Whether any file was written.
    pub(crate) const fn has_written(&self) -> bool {
        self.n_written > 0
    }

    pub(crate) fn finish(self) -> Result<()> {
        if self.stale.is_empty() {
            return Ok(());
        }
        bail!("not current, run `cargo xtask generate`: {}", self.stale.join(", "))
    }
}

/// The top of the workspace.
pub(crate) fn root() -> Result<PathBuf> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    Ok(own.ancestors().nth(2).context("the crate lies two folders below the top")?.to_path_buf())
}
