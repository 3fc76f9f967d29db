//! Texts of every kind of disorder, in which names turn up where they should not.

use cvrs_spec::Version;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// A text; shown as text when a test fails.
#[derive(Clone)]
pub(crate) struct Text(pub(crate) Vec<u8>);

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) to_p: bool,
    pub(crate) dob_month: bool,
    pub(crate) zip5: bool,
    pub(crate) key: Option<&'static [u8]>,
    pub(crate) home_admin: bool,
}

pub(crate) fn any_wanted() -> impl Strategy<Value = Wanted> {
    let key = prop_oneof![2 => Just(None), 1 => Just(Some(&b"k"[..]))];
    (any::<bool>(), any::<bool>(), any::<bool>(), key, any::<bool>())
        .prop_map(|(to_p, dob_month, zip5, key, home_admin)| Wanted { to_p, dob_month, zip5, key, home_admin })
}

/// Values that fit some columns and stand in any.
const VALUES: &[&[u8]] = &[
    b"",
    b"",
    b"",
    b" ",
    b"Ana",
    b"ana",
    b"Perez",
    b"PEREZ",
    b"Ana Perez",
    b"Perez, Ana",
    b"xPerezAna",
    b"Li",
    b"De La Cruz",
    b"12 Main St",
    b"12 MAIN ST ",
    b"at 12 main st, 4",
    b"Redacted",
    b"REDACTED",
    b"redacted ",
    b"Red",
    b"X1968-05-27",
    b"19680527",
    b"GA-05271968",
    b"1968-05-27",
    b"1968-05-27",
    b"1968-05",
    b" 1968-05-27",
    b"1968-02-30",
    b"5/27/1968",
    b"1968-13-01",
    b"30301",
    b"30301-1234",
    b"303011234",
    b"30301-",
    b"3030",
    b" 30301-1234 ",
    b"A\rB",
    b"\r",
    b"Perez\r",
    b"Jos\xE9",
    b"P\xC3\xA9rez",
    b"P\xC3\x89REZ",
    b"P\xC3\x89REZ Ana",
    b"Pe\xC3\xB1a",
    b"de la PE\xC3\x91A",
    b"Kim",
    b"Dr \xE2\x84\xAAim",
    b"\xC4\xB0",
    b"\xD0\x96\xD1\x83\xD0\xBA",
    b"at \xD0\xB6\xD0\xA3\xD0\x9A",
    b"Ted",
    b"\xFF",
    b"x\xFF\xDF\xFF\xFFy",
    b"D",
    b"I",
    b"P",
    b"d",
    b"i",
    b"X",
    b"pp1",
    b"R1",
    b"R1",
    b"R2",
    b"R9",
    b"0123456789abcdef0123456789abcdef",
    b"\0",
    b"\x0b",
    b"\"Ana\"",
    b"longer than all the others are",
];

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        30 => select(VALUES).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>().prop_filter("no separator", |byte| !matches!(byte, b'\t' | b'\n')), 0..9),
    ]
}

/// Columns in some order, perhaps not all, rarely with a name that is refused.
fn columns() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let all = |version: Version| -> Vec<Vec<u8>> {
        version.columns().iter().map(|field| field.name().as_bytes().to_vec()).collect()
    };
    let few: Vec<Vec<u8>> = [
        "vax_event_id",
        "ext_type",
        "pprl_id",
        "recip_id",
        "recip_first_name",
        "recip_middle_name",
        "recip_last_name",
        "recip_dob",
        "recip_address_street",
        "recip_address_street_2",
        "recip_address_city",
        "recip_address_zip",
        "lot_number",
        "responsible_org",
        "admin_name",
        "admin_address_street",
        "admin_address_street_2",
        "cvx",
    ]
    .iter()
    .map(|name| name.as_bytes().to_vec())
    .collect();
    let n_few = few.len();
    const NAMES: &[&[u8]] = &[b"other", b"cvx", b" cvx", b"Mary Smith", b""];
    let spoilt = (Just(few.clone()), 0..n_few, select(NAMES)).prop_map(|(mut names, at, name)| {
        names.insert(at, name.to_vec());
        names
    });
    prop_oneof![
        4 => Just(all(Version::V3)),
        1 => Just(all(Version::V1)),
        1 => Just(all(Version::V3).iter().map(|name| name.to_ascii_uppercase()).collect::<Vec<_>>()),
        4 => Just(few.clone()),
        4 => Just(few.clone()).prop_shuffle(),
        4 => subsequence(few, 2..=n_few).prop_shuffle(),
        1 => spoilt,
    ]
}

pub(crate) fn any_file() -> impl Strategy<Value = Text> {
    let edges = (prop::bool::weighted(0.1), prop::bool::weighted(0.3));
    const LINE_ENDS: &[&[u8]] = &[b"\n", b"\n", b"\r\n", b"\r\r\n"];
    (columns(), edges).prop_flat_map(move |(names, (has_mark, is_cut))| {
        let n = names.len();
        let row = prop_oneof![
            16 => vec(value(), n..=n),
            1 => vec(value(), n - 1..=n - 1),
            1 => vec(value(), n + 1..=n + 2),
            2 => Just(Vec::new()),
        ];
        vec((row, select(LINE_ENDS)), 0..9).prop_map(move |rows| {
            let mut text = if has_mark { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
            text.extend_from_slice(&names.join(&b'\t'));
            text.extend_from_slice(b"\n");
            let header = text.len();
            for (cells, end) in rows {
                text.extend_from_slice(&cells.join(&b'\t'));
                text.extend_from_slice(end);
            }
            if is_cut && text.len() > header {
                text.pop();
            }
            Text(text)
        })
    })
}
