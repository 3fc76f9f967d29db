//! `cvrs codes`: the code sets in use, one code of them, and newer lists taken in.

mod import;
mod json;
mod show;

use super::rules::json_line;
use crate::args::{Codes, CodesAction, Common, TableFormat};
use crate::fault::{Exit, Result};
use crate::{page, stored_codes};
use cvrs_codes::CodeSets;
use cvrs_rules::guide::{Block, Cell, Table};
use std::path::Path;

pub(crate) fn run(args: &Codes, common: &Common) -> Result<Exit> {
    let sets = || args.dir.as_deref().map_or_else(stored_codes::current, stored_codes::overlaid);
    let blocks = match &args.action {
        None => list(sets()?, args.dir.clone().or_else(stored_codes::folder).as_deref())?,
        Some(CodesAction::Show(show)) => show::blocks(sets()?, show)?,
        Some(CodesAction::Import(files)) => import::run(files, args.dir.as_deref())?,
    };
    match args.format {
        TableFormat::Text => page::print(&blocks, args.output.as_deref(), common.color),
        TableFormat::Json => page::write(&json_line(&json::of_blocks(&blocks)), args.output.as_deref()),
    }
}

/// All sets with version, size and origin, and the lists taken in.
fn list(sets: &CodeSets, folder: Option<&Path>) -> Result<Vec<Block>> {
    let infos = sets.infos();
    let row = |info: &cvrs_codes::SetInfo| {
        vec![
            Cell::text(info.name()),
            Cell::text(&*info.version),
            Cell::text(info.n_codes.to_string()),
            Cell::text(info.n_rows.to_string()),
        ]
    };
    let mut blocks = vec![
        Block::Title(format!("Code sets {}", sets.version())),
        Block::Table(Table { head: vec!["set", "version", "codes", "rows"], rows: infos.iter().map(row).collect() }),
        Block::Heading("Where they come from"),
        Block::Facts(infos.iter().map(|info| (info.name(), info.provenance.clone())).collect()),
        Block::Heading("Licence"),
        Block::Text(licences(&infos)),
        Block::Heading("Imported lists"),
    ];
    let Some(folder) = folder else {
        blocks.push(Block::Text("None; this user has no data folder. Name one with --dir.".to_owned()));
        return Ok(blocks);
    };
    let lists = stored_codes::read(folder)?;
    if lists.is_empty() {
        blocks.push(Block::Text(format!("None in {}; `cvrs codes import FILE` puts them there.", folder.display())));
    } else {
        blocks.push(Block::Text(format!("In {}; a file removed there is a list forgotten.", folder.display())));
        blocks.push(Block::Table(import::table(lists.iter().map(|(path, list)| (path.as_path(), list)))));
    }
    Ok(blocks)
}

/// The terms, each with the sets that it goes for.
fn licences(infos: &[cvrs_codes::SetInfo]) -> String {
    let mut terms: Vec<(&str, Vec<&str>)> = Vec::new();
    for info in infos {
        match terms.iter_mut().find(|(licence, _)| *licence == info.licence) {
            Some((_, names)) => names.push(info.name()),
            None => terms.push((&info.licence, vec![info.name()])),
        }
    }
    let words: Vec<String> = terms.iter().map(|(licence, names)| format!("{}: {licence}.", names.join(", "))).collect();
    words.join(" ")
}
