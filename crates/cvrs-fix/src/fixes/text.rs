//! Blanks, quotes, controls and the form of Unicode text.

use crate::fix::{Cell, Class, Example, Fix, How, Proposal, Stage, any_row};
use cvrs_parse::Record;
use cvrs_rules::example::identified_with;
use cvrs_spec::Field::{self, *};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Whether the row is of a redacted model, as far as its `ext_type` will tell once blanks and quotes are off.
fn is_redacted_model(record: &Record<'_>) -> bool {
    let ext_type = record.get(ExtType);
    let bare: Vec<u8> = ext_type.iter().copied().filter(|byte| !matches!(byte, b' ' | b'"')).collect();
    matches!(&bare[..], b"D" | b"d" | b"P" | b"p")
}

fn outer_blanks(cell: &Cell<'_>) -> Option<Proposal> {
    let value = cell.value;
    if !matches!(value, [b' ', ..] | [.., b' ']) {
        return None;
    }
    let may_be_one_blank = matches!(cell.field, Some(RecipMiddleName | RecipAddressStreet2));
    if may_be_one_blank && value == b" " && !is_redacted_model(cell.record) {
        return None;
    }
    let start = value.iter().position(|&byte| byte != b' ').unwrap_or(value.len());
    let end = value.iter().rposition(|&byte| byte != b' ').map_or(start, |last| last + 1);
    Proposal::safe(&value[start..end])
}

const ONE_BLANK: [(Field, &str); 7] = identified_with(RecipMiddleName, " ");

pub(crate) const OUTER_BLANKS: Fix = Fix {
    id: "F03",
    name: "outer-blanks",
    class: Class::Safe,
    stage: Stage::Wrapping,
    what: "Strips blanks around a value.",
    why: "Blanks around a value are an accident of the export; the value is the same without them.",
    condition: "a middle name or street 2 of exactly one blank stays in an identified row: the clearinghouse takes it \
                where it refuses an empty cell",
    fields: &[],
    cures: &["XR023", "DATA005", "DATA007", "DATA001"],
    is_normalisation: false,
    hides_before: false,
    examples: &[
        Example::Safe(&[(Cvx, " 208 ")], &[(Cvx, "208")]),
        Example::Safe(&[(LotNumber, "EL1283 ")], &[(LotNumber, "EL1283")]),
        Example::Safe(&[(LotNumber, "  ")], &[(LotNumber, "")]),
        Example::Stays(&ONE_BLANK),
        Example::Stays(&[(AdminName, "   ")]),
        Example::Stays(&[(AdminName, "Hope Clinic")]),
    ],
    how: How::Cells(any_row, outer_blanks),
};

fn quotes(cell: &Cell<'_>) -> Option<Proposal> {
    match cell.value {
        [b'"', inner @ .., b'"'] if !inner.contains(&b'"') => Proposal::safe(inner),
        _ => None,
    }
}

pub(crate) const QUOTES: Fix = Fix {
    id: "F04",
    name: "quotes",
    what: "Strips double quotes around a value.",
    why: "CVRS has no quoting; an export for spreadsheets has put them there.",
    condition: "first and last character, and no other quote inside",
    cures: &["XR008", "DATA007"],
    examples: &[
        Example::Safe(&[(AdminName, "\"Hope Clinic\"")], &[(AdminName, "Hope Clinic")]),
        Example::Safe(&[(LotNumber, "\"\"")], &[(LotNumber, "")]),
        Example::Stays(&[(AdminName, "\"Hope\" and \"Grace\"")]),
        Example::Stays(&[(AdminName, "\"Hope Clinic")]),
    ],
    how: How::Cells(|record| memchr::memchr(b'"', record.line()).is_some(), quotes),
    ..OUTER_BLANKS
};

/// The value with each run of what `is_control` takes for controls replaced by one blank.
fn without_controls(value: &[u8]) -> Option<Vec<u8>> {
    if value.is_ascii() && !value.iter().any(u8::is_ascii_control) {
        return None;
    }
    let mut out = Vec::with_capacity(value.len());
    let mut was_control = false;
    let mut push = |bytes: &[u8], is_control: bool| {
        if !is_control {
            out.extend_from_slice(bytes);
        } else if !was_control {
            out.push(b' ');
        }
        was_control = is_control;
    };
    let mut found = false;
    for part in value.utf8_chunks() {
        for character in part.valid().chars() {
            found |= character.is_control();
            push(character.encode_utf8(&mut [0; 4]).as_bytes(), character.is_control());
        }
        if !part.invalid().is_empty() {
            push(part.invalid(), false);
        }
    }
    found.then_some(out)
}

pub(crate) const CONTROLS: Fix = Fix {
    id: "F36",
    name: "control-characters",
    stage: Stage::Characters,
    what: "Replaces control characters in a cell, one or several in a row, by one blank.",
    why: "The specification itself asks for a blank where a value holds a tab; other controls are no text either.",
    condition: "CR, NUL and the like; a tab cannot be told from the end of a cell",
    cures: &["XR005"],
    examples: &[
        Example::Safe(&[(AdminName, "Hope\rClinic")], &[(AdminName, "Hope Clinic")]),
        Example::Safe(&[(AdminName, "Hope\0\u{7F}\u{85}Clinic")], &[(AdminName, "Hope Clinic")]),
        Example::Stays(&[(AdminName, "Clínica José")]),
    ],
    how: How::Cells(any_row, |cell| Proposal::safe(without_controls(cell.value)?)),
    ..OUTER_BLANKS
};

/// What stands for a blank and is none.
const fn is_odd_blank(character: char) -> bool {
    matches!(character, '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}

/// What takes no room and has no meaning in a value. Joiners (U+200C, U+200D) have one, in names of some scripts.
const fn is_nothing(character: char) -> bool {
    matches!(character, '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

/// Whether F36 and F38 have nothing to do in a line that has no control character below the blank but its tabs.
pub(crate) fn is_settled(line: &[u8]) -> bool {
    if line.is_ascii() {
        return memchr::memchr(0x7F, line).is_none();
    }
    let is_odd =
        |character: char| matches!(character, '\u{7F}'..='\u{9F}') || is_odd_blank(character) || is_nothing(character);
    std::str::from_utf8(line).is_ok_and(|text| !text.contains(is_odd) && is_nfc(text))
}

fn unicode(cell: &Cell<'_>) -> Option<Proposal> {
    if cell.value.is_ascii() {
        return None;
    }
    let text = std::str::from_utf8(cell.value).ok()?;
    if is_nfc(text) && !text.contains(|character| is_odd_blank(character) || is_nothing(character)) {
        return None;
    }
    let plain = |character: char| if is_odd_blank(character) { ' ' } else { character };
    let composed: String = text.chars().filter(|&character| !is_nothing(character)).map(plain).nfc().collect();
    (composed != text).then(|| Proposal::safe(composed)).flatten()
}

pub(crate) const UNICODE: Fix = Fix {
    id: "F38",
    name: "unicode-form",
    stage: Stage::Characters,
    what: "Composes letters and their accents (NFC), makes odd blanks plain ones, and removes what takes no room.",
    why: "The text looks the same and compares equal afterwards. Compatibility forms (NFKC) are left alone, since \
          making them one would change letters.",
    condition: "the cell is UTF-8; U+00A0 and its kin become a blank, U+200B, U+2060 and U+FEFF go",
    cures: &["DATA007", "DATA001"],
    examples: &[
        Example::Safe(&[(AdminName, "Jose\u{301} Clinic")], &[(AdminName, "José Clinic")]),
        Example::Safe(&[(AdminName, "Hope\u{A0}Clinic")], &[(AdminName, "Hope Clinic")]),
        Example::Safe(&[(Cvx, "208\u{200B}")], &[(Cvx, "208")]),
        Example::Stays(&[(AdminName, "\u{FB01}ne Clinic \u{2460}")]),
        Example::Stays(&[(AdminName, "José Clinic")]),
    ],
    how: How::Cells(|record| !record.line().is_ascii(), unicode),
    ..OUTER_BLANKS
};
