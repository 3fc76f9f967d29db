//! `cvrs codes import`: lists as CDC publishes them, stored in our own form.

use crate::args::ImportCodes;
use crate::fault::{Fault, Result};
use crate::{stored_codes, terminal};
use cvrs_codes::{CodeSets, ImportedSet, import};
use cvrs_engine::io::{AtomicFile, OutputError};
use cvrs_rules::guide::{Block, Cell, Table};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Reads all lists, then stores all of them: a file that cannot be read leaves the stored ones as they were.
pub(super) fn run(args: &ImportCodes, dir: Option<&Path>) -> Result<Vec<Block>> {
    let folder = dir.map(Path::to_owned).or_else(stored_codes::folder);
    let folder = folder.ok_or_else(|| Fault::usage("this user has no data folder; name one with --dir"))?;
    let stored = stored_codes::read(&folder)?;
    let mut lists: Vec<(PathBuf, ImportedSet)> = Vec::new();
    for file in &args.files {
        let list = read(file)?;
        if let Some((_, other)) = lists.iter().find(|(_, other)| other.kind() == list.kind()) {
            let (one, two) = (other.file_name(), list.file_name());
            return Err(Fault::usage(format!("{one} and {two} are both the list {}; import one of them", list.kind())));
        }
        lists.push((folder.join(format!("{}.tsv", list.kind())), list));
    }
    for (_, list) in &lists {
        let older =
            |(_, other): &&(PathBuf, ImportedSet)| other.kind() == list.kind() && other.version() > list.version();
        if let Some((_, newer)) = stored.iter().find(older) {
            terminal::note(&format!("{} is older than {}, whose place it takes", list.label(), newer.label()));
        }
    }
    let kept = stored.iter().filter(|(_, old)| lists.iter().all(|(_, new)| new.kind() != old.kind()));
    let all: Vec<ImportedSet> = kept.chain(&lists).map(|(_, list)| list.clone()).collect();
    let before = CodeSets::with_imports(&stored.into_iter().map(|(_, list)| list).collect::<Vec<_>>());
    let after = CodeSets::with_imports(&all);
    store(&folder, &lists)?;
    let mut blocks = vec![
        Block::Title(format!("Code sets {}", after.version())),
        Block::Table(table(lists.iter().map(|(path, list)| (path.as_path(), list)))),
    ];
    let changed: Vec<Vec<Cell>> = after
        .infos()
        .into_iter()
        .filter_map(|info| {
            let old = before.info(info.kind);
            (old != info).then(|| {
                let counts = [old.n_codes, info.n_codes].map(|n_codes| Cell::text(n_codes.to_string()));
                let [old_count, new_count] = counts;
                vec![Cell::text(info.name()), Cell::text(old.version), Cell::text(info.version), old_count, new_count]
            })
        })
        .collect();
    if changed.is_empty() {
        blocks.push(Block::Text("No set has changed.".to_owned()));
    } else {
        blocks.push(Block::Heading("Changed sets"));
        let head = vec!["set", "version was", "version is", "codes were", "codes are"];
        blocks.push(Block::Table(Table { head, rows: changed }));
    }
    blocks.push(Block::Text(format!("Stored in {}; every command goes by them from now on.", folder.display())));
    Ok(blocks)
}

fn read(path: &Path) -> Result<ImportedSet> {
    let (name, bytes) = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        ("-".into(), std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes))
    } else {
        (path.display().to_string(), fs::read(path))
    };
    let bytes = bytes.map_err(|error| Fault::file(format!("{name}: {error}")))?;
    import::read(&bytes, &name).map_err(|error| Fault::file(error.to_string()))
}

/// Writes every list beside its place first, and gives them their names only when all are written.
fn store(folder: &Path, lists: &[(PathBuf, ImportedSet)]) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| Fault::file(format!("{}: {error}", folder.display())))?;
    let mut files = Vec::new();
    for (path, list) in lists {
        let mut file = AtomicFile::create(path)?;
        let name = file.name().to_owned();
        file.write_all(list.to_tsv().as_bytes()).map_err(|error| OutputError::from_write(&name, error))?;
        files.push(file);
    }
    for file in files {
        file.commit()?;
    }
    Ok(())
}

/// Lists with what is known of them.
pub(super) fn table<'a>(lists: impl Iterator<Item = (&'a Path, &'a ImportedSet)>) -> Table {
    let row = |(path, list): (&Path, &ImportedSet)| {
        vec![
            Cell::text(list.kind().name()),
            Cell::text(list.version().map_or_else(|| "-".to_owned(), |version| version.to_string())),
            Cell::text(list.n_rows().to_string()),
            Cell::text(path.file_name().unwrap_or_default().to_string_lossy()),
            Cell::text(list.file_name()),
        ]
    };
    Table { head: vec!["list", "version", "rows", "stored as", "read from"], rows: lists.map(row).collect() }
}
