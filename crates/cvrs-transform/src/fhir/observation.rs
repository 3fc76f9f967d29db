//! The three answers of a record as Observations, for readers that do not look into extensions.

use super::code::spelt;
use super::converter::{Reference, Worker};
use super::id::Id;
use super::json::{Json, is_blank};
use cvrs_parse::Record;
use cvrs_spec::Field::*;
use cvrs_spec::{Field, SetId};

/// A column that becomes an Observation.
pub(super) struct Answer {
    pub(super) field: Field,
    code: &'static str,
    yes: &'static str,
}

pub(super) const ANSWERS: [Answer; 3] = [
    Answer {
        field: VaxSeriesComplete,
        code: r#"{"system":"http://loinc.org","code":"59783-1","display":"Status in immunization series"}"#,
        yes: r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0136","code":"Y","display":"Yes"}]}"#,
    },
    Answer {
        field: CmorbidStatus,
        code: r#"{"system":"http://loinc.org","code":"59785-6","display":"Indication for immunization"}"#,
        yes: r#"{"text":"Member of special risk group"}"#,
    },
    Answer {
        field: Serology,
        code: concat!(
            r#"{"system":"http://loinc.org","code":"75505-8","#,
            r#""display":"Disease with serological evidence of immunity"}"#
        ),
        yes: r#"{"coding":[{"system":"http://snomed.info/sct","code":"840535000"}]}"#,
    },
];

const NO: &str = r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0136","code":"N","display":"No"}]}"#;
const NOT_KNOWN: &str = concat!(
    r#""dataAbsentReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","#,
    r#""code":"unknown","display":"Unknown"}]}"#
);

impl Worker<'_> {
    /// Writes the Observation of an answer that is there.
    pub(super) fn observation(&self, record: &Record<'_>, answer: &Answer, id: Id, out: &mut Vec<u8>) {
        let json = &mut Json { out, is_plain: self.is_plain };
        json.raw(r#"{"resourceType":"Observation","id":"ob-"#);
        id.write(json.out);
        json.raw("\"");
        self.reference(json, "\"partOf\":[", Reference::Immunization);
        json.raw(r#"],"status":"final","code":{"coding":["#);
        json.raw(answer.code);
        json.raw("]}");
        self.reference(json, "\"subject\":", Reference::Patient);
        json.text("\"effectiveDateTime\":", record.get(AdminDate));
        let cell = record.get(answer.field);
        match spelt(SetId::YesNoUnk, cell) {
            b"YES" => {
                json.item("\"valueCodeableConcept\":");
                json.raw(answer.yes);
            }
            b"NO" => {
                json.item("\"valueCodeableConcept\":");
                json.raw(NO);
            }
            b"UNK" => json.item(NOT_KNOWN),
            _ => {
                debug_assert!(!is_blank(cell), "an empty answer is no observation");
                json.text(r#""valueCodeableConcept":{"text":"#, cell);
                json.raw("}");
            }
        }
        json.raw("}");
    }
}
