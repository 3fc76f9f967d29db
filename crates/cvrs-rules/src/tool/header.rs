//! What the tool says of a header line.

use super::columns;
use crate::Book;
use cvrs_parse::Header;
use cvrs_report::{Finding, Message};
use cvrs_spec::Field;

/// FMT_005, FMT_002, FMT_004, in that order. The names are compared in lower case and with the blanks around them;
/// what is missing is told only if fewer right names stand there than the version has columns.
pub(crate) fn explain_header(book: &Book, header: &Header, out: &mut Vec<Finding>) {
    let owned = |text: String| Some(Message::Owned(text.into()));
    if header.has_bom() {
        out.extend(book.tell("FMT_005", None, None));
    }
    // Empty names at the end of the line are lost when it is split.
    let mut unknown = header.unknown();
    while let Some((last, rest)) = unknown.split_last()
        && last.name.as_deref() == Some("")
        && last.column as usize == header.n_columns() - (header.unknown().len() - unknown.len())
    {
        unknown = rest;
    }
    if !unknown.is_empty() {
        let shown = unknown.iter().map(|unknown| {
            let place = || format!("(column {})", unknown.column);
            unknown.name.as_deref().map_or_else(place, str::to_ascii_lowercase)
        });
        let shown: Vec<String> = shown.collect();
        out.extend(book.tell(
            "FMT_002",
            None,
            owned(format!("Input contains invalid headers: [{}]", shown.join(", "))),
        ));
    }
    let columns = columns(header.version());
    if header.n_columns() - header.unknown().len() < columns.len() {
        // A column that only a name with blanks around it binds is missing too.
        let named = |field: Field| {
            let all = usize::from(header.position(field).is_some())
                + header.repeated().iter().filter(|&&repeated| repeated == field).count();
            all > header.unknown().iter().filter(|unknown| unknown.binds == Some(field)).count()
        };
        let missing: Vec<&str> = columns.iter().filter(|&&field| !named(field)).map(|field| field.name()).collect();
        out.extend(book.tell("FMT_004", None, owned(format!("File is missing headers [{}]", missing.join(", ")))));
    }
}
