//! The header line: how it is read, and how it is written (F02).

use cvrs_parse::{BOM, Header};
use cvrs_spec::{Field, Version};

/// The header of a text as it will be written.
#[derive(Clone)]
pub(crate) struct Bound {
    /// The header of what comes out.
    pub(crate) header: Header,
    /// The line that is written, with its line feed.
    pub(crate) line: Vec<u8>,
    /// For each column that is written, the column it comes from; `None` where none moves.
    pub(crate) order: Option<Vec<usize>>,
    /// Names that are written in another way: column, before, after.
    pub(crate) respelt: Vec<(Field, Vec<u8>)>,
}

/// A name without blanks and quotes around it.
fn bare(name: &[u8]) -> &[u8] {
    let name = name.trim_ascii();
    match name {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        _ => name,
    }
}

impl Bound {
    /// Reads a header line without its line end; `is_mended` says that it may be written anew.
    pub(crate) fn new(line: &[u8], version: Option<Version>, is_mended: bool) -> Self {
        let line = line.strip_prefix(BOM).unwrap_or(line);
        let names: Vec<&[u8]> = line.split(|&byte| byte == b'\t').collect();
        if is_mended {
            let cleaned: Vec<&[u8]> = names.iter().map(|name| bare(name)).collect();
            let header = Header::parse(&cleaned.join(&b'\t'), version);
            if header.unknown().is_empty() && header.repeated().is_empty() {
                return Self::canonical(&names, &header);
            }
        }
        Self { header: Header::parse(line, version), line: [line, b"\n"].concat(), order: None, respelt: Vec::new() }
    }

    /// All names are known and none stands twice: the specification's spelling and order.
    fn canonical(names: &[&[u8]], read: &Header) -> Self {
        let version = read.version();
        let fields: Vec<Field> = read.columns().iter().copied().flatten().collect();
        let rank = |field: &Field| version.columns().iter().position(|known| known == field);
        let mut order: Vec<usize> = (0..fields.len()).collect();
        order.sort_by_key(|&column| rank(&fields[column]));
        let written: Vec<&str> = order.iter().map(|&column| fields[column].name()).collect();
        let line = written.join("\t") + "\n";
        let respelt = fields.iter().zip(names).filter(|(field, name)| field.name().as_bytes() != **name);
        Self {
            header: Header::parse(line.as_bytes(), Some(version)),
            line: line.into_bytes(),
            respelt: respelt.map(|(field, name)| (*field, name.to_vec())).collect(),
            order: if order.is_sorted() { None } else { Some(order) },
        }
    }

    /// Moves the cells of a row to their new places: missing cells become empty ones, surplus cells follow the last.
    pub(crate) fn reorder(order: &[usize], content: &[u8], out: &mut Vec<u8>) -> usize {
        let cells: Vec<&[u8]> = content.split(|&byte| byte == b'\t').collect();
        out.clear();
        let surplus = cells.get(order.len()..).unwrap_or_default();
        let moved = order.iter().map(|&column| cells.get(column).copied().unwrap_or_default());
        for (at, cell) in moved.chain(surplus.iter().copied()).enumerate() {
            if at > 0 {
                out.push(b'\t');
            }
            out.extend_from_slice(cell);
        }
        cells.len()
    }
}
