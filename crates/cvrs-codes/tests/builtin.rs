//! The built-in sets: sizes, spot facts, and every row found again by its own look-up.

use std::collections::{BTreeMap, BTreeSet};

use cvrs_codes::{
    CodeSets, CvxCode, CvxKind, CvxStatus, Day, Disagreement, MvxCode, Ndc11, NdcLookup, NdcSpelling, NdcStatus,
    ProductColumn, SetKind, is_placeholder_cvx, is_placeholder_mvx, is_placeholder_ndc, parse_ndc, trim,
};

fn sets() -> &'static CodeSets {
    CodeSets::builtin()
}

#[test]
fn sizes_are_those_of_the_comment_lines() {
    let sizes = [
        (SetKind::Cvx, 288, 288, sets().cvx_rows().len()),
        (SetKind::Mvx, 89, 89, sets().mvx_rows().len()),
        (SetKind::Product, 254, 0, sets().product_rows().len()),
        (SetKind::Ndc, 1116, 1019, sets().ndc_rows().len()),
        (SetKind::NdcLink, 575, 575, sets().ndc_links().len()),
        (SetKind::County, 3313, 3313, sets().counties().len()),
        (SetKind::State, 63, 63, sets().states().len()),
        (SetKind::Zip3, 932, 932, sets().zip3_rows().len()),
        (SetKind::CovidSeries, 13, 13, sets().covid_series().len()),
    ];
    for (kind, n_rows, n_codes, found) in sizes {
        let info = sets().info(kind);
        assert_eq!((info.n_rows, found), (n_rows, n_rows), "{kind}");
        assert!(n_codes == 0 || info.n_codes == n_codes, "{kind}");
    }
    let pairs: BTreeSet<_> = sets().product_rows().iter().map(|row| (row.cvx, row.mvx)).collect();
    assert_eq!(sets().info(SetKind::Product).n_codes, pairs.len());
    let codes: BTreeSet<_> = sets().ndc_rows().iter().map(|row| row.code).collect();
    assert_eq!(codes.len(), 1019);
}

#[test]
fn every_set_tells_version_and_origin() {
    assert_eq!(sets().version(), "2025-12-09");
    assert_eq!(sets().info(SetKind::Cvx).to_string(), "CVX 2025-11-19");
    for info in sets().infos() {
        assert!(!info.version.is_empty() && info.provenance.len() > 20 && !info.licence.is_empty(), "{info:?}");
        assert_eq!(SetKind::from_name(&info.name().to_lowercase()), Some(info.kind));
    }
    let newest = sets().cvx_rows().iter().filter_map(|row| row.last_updated).max();
    assert_eq!(newest.map(|day| day.to_string()), Some(sets().info(SetKind::Cvx).version));
}

#[test]
fn every_cvx_is_found_by_its_spellings() {
    for row in sets().cvx_rows() {
        let text = row.code.to_string();
        for cell in [text.clone(), format!("000{text}"), row.code.number().to_string()] {
            assert_eq!(sets().cvx(cell.as_bytes()), Some(row), "{cell}");
            let facts = sets().cvx_facts(cell.as_bytes());
            assert!(facts.is_known() && !facts.is_placeholder());
            assert_eq!(facts.is_covid(), row.is_covid);
        }
    }
    assert_eq!(sets().cvx_fact_table().iter().filter(|facts| facts.is_known()).count(), 288);
    assert_eq!(sets().cvx_rows().iter().filter(|row| row.is_covid).count(), 48);
    for row in sets().cvx_rows() {
        assert_eq!(row.is_covid, row.vaccine_group == "COVID-19", "{}", row.code);
    }
}

#[test]
fn cvx_spot_facts() {
    let moderna = sets().cvx(b"207").expect("207 is listed");
    assert_eq!((moderna.status, moderna.kind), (CvxStatus::Inactive, CvxKind::Vaccine));
    assert_eq!(moderna.status_since, Day::new(2023, 10, 24));
    assert_eq!(sets().cvx(b"210").map(|cvx| cvx.status), Some(CvxStatus::NonUs));
    assert_eq!(sets().cvx(b"998").map(|cvx| cvx.kind), Some(CvxKind::Placeholder));
    for cell in [&b""[..], b"0", b"00", b"900", b"199", b"1000", b" 207", b"207 ", b"2o7", b"###", b"-20"] {
        assert_eq!(sets().cvx(cell), None, "{cell:?}");
    }
    for cell in [&b"900"[..], b"901", b"0902"] {
        assert!(is_placeholder_cvx(cell) && sets().cvx_facts(cell).is_placeholder());
    }
    assert!(!is_placeholder_cvx(b"903") && !is_placeholder_cvx(b"207"));
}

#[test]
fn doses_of_a_primary_series() {
    for cell in [&b"207"[..], b"208", b"0208", b"210", b"211", b"217", b"218", b"219", b"510"] {
        assert_eq!(sets().is_multi_dose(cell), Some(true), "{cell:?}");
    }
    assert_eq!(sets().is_multi_dose(b"212"), Some(false));
    // Updated and bivalent products, boosters, unspecified ones, other vaccines, placeholders, nonsense.
    for cell in [&b"229"[..], b"300", b"309", b"312", b"221", b"213", b"500", b"08", b"900", b"", b"x"] {
        assert_eq!(sets().is_multi_dose(cell), None, "{cell:?}");
    }
    for series in sets().covid_series() {
        assert!(sets().cvx(series.cvx.to_string().as_bytes()).is_some_and(|cvx| cvx.is_covid));
        assert!((1..=3).contains(&series.doses) && !series.source.is_empty());
    }
}

#[test]
fn every_mvx_is_found_in_any_case() {
    for row in sets().mvx_rows() {
        let code = row.code.as_str();
        assert_eq!(sets().mvx(code.as_bytes()), Some(row));
        assert_eq!(sets().mvx(code.to_lowercase().as_bytes()), Some(row));
        assert_eq!(sets().mvx(format!("{code} ").as_bytes()), None, "{code}");
        assert_eq!(sets().mvx(trim(format!(" {code}\t").as_bytes())), Some(row));
    }
    for cell in [&b""[..], b"AAA", b"BBB", b"###", b"MODX", b"M", b"M\0D"] {
        assert_eq!(sets().mvx(cell), None, "{cell:?}");
    }
    assert!(is_placeholder_mvx(b"AAA") && is_placeholder_mvx(b"bbb") && !is_placeholder_mvx(b"MOD"));
    assert!(MvxCode::UNK.is_unspecific() && sets().mvx(b"unk").is_some() && sets().mvx(b"OTH").is_some());
}

#[test]
fn every_pair_is_known_and_agrees() {
    for row in sets().product_rows() {
        let Some(mvx) = row.mvx else { continue };
        let cvx = row.cvx.to_string();
        assert!(sets().cvx(cvx.as_bytes()).is_some() && sets().mvx(mvx.as_str().as_bytes()).is_some(), "{row:?}");
        assert!(sets().cvx_mvx_known(cvx.as_bytes(), mvx.as_str().as_bytes()));
        assert!(sets().products_of(row.cvx).contains(row));
        assert_eq!(sets().disagreement(cvx.as_bytes(), mvx.as_str().as_bytes(), b""), None);
    }
    assert!(!sets().cvx_mvx_known(b"207", b"PFR") && !sets().cvx_mvx_known(b"", b""));
}

#[test]
fn every_ndc_row_agrees_with_itself_in_every_spelling() {
    for row in sets().ndc_rows() {
        let text = row.code.to_string();
        let (cvx, mvx) = (row.cvx.expect("built in").to_string(), row.mvx.expect("built in"));
        let parts: Vec<&str> = text.split('-').collect();
        let mut spellings = vec![text.clone(), parts.concat()];
        for part in 0..3 {
            if let Some(short) = parts[part].strip_prefix('0') {
                for filled in [short.to_owned(), format!("*{short}")] {
                    let mut parts = parts.clone();
                    parts[part] = &filled;
                    spellings.push(parts.join("-"));
                }
            }
        }
        for cell in spellings {
            let NdcLookup::Known(known) = sets().ndc(cell.as_bytes()) else { panic!("{cell}") };
            assert_eq!(known.code, row.code);
            assert!(known.entries.contains(row) && known.entries.iter().all(|entry| entry.code == row.code));
            let mvx = mvx.as_str().as_bytes();
            assert_eq!(sets().ndc_agrees(cell.as_bytes(), cvx.as_bytes(), mvx), Some(true), "{cell}");
            assert_eq!(sets().disagreement(cvx.as_bytes(), mvx, cell.as_bytes()), None, "{cell}");
        }
    }
}

#[test]
fn one_bare_ten_digit_spelling_is_ambiguous() {
    let mut bare: BTreeMap<String, BTreeSet<Ndc11>> = BTreeMap::new();
    for row in sets().ndc_rows() {
        let text = row.code.to_string();
        for at in [0, 6, 11] {
            if text.as_bytes()[at] == b'0' {
                let mut short = text.clone();
                short.remove(at);
                bare.entry(short.replace('-', "")).or_default().insert(row.code);
            }
        }
    }
    assert_eq!(bare.len(), 1423);
    let ambiguous: Vec<&str> =
        bare.iter().filter(|(_, codes)| codes.len() > 1).map(|(cell, _)| cell.as_str()).collect();
    assert_eq!(ambiguous, ["5063200101"]);
    for (cell, codes) in &bare {
        let resolved = sets().resolve_bare_ndc(cell.as_bytes(), b"");
        match sets().ndc(cell.as_bytes()) {
            NdcLookup::Known(known) => {
                assert_eq!(known.spelling, NdcSpelling::TenBare);
                assert_eq!((codes.len(), resolved), (1, Some(known.code)));
                assert!(codes.contains(&known.code));
            }
            NdcLookup::Ambiguous(candidates) => {
                assert!(codes.iter().all(|code| candidates.as_slice().contains(code)));
                assert_eq!((codes.len(), resolved), (2, None));
            }
            other => panic!("{cell}: {other:?}"),
        }
    }
}

#[test]
fn ndc_spot_facts() {
    let covid: BTreeSet<_> = sets()
        .ndc_rows()
        .iter()
        .filter(|row| row.cvx.is_some_and(|cvx| sets().cvx(cvx.to_string().as_bytes()).is_some_and(|c| c.is_covid)))
        .map(|row| row.code)
        .collect();
    assert_eq!(covid.len(), 103);
    let by_status = |status| sets().ndc_rows().iter().filter(|row| row.status() == status).count();
    assert_eq!(
        [NdcStatus::Listed, NdcStatus::Delisted, NdcStatus::Superseded, NdcStatus::CovidTable].map(by_status),
        [1077, 25, 11, 3]
    );
    for cell in [&b"80777-9999-00"[..], b"80777-9999-0", b"99999999901"] {
        assert!(matches!(sets().ndc(cell), NdcLookup::Placeholder(code) if is_placeholder_ndc(code)), "{cell:?}");
    }
    assert!(matches!(sets().ndc(b"12345-6789-01"), NdcLookup::Unknown { .. }));
    assert_eq!(sets().ndc(b"123456789012"), NdcLookup::TwelveDigits);
    assert_eq!(sets().ndc(b"####"), NdcLookup::Malformed);
    assert_eq!(sets().unique_mvx_for_ndc(b"80777-273-10").map(|mvx| mvx.to_string()).as_deref(), Some("MOD"));
    assert_eq!(sets().unique_cvx_for_ndc(b"80777-273-10").map(CvxCode::number), Some(207));
    assert_eq!(sets().unique_cvx_for_ndc(b"12345-6789-01"), None);
}

/// The built-in rows keep their later columns as text; this reads them all.
#[test]
fn every_ndc_row_has_its_dates_and_texts() {
    for row in sets().ndc_rows() {
        let dates = [row.start_date(), row.end_date(), row.last_updated(), row.last_listed()];
        assert_eq!(row.last_listed().is_none(), row.status() == NdcStatus::CovidTable, "{row:?}");
        assert!(dates.iter().flatten().all(|day| day.year() >= 1940 && day.year() < 2030), "{row:?}");
        assert!(!row.product().is_empty() && !row.labeler().is_empty(), "{row:?}");
        assert!(!row.description().contains('\t'));
    }
    let open = sets().ndc_rows().iter().filter(|row| row.end_date().is_none()).count();
    assert_eq!(open, 335);
}

#[test]
fn links_join_codes_of_the_set() {
    for link in sets().ndc_links() {
        for code in [link.sale, link.unit] {
            assert!(!sets().ndc_entries(code).is_empty(), "{code}");
        }
    }
    let one_to_one = sets().ndc_links().iter().filter(|link| sets().unit_of_use(link.sale) == Some(link.unit)).count();
    assert!(one_to_one > 100, "{one_to_one}");
}

#[test]
fn disagreements_name_the_pair() {
    let check = |cvx: &str, mvx: &str, ndc: &str| sets().disagreement(cvx.as_bytes(), mvx.as_bytes(), ndc.as_bytes());
    let odd = |cvx, mvx, ndc| check(cvx, mvx, ndc).and_then(Disagreement::odd_one_out);
    assert_eq!(check("208", "PFR", ""), None);
    assert_eq!(check("0207", "mod", "80777-273-10"), None);
    let found = check("207", "PFR", "").expect("Pfizer does not make 207");
    assert_eq!(found.first(), (ProductColumn::Cvx, ProductColumn::Mvx));
    assert_eq!(found.odd_one_out(), None);
    assert_eq!(odd("207", "PFR", "80777-273-10"), Some(ProductColumn::Mvx));
    assert_eq!(odd("208", "MOD", "80777-273-10"), Some(ProductColumn::Cvx));
    assert_eq!(odd("208", "PFR", "80777-273-10"), Some(ProductColumn::Ndc));
    let found = check("208", "", "8077727310").expect("a Moderna code");
    assert_eq!(found.first(), (ProductColumn::Cvx, ProductColumn::Ndc));
    let found = check("", "PFR", "80777-273-10").expect("a Moderna code");
    assert_eq!(found.first(), (ProductColumn::Mvx, ProductColumn::Ndc));
}

#[test]
fn disagreement_is_silent_where_nothing_can_be_said() {
    for (cvx, mvx, ndc) in [
        ("", "", ""),
        ("207", "UNK", "80777-273-10"),
        ("207", "oth", ""),
        ("207", "AAA", ""),
        ("207", "ZZZ", ""),
        ("900", "PFR", ""),
        ("199", "PFR", ""),
        ("207", "MOD", "12345-6789-01"),
        ("207", "MOD", "80777-9999-00"),
        ("207", "MOD", "nonsense"),
        ("207", "MOD", "123456789012"),
        ("213", "PFR", ""),
        ("500", "MOD", ""),
        ("501", "PFR", ""),
        ("02", "MSD", ""),
    ] {
        assert_eq!(sets().disagreement(cvx.as_bytes(), mvx.as_bytes(), ndc.as_bytes()), None, "{cvx} {mvx} {ndc}");
    }
    for number in [213, 500, 501, 503, 504, 505, 507, 508, 509, 513, 514, 515, 516, 517, 518, 521] {
        let cvx = number.to_string();
        for mvx in sets().mvx_rows() {
            assert_eq!(sets().cvx_mvx_agree(cvx.as_bytes(), mvx.code.as_str().as_bytes()), None);
        }
    }
    assert_eq!(sets().cvx_mvx_agree(b"207", b"PFR"), Some(false));
    assert_eq!(sets().ndc_agrees(b"80777-273-10", b"", b"UNK"), None);
    assert_eq!(sets().ndc_agrees(b"80777-273-10", b"208", b""), Some(false));
}

#[test]
fn codes_that_may_be_newer_than_the_set() {
    for (kind, cell, expected) in [
        (SetKind::Cvx, "335", true),
        (SetKind::Cvx, "499", true),
        (SetKind::Cvx, "522", true),
        (SetKind::Cvx, "334", false),
        (SetKind::Cvx, "199", false),
        (SetKind::Cvx, "299", false),
        (SetKind::Cvx, "900", false),
        (SetKind::Cvx, "850", false),
        (SetKind::Cvx, "1000", false),
        (SetKind::Cvx, "", false),
        (SetKind::Ndc, "12345-6789-01", true),
        (SetKind::Ndc, "1234567890", true),
        (SetKind::Ndc, "80777-273-10", false),
        (SetKind::Ndc, "80777-9999-00", false),
        (SetKind::Ndc, "123456789012", false),
        (SetKind::Mvx, "QQQ", false),
        (SetKind::County, "13999", false),
    ] {
        assert_eq!(sets().maybe_newer_than_set(kind, cell.as_bytes()), expected, "{kind} {cell}");
    }
}

#[test]
fn ndc_normal_form_reads_back() {
    for row in sets().ndc_rows() {
        let text = parse_ndc(&row.code.hyphenated()).expect("the normal form is legal");
        assert_eq!((text.spelling, text.candidates.as_slice()), (NdcSpelling::Eleven, &[row.code][..]));
        assert_eq!(Ndc11::parse(&row.code.digits()), Some(row.code));
    }
    assert_eq!(Ndc11::new(80_777, 273, 10).map(|code| code.to_string()).as_deref(), Some("80777-0273-10"));
    assert_eq!(Ndc11::new(100_000, 0, 0), None);
}
