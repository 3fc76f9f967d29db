//! Line ends, header and encoding.

use crate::fix::{Class, Example, Fix, How, Stage};
use cvrs_rules::example::{file_with, good_file};
use cvrs_spec::Field::AdminName;

fn crlf() -> [Vec<u8>; 2] {
    let good = String::from_utf8_lossy(&good_file()).into_owned();
    [good.replace('\n', "\r\n").into_bytes(), good.into_bytes()]
}

fn cr_alone() -> [Vec<u8>; 2] {
    let good = String::from_utf8_lossy(&good_file()).into_owned();
    [good.replace('\n', "\r").into_bytes(), good.into_bytes()]
}

fn mixed() -> [Vec<u8>; 2] {
    let good = String::from_utf8_lossy(&good_file()).into_owned();
    [good.replacen('\n', "\r\n", 1).into_bytes(), good.into_bytes()]
}

fn byte_order_mark() -> [Vec<u8>; 2] {
    [[cvrs_parse::BOM, &good_file()].concat(), good_file()]
}

fn unterminated() -> [Vec<u8>; 2] {
    let mut text = good_file();
    text.pop();
    [text, good_file()]
}

pub(crate) const LINE_ENDS: Fix = Fix {
    id: "F01",
    name: "line-ends",
    class: Class::Safe,
    stage: Stage::Wrapping,
    what: "Ends every line with LF, the last one too, and drops a byte order mark.",
    why: "Line ends and byte order marks carry no data.",
    condition: "CR alone ends a line only in a file without any LF; elsewhere it is a control character in a cell (F36)",
    fields: &[],
    cures: &["FMT_005", "XR002"],
    is_normalisation: false,
    hides_before: false,
    examples: &[
        Example::File("CRLF", "LF", crlf),
        Example::File("CR alone", "LF", cr_alone),
        Example::File("CRLF and LF", "LF", mixed),
        Example::File("byte order mark", "none", byte_order_mark),
        Example::File("no last line end", "LF", unterminated),
    ],
    how: How::Lines,
};

fn respelt() -> [Vec<u8>; 2] {
    let good = String::from_utf8_lossy(&good_file()).into_owned();
    let odd = good.replacen("vax_event_id", "VAX_EVENT_ID", 1).replacen("admin_type", " \"admin_type\"", 1);
    [odd.into_bytes(), good.into_bytes()]
}

fn reordered() -> [Vec<u8>; 2] {
    let good = String::from_utf8_lossy(&good_file()).into_owned();
    let swap = |line: &str| {
        let mut cells: Vec<&str> = line.split('\t').collect();
        cells.swap(0, 44);
        cells.join("\t") + "\n"
    };
    [good.lines().map(swap).collect::<String>().into_bytes(), good.into_bytes()]
}

fn unknown_name() -> [Vec<u8>; 2] {
    let good = String::from_utf8_lossy(&good_file()).into_owned();
    let odd = good.replacen("vax_event_id", "VAX_EVENT_ID", 1).replacen("serology", "serology_result", 1).into_bytes();
    [odd.clone(), odd]
}

pub(crate) const HEADER: Fix = Fix {
    id: "F02",
    name: "header",
    what: "Writes the column names as the specification does, without blanks or quotes, and the columns in its order.",
    why: "Columns are bound by name, so neither spelling nor order carries data.",
    condition: "all names are known and none stands twice; columns that the file lacks are not added",
    cures: &["FMT_002", "XR007"],
    examples: &[
        Example::File("`VAX_EVENT_ID`, ` \"admin_type\"`", "`vax_event_id`, `admin_type`", respelt),
        Example::File("first and last column swapped", "canonical order", reordered),
        Example::File("a name that no column has", "unchanged", unknown_name),
    ],
    how: How::Header,
    ..LINE_ENDS
};

fn windows_1252() -> [Vec<u8>; 2] {
    [file_with(AdminName, b"Jos\xE9 Clinic"), file_with(AdminName, "José Clinic".as_bytes())]
}

fn utf8() -> [Vec<u8>; 2] {
    let text = file_with(AdminName, "José Clinic".as_bytes());
    [text.clone(), text]
}

pub(crate) const ENCODING: Fix = Fix {
    id: "F37",
    name: "encoding",
    class: Class::Consent,
    stage: Stage::Characters,
    what: "Reads the text as Windows-1252 and writes it as UTF-8.",
    why: "Windows-1252 is what an old export is in, nearly always; that it is this one and no other code page is a guess.",
    condition: "the whole file decodes as Windows-1252, and not as UTF-8; a file with characters of both is neither, and \
                rows with such characters then stay as they are",
    cures: &["XR004"],
    examples: &[Example::File("byte E9", "`é`", windows_1252), Example::File("`é` in UTF-8", "unchanged", utf8)],
    how: How::Encoding,
    ..LINE_ENDS
};
