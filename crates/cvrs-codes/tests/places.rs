//! Counties, states and ZIP codes.

use cvrs_codes::{CodeSets, County, CountyList, CountyStatus, State, StateKind, normal_county_name, pad};

fn sets() -> &'static CodeSets {
    CodeSets::builtin()
}

fn state(abbr: &str) -> &'static State {
    sets().state(abbr.as_bytes()).expect("a state")
}

#[test]
fn every_county_is_found_and_lies_in_its_state() {
    for county in sets().counties() {
        let fips5 = county.fips5();
        assert_eq!(sets().county(&fips5), Some(county));
        assert_eq!(state(&county.state).holds_county(&fips5), Some(true), "{}", county.name);
        assert!(sets().county_bitmap(CountyList::Since2000).contains(&fips5));
        assert_eq!(county.status == CountyStatus::Legacy, county.last_year.is_some());
        for successor in county.successors.split(' ').filter(|code| !code.is_empty()) {
            assert_eq!(sets().county(successor.as_bytes()).map(|c| c.status), Some(CountyStatus::Current));
        }
    }
    let legacy = sets().counties().iter().filter(|county| county.status == CountyStatus::Legacy).count();
    assert_eq!(legacy, 16);
}

#[test]
fn bitmaps_agree_with_the_rows() {
    for list in [CountyList::From2019To2022, CountyList::Since2000, CountyList::Cdc2021] {
        let bitmap = sets().county_bitmap(list);
        for number in 0..100_000u32 {
            let cell = format!("{number:05}");
            let expected = sets().county(cell.as_bytes()).is_some_and(|county| county.is_in(list));
            assert_eq!(bitmap.contains(cell.as_bytes()), expected, "{cell}");
        }
        assert!(!bitmap.contains_number(100_000) && !bitmap.contains_number(u32::MAX));
        for cell in [&b""[..], b"1001", b"010011", b"0100a", b"01001 "] {
            assert!(!bitmap.contains(cell));
        }
    }
    let n_codes = |list| sets().county_bitmap(list).n_codes();
    assert_eq!(n_codes(CountyList::Since2000), 3313);
    assert_eq!(n_codes(CountyList::Cdc2021), 3295);
    // Without the seven codes that were retired before 2019.
    assert_eq!(n_codes(CountyList::From2019To2022), 3306);
}

#[test]
fn county_lists_by_year() {
    let listed = |list, cell: &str| sets().county_bitmap(list).contains(cell.as_bytes());
    // Both forms of Connecticut, both of Valdez-Cordova, the recoded ones.
    for cell in ["13121", "09001", "09015", "09110", "09190", "02261", "02063", "02066", "02158", "46102", "72021"] {
        assert!(listed(CountyList::From2019To2022, cell), "{cell}");
    }
    for cell in ["13999", "00000", "46113", "51515", "51560", "02270", "02201", "02232", "02280"] {
        assert!(!listed(CountyList::From2019To2022, cell), "{cell}");
    }
    for cell in ["02261", "02270", "46113", "51515"] {
        assert!(listed(CountyList::Cdc2021, cell), "{cell}");
    }
    for cell in ["02158", "46102", "02063", "02066", "09110", "09190"] {
        assert!(!listed(CountyList::Cdc2021, cell), "{cell}");
    }
}

#[test]
fn counties_by_name() {
    let find = |name: &str, abbr: &str| {
        sets().county_by_name(name, state(abbr)).map(|found| String::from_utf8(found.county.fips5().to_vec()))
    };
    for (name, abbr, code) in [
        ("Fulton", "GA", "13121"),
        ("fulton  county", "GA", "13121"),
        ("DeKalb County", "GA", "13089"),
        ("Saint Louis County", "MO", "29189"),
        ("St. Louis city", "MO", "29510"),
        ("Baltimore City", "MD", "24510"),
        ("Baltimore County", "MD", "24005"),
        ("Dona Ana", "NM", "35013"),
        ("Doña Ana County", "NM", "35013"),
        ("Mayagu\u{308}ez", "PR", "72097"),
        ("Prince George's", "MD", "24033"),
        ("PRINCE GEORGES COUNTY", "MD", "24033"),
        ("Miami Dade", "FL", "12086"),
        ("St John the Baptist Parish", "LA", "22095"),
        ("Juneau", "AK", "02110"),
        ("Charles City", "VA", "51036"),
        ("Fairfax County", "VA", "51059"),
        ("Fairfield", "CT", "09001"),
    ] {
        assert_eq!(find(name, abbr), Some(Ok(code.to_owned())), "{name}, {abbr}");
    }
    for (name, abbr) in [
        ("Baltimore", "MD"),
        ("St. Louis", "MO"),
        ("Richmond", "VA"),
        ("Fairfax", "VA"),
        ("Roanoke", "VA"),
        ("Franklin", "VA"),
        ("Fulton", "CA"),
        ("", "GA"),
        ("County", "GA"),
    ] {
        assert_eq!(find(name, abbr), None, "{name}, {abbr}");
    }
}

#[test]
fn every_county_is_found_by_its_full_name() {
    for county in sets().counties() {
        let found = sets().county_by_name(&county.name, state(&county.state));
        assert_eq!(found.map(|found| found.county), Some(county), "{}, {}", county.name, county.state);
        let normal = normal_county_name(&county.name);
        assert_eq!(normal_county_name(&normal), normal);
        assert!(normal.is_ascii(), "{normal}");
    }
}

#[test]
fn retired_counties_lead_to_the_one_in_use() {
    let shannon = sets().county_by_name("Shannon", state("SD")).expect("a legacy county");
    assert_eq!(shannon.county.fips5(), *b"46113");
    assert_eq!(shannon.successor.map(County::fips5), Some(*b"46102"));
    // Split in two, and Connecticut, which keeps what the sender uses.
    for (name, abbr) in [("Valdez-Cordova", "AK"), ("Hartford", "CT"), ("Fulton", "GA")] {
        assert_eq!(sets().county_by_name(name, state(abbr)).expect("a county").successor, None, "{name}");
    }
}

#[test]
fn every_state_is_found_by_code_and_name() {
    for row in sets().states() {
        assert_eq!(sets().state(row.abbr.to_lowercase().as_bytes()), Some(row));
        assert_eq!(sets().state_by_name(&row.name.to_uppercase()), Some(row));
        assert_eq!(row.fips2.is_none(), row.kind == StateKind::Military);
        assert_eq!(row.is_minor_outlying(), row.abbr == "UM");
    }
    for cell in [&b""[..], b"G", b"GAA", b" GA", b"XX", b"1A", b"\xC3\xA9"] {
        assert_eq!(sets().state(cell), None);
    }
    assert_eq!(sets().state_by_name("Gorgia"), None);
    assert_eq!(state("AE").holds_county(b"13121"), None);
    assert_eq!(state("MI").holds_county(b"49053"), Some(false));
}

#[test]
fn zip_codes_by_state() {
    let check = |zip: &str, abbr: &str| sets().zip_in_state(zip.as_bytes(), state(abbr));
    for (zip, abbr) in [
        ("48504", "MI"),
        ("30301-1234", "GA"),
        ("303011234", "GA"),
        ("39813", "GA"),
        ("75502", "AR"),
        ("06390", "NY"),
        ("00501", "NY"),
        ("83414", "WY"),
        ("96799", "AS"),
        ("96941", "FM"),
        ("96944", "FM"),
        ("96960", "MH"),
        ("96939", "PW"),
        ("96950", "MP"),
        ("96910", "GU"),
        ("34001", "AA"),
        ("09012", "AE"),
        ("09901", "AE"),
        ("96201", "AP"),
        ("20588", "MD"),
        ("20598", "VA"),
        ("72643", "MO"),
        ("73960", "TX"),
    ] {
        assert_eq!(check(zip, abbr), Some(true), "{zip} {abbr}");
    }
    for (zip, abbr) in [
        ("30301", "MI"),
        ("06390", "VT"),
        ("75503", "AR"),
        ("96945", "FM"),
        ("96940", "FM"),
        ("00501", "VT"),
        ("20589", "MD"),
        ("34301", "FL"),
        ("00000", "GA"),
    ] {
        assert_eq!(check(zip, abbr), Some(false), "{zip} {abbr}");
    }
    assert_eq!(check("96941", "UM"), None);
    for zip in ["", "3030", "3030a-1234", " 30301"] {
        assert_eq!(check(zip, "GA"), None, "{zip}");
    }
}

/// Each assigned prefix lies, at least in part, in the ranges of each state that it serves, and the ranges of a state
/// hold no prefix that belongs to others alone, but for Florida's 340, which is military post.
#[test]
fn zip_ranges_agree_with_the_prefixes() {
    for prefix in 0..1000u32 {
        let row = sets().zip3(format!("{prefix:03}00").as_bytes());
        for state in sets().states() {
            let any = (0..100).any(|rest| {
                let zip = format!("{:05}", prefix * 100 + rest);
                sets().zip_in_state(zip.as_bytes(), state) == Some(true)
            });
            let Some(row) = row else { continue };
            let own = row.states.split(' ').any(|abbr| abbr == state.abbr);
            assert!(!own || row.serves(state));
            let exception = (prefix == 340 && state.abbr == "FL") || (prefix == 755 && state.abbr == "AR");
            assert_eq!(any, own || exception, "{prefix:03} {}", state.abbr);
        }
    }
}

#[test]
fn codes_that_lost_a_zero() {
    assert_eq!(pad::<5>(b"1001").and_then(|code| sets().county(&code)).map(|c| &*c.name), Some("Autauga County"));
    assert_eq!(pad::<5>(b"2138").and_then(|zip| sets().zip_in_state(&zip, state("MA"))), Some(true));
}
