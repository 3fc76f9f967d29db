//! The Immunization of a record.

use super::code::{UNKNOWN, spelt, spelt_as};
use super::converter::{Reference, Texts, Worker};
use super::json::{Json, is_blank};
use super::patient::{local, tag};
use cvrs_parse::{Date, Record};
use cvrs_spec::Field::*;
use cvrs_spec::SetId;

const NCIT: &str = r#""route":{"coding":[{"system":"http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl","code":"#;
const V2_0162: &str = r#""route":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0162","code":"#;
const V2_0163: &str = r#""site":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0163","code":"#;
const REFUSED: &str = concat!(
    r#""status":"not-done","statusReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","#,
    r#""code":"PATOBJ","display":"patient objection"}],"text":"Refused"}"#
);

/// Whether the code is one of NCI's thesaurus: C and digits.
fn is_ncit(code: &[u8]) -> bool {
    matches!(code, [b'C' | b'c', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}

impl Worker<'_> {
    /// Writes the Immunization; the record has been found fit.
    pub(super) fn immunization(&self, record: &Record<'_>, texts: &Texts, out: &mut Vec<u8>) {
        let json = &mut Json { out, is_plain: self.is_plain };
        json.raw(r#"{"resourceType":"Immunization","id":"i-"#);
        self.ids.immunization.write(json.out);
        json.raw(r#"","meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-immunization"]"#);
        tag(json, record);
        json.raw("}");
        let answers = [VaxSeriesComplete, CmorbidStatus, Serology];
        if answers.iter().any(|&field| !is_blank(record.get(field))) {
            json.item("\"extension\":[");
            for field in answers {
                if !is_blank(record.get(field)) {
                    local(json, field, spelt(SetId::YesNoUnk, record.get(field)));
                }
            }
            json.raw("]");
        }
        json.item(&texts.vax_event_id);
        json.string(record.get(VaxEventId));
        json.raw("}]");
        json.item(if record.is(VaxRefusal, "YES") { REFUSED } else { r#""status":"completed""# });
        json.code(r#""vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"#, record.get(Cvx));
        json.raw("}");
        if !is_blank(record.get(Ndc)) {
            json.code(r#"{"system":"http://hl7.org/fhir/sid/ndc","code":"#, record.get(Ndc));
            json.raw("}");
        }
        json.raw("]}");
        self.reference(json, "\"patient\":", Reference::Patient);
        json.text("\"occurrenceDateTime\":", record.get(AdminDate));
        json.item("\"_primarySource\":");
        json.raw(UNKNOWN);
        if self.has_location {
            self.reference(json, "\"location\":", Reference::Location);
        }
        self.manufacturer(json, record.get(Mvx));
        json.text_if("\"lotNumber\":", record.get(LotNumber));
        if Date::parse(record.get(VaxExpiration)).is_some() {
            json.text("\"expirationDate\":", record.get(VaxExpiration));
        }
        if !is_blank(record.get(VaxAdminSite)) {
            json.code(V2_0163, spelt_as(VaxAdminSite, record.version(), record.get(VaxAdminSite)));
            json.raw("}]}");
        }
        let route = spelt_as(VaxRoute, record.version(), record.get(VaxRoute));
        if !is_blank(route) {
            json.code(if is_ncit(route) { NCIT } else { V2_0162 }, route);
            json.raw("}]}");
        }
        let dose = spelt_as(DoseNum, record.version(), record.get(DoseNum));
        match dose {
            [b'1'..=b'6'] => {
                json.item(r#""protocolApplied":[{"doseNumberPositiveInt":"#);
                json.out.extend_from_slice(dose);
                json.raw("}]");
            }
            _ if is_blank(dose) => {}
            _ => {
                json.text(r#""protocolApplied":[{"doseNumberString":"#, dose);
                json.raw("}]");
            }
        }
        json.raw("}");
    }

    fn manufacturer(&self, json: &mut Json<'_>, cell: &[u8]) {
        if is_blank(cell) {
            return;
        }
        let known = self.codes.mvx(cell);
        json.item(r#""manufacturer":{"identifier":{"system":"http://hl7.org/fhir/sid/mvx","value":"#);
        json.string(known.map_or(cell, |known| known.code.as_str().as_bytes()));
        json.raw("}");
        if let Some(known) = known {
            json.other("\"display\":", known.name.as_bytes());
        }
        json.raw("}");
    }
}
