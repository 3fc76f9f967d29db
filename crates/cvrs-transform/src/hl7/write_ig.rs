//! The dialect `ig`: what the implementation guide 1.5 asks for.

use super::InfoSource;
use super::tables::{self, UNKNOWN};
use super::write::{Cells, Operation, Writer, end_segment};
use cvrs_spec::{Event, Field, Version};

/// Appends the message of a record; whether it tells a dose as given and new.
pub(super) fn message(writer: &Writer, cells: &mut Cells<'_, '_>, number: u64, out: &mut Vec<u8>) -> bool {
    header(writer, cells, number, out);
    recipient(writer, cells, out);
    out.extend_from_slice(b"ORC|RE|");
    cells.push_event_id(&writer.event_authority, out);
    out.push(b'\r');
    let is_new = administration(writer, cells, out);
    route(cells, out);
    let mut observations = Observations::new(cells, out);
    observations.dose(cells, out);
    observations.answer(cells, Field::VaxSeriesComplete, SERIES, YES, out);
    observations.answer(cells, Field::CmorbidStatus, INDICATION, SPECIAL_RISK, out);
    observations.answer(cells, Field::Serology, SEROLOGY, ANTIBODIES, out);
    if let Some(eligibility) = writer.options.eligibility.filter(|_| is_new) {
        observations.begin(b"|CE|64994-7^Vaccine funding program eligibility category^LN|", out);
        for text in [eligibility.code, "^", eligibility.display, "^HL70064"] {
            out.extend_from_slice(text.as_bytes());
        }
        observations.end(out);
    }
    is_new
}

fn header(writer: &Writer, cells: &mut Cells<'_, '_>, number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&writer.message_start);
    writer.push_identity(cells, number, out);
    out.extend_from_slice(&writer.message_middle);
    if !cells.is_ascii() {
        out.extend_from_slice(b"UNICODE UTF-8");
    }
    out.extend_from_slice(b"|||Z22^CDCPHINVS|");
    let start = out.len() - 1;
    cells.push(Field::ResponsibleOrg, out);
    end_segment(out, start);
}

fn recipient(writer: &Writer, cells: &mut Cells<'_, '_>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(b"PID|1||");
    if !cells.get(Field::RecipId).is_empty() {
        cells.push(Field::RecipId, out);
        out.extend_from_slice(&writer.recipient_authority);
    }
    if !cells.get(Field::PprlId).is_empty() {
        out.push(b'~');
        cells.push(Field::PprlId, out);
        out.extend_from_slice(&writer.pprl_authority);
    }
    out.extend_from_slice(b"||");
    let name = out.len();
    for field in [Field::RecipLastName, Field::RecipFirstName, Field::RecipMiddleName] {
        cells.push(field, out);
        out.push(b'^');
    }
    if out.len() == name + 3 {
        out.truncate(name);
    } else {
        let is_pseudonym = cells.is(Field::ExtType, b"D") || cells.is(Field::ExtType, b"P");
        out.extend_from_slice(if is_pseudonym { b"^^^S" } else { b"^^^L" });
    }
    out.extend_from_slice(b"||");
    cells.push_date(Field::RecipDob, out);
    out.push(b'|');
    cells.push(Field::RecipSex, out);
    out.extend_from_slice(b"||");
    cells.push_races(tables::race, out);
    out.push(b'|');
    cells.push_home(b"H", out);
    out.extend_from_slice(b"|||||||||||");
    cells.push_with(Field::RecipEthnicity, tables::race, out);
    end_segment(out, start);
}

/// Whether the dose is told as given and new, so that the guide wants its funding too.
fn administration(writer: &Writer, cells: &mut Cells<'_, '_>, out: &mut Vec<u8>) -> bool {
    let is_given = cells.event == Event::Vaccination;
    let is_new = is_given
        && match writer.options.info_source {
            InfoSource::Auto => !cells.get(Field::LotNumber).is_empty() && !cells.get(Field::Mvx).is_empty(),
            InfoSource::New => true,
            InfoSource::Historical => false,
        };
    let start = out.len();
    out.extend_from_slice(b"RXA|0|1|");
    cells.push_date(Field::AdminDate, out);
    out.push(b'|');
    cells.push_date(Field::AdminDate, out);
    out.push(b'|');
    cells.push_vaccine(out);
    out.extend_from_slice(b"|999|||");
    if is_new {
        out.extend_from_slice(b"00^New immunization record^NIP001");
    } else if is_given {
        out.extend_from_slice(b"01^Historical information - source unspecified^NIP001");
    }
    out.push(b'|');
    cells.push_suffix(out);
    out.push(b'|');
    cells.push_place(b"&L", out);
    out.extend_from_slice(b"||||");
    cells.push(Field::LotNumber, out);
    out.push(b'|');
    cells.push_date(Field::VaxExpiration, out);
    out.push(b'|');
    cells.push_with(Field::Mvx, |_| b"^^MVX", out);
    out.push(b'|');
    match cells.event {
        Event::Vaccination => {}
        Event::Refusal => out.extend_from_slice(b"02^Refused - reason not reported^NIP002"),
        Event::MissedAppointment => out.extend_from_slice(b"02^Missed Appointment^NIP002"),
    }
    out.extend_from_slice(b"||");
    cells.push_completion(b"CP", out);
    out.extend_from_slice(match writer.options.operation {
        Operation::Create => b"|A",
        Operation::Update => b"|U",
        Operation::Delete => b"|D",
    });
    end_segment(out, start);
    is_new
}

fn route(cells: &mut Cells<'_, '_>, out: &mut Vec<u8>) {
    let has = |field| !cells.get(field).is_empty();
    let (has_route, has_site) = (has(Field::VaxRoute), has(Field::VaxAdminSite));
    if !has_route && !has_site {
        return;
    }
    let start = out.len();
    out.extend_from_slice(b"RXR|");
    if has_route {
        cells.push_with(Field::VaxRoute, tables::route, out);
    } else {
        // RXR-1 is required.
        out.extend_from_slice(b"UNK");
        out.extend_from_slice(UNKNOWN);
    }
    out.push(b'|');
    if has_site {
        let at = out.len();
        cells.push(Field::VaxAdminSite, out);
        let display = tables::site(&out[at..]);
        out.push(b'^');
        out.extend_from_slice(display);
        out.extend_from_slice(b"^HL70163");
    }
    end_segment(out, start);
}

/// How `YES` is said.
const YES: &[u8] = b"Y^Yes^HL70136";
const SPECIAL_RISK: &[u8] = b"VXC8^Member of special risk group^CDCPHINVS";
const ANTIBODIES: &[u8] = b"840535000^Antibody to SARS-CoV-2^SCT";

/// OBX-2 and OBX-3 of the three answers, with the separators around them.
const SERIES: &[u8] = b"|CE|59783-1^Status in immunization series^LN|";
const INDICATION: &[u8] = b"|CE|59785-6^Indication for immunization^LN|";
const SEROLOGY: &[u8] = b"|CE|75505-8^Disease with serological evidence of immunity^LN|";

/// The OBX segments of an order, counted from 1, each a group of its own.
struct Observations {
    n: u64,
    /// What follows the value, up to the end of the segment, and how much of it there is.
    end: [u8; 24],
    n_end: usize,
}

impl Observations {
    /// For the record of these cells, whose day of administration all of them tell.
    fn new(cells: &Cells<'_, '_>, out: &mut Vec<u8>) -> Self {
        // Written where segments are written anyway, and taken back.
        let start = out.len();
        out.extend_from_slice(b"||||||F|||");
        cells.push_date(Field::AdminDate, out);
        end_segment(out, start);
        let n_end = out.len() - start;
        let mut end = [0; 24];
        end[..n_end].copy_from_slice(&out[start..]);
        out.truncate(start);
        Self { n: 0, end, n_end }
    }

    /// Appends what stands before the value; `what` is OBX-2 and OBX-3 with the separators around them.
    #[inline]
    fn begin(&mut self, what: &[u8], out: &mut Vec<u8>) {
        self.n += 1;
        // There are five at most.
        let number = b'0' + self.n as u8;
        out.extend_from_slice(&[b'O', b'B', b'X', b'|', number]);
        out.extend_from_slice(what);
        out.extend_from_slice(&[number, b'|']);
    }

    #[inline]
    fn end(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.end[..self.n_end]);
    }

    fn dose(&mut self, cells: &mut Cells<'_, '_>, out: &mut Vec<u8>) {
        let value = cells.get(Field::DoseNum);
        if value.is_empty() {
            return;
        }
        let is_number = value.iter().all(u8::is_ascii_digit);
        const NUMBER: &[u8] = b"|NM|30973-2^Dose number in series^LN|";
        const CODE: &[u8] = b"|CE|30973-2^Dose number in series^LN|";
        self.begin(if is_number { NUMBER } else { CODE }, out);
        cells.push_with(
            Field::DoseNum,
            |code| match code {
                b"INV" => b"^Invalid dose^L",
                b"UNK" => UNKNOWN,
                _ => b"",
            },
            out,
        );
        self.end(out);
    }

    /// Appends a column that is YES, NO or UNK; anything else as it is.
    fn answer(&mut self, cells: &mut Cells<'_, '_>, field: Field, what: &[u8], yes: &[u8], out: &mut Vec<u8>) {
        if cells.get(field).is_empty() {
            return;
        }
        self.begin(what, out);
        if cells.is(field, b"YES") {
            out.extend_from_slice(yes);
        } else if cells.is(field, b"NO") {
            out.extend_from_slice(b"N^No^HL70136");
        } else {
            cells.push_with(field, |code| if code == b"UNK" { UNKNOWN } else { b"" }, out);
        }
        self.end(out);
    }
}

impl Cells<'_, '_> {
    /// Appends RXA-10, which version 1 alone has something for.
    pub(super) fn push_suffix(&mut self, out: &mut Vec<u8>) {
        if self.version() == Version::V1 && !self.get(Field::VaxProvSuffix).is_empty() {
            out.extend_from_slice(b"^^^^^^^^^^^^^^^^^^^^");
            self.push(Field::VaxProvSuffix, out);
        }
    }

    /// Appends RXA-20; `given` for a dose that was given.
    pub(super) fn push_completion(&mut self, given: &[u8], out: &mut Vec<u8>) {
        match self.event {
            Event::Refusal | Event::MissedAppointment => out.extend_from_slice(b"RE"),
            Event::Vaccination if self.is(Field::VaxRefusal, b"NO") => out.extend_from_slice(given),
            Event::Vaccination => self.push(Field::VaxRefusal, out),
        }
    }
}
