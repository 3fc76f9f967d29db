//! Imported rows laid over the built-in ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use super::rows::NdcUnit;
use super::{Body, ImportedSet};
use crate::cvx::{Cvx, CvxCode};
use crate::info::{SetInfo, SetKind};
use crate::mvx::{Mvx, MvxCode, Product};
use crate::ndc::Ndc11;
use crate::ndc_set::{Ndc, NdcFacts, NdcLevel, NdcLink, NdcSet};
use crate::sets::CodeSets;

/// The changed sets in full; `None` where nothing changed.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    /// One label an import, such as `cvx 2026-03-01`.
    pub(crate) versions: Vec<String>,
    pub(crate) infos: Vec<SetInfo>,
    pub(crate) cvx: Option<Vec<Cvx>>,
    pub(crate) mvx: Option<Vec<Mvx>>,
    pub(crate) product: Option<Vec<Product>>,
    pub(crate) ndc: Option<Vec<Ndc>>,
    pub(crate) link: Option<Vec<NdcLink>>,
}

impl Overlay {
    pub(crate) fn new(base: &CodeSets, imports: &[ImportedSet]) -> Self {
        let mut imports: Vec<&ImportedSet> = imports.iter().collect();
        // Newer files last, so that their rows hold; the content decides between equals, not the caller's order.
        imports.sort_by_cached_key(|import| (import.kind(), import.version(), import.to_tsv()));
        let mut overlay = Self::default();
        for import in &imports {
            overlay.versions.push(import.label());
            match &import.body {
                Body::Cvx(rows) => {
                    let cvx = overlay.cvx.get_or_insert_with(|| base.cvx_rows().to_vec());
                    merge(cvx, rows.iter().cloned(), |row| row.code, keep_our_columns);
                }
                Body::Mvx(rows) => {
                    let mvx = overlay.mvx.get_or_insert_with(|| base.mvx_rows().to_vec());
                    merge(mvx, rows.iter().cloned(), |row| row.code, |_, _| ());
                }
                Body::Group(rows) => {
                    let cvx = overlay.cvx.get_or_insert_with(|| base.cvx_rows().to_vec());
                    let mut groups: BTreeMap<CvxCode, Vec<&str>> = BTreeMap::new();
                    for row in rows {
                        groups.entry(row.cvx).or_default().push(&row.group);
                    }
                    for row in cvx {
                        if let Some(groups) = groups.get(&row.code) {
                            row.vaccine_group = groups.join(";").into();
                        }
                    }
                }
                Body::Product(rows) => {
                    let product = overlay.product.get_or_insert_with(|| base.product_rows().to_vec());
                    let key = |row: &Product| (row.cvx, row.mvx, row.trade_name.clone());
                    merge(product, rows.iter().cloned(), key, |_, _| ());
                }
                Body::NdcSale(_) | Body::NdcUse(_) | Body::NdcLink(_) | Body::NdcCrosswalk(_) => {}
            }
        }
        let (rows, links) = ndc_rows(base, &imports);
        if !rows.is_empty() {
            let ndc = overlay.ndc.insert(base.ndc_rows().to_vec());
            merge(ndc, rows.into_iter(), Ndc::key, |_, _| ());
        }
        if !links.is_empty() {
            let all: BTreeSet<NdcLink> = base.ndc_links().iter().cloned().chain(links).collect();
            overlay.link = Some(all.into_iter().collect());
        }
        overlay.describe(&imports);
        overlay
    }

    /// Versions and sizes of the changed sets.
    fn describe(&mut self, imports: &[&ImportedSet]) {
        let sizes = [
            self.cvx.as_ref().map(|rows| (SetKind::Cvx, rows.len(), rows.len())),
            self.mvx.as_ref().map(|rows| (SetKind::Mvx, rows.len(), rows.len())),
            self.product.as_ref().map(|rows| {
                let pairs: BTreeSet<_> = rows.iter().map(|row| (row.cvx, row.mvx)).collect();
                (SetKind::Product, rows.len(), pairs.len())
            }),
            self.ndc.as_ref().map(|rows| (SetKind::Ndc, rows.len(), NdcSet::new(rows.clone()).n_codes())),
            self.link.as_ref().map(|rows| (SetKind::NdcLink, rows.len(), rows.len())),
        ];
        for (kind, n_rows, n_codes) in sizes.into_iter().flatten() {
            let mut info = SetInfo { n_rows, n_codes, ..SetInfo::builtin(kind) };
            for import in imports.iter().filter(|import| feeds(&import.body).contains(&kind)) {
                if let Some(version) = import.version() {
                    info.version = info.version.max(version.to_string());
                }
                info.provenance.push_str("; imported from ");
                info.provenance.push_str(import.file_name());
            }
            self.infos.push(info);
        }
    }
}

/// The sets that an import changes.
fn feeds(body: &Body) -> &'static [SetKind] {
    match body {
        Body::Cvx(_) | Body::Group(_) => &[SetKind::Cvx],
        Body::Mvx(_) => &[SetKind::Mvx],
        Body::Product(_) => &[SetKind::Product],
        Body::NdcSale(_) | Body::NdcUse(_) | Body::NdcLink(_) | Body::NdcCrosswalk(_) => {
            &[SetKind::Ndc, SetKind::NdcLink]
        }
    }
}

/// Replaces rows by key and appends new ones; `keep` carries over from the old row what the new one cannot know.
fn merge<R, K: Hash + Eq>(
    rows: &mut Vec<R>,
    new: impl Iterator<Item = R>,
    key: impl Fn(&R) -> K,
    keep: impl Fn(&R, &mut R),
) {
    let mut at: HashMap<K, usize> = rows.iter().enumerate().map(|(at, row)| (key(row), at)).collect();
    for mut row in new {
        if let Some(at) = at.get(&key(&row)) {
            keep(&rows[*at], &mut row);
            rows[*at] = row;
        } else {
            at.insert(key(&row), rows.len());
            rows.push(row);
        }
    }
}

/// The columns of a CVX row that CDC's text file does not carry.
fn keep_our_columns(old: &Cvx, new: &mut Cvx) {
    new.kind = old.kind;
    new.is_covid |= old.is_covid;
    new.vaccine_group.clone_from(&old.vaccine_group);
    new.status_since = if new.status == old.status { old.status_since } else { new.last_updated };
}

/// The NDC rows and links of all imports together: the linker file joins the ids of the two unit files.
fn ndc_rows(base: &CodeSets, imports: &[&ImportedSet]) -> (Vec<Ndc>, BTreeSet<NdcLink>) {
    let mut units: [Vec<(&NdcUnit, &ImportedSet)>; 2] = [Vec::new(), Vec::new()];
    let mut links = BTreeSet::new();
    let mut rows = Vec::new();
    for import in imports {
        match &import.body {
            Body::NdcSale(all) => units[0].extend(all.iter().map(|unit| (unit, *import))),
            Body::NdcUse(all) => units[1].extend(all.iter().map(|unit| (unit, *import))),
            _ => {}
        }
    }
    // Ids of the two files are separate series; a newer file redefines an id.
    let by_id = units
        .each_ref()
        .map(|units| units.iter().map(|(unit, _)| (&*unit.id, unit.code)).collect::<HashMap<&str, Ndc11>>());
    let mut makers: [HashMap<Ndc11, BTreeSet<MvxCode>>; 2] = [HashMap::new(), HashMap::new()];
    for link in imports
        .iter()
        .filter_map(|import| if let Body::NdcLink(rows) = &import.body { Some(rows) } else { None })
        .flatten()
    {
        let ends = [by_id[0].get(&*link.sale_id).copied(), by_id[1].get(&*link.use_id).copied()];
        for (end, makers) in ends.iter().zip(&mut makers) {
            if let (Some(code), Some(mvx)) = (end, link.mvx) {
                makers.entry(*code).or_default().insert(mvx);
            }
        }
        // Some links point at ids that no unit file holds any more.
        if let [Some(sale), Some(unit)] = ends {
            links.insert(NdcLink::new(sale, unit, link.mvx));
        }
    }
    for (level, (units, makers)) in [NdcLevel::Sale, NdcLevel::Use].into_iter().zip(units.iter().zip(&makers)) {
        for (unit, import) in units {
            let known = base.ndc_entries(unit.code);
            let mut mvx: BTreeSet<Option<MvxCode>> =
                makers.get(&unit.code).into_iter().flatten().copied().map(Some).collect();
            if mvx.is_empty() {
                mvx.extend(known.iter().map(|entry| entry.mvx));
            }
            if mvx.is_empty() {
                mvx.insert(None);
            }
            let mut cvx = BTreeSet::from([unit.cvx]);
            if unit.cvx.is_none() && !known.is_empty() {
                cvx = known.iter().map(|entry| entry.cvx).collect();
            }
            for (cvx, mvx) in cvx.iter().flat_map(|cvx| mvx.iter().map(move |mvx| (*cvx, *mvx))) {
                let facts = NdcFacts {
                    code: unit.code,
                    level,
                    cvx,
                    mvx,
                    start_date: unit.start_date,
                    end_date: unit.end_date,
                    last_updated: unit.last_updated,
                    last_listed: import.version(),
                };
                rows.push(Ndc::listed(facts, &unit.product, &unit.labeler, &unit.description));
            }
        }
    }
    crosswalk_rows(imports, &mut rows, &mut links);
    (rows, links)
}

fn crosswalk_rows(imports: &[&ImportedSet], rows: &mut Vec<Ndc>, links: &mut BTreeSet<NdcLink>) {
    for import in imports {
        let Body::NdcCrosswalk(all) = &import.body else { continue };
        for row in all {
            let sides = [
                (NdcLevel::Sale, row.sale, row.sale_start, row.sale_end, row.sale_updated),
                (NdcLevel::Use, row.unit, row.use_start, row.use_end, row.use_updated),
            ];
            for (level, code, start_date, end_date, last_updated) in sides {
                let Some(code) = code else { continue };
                let facts = NdcFacts {
                    code,
                    level,
                    cvx: row.cvx,
                    mvx: row.mvx,
                    start_date,
                    end_date,
                    last_updated,
                    last_listed: import.version(),
                };
                rows.push(Ndc::listed(facts, &row.product, &row.labeler, &row.description));
            }
            if let (Some(sale), Some(unit)) = (row.sale, row.unit) {
                links.insert(NdcLink::new(sale, unit, row.mvx));
            }
        }
    }
}
