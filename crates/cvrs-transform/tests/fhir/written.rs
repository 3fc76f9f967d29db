//! What the converter makes of a text, chunk by chunk.

use cvrs_codes::CodeSets;
use cvrs_parse::{Header, Index};
use cvrs_transform::fhir::{Converter, Options, Resources, Seen, Type};
use serde_json::Value;
use std::collections::BTreeMap;

/// All that came of a text.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) texts: BTreeMap<Type, Vec<u8>>,
    pub(crate) counts: BTreeMap<Type, u64>,
    pub(crate) differing: BTreeMap<&'static str, u64>,
    pub(crate) n_differing: u64,
    /// Code and level of what was told, and of which record.
    pub(crate) told: Vec<(usize, String)>,
}

impl Written {
    /// The resources of a type.
    pub(crate) fn of(&self, what: Type) -> Vec<Value> {
        let text = self.texts.get(&what).map_or("", |text| std::str::from_utf8(text).expect("UTF-8"));
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

/// Converts `text` in chunks of so many records.
pub(crate) fn convert(text: &[u8], options: &Options, chunk: usize) -> Written {
    let (header, body) = Header::split_off(text);
    let mut index = Index::default();
    index.build(body);
    let converter = Converter::new(options.clone(), CodeSets::builtin());
    // Two workers take turns, as in a run on two threads.
    let mut workers = [converter.worker(), converter.worker()];
    let (mut resources, mut seen, mut written) = (Resources::default(), Seen::default(), Written::default());
    let (mut cells, mut findings) = (Vec::new(), Vec::new());
    let lines: Vec<_> = index.lines(body).collect();
    for (turn, chunk) in lines.chunks(chunk).enumerate() {
        let worker = &mut workers[turn % 2];
        converter.begin(worker, &mut resources);
        for line in chunk {
            findings.clear();
            let record = index.record(body, &header, *line, &mut cells);
            converter.record(worker, &record, &mut resources, &mut findings);
            let told =
                findings.iter().map(|finding| (line.number, format!("{} {}", finding.level.name(), finding.code)));
            written.told.extend(told);
        }
        let merged = seen.merge(&resources, |what, text, _| {
            written.texts.entry(what).or_default().extend_from_slice(text);
            Ok::<(), ()>(())
        });
        merged.expect("nothing fails");
    }
    written.counts = seen.counts().clone();
    written.differing = seen.differing().clone();
    written.n_differing = seen.n_differing();
    written
}

/// A text of rows that are given by their cells.
pub(crate) fn text(rows: &[BTreeMap<&str, &str>]) -> Vec<u8> {
    let names: Vec<&str> = cvrs_spec::Version::V3.columns().iter().map(|field| field.name()).collect();
    let mut text = names.join("\t") + "\n";
    for row in rows {
        assert!(row.keys().all(|name| names.contains(name)), "a column of CVRS");
        let cells: Vec<&str> = names.iter().map(|name| row.get(name).copied().unwrap_or_default()).collect();
        text += &(cells.join("\t") + "\n");
    }
    text.into_bytes()
}

/// The identified vaccination of the worked examples.
pub(crate) fn vaccination() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("vax_event_id", "SYN-0001"),
        ("ext_type", "I"),
        ("recip_id", "R1000045"),
        ("recip_first_name", "Ana"),
        ("recip_middle_name", "Lucia"),
        ("recip_last_name", "Rivera & Sons"),
        ("recip_dob", "1968-05-27"),
        ("recip_sex", "F"),
        ("recip_address_street", "12 Peach St"),
        ("recip_address_street_2", "Apt 4"),
        ("recip_address_city", "Atlanta"),
        ("recip_address_county", "13121"),
        ("recip_address_state", "GA"),
        ("recip_address_zip", "30301"),
        ("recip_race_1", "1002-5"),
        ("recip_race_2", "2106-3"),
        ("recip_ethnicity", "2135-2"),
        ("admin_date", "2021-01-15"),
        ("cvx", "207"),
        ("ndc", "80777-0273-10"),
        ("mvx", "MOD"),
        ("lot_number", "011J20A"),
        ("vax_expiration", "2021-06"),
        ("vax_admin_site", "LA"),
        ("vax_route", "C28161"),
        ("dose_num", "1"),
        ("vax_series_complete", "NO"),
        ("responsible_org", "Example Health System"),
        ("admin_name", "Hope Clinic"),
        ("vtrcks_prov_pin", "123456"),
        ("admin_type", "17"),
        ("admin_address_street", "123 Long Road"),
        ("admin_address_street_2", "Suite #300"),
        ("admin_address_city", "Atlanta"),
        ("admin_address_county", "13121"),
        ("admin_address_state", "GA"),
        ("admin_address_zip", "30303-1234"),
        ("vax_refusal", "NO"),
        ("cmorbid_status", "YES"),
        ("serology", "UNK"),
    ])
}

/// The same with these cells.
pub(crate) fn with<'a>(cells: &[(&'a str, &'a str)]) -> BTreeMap<&'a str, &'a str> {
    let mut row: BTreeMap<&str, &str> = vaccination();
    row.extend(cells.iter().copied());
    row
}
