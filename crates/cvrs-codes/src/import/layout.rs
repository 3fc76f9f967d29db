//! The layouts of CDC's text downloads: how each is recognised and read.
//!
//! Field numbers count from 0. Trailing fields beyond the layout are accepted, since CDC adds some now and then.

use std::collections::HashMap;
use std::hash::Hash;

use super::rows::{Crosswalk, Group, NdcIdLink, NdcUnit};
use super::{Body, ImportError, ImportKind};
use crate::cvx::{Cvx, CvxCode, CvxKind, CvxStatus};
use crate::day::Day;
use crate::mvx::{Mvx, MvxCode, Product, ProductStatus};
use crate::ndc::Ndc11;
use crate::tsv::{Expected, Text, copy};

/// The fields of one line, trimmed.
struct Fields<'a>(Vec<&'a str>);

impl<'a> Fields<'a> {
    fn new(line: &'a str) -> Self {
        Self(line.split('|').map(str::trim).collect())
    }

    fn get(&self, at: usize) -> &'a str {
        self.0.get(at).copied().unwrap_or_default()
    }

    fn text(&self, at: usize) -> Text {
        copy(self.get(at))
    }

    fn day(&self, at: usize) -> Result<Option<Day>, Expected> {
        match self.get(at) {
            "" => Ok(None),
            text => Day::parse_cdc(text).map(Some).ok_or("a date such as 2020/06/02, 20200602 or 2020-06-02 00:00:00"),
        }
    }

    fn cvx(&self, at: usize) -> Result<CvxCode, Expected> {
        CvxCode::parse(self.get(at).as_bytes()).ok_or("a CVX code of one to three digits")
    }

    fn optional_cvx(&self, at: usize) -> Result<Option<CvxCode>, Expected> {
        if self.get(at).is_empty() { Ok(None) } else { self.cvx(at).map(Some) }
    }

    fn mvx(&self, at: usize) -> Result<MvxCode, Expected> {
        MvxCode::parse(self.get(at).as_bytes()).ok_or("an MVX code of two or three letters")
    }

    fn optional_mvx(&self, at: usize) -> Result<Option<MvxCode>, Expected> {
        if self.get(at).is_empty() { Ok(None) } else { self.mvx(at).map(Some) }
    }

    fn ndc(&self, at: usize) -> Result<Ndc11, Expected> {
        Ndc11::parse(self.get(at).as_bytes()).ok_or("an NDC of 11 digits, 5-4-2 with hyphens")
    }

    fn optional_ndc(&self, at: usize) -> Result<Option<Ndc11>, Expected> {
        if self.get(at).is_empty() { Ok(None) } else { self.ndc(at).map(Some) }
    }

    fn is_cvx(&self, at: usize) -> bool {
        CvxCode::parse(self.get(at).as_bytes()).is_some()
    }

    fn is_day(&self, at: usize) -> bool {
        Day::parse_cdc(self.get(at)).is_some()
    }

    fn is_ndc11(&self, at: usize) -> bool {
        let cell = self.get(at);
        cell.len() == 13 && Ndc11::parse(cell.as_bytes()).is_some()
    }

    fn is_number(&self, at: usize) -> bool {
        !self.get(at).is_empty() && self.get(at).bytes().all(|byte| byte.is_ascii_digit())
    }

    fn is_word(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.get(at).eq_ignore_ascii_case(word))
    }
}

/// A recognised layout.
#[derive(Debug, Clone, Copy)]
struct Layout {
    kind: ImportKind,
    /// Where the NDC11 stands in a unit-of-use file, which has lost or gained columns before it.
    ndc_at: usize,
    /// How few fields a line may have.
    min_fields: usize,
    expected: Expected,
}

/// The layout of a line, by its number of fields and the shape of the telling ones, most specific first.
fn recognise(line: &Fields<'_>) -> Option<Layout> {
    let n_fields = line.0.len();
    let layout = |kind, ndc_at, min_fields, expected| Some(Layout { kind, ndc_at, min_fields, expected });
    if n_fields >= 31 && (line.is_ndc11(0) || line.is_ndc11(11)) {
        return layout(ImportKind::NdcCrosswalk, 0, 31, "31 fields separated by '|'");
    }
    if n_fields >= 15 && line.is_ndc11(14) && line.is_day(11) {
        return layout(ImportKind::NdcSale, 14, 15, "16 fields separated by '|'");
    }
    // The change date follows the NDC; without the CVX columns of later years it stands one or two places earlier.
    if let Some(at) = (12..=14).find(|at| n_fields >= at + 2 && line.is_ndc11(*at) && line.is_day(at + 1)) {
        return layout(ImportKind::NdcUse, at, at + 2, "as many fields separated by '|' as the first line has");
    }
    if n_fields >= 8 && line.is_cvx(2) && line.is_day(7) {
        return layout(ImportKind::Product, 0, 8, "8 fields separated by '|'");
    }
    if n_fields >= 7 && line.is_cvx(0) && line.is_word(5, &["true", "false"]) {
        return layout(ImportKind::Cvx, 0, 7, "7 fields separated by '|'");
    }
    if n_fields >= 5 && line.is_word(3, &["active", "inactive"]) && line.is_day(4) && line.mvx(0).is_ok() {
        return layout(ImportKind::Mvx, 0, 5, "5 fields separated by '|'");
    }
    if n_fields >= 5 && line.is_cvx(1) && line.is_cvx(4) {
        return layout(ImportKind::Group, 0, 5, "5 fields separated by '|'");
    }
    if n_fields >= 4 && (0..3).all(|at| line.is_number(at)) && line.optional_mvx(3).is_ok() {
        return layout(ImportKind::NdcLink, 0, 4, "4 fields separated by '|'");
    }
    None
}

/// The rows of a file, the newest change date among them, and how many rows repeated a key.
pub(super) fn read(text: &str, file: &str) -> Result<(Body, Option<Day>, usize), ImportError> {
    let lines =
        || text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim().is_empty());
    let (first_line, first) = lines().next().ok_or_else(|| ImportError::Empty { file: file.into() })?;
    if !first.contains('|') {
        return Err(ImportError::NotDelimited { file: file.into(), line: first_line });
    }
    let fields = Fields::new(first);
    let layout = recognise(&fields).ok_or_else(|| ImportError::Unrecognised {
        file: file.into(),
        line: first_line,
        fields: fields.0.len(),
    })?;
    let mut version = None;
    let mut each = |day: &mut dyn FnMut(&Fields<'_>) -> Result<Option<Day>, Expected>| {
        for (line, content) in lines() {
            let fields = Fields::new(content);
            let day = if fields.0.len() < layout.min_fields { Err(layout.expected) } else { day(&fields) };
            let day = day.map_err(|expected| ImportError::Row { file: file.into(), line, expected })?;
            version = version.max(day);
        }
        Ok(())
    };
    let newest = |day: Option<Day>| (0, day);
    let (body, repeated) = match layout.kind {
        ImportKind::Cvx => {
            let mut rows = Keyed::new(|row: &Cvx| row.code, move |row| newest(row.last_updated));
            each(&mut |line| cvx(line).map(|row| rows.add(row, |row| row.last_updated)))?;
            rows.into(Body::Cvx)
        }
        ImportKind::Mvx => {
            let mut rows = Keyed::new(|row: &Mvx| row.code, move |row| newest(row.last_updated));
            each(&mut |line| mvx(line).map(|row| rows.add(row, |row| row.last_updated)))?;
            rows.into(Body::Mvx)
        }
        ImportKind::Group => {
            let mut rows = Keyed::new(|row: &Group| (row.cvx, row.group.clone()), move |_| newest(None));
            each(&mut |line| group(line).map(|row| rows.add(row, |_| None)))?;
            rows.into(Body::Group)
        }
        ImportKind::Product => {
            // Of a repeated name the active row holds.
            let mut rows = Keyed::new(
                |row: &Product| (row.cvx, row.mvx, row.trade_name.clone()),
                |row| (u8::from(row.status == ProductStatus::Active), row.last_updated),
            );
            each(&mut |line| product(line).map(|row| rows.add(row, |row| row.last_updated)))?;
            rows.into(Body::Product)
        }
        ImportKind::NdcSale => {
            let mut rows = Keyed::new(unit_key, move |row| newest(row.last_updated));
            each(&mut |line| sale(line).map(|row| rows.add(row, |row| row.last_updated)))?;
            rows.into(Body::NdcSale)
        }
        ImportKind::NdcUse => {
            let mut rows = Keyed::new(unit_key, move |row| newest(row.last_updated));
            each(&mut |line| unit_of_use(line, layout.ndc_at).map(|row| rows.add(row, |row| row.last_updated)))?;
            rows.into(Body::NdcUse)
        }
        ImportKind::NdcLink => {
            let key = |row: &NdcIdLink| (row.sale_id.clone(), row.use_id.clone(), row.mvx);
            let mut rows = Keyed::new(key, move |_| newest(None));
            each(&mut |line| link(line).map(|row| rows.add(row, |_| None)))?;
            rows.into(Body::NdcLink)
        }
        ImportKind::NdcCrosswalk => {
            let updated = |row: &Crosswalk| row.sale_updated.max(row.use_updated);
            let mut rows =
                Keyed::new(|row: &Crosswalk| (row.sale, row.unit, row.cvx, row.mvx), move |row| newest(updated(row)));
            each(&mut |line| crosswalk(line).map(|row| rows.add(row, updated)))?;
            rows.into(Body::NdcCrosswalk)
        }
    };
    Ok((body, version, repeated))
}

/// Rows by key, in the order of their first appearance; of rows with one key, the one of the highest rank holds, and
/// of equal ranks the later one.
struct Keyed<R, K, F, G> {
    rows: Vec<R>,
    at: HashMap<K, usize>,
    key: F,
    rank: G,
    n_repeated: usize,
}

impl<R, K: Hash + Eq, F: Fn(&R) -> K, G: Fn(&R) -> (u8, Option<Day>)> Keyed<R, K, F, G> {
    fn new(key: F, rank: G) -> Self {
        Self { rows: Vec::new(), at: HashMap::new(), key, rank, n_repeated: 0 }
    }

    /// Adds a row and hands back its day.
    fn add(&mut self, row: R, day: impl Fn(&R) -> Option<Day>) -> Option<Day> {
        let day = day(&row);
        if let Some(at) = self.at.get(&(self.key)(&row)) {
            self.n_repeated += 1;
            if (self.rank)(&row) >= (self.rank)(&self.rows[*at]) {
                self.rows[*at] = row;
            }
        } else {
            self.at.insert((self.key)(&row), self.rows.len());
            self.rows.push(row);
        }
        day
    }

    fn into(self, body: fn(Vec<R>) -> Body) -> (Body, usize) {
        (body(self.rows), self.n_repeated)
    }
}

fn unit_key(row: &NdcUnit) -> (Text, Ndc11, Option<CvxCode>) {
    (row.id.clone(), row.code, row.cvx)
}

fn cvx(line: &Fields<'_>) -> Result<Cvx, Expected> {
    let names = format!("{} {}", line.get(1), line.get(2)).to_ascii_lowercase();
    let kind = if names.contains("monoclonal antibody") || names.contains("mab,") {
        CvxKind::MonoclonalAntibody
    } else if names.contains("immune globulin") {
        CvxKind::ImmuneGlobulin
    } else if names.contains("antitoxin") {
        CvxKind::Antitoxin
    } else {
        CvxKind::Vaccine
    };
    let names_covid = names.contains("covid-19") || names.contains("sars-cov-2");
    Ok(Cvx {
        code: line.cvx(0)?,
        status: CvxStatus::parse(line.get(4)).ok_or("a status: Active, Inactive, Pending, Never Active or Non-US")?,
        kind,
        is_covid: kind == CvxKind::Vaccine && names_covid,
        nonvaccine: line.is_word(5, &["true"]),
        last_updated: line.day(6)?,
        status_since: None,
        vaccine_group: Text::default(),
        short_name: line.text(1),
        full_name: line.text(2),
    })
}

fn mvx(line: &Fields<'_>) -> Result<Mvx, Expected> {
    Ok(Mvx {
        code: line.mvx(0)?,
        is_active: match line.get(3) {
            word if word.eq_ignore_ascii_case("active") => true,
            word if word.eq_ignore_ascii_case("inactive") => false,
            _ => return Err("a status: Active or Inactive"),
        },
        last_updated: line.day(4)?,
        name: line.text(1),
    })
}

fn product(line: &Fields<'_>) -> Result<Product, Expected> {
    Ok(Product {
        cvx: line.cvx(2)?,
        mvx: line.optional_mvx(4)?,
        status: ProductStatus::parse(line.get(6)).ok_or("a status: Active or Inactive")?,
        last_updated: line.day(7)?,
        source: Text::Borrowed("tradename"),
        trade_name: line.text(0),
    })
}

fn group(line: &Fields<'_>) -> Result<Group, Expected> {
    Ok(Group { cvx: line.cvx(1)?, group: line.text(3) })
}

/// The columns that both unit files share; the NDC11 is built from FDA's three parts where the file leaves it out.
fn unit(line: &Fields<'_>, ndc_at: usize, cvx_at: usize, updated_at: usize) -> Result<NdcUnit, Expected> {
    let code = match line.get(ndc_at) {
        "" => Ndc11::parse(format!("{}-{}-{}", line.get(1), line.get(2), line.get(3)).as_bytes())
            .ok_or("labeler, product and package of 10 digits in all")?,
        _ => line.ndc(ndc_at)?,
    };
    Ok(NdcUnit {
        id: line.text(0),
        code,
        cvx: line.optional_cvx(cvx_at)?,
        start_date: line.day(7)?,
        end_date: line.day(8)?,
        last_updated: line.day(updated_at)?,
        product: line.text(4),
        labeler: line.text(6),
        description: line.text(5),
    })
}

fn sale(line: &Fields<'_>) -> Result<NdcUnit, Expected> {
    unit(line, 14, 12, 11)
}

fn unit_of_use(line: &Fields<'_>, ndc_at: usize) -> Result<NdcUnit, Expected> {
    // Before the CVX came in, the file is shorter and the place of the CVX is taken by something else.
    let cvx_at = if ndc_at == 14 { 11 } else { usize::MAX };
    unit(line, ndc_at, cvx_at, ndc_at + 1)
}

fn link(line: &Fields<'_>) -> Result<NdcIdLink, Expected> {
    Ok(NdcIdLink { sale_id: line.text(1), use_id: line.text(2), mvx: line.optional_mvx(3)? })
}

fn crosswalk(line: &Fields<'_>) -> Result<Crosswalk, Expected> {
    Ok(Crosswalk {
        sale: line.optional_ndc(0)?,
        unit: line.optional_ndc(11)?,
        cvx: line.optional_cvx(18)?,
        mvx: line.optional_mvx(24)?,
        sale_start: line.day(6)?,
        sale_end: line.day(7)?,
        sale_updated: line.day(9)?,
        use_start: line.day(14)?,
        use_end: line.day(15)?,
        use_updated: line.day(17)?,
        product: line.text(2),
        labeler: line.text(3),
        description: line.text(20),
    })
}
