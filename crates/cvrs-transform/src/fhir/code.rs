//! Codes, in the spelling of their set; what is in no set, as it stands.

use cvrs_spec::{Field, SetId, Version};

/// An element whose value is not known.
pub(super) const UNKNOWN: &str = concat!(
    r#"{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","#,
    r#""valueCode":"unknown"}]}"#
);
/// An element whose value is withheld.
pub(super) const MASKED: &str = concat!(
    r#"{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","#,
    r#""valueCode":"masked"}]}"#
);

/// The code in the spelling of its set.
pub(super) fn spelt(set: SetId, cell: &[u8]) -> &[u8] {
    // All codes of CVRS are in capitals.
    if !cell.iter().any(u8::is_ascii_lowercase) {
        return cell;
    }
    set.find(cell).map_or(cell, |code| code.code.as_bytes())
}

/// The cell of a column in the spelling of the column's set.
pub(super) fn spelt_as(field: Field, version: Version, cell: &[u8]) -> &[u8] {
    field.value_set(version).map_or(cell, |set| spelt(set, cell))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_out_in_capitals() {
        for field in Field::all() {
            for version in Version::ALL {
                let Some(set) = field.value_set(version) else { continue };
                for code in set.codes() {
                    let lower = code.code.to_ascii_lowercase();
                    assert_eq!(spelt(set, lower.as_bytes()), code.code.as_bytes());
                    assert_eq!(spelt(set, code.code.as_bytes()), code.code.as_bytes());
                }
            }
        }
        assert_eq!(spelt(SetId::State, b"zz"), b"zz");
    }
}
