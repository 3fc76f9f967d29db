//! The dialect `cdc`: the sense of what CDC's own tool 2.1.0 writes. Codes have no displays, names stand in the order of
//! the workbook, and nothing is invented.

use super::write::{Cells, Writer, cut, end_segment};
use cvrs_spec::{Event, Field};

/// Appends the message of a record.
pub(super) fn message(writer: &Writer, cells: &mut Cells<'_, '_>, number: u64, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&writer.message_start);
    writer.push_identity(cells, number, out);
    out.extend_from_slice(&writer.message_middle);
    cells.push(Field::ResponsibleOrg, out);
    end_segment(out, start);
    recipient(cells, out);
    let start = out.len();
    out.extend_from_slice(b"ORC||");
    cells.push_event_id(b"", out);
    end_segment(out, start);
    administration(cells, out);
    route(cells, out);
    observe(cells, Field::CmorbidStatus, b"VXC8^Member of Special Risk Group^PHIN VS", |_| b"", out);
    observe(cells, Field::VaxSeriesComplete, b"59783-1^Status in immunization series^LN", |_| b"", out);
    observe(cells, Field::DoseNum, b"30973-2^Dose number in series^LN", |_| b"^^DCHDOSE", out);
    let unknown = |code: &[u8]| if code == b"UNK" { &b"^Unknown^NullFlavor"[..] } else { b"" };
    observe(cells, Field::Serology, b"75505-8^Serological Evidence of Immunity^LN", unknown, out);
}

fn recipient(cells: &mut Cells<'_, '_>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(b"PID|||");
    cells.push(Field::RecipId, out);
    if !cells.get(Field::PprlId).is_empty() {
        out.push(b'~');
        cells.push(Field::PprlId, out);
    }
    out.extend_from_slice(b"||");
    let name = out.len();
    for field in [Field::RecipFirstName, Field::RecipLastName, Field::RecipMiddleName] {
        cells.push(field, out);
        out.push(b'^');
    }
    cut(out, name, b'^');
    out.extend_from_slice(b"||");
    cells.push_date(Field::RecipDob, out);
    out.push(b'|');
    cells.push(Field::RecipSex, out);
    out.extend_from_slice(b"||");
    cells.push_races(|_| b"^^CDCREC", out);
    out.push(b'|');
    cells.push_home(b"", out);
    out.extend_from_slice(b"|||||||||||");
    cells.push_with(Field::RecipEthnicity, |_| b"^^CDCREC", out);
    end_segment(out, start);
}

fn administration(cells: &mut Cells<'_, '_>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(b"RXA|||");
    cells.push_date(Field::AdminDate, out);
    out.extend_from_slice(b"||");
    cells.push_vaccine(out);
    out.extend_from_slice(b"|||||");
    cells.push_suffix(out);
    out.push(b'|');
    cells.push_place(b"", out);
    out.extend_from_slice(b"||||");
    cells.push(Field::LotNumber, out);
    out.push(b'|');
    cells.push_date(Field::VaxExpiration, out);
    out.push(b'|');
    cells.push_with(Field::Mvx, |_| b"^^MVX", out);
    out.extend_from_slice(b"|||");
    // A word of CDC's tool that HL7's table does not have.
    if cells.event == Event::MissedAppointment {
        out.extend_from_slice(b"MA");
    } else {
        cells.push_completion(b"", out);
    }
    end_segment(out, start);
}

fn route(cells: &mut Cells<'_, '_>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(b"RXR|");
    cells.push_with(Field::VaxRoute, |_| b"^^NCIT", out);
    out.push(b'|');
    cells.push_with(Field::VaxAdminSite, |_| b"^^HL70163", out);
    if out.len() == start + "RXR||".len() { out.truncate(start) } else { end_segment(out, start) }
}

/// Appends the OBX of a column, unless that is empty.
fn observe(
    cells: &mut Cells<'_, '_>,
    field: Field,
    what: &[u8],
    rest: impl FnOnce(&[u8]) -> &'static [u8],
    out: &mut Vec<u8>,
) {
    if !cells.get(field).is_empty() {
        out.extend_from_slice(b"OBX||CE|");
        out.extend_from_slice(what);
        out.extend_from_slice(b"||");
        cells.push_with(field, rest, out);
        out.push(b'\r');
    }
}
