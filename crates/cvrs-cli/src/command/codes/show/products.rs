//! Vaccines, makers and packages, and what belongs together among them.

use super::{add, day, unknown};
use crate::fault::Result;
use cvrs_codes::{CodeSets, CvxCode, Mvx, MvxCode, Ndc, Ndc11, NdcLookup, NdcSpelling, Product};
use cvrs_rules::did_you_mean;
use cvrs_rules::guide::{Block, Cell};

pub(super) fn cvx(sets: &CodeSets, code: &str) -> Result<Vec<Block>> {
    let by_name = || sets.cvx_rows().iter().find(|row| row.short_name.eq_ignore_ascii_case(code));
    let Some(cvx) = sets.cvx(code.as_bytes()).or_else(by_name) else {
        let hint = if cvrs_codes::is_placeholder_cvx(code.as_bytes()) {
            "it is a placeholder of the test data of 2020"
        } else if sets.maybe_newer_than_set(cvrs_codes::SetKind::Cvx, code.as_bytes()) {
            "it may be newer than the set; `cvrs codes import` takes in a newer one"
        } else {
            "a CVX is a number of one to three digits, such as 208"
        };
        return Err(unknown("cvx", code, hint));
    };
    let mut facts = vec![
        ("Full name", cvx.full_name.to_string()),
        ("Kind", if cvx.is_covid { "COVID-19 vaccine".to_owned() } else { cvx.kind.as_str().replace('-', " ") }),
        ("Status", cvx.status.as_str().to_owned()),
        ("Last changed", cvx.last_updated.map_or_else(String::new, |day| day.to_string())),
        ("Groups", cvx.vaccine_group.replace(';', ", ")),
    ];
    if let Some(series) = sets.covid_series().iter().find(|series| series.cvx == cvx.code) {
        facts.push(("Primary series", format!("{} doses ({})", series.doses, series.source)));
    }
    facts.retain(|fact| !fact.1.is_empty());
    let mut blocks = vec![Block::Title(format!("CVX {} {}", cvx.code, cvx.short_name)), Block::Facts(facts)];
    add_products(sets, &mut blocks, About::Cvx, sets.products_of(cvx.code).iter());
    add_packages(&mut blocks, About::Cvx, sets.ndc_rows().iter().filter(|row| row.cvx == Some(cvx.code)));
    Ok(blocks)
}

pub(super) fn mvx(sets: &CodeSets, code: &str) -> Result<Vec<Block>> {
    let by_name = || sets.mvx_rows().iter().find(|row| row.name.eq_ignore_ascii_case(code));
    let Some(mvx) = sets.mvx(code.as_bytes()).or_else(by_name) else {
        let hint = if cvrs_codes::is_placeholder_mvx(code.as_bytes()) {
            "it is a placeholder of the test data of 2020".to_owned()
        } else {
            let known = sets.mvx_rows().iter().flat_map(|row| [row.code.as_str(), &row.name]);
            format!("{}an MVX is two or three letters such as PFR", did_you_mean(code, known))
        };
        return Err(unknown("mvx", code, &hint));
    };
    let mut facts = vec![("Status", if mvx.is_active { "active" } else { "inactive" }.to_owned())];
    facts.extend(mvx.last_updated.map(|day| ("Last changed", day.to_string())));
    let mut blocks = vec![Block::Title(format!("MVX {} {}", mvx.code, mvx.name)), Block::Facts(facts)];
    let products = sets.product_rows().iter().filter(|row| row.mvx == Some(mvx.code));
    add_products(sets, &mut blocks, About::Mvx, products);
    add_packages(&mut blocks, About::Mvx, sets.ndc_rows().iter().filter(|row| row.mvx == Some(mvx.code)));
    Ok(blocks)
}

pub(super) fn ndc(sets: &CodeSets, code: &str) -> Result<Vec<Block>> {
    let names = |codes: &[Ndc11]| codes.iter().map(Ndc11::to_string).collect::<Vec<_>>().join(", ");
    match sets.ndc(code.as_bytes()) {
        NdcLookup::Known(known) => Ok(package(sets, known.code, known.spelling, known.entries)),
        NdcLookup::Ambiguous(candidates) => {
            let known = candidates.as_slice().iter().filter(|code| !sets.ndc_entries(**code).is_empty());
            let mut blocks = vec![
                Block::Title(format!("NDC {code}")),
                Block::Text("Ten digits without hyphens, which stand for more than one code of the set:".to_owned()),
            ];
            for &code in known {
                blocks.extend(package(sets, code, NdcSpelling::TenBare, sets.ndc_entries(code)));
            }
            Ok(blocks)
        }
        NdcLookup::Placeholder(_) => Err(unknown("ndc", code, "it is a placeholder of the test data of 2020")),
        NdcLookup::Unknown { candidates, .. } => {
            let hint = format!("it reads as {}, which may be newer than the set", names(candidates.as_slice()));
            Err(unknown("ndc", code, &hint))
        }
        NdcLookup::TwelveDigits => Err(unknown("ndc", code, "the coming form of twelve digits is not supported")),
        _ => Err(unknown("ndc", code, "an NDC has 11 digits as 5-4-2, or 10 as 4-4-2, 5-3-2 or 5-4-1, hyphens or not")),
    }
}

/// All that is known of a package: its rows, and the packages that it lies in or holds.
fn package(sets: &CodeSets, code: Ndc11, spelling: NdcSpelling, entries: &[Ndc]) -> Vec<Block> {
    let spelt = match spelling {
        NdcSpelling::Eleven => "the normal form",
        NdcSpelling::ElevenBare => "11 digits without hyphens",
        NdcSpelling::Filler => "with * for the zero that fills it up",
        NdcSpelling::Ten442 => "10 digits, 4-4-2",
        NdcSpelling::Ten532 => "10 digits, 5-3-2",
        NdcSpelling::Ten541 => "10 digits, 5-4-1",
        _ => "10 digits without hyphens",
    };
    let mut facts = vec![("Spelt as", spelt.to_owned())];
    if let Some(first) = entries.first() {
        facts.push(("Product", first.product().to_owned()));
        facts.push(("Labeler", first.labeler().to_owned()));
        facts.push(("Description", first.description().to_owned()));
    }
    facts.retain(|fact| !fact.1.is_empty());
    let mut blocks = vec![Block::Title(format!("NDC {code}")), Block::Facts(facts)];
    let rows = entries.iter().map(|row| {
        vec![
            Cell::text(if row.level.as_str() == "sale" { "unit of sale" } else { "unit of use" }),
            Cell::text(cvx_words(sets, row.cvx)),
            Cell::text(mvx_words(sets, row.mvx)),
            day(row.start_date()),
            day(row.end_date()),
            Cell::text(row.status().as_str()),
        ]
    });
    let head = vec!["package", "CVX", "MVX", "marketed from", "to", "status"];
    add(&mut blocks, "What it is", head, rows.collect());
    let links = |is_sale: bool| {
        let ends =
            sets.ndc_links().iter().map(|link| if is_sale { [link.sale, link.unit] } else { [link.unit, link.sale] });
        let mut codes: Vec<Ndc11> = ends.filter(|ends| ends[0] == code).map(|ends| ends[1]).collect();
        codes.sort_unstable();
        codes.dedup();
        codes.into_iter().map(|code| vec![Cell::text(code.to_string()), Cell::text(product_words(sets, code))])
    };
    add(&mut blocks, "Holds the units of use", vec!["NDC", "product"], links(true).collect());
    add(&mut blocks, "Lies in the units of sale", vec!["NDC", "product"], links(false).collect());
    let pairs = entries.iter().filter_map(|row| Some((row.cvx?, row.mvx)));
    let products: Vec<&Product> = pairs
        .flat_map(|(cvx, mvx)| sets.products_of(cvx).iter().filter(move |row| mvx.is_none() || row.mvx == mvx))
        .fold(Vec::new(), |mut list, row| {
            if !list.contains(&row) {
                list.push(row);
            }
            list
        });
    add_products(sets, &mut blocks, About::Ndc, products.into_iter());
    blocks
}

fn product_words(sets: &CodeSets, code: Ndc11) -> String {
    sets.ndc_entries(code).first().map_or_else(|| "-".to_owned(), |row| row.product().to_owned())
}

fn cvx_words(sets: &CodeSets, code: Option<CvxCode>) -> String {
    let Some(code) = code else { return "-".to_owned() };
    let name = sets.cvx(code.to_string().as_bytes()).map_or("", |row| &*row.short_name);
    format!("{code} {name}")
}

fn mvx_words(sets: &CodeSets, code: Option<MvxCode>) -> String {
    let Some(code) = code else { return "-".to_owned() };
    let name = sets.mvx(code.as_str().as_bytes()).map_or("", |row: &Mvx| &*row.name);
    format!("{code} {name}")
}

/// What the page is about already, and need not be told in every row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    Cvx,
    Mvx,
    Ndc,
}

fn add_products<'a>(
    sets: &CodeSets,
    blocks: &mut Vec<Block>,
    about: About,
    products: impl Iterator<Item = &'a Product>,
) {
    let mvx = |row: &Product| row.mvx.map_or_else(|| "-".to_owned(), |code| code.to_string());
    let head = match about {
        About::Cvx => vec!["name", "MVX", "status"],
        About::Mvx => vec!["name", "CVX", "status"],
        About::Ndc => vec!["name", "CVX", "MVX", "status"],
    };
    let rows = products.map(|row| {
        let codes = match about {
            About::Cvx => vec![mvx_words(sets, row.mvx)],
            About::Mvx => vec![cvx_words(sets, Some(row.cvx))],
            About::Ndc => vec![row.cvx.to_string(), mvx(row)],
        };
        let codes = codes.into_iter().map(Cell::text);
        [Cell::text(&*row.trade_name)].into_iter().chain(codes).chain([Cell::text(row.status.as_str())])
    });
    add(blocks, "Products", head, rows.map(Iterator::collect).collect());
}

fn add_packages<'a>(blocks: &mut Vec<Block>, about: About, packages: impl Iterator<Item = &'a Ndc>) {
    let other = if about == About::Cvx { "MVX" } else { "CVX" };
    let rows = packages.map(|row| {
        let other = if about == About::Cvx {
            row.mvx.map(|code| code.to_string())
        } else {
            row.cvx.map(|code| code.to_string())
        };
        vec![
            Cell::text(row.code.to_string()),
            Cell::text(row.level.as_str()),
            Cell::text(other.unwrap_or_else(|| "-".to_owned())),
            Cell::text(row.product()),
            Cell::text(row.status().as_str()),
        ]
    });
    add(blocks, "Packages", vec!["NDC", "unit of", other, "product", "status"], rows.collect());
}
