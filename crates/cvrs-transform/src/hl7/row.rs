//! One dose as a row: where each column comes from.

use super::Dialect;
use super::message::{Part, Segment};
use super::notice::NoticeKind;
use super::observation;
use super::read::ReadOptions;
use super::value::{self, Decoder};
use super::write::NO_EVENT_ID;
use cvrs_codes::{CodeSets, NdcLookup};
use cvrs_spec::{Field, SetId, Version};
use sha2::{Digest, Sha256};

/// Takes a notice about a column.
pub(super) type Tell<'t> = &'t mut dyn FnMut(NoticeKind, Option<Field>);

/// The segments that a row is made from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) msh: Segment<'a>,
    pub(super) pid: Segment<'a>,
    pub(super) orc: Segment<'a>,
    pub(super) rxa: Segment<'a>,
    pub(super) rxr: Segment<'a>,
}

/// What RXA says has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Happened {
    /// Neither a dose nor a refusal.
    pub(super) is_none: bool,
    pub(super) is_missed: bool,
    pub(super) is_refusal: bool,
    pub(super) is_partial: bool,
    pub(super) has_reason: bool,
}

impl<'a> Sources<'a> {
    pub(super) fn event(&self) -> Happened {
        let status = self.rxa.first(20).0.component(1);
        let is = |word: &[u8]| status.eq_ignore_ascii_case(word);
        let is_no_vaccine = matches!(self.vaccine(b"CVX"), b"998" | b"999");
        const MISSED: &[u8] = b"Missed Appointment";
        let says_missed =
            |part: Part<'_>| part.component(2).windows(MISSED.len()).any(|words| words.eq_ignore_ascii_case(MISSED));
        let is_missed = is(b"MA") || self.rxa.repetitions(18).any(says_missed);
        let has_reason = self.rxa.repetitions(18).any(|part| {
            part.is_filled() && !is_missed && !(part.component(1) == b"02" && part.component(3) == b"NIP002")
        });
        Happened {
            is_none: is(b"NA") || is_no_vaccine,
            is_missed,
            is_refusal: is(b"RE") && !is_missed,
            is_partial: is(b"PA"),
            has_reason,
        }
    }

    /// The vaccine's code in one of the two systems, told by its system wherever it stands.
    fn vaccine(&self, system: &[u8]) -> &'a [u8] {
        let is_cvx = system == b"CVX";
        let mut without = &b""[..];
        for part in self.rxa.repetitions(5) {
            for first in [1, 4, 7] {
                let (code, of) = (part.component(first), part.component(first + 2));
                let is_code = !code.is_empty() && code != b"\"\"";
                if is_code && (of.eq_ignore_ascii_case(system) || (is_cvx && of.eq_ignore_ascii_case(b"HL70292"))) {
                    return code;
                }
                // A bare number of up to three digits can only be a CVX code.
                let is_bare = of.is_empty() && code.len() <= 3 && code.iter().all(u8::is_ascii_digit);
                if is_code && is_cvx && is_bare && without.is_empty() {
                    without = code;
                }
            }
        }
        without
    }
}

/// The cells of a row. Its memory is used again for the next one.
#[derive(Debug)]
pub(super) struct Row {
    cells: Vec<Vec<u8>>,
}

impl Default for Row {
    fn default() -> Self {
        Self { cells: vec![Vec::new(); Field::COUNT] }
    }
}

/// A row that is being filled from a message.
struct Filling<'r, 't> {
    cells: &'r mut [Vec<u8>],
    decoder: Decoder,
    options: &'r ReadOptions,
    tell: Tell<'t>,
}

impl Row {
    /// Appends the row with the columns of a version.
    pub(super) fn write(&self, version: Version, out: &mut Vec<u8>) {
        for (at, &field) in version.columns().iter().enumerate() {
            if at > 0 {
                out.push(b'\t');
            }
            out.extend_from_slice(&self.cells[field as usize]);
        }
        out.push(b'\n');
    }

    /// Fills the row, in place of what it holds.
    pub(super) fn fill(
        &mut self,
        sources: &Sources<'_>,
        event: Happened,
        observations: &[&[u8]],
        decoder: Decoder,
        options: &ReadOptions,
        tell: Tell<'_>,
    ) {
        self.cells.iter_mut().for_each(Vec::clear);
        let mut filling = Filling { cells: &mut self.cells, decoder, options, tell };
        filling.recipient(sources);
        filling.administration(sources);
        filling.happened(sources, event);
        filling.observations(observations);
        filling.model(sources);
        filling.event_id(sources);
        if options.fills_defaults {
            filling.defaults(event);
        }
    }
}

impl Filling<'_, '_> {
    fn tell(&mut self, kind: NoticeKind, field: Field) {
        (self.tell)(kind, Some(field));
    }

    /// Writes a value into its cell.
    fn set(&mut self, field: Field, raw: &[u8]) {
        if raw.is_empty() {
            return;
        }
        let noticed = self.decoder.decode(raw, &mut self.cells[field as usize]);
        if noticed.unknown_escape {
            self.tell(NoticeKind::UnknownEscape, field);
        }
        if noticed.control {
            self.tell(NoticeKind::Control, field);
        }
    }

    /// The same for a code, in upper case.
    fn set_code(&mut self, field: Field, raw: &[u8]) {
        self.set(field, raw);
        self.cells[field as usize].make_ascii_uppercase();
    }

    fn set_date(&mut self, field: Field, raw: &[u8]) {
        self.set(field, raw);
        if value::date(&mut self.cells[field as usize]) {
            self.tell(NoticeKind::TimeOfDay, field);
        }
    }

    fn set_zip(&mut self, field: Field, raw: &[u8]) {
        self.set(field, raw);
        if value::zip(&mut self.cells[field as usize]) {
            self.tell(NoticeKind::ZipHyphen, field);
        }
    }

    fn set_county(&mut self, field: Field, raw: &[u8]) {
        self.set(field, raw);
        let cell = &mut self.cells[field as usize];
        let is_code = cell.len() == 5 && cell.iter().all(u8::is_ascii_digit);
        if !is_code && !cell.is_empty() {
            cell.clear();
            self.tell(NoticeKind::County, field);
        }
    }

    /// The first repetition with a value; that there are more is told.
    fn first<'a>(&mut self, segment: &Segment<'a>, number: usize, field: Field) -> Part<'a> {
        let (part, has_more) = segment.first(number);
        if has_more {
            self.tell(NoticeKind::Repetition, field);
        }
        part
    }

    fn recipient(&mut self, sources: &Sources<'_>) {
        let pid = &sources.pid;
        self.ids(sources);
        let is_cdc = self.options.dialect == Some(Dialect::Cdc);
        let mut names =
            pid.repetitions(5).filter(|part| part.is_filled() && !part.component(7).eq_ignore_ascii_case(b"M"));
        if let Some(name) = names.next() {
            let (first, last) = if is_cdc { (1, 2) } else { (2, 1) };
            self.set(Field::RecipFirstName, name.component(first));
            self.set(Field::RecipMiddleName, name.component(3));
            self.set(Field::RecipLastName, name.subcomponent(last, 1));
        }
        if names.next().is_some() {
            self.tell(NoticeKind::Repetition, Field::RecipLastName);
        }
        self.set_date(Field::RecipDob, pid.first(7).0.component(1));
        self.set_code(Field::RecipSex, pid.first(8).0.component(1));
        let sex = &mut self.cells[Field::RecipSex as usize];
        if !matches!(&sex[..], b"M" | b"F" | b"U") {
            *sex = b"U".to_vec();
            self.tell(NoticeKind::Sex, Field::RecipSex);
        }
        let mut races = RACES.into_iter();
        for part in pid.repetitions(10) {
            match races.next() {
                Some(field) => self.set_code(field, part.code()),
                None if part.is_filled() => return self.rest_of_recipient(pid, true),
                None => {}
            }
        }
        self.rest_of_recipient(pid, false);
    }

    fn rest_of_recipient(&mut self, pid: &Segment<'_>, has_more_races: bool) {
        if has_more_races {
            self.tell(NoticeKind::Races, Field::RecipRace6);
        }
        let home = self.first(pid, 11, Field::RecipAddressStreet);
        self.set(Field::RecipAddressStreet, home.subcomponent(1, 1));
        self.set(Field::RecipAddressStreet2, home.component(2));
        self.set(Field::RecipAddressCity, home.component(3));
        self.set_code(Field::RecipAddressState, home.component(4));
        self.set_zip(Field::RecipAddressZip, home.component(5));
        self.set_county(Field::RecipAddressCounty, home.component(9));
        let ethnicity = self.first(pid, 22, Field::RecipEthnicity);
        self.set_code(Field::RecipEthnicity, ethnicity.code());
        let cell = &mut self.cells[Field::RecipEthnicity as usize];
        match &cell[..] {
            b"H" => *cell = b"2135-2".to_vec(),
            b"N" => *cell = b"2186-5".to_vec(),
            b"U" => *cell = b"UNK".to_vec(),
            _ => {}
        }
    }

    /// The recipient's id and the PPRL id, told by their types.
    fn ids(&mut self, sources: &Sources<'_>) {
        let is_type = |part: &Part<'_>, kind: &[u8]| part.component(5).eq_ignore_ascii_case(kind);
        let is_pprl = self.options.dialect == Some(Dialect::Cdc) || sources.msh.field(8).eq_ignore_ascii_case(b"P");
        let pid = &sources.pid;
        let filled = || pid.repetitions(3).enumerate().filter(|(_, part)| !matches!(part.component(1), b"" | b"\"\""));
        let pprl = filled()
            .find(|(_, part)| is_type(part, b"ANON"))
            .or_else(|| filled().find(|(at, part)| is_pprl && *at == 1 && part.component(5).is_empty()));
        let pprl_at = pprl.map(|(at, _)| at);
        let candidates = || filled().filter(|(at, part)| Some(*at) != pprl_at && !is_type(part, b"ANON"));
        let typed = |kind: &'static [u8]| candidates().find(|(_, part)| is_type(part, kind));
        let id = typed(b"SR").or_else(|| typed(b"PI")).or_else(|| typed(b"MR")).or_else(|| candidates().next());
        if let Some((_, part)) = pprl {
            self.set(Field::PprlId, part.component(1));
        }
        let Some((id_at, part)) = id else { return };
        self.set(Field::RecipId, part.component(1));
        let others = || candidates().filter(|(at, _)| *at != id_at);
        if others().any(|(at, part)| at > 0 && part.component(5).is_empty()) {
            self.tell(NoticeKind::UntypedId, Field::PprlId);
        }
        if others().any(|(_, part)| !part.component(5).is_empty()) {
            (self.tell)(NoticeKind::LostId, None);
        }
    }

    fn administration(&mut self, sources: &Sources<'_>) {
        let (rxa, rxr) = (&sources.rxa, &sources.rxr);
        self.set_date(Field::AdminDate, rxa.first(3).0.component(1));
        self.set_code(Field::Cvx, sources.vaccine(b"CVX"));
        self.set_code(Field::Ndc, sources.vaccine(b"NDC"));
        let maker = self.first(rxa, 17, Field::Mvx);
        self.set_code(Field::Mvx, maker.code());
        let lot = self.first(rxa, 15, Field::LotNumber);
        self.set(Field::LotNumber, lot.bytes);
        let expiration = self.first(rxa, 16, Field::VaxExpiration);
        self.set_date(Field::VaxExpiration, expiration.component(1));
        let route = rxr.first(1).0;
        let is_no_route = route.component(1).eq_ignore_ascii_case(b"UNK") && route.component(3) == b"NULLFL";
        if !is_no_route {
            self.set_code(Field::VaxRoute, route.code());
        }
        self.set_code(Field::VaxAdminSite, rxr.first(2).0.code());
        let organisation = sources.msh.first(22).0.component(1);
        let organisation = if organisation.is_empty() { sources.msh.first(4).0.component(1) } else { organisation };
        self.set(Field::ResponsibleOrg, organisation);
        self.place(sources);
        if self.options.is_v1 {
            self.set_code(Field::VaxProvSuffix, rxa.first(10).0.component(21));
        }
        let amount = rxa.first(6).0.component(1);
        if !matches!(amount, b"" | b"999") || rxa.first(7).0.is_filled() {
            (self.tell)(NoticeKind::LostAmount, None);
        }
        let has_provider = [10, 12].into_iter().any(|number| sources.orc.first(number).0.is_filled());
        let suffix_only = rxa.first(10).0.component(21) != b"" && self.options.is_v1;
        if has_provider || (rxa.first(10).0.is_filled() && !suffix_only) {
            (self.tell)(NoticeKind::LostProvider, None);
        }
    }

    /// Where the dose was given: RXA-11.
    fn place(&mut self, sources: &Sources<'_>) {
        let place = self.first(&sources.rxa, 11, Field::AdminName);
        let (name, pin) = (place.subcomponent(4, 1), place.subcomponent(4, 2));
        if is_facility_id(pin, place.subcomponent(4, 3)) {
            if name.len() == 6 && name.iter().all(u8::is_ascii_digit) {
                self.set(Field::VtrcksProvPin, name);
            }
            let orc = &sources.orc;
            let names =
                [orc.first(21).0.component(1), orc.first(17).0.component(2), sources.msh.first(4).0.component(1)];
            let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
            self.set(Field::AdminName, name);
            self.tell(NoticeKind::FacilityId, Field::AdminName);
        } else {
            self.set(Field::AdminName, name);
            self.set(Field::VtrcksProvPin, pin);
        }
        self.set_code(Field::AdminType, place.component(6));
        let set = if self.options.is_v1 { SetId::AdminTypeV1 } else { SetId::AdminType };
        let cell = &mut self.cells[Field::AdminType as usize];
        if !cell.is_empty() && set.find(cell).is_none() {
            cell.clear();
            self.tell(NoticeKind::AdminType, Field::AdminType);
        }
        let is_shifted = place.component(9).is_empty() && value::is_zip(place.component(14));
        let by = usize::from(is_shifted);
        if is_shifted {
            self.tell(NoticeKind::ShiftedAddress, Field::AdminAddressStreet);
        }
        self.set(Field::AdminAddressStreet, place.component(9 + by));
        self.set(Field::AdminAddressStreet2, place.component(10 + by));
        self.set(Field::AdminAddressCity, place.component(11 + by));
        self.set_code(Field::AdminAddressState, place.component(12 + by));
        self.set_zip(Field::AdminAddressZip, place.component(13 + by));
        self.set_county(Field::AdminAddressCounty, place.component(16 + by));
    }

    /// Whether the dose was given, refused or missed.
    fn happened(&mut self, sources: &Sources<'_>, event: Happened) {
        let status = sources.rxa.first(20).0.component(1);
        if event.is_refusal {
            self.set(Field::VaxRefusal, b"YES");
        } else if event.is_missed || matches!(status, b"") || is_given(status) {
            self.set(Field::VaxRefusal, b"NO");
        } else {
            self.set_code(Field::VaxRefusal, status);
        }
        if self.options.is_v1 {
            self.set(Field::RecipMissedAppt, if event.is_missed { b"YES" } else { b"NO" });
        }
        if event.is_partial {
            self.tell(NoticeKind::Partial, Field::VaxRefusal);
        }
        if event.has_reason {
            (self.tell)(NoticeKind::LostReason, None);
        }
    }

    /// The answers in OBX; the last one to a question counts.
    fn observations(&mut self, segments: &[&[u8]]) {
        let mut has_other = false;
        let mut answered = [false; 4];
        for segment in segments {
            let obx = Segment::new(segment, self.decoder.delimiters);
            let Some(question) = observation::question(&obx.first(3).0) else {
                has_other |= !observation::is_eligibility(&obx.first(3).0);
                continue;
            };
            let field = question.field();
            if std::mem::replace(&mut answered[question as usize], true) {
                self.tell(NoticeKind::RepeatedObservation, field);
            }
            self.cells[field as usize].clear();
            self.set_code(field, obx.first(5).0.code());
            let cell = &mut self.cells[field as usize];
            if let Some(answer) = question.answer(cell) {
                cell.clear();
                cell.extend_from_slice(answer);
            }
        }
        if has_other {
            (self.tell)(NoticeKind::LostObservation, None);
        }
    }

    /// The model: MSH-8, else what the redacted columns show.
    fn model(&mut self, sources: &Sources<'_>) {
        self.set_code(Field::ExtType, sources.msh.first(8).0.component(1));
        let cells = &mut *self.cells;
        if matches!(&cells[Field::ExtType as usize][..], b"D" | b"I" | b"P") {
            return;
        }
        let mut six = Field::all().filter(|field| field.facts().is_redacted);
        let is_redacted = six.all(|field| cells[field as usize].eq_ignore_ascii_case(b"Redacted"));
        let model: &[u8] = match is_redacted {
            true if cells[Field::PprlId as usize].is_empty() => b"D",
            true => b"P",
            false => b"I",
        };
        cells[Field::ExtType as usize] = model.to_vec();
    }

    /// The event's id: ORC-3, else ORC-2, else one made from the record where that is asked for.
    fn event_id(&mut self, sources: &Sources<'_>) {
        let given = |number| match sources.orc.first(number).0.component(1) {
            b"\"\"" => &b""[..],
            id => id,
        };
        let (filler, placer) = (given(3), given(2));
        if !filler.is_empty() && filler != NO_EVENT_ID {
            return self.set(Field::VaxEventId, filler);
        }
        if filler == NO_EVENT_ID && placer == NO_EVENT_ID {
            // Told twice it is meant: so an event that is really called so is written here.
            return self.set(Field::VaxEventId, placer);
        }
        self.tell(NoticeKind::EventId, Field::VaxEventId);
        if !placer.is_empty() && placer != NO_EVENT_ID {
            self.set(Field::VaxEventId, placer);
        } else if self.options.makes_event_ids {
            let mut hash = Sha256::new();
            for field in [Field::RecipId, Field::AdminDate, Field::Cvx, Field::LotNumber] {
                hash.update(&self.cells[field as usize]);
                hash.update(b"|");
            }
            hash.update(sources.rxa.first(20).0.component(1));
            let digest = hash.finalize();
            let cell = &mut self.cells[Field::VaxEventId as usize];
            cell.push(b'X');
            for byte in &digest[..12] {
                cell.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
            }
        }
    }

    /// Fills required codes that are empty with the one for unknown, and a missing CVX from the NDC.
    fn defaults(&mut self, event: Happened) {
        if self.cells[Field::Cvx as usize].is_empty() {
            let sets = self.options.codes.unwrap_or_else(CodeSets::builtin);
            if let NdcLookup::Known(known) = sets.ndc(&self.cells[Field::Ndc as usize])
                && let Some(cvx) = known.entries.first().and_then(|entry| entry.cvx)
                && known.entries.iter().all(|entry| entry.cvx == Some(cvx))
            {
                self.cells[Field::Cvx as usize] = cvx.to_string().into_bytes();
                self.tell(NoticeKind::VaccineOfDrug, Field::Cvx);
            }
        }
        let is_given = !event.is_refusal && !event.is_missed;
        let of_doses = [Field::DoseNum, Field::VaxSeriesComplete].into_iter().filter(|_| is_given);
        let always =
            [Field::RecipRace1, Field::RecipEthnicity, Field::AdminType, Field::CmorbidStatus, Field::Serology];
        for field in of_doses.chain(always) {
            if self.cells[field as usize].is_empty() {
                self.cells[field as usize].extend_from_slice(b"UNK");
                self.tell(NoticeKind::Default, field);
            }
        }
    }
}

const RACES: [Field; 6] =
    [Field::RecipRace1, Field::RecipRace2, Field::RecipRace3, Field::RecipRace4, Field::RecipRace5, Field::RecipRace6];

fn is_given(status: &[u8]) -> bool {
    [&b"CP"[..], b"PA", b"\"\""].into_iter().any(|known| status.eq_ignore_ascii_case(known))
}

/// Whether the second part of an HD names the authority of an identifier, so that the first is no name.
fn is_facility_id(authority: &[u8], kind: &[u8]) -> bool {
    let is_oid = authority.contains(&b'.') && authority.iter().all(|&byte| byte.is_ascii_digit() || byte == b'.');
    !authority.is_empty() && (kind.eq_ignore_ascii_case(b"ISO") || (is_oid && !kind.eq_ignore_ascii_case(b"L")))
}
