//! Look-ups take any bytes, and agree with slow ones that walk the rows.

use std::collections::BTreeSet;

use cvrs_codes::{
    CodeSets, CountyList, Ndc11, NdcLookup, NotNdc, SetKind, import, ndc11_candidates, normal_county_name, pad,
    parse_ndc, trim,
};
use proptest::prelude::*;

fn sets() -> &'static CodeSets {
    CodeSets::builtin()
}

/// Any bytes, or bytes that look like a code.
fn cell() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..20),
        "[0-9]{0,14}".prop_map(String::into_bytes),
        "[0-9*]{4,6}-[0-9*]{3,4}-[0-9*]{1,2}".prop_map(String::into_bytes),
        "[A-Za-z]{1,4}".prop_map(String::into_bytes),
        prop::sample::select(sets().ndc_rows()).prop_map(|row| row.code.to_string().into_bytes()),
        prop::sample::select(sets().cvx_rows()).prop_map(|row| row.code.to_string().into_bytes()),
        prop::sample::select(sets().mvx_rows()).prop_map(|row| row.code.to_string().into_bytes()),
    ]
}

/// The number of a cell of digits, by way of text.
fn slow_number(cell: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(cell).ok()?;
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    plain.then(|| text.trim_start_matches('0').parse().ok()).flatten()
}

/// The eleven-digit codes of a spelling, by splitting the text.
fn slow_ndc(cell: &[u8]) -> Option<Vec<Ndc11>> {
    let text = std::str::from_utf8(cell).ok()?;
    let from = |l: &str, p: &str, k: &str| Ndc11::new(l.parse().ok()?, p.parse().ok()?, k.parse().ok()?);
    let parts: Vec<String> = match (text.len(), text.contains('-')) {
        (11, false) if text.is_ascii() => vec![text[..5].into(), text[5..9].into(), text[9..].into()],
        (10, false) if text.bytes().all(|b| b.is_ascii_digit()) => {
            let spellings = [(4, 8), (5, 8), (5, 9)].map(|(a, b)| from(&text[..a], &text[a..b], &text[b..]));
            let mut seen = BTreeSet::new();
            return Some(spellings.into_iter().flatten().filter(|code| seen.insert(*code)).collect());
        }
        _ => text.split('-').map(str::to_owned).collect(),
    };
    let lengths: Vec<usize> = parts.iter().map(String::len).collect();
    if ![[5, 4, 2], [4, 4, 2], [5, 3, 2], [5, 4, 1]].iter().any(|pattern| lengths == pattern) {
        return None;
    }
    let filler = parts.iter().filter(|part| part.starts_with('*')).count();
    if filler > 1 || (filler == 1 && lengths != [5, 4, 2]) {
        return None;
    }
    let parts: Vec<String> =
        parts.iter().map(|part| part.strip_prefix('*').map_or(part.clone(), |rest| format!("0{rest}"))).collect();
    if !parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    from(&parts[0], &parts[1], &parts[2]).map(|code| vec![code])
}

proptest! {
    #[test]
    fn cvx_agrees_with_a_walk(cell in cell()) {
        let slow = slow_number(&cell).and_then(|n| sets().cvx_rows().iter().find(|row| row.code.number() == n));
        prop_assert_eq!(sets().cvx(&cell), slow);
        prop_assert_eq!(sets().cvx_facts(&cell).is_known(), slow.is_some());
    }

    #[test]
    fn mvx_agrees_with_a_walk(cell in cell()) {
        let slow = sets().mvx_rows().iter().find(|row| row.code.as_str().as_bytes().eq_ignore_ascii_case(&cell));
        prop_assert_eq!(sets().mvx(&cell), slow);
    }

    #[test]
    fn ndc_agrees_with_a_walk(cell in cell()) {
        let slow = slow_ndc(&cell);
        let fast = parse_ndc(&cell);
        prop_assert_eq!(fast.ok().map(|text| text.candidates.as_slice().to_vec()), slow.clone());
        let known: Vec<Ndc11> = slow.iter().flatten().copied()
            .filter(|code| sets().ndc_rows().iter().any(|row| row.code == *code)).collect();
        match sets().ndc(&cell) {
            NdcLookup::Known(found) => {
                prop_assert_eq!(&known, &[found.code]);
                let rows: Vec<_> = sets().ndc_rows().iter().filter(|row| row.code == found.code).collect();
                prop_assert_eq!(found.entries.iter().collect::<Vec<_>>(), rows);
            }
            NdcLookup::Ambiguous(_) => prop_assert!(known.len() > 1),
            NdcLookup::Unknown { .. } | NdcLookup::Placeholder(_) => prop_assert!(known.is_empty() && slow.is_some()),
            NdcLookup::TwelveDigits => prop_assert_eq!(fast, Err(NotNdc::TwelveDigits)),
            _ => prop_assert!(slow.is_none()),
        }
    }

    #[test]
    fn disagreement_agrees_with_a_walk(cvx in cell(), mvx in cell(), ndc in cell()) {
        let vaccine = sets().cvx(&cvx).map(|row| row.code);
        let maker = sets().mvx(&mvx).map(|row| row.code).filter(|code| !code.is_unspecific());
        let makers: Vec<_> = sets().product_rows().iter().filter(|row| Some(row.cvx) == vaccine).map(|row| row.mvx).collect();
        let pair = maker.is_some() && !makers.is_empty() && !makers.contains(&None) && !makers.contains(&maker);
        let found = sets().disagreement(&cvx, &mvx, &ndc);
        prop_assert_eq!(found.is_some_and(|found| found.cvx_mvx), pair);
        if let NdcLookup::Known(known) = sets().ndc(&ndc) {
            let fits = known.entries.iter()
                .any(|row| (vaccine.is_none() || row.cvx == vaccine) && (maker.is_none() || row.mvx == maker));
            prop_assert_eq!(found.is_some_and(|found| found.cvx_ndc || found.mvx_ndc), !fits);
        } else if !matches!(sets().ndc(&ndc), NdcLookup::Ambiguous(_)) {
            prop_assert!(found.is_none_or(|found| !found.cvx_ndc && !found.mvx_ndc));
        }
        let _ = found.map(|found| (found.first(), found.odd_one_out()));
    }

    #[test]
    fn nothing_panics(a in cell(), b in cell(), c in cell(), name in ".{0,40}") {
        for kind in SetKind::ALL {
            let newer = sets().maybe_newer_than_set(kind, &a);
            prop_assert!(!(newer && sets().cvx(&a).is_some() && kind == SetKind::Cvx));
        }
        let _ = (sets().cvx_mvx_known(&a, &b), sets().cvx_mvx_agree(&a, &b), sets().ndc_agrees(&a, &b, &c));
        let _ = (sets().county(&a), sets().zip3(&a), sets().resolve_bare_ndc(&a, &b), ndc11_candidates(&a));
        prop_assert_eq!(sets().county_bitmap(CountyList::Since2000).contains(&a), sets().county(&a).is_some());
        if let Some(state) = sets().state(&b) {
            let _ = (sets().zip_in_state(&a, state), state.holds_county(&a), sets().county_by_name(&name, state));
        }
        let _ = (pad::<5>(&a), sets().state_by_name(&name));
        prop_assert_eq!(trim(trim(&a)), trim(&a));
        let normal = normal_county_name(&name);
        prop_assert_eq!(normal_county_name(&normal), normal);
    }

    #[test]
    fn import_takes_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = import::read(&bytes, "any");
        let _ = cvrs_codes::ImportedSet::from_tsv(&bytes, "any");
    }

    #[test]
    fn import_takes_any_pipes(lines in prop::collection::vec("([0-9]{1,3}|[A-Z]{3}|True|Active|2020/01/02|12345-6789-01|)(\\|([0-9]{1,3}|[A-Z]{3}|True|Active|2020/01/02|12345-6789-01|)){0,31}", 1..4)) {
        if let Ok(set) = import::read(lines.join("\r\n").as_bytes(), "any") {
            let stored = set.to_tsv();
            let again = cvrs_codes::ImportedSet::from_tsv(stored.as_bytes(), "stored").expect("what was written");
            prop_assert_eq!(again.to_tsv(), stored);
            let _ = CodeSets::with_imports(&[set]);
        }
    }
}
