//! The Patient of a record.

use super::code::{MASKED, UNKNOWN, spelt};
use super::converter::{Texts, Worker};
use super::json::{Json, is_blank};
use cvrs_codes::CodeSets;
use cvrs_parse::{Date, Record};
use cvrs_spec::Field::*;
use cvrs_spec::{Field, Model, SetId};

/// The columns that a Patient is made of.
pub(super) const FIELDS: [Field; 20] = [
    ExtType,
    PprlId,
    RecipFirstName,
    RecipMiddleName,
    RecipLastName,
    RecipDob,
    RecipSex,
    RecipAddressStreet,
    RecipAddressStreet2,
    RecipAddressCity,
    RecipAddressCounty,
    RecipAddressState,
    RecipAddressZip,
    RecipRace1,
    RecipRace2,
    RecipRace3,
    RecipRace4,
    RecipRace5,
    RecipRace6,
    RecipEthnicity,
];

pub(super) const RACES: [Field; 6] = [RecipRace1, RecipRace2, RecipRace3, RecipRace4, RecipRace5, RecipRace6];

/// The five categories of the Office of Management and Budget, the one detailed code of CVRS, and the rest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Race {
    Category,
    Detailed,
    Unknown,
    /// A code that US Core cannot say.
    Local,
}

impl Race {
    fn of(code: &[u8]) -> Self {
        match code {
            b"1002-5" | b"2028-9" | b"2054-5" | b"2076-8" | b"2106-3" => Self::Category,
            b"2131-1" => Self::Detailed,
            b"UNK" => Self::Unknown,
            _ => Self::Local,
        }
    }
}

/// Whether US Core's rule on races leaves an UNK of this record no place: it stands alone among the categories.
pub(super) fn drops_unknown_race(record: &Record<'_>) -> bool {
    let mut n = [0; 2];
    for field in RACES {
        match Race::of(spelt(SetId::Race, record.get(field))) {
            Race::Category => n[0] += 1,
            Race::Unknown => n[1] += 1,
            _ => {}
        }
    }
    n[1] > 0 && n[0] + n[1] > 1
}

/// What a cell of a name or an address says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Value(&'a [u8]),
    Empty,
    Masked,
}

impl<'a> Part<'a> {
    /// A cell that may say `Redacted`.
    fn of(cell: &'a [u8]) -> Self {
        if cell.trim_ascii().eq_ignore_ascii_case(b"Redacted") { Self::Masked } else { Self::plain(cell) }
    }

    /// A cell that is never redacted.
    pub(super) fn plain(cell: &'a [u8]) -> Self {
        if is_blank(cell) { Self::Empty } else { Self::Value(cell) }
    }
}

/// A list of two texts of which any may be missing: `given` and `line`.
///
/// Values that are not there leave a null, and the twin list with the underscore says why. `keys` are the two names
/// with quotes, colon and bracket.
pub(super) fn pair(json: &mut Json<'_>, keys: [&str; 2], parts: [Part<'_>; 2]) {
    use Part::{Empty, Masked, Value};
    match parts {
        [Empty, Empty] => {}
        [Masked, Masked | Empty] => {
            json.item(keys[1]);
            json.item(MASKED);
            json.raw("]");
        }
        [Value(first), Empty] => {
            json.text(keys[0], first);
            json.raw("]");
        }
        [Value(first), Value(second)] => {
            json.text(keys[0], first);
            json.text("", second);
            json.raw("]");
        }
        [first, second] => {
            let parts = [first, second];
            if parts.iter().any(|part| matches!(part, Value(_))) {
                json.item(keys[0]);
                for part in parts {
                    match part {
                        Value(value) => json.text("", value),
                        Empty | Masked => json.item("null"),
                    }
                }
                json.raw("]");
            }
            json.item(keys[1]);
            for part in parts {
                json.item(match part {
                    Value(_) => "null",
                    Empty => UNKNOWN,
                    Masked => MASKED,
                });
            }
            json.raw("]");
        }
    }
}

/// What an address says of a county: its code, or with names its name and the code beside it.
pub(super) fn district(json: &mut Json<'_>, cell: &[u8], codes: &CodeSets, by_name: bool) {
    match by_name.then(|| codes.county(cell)).flatten() {
        Some(county) => {
            json.other("\"district\":", county.name.as_bytes());
            json.item(r#""_district":{"extension":[{"url":"urn:cvrs:county-fips","valueCode":"#);
            json.code_string(cell);
            json.raw("}]}");
        }
        None => json.text_if("\"district\":", cell),
    }
}

impl Worker<'_> {
    /// Finds what the next Patient says of race and ethnicity, which most records have in common with others.
    pub(super) fn find_extensions(&mut self, record: &Record<'_>) {
        let Self { scratch, extensions, extension, .. } = self;
        scratch.clear();
        for field in RACES.into_iter().chain([RecipEthnicity]) {
            scratch.extend_from_slice(record.get(field));
            scratch.push(b'\t');
        }
        let make = || {
            // As in a Patient, something stands before it.
            let mut out = vec![b'}'];
            write_extensions(&mut Json { out: &mut out, is_plain: false }, record);
            out.remove(0);
            out
        };
        let (found, _) = extensions.get(scratch, make);
        extension.clone_from(found);
    }

    /// Writes the Patient; the record has been found fit, and its extensions were found.
    pub(super) fn patient(&self, record: &Record<'_>, texts: &Texts, out: &mut Vec<u8>) {
        let json = &mut Json { out, is_plain: self.is_plain };
        json.raw(r#"{"resourceType":"Patient","id":"p-"#);
        self.ids.patient.write(json.out);
        json.raw(r#"","meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]"#);
        tag(json, record);
        let security = match record.model() {
            Some(Model::D) => Some("REDACTED"),
            Some(Model::P) => Some("PSEUDED"),
            Some(Model::I) | None => None,
        };
        if let Some(code) = security {
            json.item(r#""security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":""#);
            json.raw(code);
            json.raw("\"}]");
        }
        json.raw("}");
        json.out.extend_from_slice(&self.extension);
        json.item(&texts.recip_id);
        json.string(record.get(RecipId));
        json.raw("}");
        if !is_blank(record.get(PprlId)) {
            json.item(&texts.pprl_id);
            json.string(record.get(PprlId));
            json.raw("}");
        }
        json.raw("]");
        name(json, record);
        json.item(match spelt(SetId::Sex, record.get(RecipSex)) {
            b"F" => r#""gender":"female""#,
            b"M" => r#""gender":"male""#,
            b"U" => r#""gender":"unknown""#,
            _ => r#""_gender":"#,
        });
        if is_blank(record.get(RecipSex)) {
            json.raw(UNKNOWN);
        }
        if Date::parse(record.get(RecipDob)).is_some() {
            json.text("\"birthDate\":", record.get(RecipDob));
        }
        self.home(json, record);
        json.raw("}");
    }

    fn home(&self, json: &mut Json<'_>, record: &Record<'_>) {
        const PARTS: [Field; 6] = [
            RecipAddressStreet,
            RecipAddressStreet2,
            RecipAddressCity,
            RecipAddressCounty,
            RecipAddressState,
            RecipAddressZip,
        ];
        if PARTS.iter().all(|&field| is_blank(record.get(field))) {
            return;
        }
        json.item(r#""address":[{"use":"home""#);
        let lines = [RecipAddressStreet, RecipAddressStreet2].map(|field| Part::of(record.get(field)));
        pair(json, ["\"line\":[", "\"_line\":["], lines);
        match Part::of(record.get(RecipAddressCity)) {
            Part::Value(city) => json.text("\"city\":", city),
            Part::Masked => {
                json.item("\"_city\":");
                json.raw(MASKED);
            }
            Part::Empty => {}
        }
        district(json, record.get(RecipAddressCounty), self.codes, self.county_names);
        json.text_if("\"state\":", spelt(SetId::State, record.get(RecipAddressState)));
        json.text_if("\"postalCode\":", record.get(RecipAddressZip));
        json.raw("}]");
    }
}

/// The model that the record says it is of.
pub(super) fn tag(json: &mut Json<'_>, record: &Record<'_>) {
    if !is_blank(record.get(ExtType)) {
        json.code(r#""tag":[{"system":"urn:cvrs:ext-type","code":"#, spelt(SetId::ExtType, record.get(ExtType)));
        json.raw("}]");
    }
}

fn name(json: &mut Json<'_>, record: &Record<'_>) {
    let [first, middle, last] =
        [RecipFirstName, RecipMiddleName, RecipLastName].map(|field| Part::of(record.get(field)));
    let parts = [first, middle, last];
    if !parts.iter().any(|part| matches!(part, Part::Value(_))) {
        json.item("\"name\":[");
        json.raw(if parts.contains(&Part::Masked) { MASKED } else { UNKNOWN });
        json.raw("]");
        return;
    }
    json.item(r#""name":[{"use":"official""#);
    match last {
        Part::Value(last) => json.text("\"family\":", last),
        Part::Masked => {
            json.item("\"_family\":");
            json.raw(MASKED);
        }
        Part::Empty => {}
    }
    pair(json, ["\"given\":[", "\"_given\":["], [first, middle]);
    json.raw("}]");
}

const CATEGORY: &str = r#"{"url":"ombCategory","valueCoding":{"system":"urn:oid:2.16.840.1.113883.6.238","code":"#;
const DETAILED: &str = r#"{"url":"detailed","valueCoding":{"system":"urn:oid:2.16.840.1.113883.6.238","code":"#;
const NOT_KNOWN: &str = concat!(
    r#"{"url":"ombCategory","valueCoding":{"system":"http://terminology.hl7.org/CodeSystem/v3-NullFlavor","#,
    r#""code":"UNK","display":"Unknown"}}"#
);

/// Race and ethnicity, and beside them the codes that US Core has no place for.
fn write_extensions(json: &mut Json<'_>, record: &Record<'_>) {
    json.item("\"extension\":[");
    let races = RACES.map(|field| spelt(SetId::Race, record.get(field)));
    let drops_unknown = drops_unknown_race(record);
    let has_category = races.iter().any(|race| Race::of(race) == Race::Category);
    // An UNK that must stand alone stands once.
    let mut is_unknown_told = has_category;
    let mut text: Vec<u8> = Vec::new();
    for race in races.into_iter().filter(|race| !is_blank(race)) {
        if Race::of(race) == Race::Unknown && drops_unknown && std::mem::replace(&mut is_unknown_told, true) {
            continue;
        }
        if text.is_empty() {
            json.item(r#"{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","extension":["#);
        }
        let display = SetId::Race.find(race).map_or(race, |code| code.meaning.as_bytes());
        match Race::of(race) {
            Race::Category => coding(json, CATEGORY, race, display),
            Race::Detailed => coding(json, DETAILED, race, display),
            Race::Unknown => json.item(NOT_KNOWN),
            Race::Local => {}
        }
        if !text.is_empty() {
            text.extend_from_slice(b"; ");
        }
        text.extend_from_slice(display);
    }
    if !text.is_empty() {
        json.text(r#"{"url":"text","valueString":"#, &text);
        json.raw("}]}");
    }
    for (field, race) in RACES.into_iter().zip(races) {
        if !is_blank(race) && Race::of(race) == Race::Local {
            local(json, field, race);
        }
    }
    let ethnicity = spelt(SetId::Ethnicity, record.get(RecipEthnicity));
    if !is_blank(ethnicity) {
        json.item(r#"{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity","extension":["#);
        let display = SetId::Ethnicity.find(ethnicity).map_or(ethnicity, |code| code.meaning.as_bytes());
        let is_local = !matches!(ethnicity, b"2135-2" | b"2186-5" | b"UNK");
        match ethnicity {
            b"UNK" => json.item(NOT_KNOWN),
            _ if is_local => {}
            _ => coding(json, CATEGORY, ethnicity, display),
        }
        json.text(r#"{"url":"text","valueString":"#, display);
        json.raw("}]}");
        if is_local {
            local(json, RecipEthnicity, ethnicity);
        }
    }
    if json.out.last() == Some(&b'[') {
        // An empty list is no FHIR.
        json.out.truncate(json.out.len() - "\"extension\":[".len());
        if json.out.last() == Some(&b',') {
            json.out.pop();
        }
    } else {
        json.raw("]");
    }
}

fn coding(json: &mut Json<'_>, start: &str, code: &[u8], display: &[u8]) {
    json.text(start, code);
    json.text("\"display\":", display);
    json.raw("}}");
}

/// A code of a column as it stands, in an extension of our own.
pub(super) fn local(json: &mut Json<'_>, field: Field, code: &[u8]) {
    json.item(r#"{"url":"urn:cvrs:field:"#);
    json.raw(field.name());
    json.raw(r#"","valueCode":"#);
    json.code_string(code);
    json.raw("}");
}
