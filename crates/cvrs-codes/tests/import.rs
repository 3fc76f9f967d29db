//! Imports: small samples of each layout, in the shape CDC publishes; the rows are made up.

use cvrs_codes::{
    CodeSets, CvxCode, CvxKind, CvxStatus, Day, ImportError, ImportKind, ImportedSet, NdcLookup, ProductStatus,
    SetKind, import,
};

/// The import, after a round trip through our own form.
fn read(bytes: &[u8], file: &str) -> ImportedSet {
    let set = import::read(bytes, file).expect("the sample is well formed");
    let stored = set.to_tsv();
    let again = ImportedSet::from_tsv(stored.as_bytes(), "stored.tsv").expect("what was written");
    assert_eq!(again.to_tsv(), stored);
    assert_eq!((again.kind(), again.version(), again.file_name()), (set.kind(), set.version(), file));
    again
}

const CVX: &[u8] = b"\r\n340       |COVID-19, mRNA, made up|SARS-COV-2 (COVID-19) vaccine, made up\xAE|a \x93note\x94|Active|False|2026/03/01\r\n\
207       |COVID-19, mRNA, renamed|SARS-COV-2 (COVID-19) vaccine|  |Never Active|False|2026/02/01\r\n\r\n\
341|Sample, monoclonal antibody|made-up monoclonal antibody against COVID-19||Pending|True|\r\n";

#[test]
fn cvx_file() {
    let set = read(CVX, "cvx.txt");
    assert_eq!((set.kind(), set.n_rows(), set.version()), (ImportKind::Cvx, 3, Day::new(2026, 3, 1)));
    assert_eq!(set.label(), "cvx 2026-03-01");
    let sets = CodeSets::with_imports(&[set]);
    assert_eq!(sets.version(), "2025-12-09+cvx 2026-03-01");
    let info = sets.info(SetKind::Cvx);
    assert_eq!((info.to_string().as_str(), info.n_codes), ("CVX 2026-03-01", 290));
    assert!(info.provenance.ends_with("; imported from cvx.txt"));
    let added = sets.cvx(b"340").expect("imported");
    assert_eq!((&*added.full_name, added.status), ("SARS-COV-2 (COVID-19) vaccine, made up®", CvxStatus::Active));
    assert!(added.is_covid && sets.cvx_facts(b"340").is_covid());
    // Built-in columns that the file lacks stay, a new status is dated.
    let changed = sets.cvx(b"207").expect("built in and imported");
    assert_eq!((&*changed.short_name, changed.status), ("COVID-19, mRNA, renamed", CvxStatus::Never));
    assert_eq!((&*changed.vaccine_group, changed.status_since), ("COVID-19", Day::new(2026, 2, 1)));
    assert_eq!(sets.is_multi_dose(b"207"), Some(true));
    let antibody = sets.cvx(b"341").expect("imported");
    assert_eq!((antibody.kind, antibody.is_covid, antibody.nonvaccine), (CvxKind::MonoclonalAntibody, false, true));
    assert!(!sets.maybe_newer_than_set(SetKind::Cvx, b"335") && sets.maybe_newer_than_set(SetKind::Cvx, b"342"));
    assert!(CodeSets::builtin().cvx(b"340").is_none());
}

#[test]
fn mvx_file() {
    let set = read(b"QQX|Made-up Maker|note|Active|2026/04/14|77\nMOD|Moderna again||Inactive|2026/01/02\n", "mvx.txt");
    assert_eq!((set.kind(), set.label().as_str()), (ImportKind::Mvx, "mvx 2026-04-14"));
    let sets = CodeSets::with_imports(&[set]);
    assert!(sets.mvx(b"qqx").is_some_and(|row| row.is_active && row.name == "Made-up Maker"));
    assert!(sets.mvx(b"MOD").is_some_and(|row| !row.is_active));
    assert_eq!(sets.mvx_rows().len(), 90);
    // A manufacturer that is known now contradicts a vaccine of another.
    assert_eq!(CodeSets::builtin().disagreement(b"207", b"QQX", b""), None);
    assert!(sets.disagreement(b"207", b"QQX", b"").is_some());
}

#[test]
fn tradename_file_keeps_the_active_one_of_a_repeated_name() {
    let text = b"SAMPLEVAX|short|207       |Made-up Maker|PFR       |Active|Active|2026/01/05|\r\n\
                 SAMPLEVAX|short|207       |Made-up Maker|PFR       |Active|Inactive|2026/02/05|\r\n\
                 OLDVAX|short|02||||Inactive|2010/09/01|\r\n";
    let set = import::read(text, "TRADENAME.txt").expect("well formed");
    assert_eq!((set.kind(), set.n_rows(), set.n_repeated()), (ImportKind::Product, 2, 1));
    assert_eq!(set.version(), Day::new(2026, 2, 5));
    let sets = CodeSets::with_imports(&[read(text, "TRADENAME.txt")]);
    assert!(sets.cvx_mvx_known(b"207", b"PFR"));
    assert_eq!(sets.disagreement(b"207", b"PFR", b""), None);
    let sample = sets.product_rows().iter().find(|row| row.trade_name == "SAMPLEVAX").expect("imported");
    assert_eq!(sample.status, ProductStatus::Active);
    assert_eq!(sets.info(SetKind::Product).n_rows, 256);
}

#[test]
fn vaccine_group_file() {
    let set =
        read(b"short|207       |Active|COVID-19|213\nshort|207|Active|SAMPLE|999\nshort|8|Active|HepB|45\n", "VG.txt");
    assert_eq!((set.kind(), set.n_rows(), set.version()), (ImportKind::Group, 3, None));
    let sets = CodeSets::with_imports(&[set]);
    assert_eq!(sets.cvx(b"207").map(|row| &*row.vaccine_group), Some("COVID-19;SAMPLE"));
    assert_eq!(sets.version(), "2025-12-09+vaccine-group");
    assert_eq!(sets.info(SetKind::Cvx).version, "2025-11-19");
}

const SALE: &[u8] = b"9001|12345|678|90|Samplevax|made-up vaccine|Sample Labs|20260101||CARTON, 10 VIAL|INTRAMUSCULAR|2026-02-01 00:00:00|207       |short|12345-0678-90|\r\n";
const USE: &[u8] = b"7001|12345|6789|1|Samplevax|made-up vaccine|Sample Labs|20260101|20270101|VIAL||207       |short|False     |12345-6789-01|2026-02-02 00:00:00|\r\n";
const LINKER: &[u8] = b"1|9001|7001|MOD       \r\n2|9001|9999999|PFR\r\n3|4|5|\r\n";

#[test]
fn ndc_files_are_joined_by_the_linker() {
    let imports = [read(USE, "NDC_Unit_use.txt"), read(LINKER, "NDC_Linker.txt"), read(SALE, "NDC_Unit_sale.txt")];
    let kinds = imports.each_ref().map(ImportedSet::kind);
    assert_eq!(kinds, [ImportKind::NdcUse, ImportKind::NdcLink, ImportKind::NdcSale]);
    let sets = CodeSets::with_imports(&imports);
    assert_eq!(sets.version(), "2025-12-09+ndc-sale 2026-02-01+ndc-use 2026-02-02+ndc-link");
    let NdcLookup::Known(unit) = sets.ndc(b"12345-6789-1") else { panic!("imported") };
    assert_eq!(unit.entries.len(), 1);
    assert_eq!(unit.entries[0].end_date(), Day::new(2027, 1, 1));
    assert_eq!(unit.unique_mvx().map(|mvx| mvx.to_string()).as_deref(), Some("MOD"));
    // The package has a second link, whose unit is gone; its manufacturer counts all the same.
    let NdcLookup::Known(sale) = sets.ndc(b"12345067890") else { panic!("imported") };
    assert_eq!((sale.entries.len(), sale.unique_mvx()), (2, None));
    assert_eq!(sets.unit_of_use(sale.code), Some(unit.code));
    assert_eq!(sets.ndc_agrees(b"12345-6789-01", b"207", b"MOD"), Some(true));
    assert_eq!(sets.ndc_agrees(b"12345-6789-01", b"207", b"PFR"), Some(false));
    let info = sets.info(SetKind::Ndc);
    assert_eq!((info.version.as_str(), info.n_codes, info.n_rows), ("2026-02-02", 1021, 1119));
}

#[test]
fn ndc_without_a_linker_agrees_with_any_manufacturer() {
    let sets = CodeSets::with_imports(&[read(SALE, "NDC_Unit_sale.txt")]);
    assert_eq!(sets.unique_mvx_for_ndc(b"12345-678-90"), None);
    assert_eq!(sets.disagreement(b"207", b"MOD", b"12345-678-90"), None);
    assert!(sets.disagreement(b"208", b"PFR", b"12345-678-90").is_some());
}

#[test]
fn unit_of_use_file_of_2016_has_no_cvx() {
    let known = b"7002|80777|273|10|Samplevax|made-up|Sample Labs|20160101||VIAL|00312345|short|False|80777-0273-10|2016-07-01 00:00:00|00312345\n\
                  7003|12345|6789|1|Samplevax|made-up|Sample Labs|20160101||VIAL|||False|12345-6789-01|2016-07-01 00:00:00|\n";
    let set = read(known, "NDC_Unit_use.txt");
    assert_eq!((set.kind(), set.version()), (ImportKind::NdcUse, Day::new(2016, 7, 1)));
    let sets = CodeSets::with_imports(&[set]);
    // What is known of a code fills what the file lacks; of an unknown one nothing is said.
    assert_eq!(sets.unique_cvx_for_ndc(b"80777-273-10").map(CvxCode::number), Some(207));
    assert_eq!(sets.unique_cvx_for_ndc(b"12345-6789-01"), None);
    assert_eq!(sets.disagreement(b"208", b"PFR", b"12345-6789-01"), None);
    // An older file does not make the set older.
    assert_eq!(sets.info(SetKind::Ndc).version, "2025-12-09");
}

#[test]
fn ndc_crosswalk_file() {
    let row = |cpt: &str| {
        format!(
            "12345-0678-90|12345-678-90|Samplevax|Sample Labs|CARTON|IM|2026-01-01||g|2026-03-03|2026|12345-6789-01|12345-6789-1|VIAL|2026-01-02|2027-01-01|g|2026-03-04|207|short|long|Active|||MOD|Moderna|Active|{cpt}|a|b|Active\r\n"
        )
    };
    let text = row("91301") + &row("0011A");
    let set = import::read(text.as_bytes(), "get_all_ndc_display2.txt").expect("well formed");
    assert_eq!((set.kind(), set.n_rows(), set.n_repeated()), (ImportKind::NdcCrosswalk, 1, 1));
    let sets = CodeSets::with_imports(&[read(text.as_bytes(), "get_all_ndc_display2.txt")]);
    assert_eq!(sets.version(), "2025-12-09+ndc-crosswalk 2026-03-04");
    assert_eq!(sets.ndc_agrees(b"12345-6789-01", b"207", b"MOD"), Some(true));
    assert_eq!(sets.unique_mvx_for_ndc(b"12345-678-90").map(|mvx| mvx.to_string()).as_deref(), Some("MOD"));
    assert_eq!(sets.ndc_links().len(), 576);
}

#[test]
fn utf_16_is_read() {
    let text = std::str::from_utf8(SALE).expect("ASCII");
    let bytes: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(import::read(&bytes, "a").map(|set| set.kind()), Ok(ImportKind::NdcSale));
}

#[test]
fn overlays_come_from_stored_files_in_any_order() {
    let older = import::read(b"340|older|older||Active|False|2026/01/01\n", "older.txt").expect("well formed");
    let newer = import::read(b"340|newer|newer||Active|False|2026/02/01\n", "newer.txt").expect("well formed");
    let (older, newer) = (older.to_tsv(), newer.to_tsv());
    let (a, b) = (("a.tsv", older.as_bytes()), ("b.tsv", newer.as_bytes()));
    for files in [[a, b], [b, a]] {
        let sets = CodeSets::with_overlays(files).expect("stored imports");
        assert_eq!(sets.cvx(b"340").map(|row| &*row.short_name), Some("newer"));
        assert_eq!(sets.version(), "2025-12-09+cvx 2026-01-01+cvx 2026-02-01");
    }
    let none = CodeSets::with_overlays([]).expect("nothing to read");
    assert_eq!(none.version(), CodeSets::builtin().version());
    assert_eq!(none.cvx_rows(), CodeSets::builtin().cvx_rows());
}

#[test]
fn errors_name_file_line_and_expectation() {
    let message = |bytes: &[u8]| import::read(bytes, "x.txt").expect_err("malformed").to_string();
    assert_eq!(message(b""), "x.txt: no row found");
    assert_eq!(message(b"\r\n  \r\n"), "x.txt: no row found");
    assert_eq!(message(b"\n<!DOCTYPE html>\n<p>a|b"), "x.txt: line 2: expected fields separated by '|'");
    assert!(message(b"a|b|c").starts_with("x.txt: line 1: 3 fields fit none of the known layouts"));
    let cvx = |second: &str| message(format!("340|a|b||Active|False|2026/01/01\n{second}\n").as_bytes());
    assert_eq!(cvx("341|a|b"), "x.txt: line 2: expected 7 fields separated by '|'");
    assert_eq!(cvx("x|a|b||Active|False|2026/01/01"), "x.txt: line 2: expected a CVX code of one to three digits");
    assert!(cvx("341|a|b||Odd|False|2026/01/01").contains("line 2: expected a status"));
    assert!(cvx("341|a|b||Active|False|soon").contains("line 2: expected a date"));
    let stored = |text: &str| ImportedSet::from_tsv(text.as_bytes(), "s.tsv").expect_err("malformed");
    assert!(matches!(stored(""), ImportError::NotStored { .. }));
    assert!(matches!(stored("# import: nothing\n"), ImportError::NotStored { .. }));
    assert_eq!(stored("# import: vaccine-group\n207\n").line(), Some(2));
    let error =
        CodeSets::with_overlays([("s.tsv", &b"# import: vaccine-group\n207\tA\tB\n"[..])]).expect_err("malformed");
    assert_eq!(error.to_string(), "s.tsv: line 2: expected no further cell");
}
