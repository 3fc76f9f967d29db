//! Where a dose was given, and the organization that answers for it.

use super::code::spelt_as;
use super::converter::{Reference, Texts, Worker};
use super::json::{Json, is_blank};
use super::patient::{Part, district, pair};
use cvrs_parse::Record;
use cvrs_spec::Field::*;
use cvrs_spec::{Field, SetId};

/// The columns that tell a Location apart.
pub(super) const FIELDS: [Field; 10] = [
    ResponsibleOrg,
    AdminName,
    VtrcksProvPin,
    AdminType,
    AdminAddressStreet,
    AdminAddressStreet2,
    AdminAddressCity,
    AdminAddressCounty,
    AdminAddressState,
    AdminAddressZip,
];

impl Worker<'_> {
    pub(super) fn location(&self, record: &Record<'_>, texts: &Texts, out: &mut Vec<u8>) {
        let json = &mut Json { out, is_plain: self.is_plain };
        json.raw(r#"{"resourceType":"Location","id":"l-"#);
        self.ids.location.write(json.out);
        json.raw("\"");
        if !is_blank(record.get(VtrcksProvPin)) {
            json.item(&texts.pin);
            json.string(record.get(VtrcksProvPin));
            json.raw("}]");
        }
        json.text_if("\"name\":", record.get(AdminName));
        json.item(r#""mode":"instance""#);
        let kind = spelt_as(AdminType, record.version(), record.get(AdminType));
        if !is_blank(kind) {
            json.code(r#""type":[{"coding":[{"system":"urn:cvrs:admin-type","code":"#, kind);
            json.raw("}]}]");
        }
        if FIELDS[4..].iter().any(|&field| !is_blank(record.get(field))) {
            json.item("\"address\":{");
            let lines = [AdminAddressStreet, AdminAddressStreet2].map(|field| Part::plain(record.get(field)));
            pair(json, ["\"line\":[", "\"_line\":["], lines);
            json.text_if("\"city\":", record.get(AdminAddressCity));
            district(json, record.get(AdminAddressCounty), self.codes, self.county_names);
            json.text_if("\"state\":", super::code::spelt(SetId::State, record.get(AdminAddressState)));
            json.text_if("\"postalCode\":", record.get(AdminAddressZip));
            json.raw("}");
        }
        if self.has_organization {
            self.reference(json, "\"managingOrganization\":", Reference::Organization);
        }
        json.raw("}");
    }

    pub(super) fn organization(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        let json = &mut Json { out, is_plain: self.is_plain };
        json.raw(r#"{"resourceType":"Organization","id":"o-"#);
        self.ids.organization.write(json.out);
        json.raw("\"");
        json.text("\"name\":", record.get(ResponsibleOrg));
        json.raw("}");
    }
}
