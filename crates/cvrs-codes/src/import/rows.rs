//! Row types that only imports have: the NDC files, which need each other, and the vaccine groups.

use crate::cvx::CvxCode;
use crate::day::Day;
use crate::mvx::{MvxCode, optional_mvx};
use crate::ndc::Ndc11;
use crate::ndc_set::{ndc11, optional_cvx};
use crate::tsv::{self, Cells, Expected, Row, Text};

fn cvx(cell: &str) -> Result<CvxCode, Expected> {
    CvxCode::parse(cell.as_bytes()).ok_or("a CVX code of one to three digits")
}

fn cvx_text(cvx: Option<CvxCode>) -> String {
    cvx.map(|cvx| cvx.to_string()).unwrap_or_default()
}

fn mvx_text(mvx: Option<&MvxCode>) -> &str {
    mvx.map_or("", MvxCode::as_str)
}

fn optional_ndc(cell: &str) -> Result<Option<Ndc11>, Expected> {
    if cell.is_empty() { Ok(None) } else { ndc11(cell).map(Some) }
}

/// One vaccine in one vaccine group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) cvx: CvxCode,
    pub(crate) group: Text,
}

impl Row for Group {
    const COLUMNS: &'static [&'static str] = &["cvx", "vaccine_group"];

    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self { cvx: cvx(cells.text()?)?, group: text(cells.text()?) })
    }

    fn write(&self, out: &mut String) {
        tsv::join(out, &[&self.cvx.to_string(), &self.group]);
    }
}

/// A row of the unit-of-sale or unit-of-use file. Its manufacturer stands in the linker file, under `id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NdcUnit {
    pub(crate) id: Text,
    pub(crate) code: Ndc11,
    pub(crate) cvx: Option<CvxCode>,
    pub(crate) start_date: Option<Day>,
    pub(crate) end_date: Option<Day>,
    pub(crate) last_updated: Option<Day>,
    pub(crate) product: Text,
    pub(crate) labeler: Text,
    pub(crate) description: Text,
}

impl Row for NdcUnit {
    const COLUMNS: &'static [&'static str] =
        &["id", "ndc11", "cvx", "start_date", "end_date", "last_updated", "product", "labeler", "description"];

    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self {
            id: text(cells.text()?),
            code: ndc11(cells.text()?)?,
            cvx: optional_cvx(cells.text()?)?,
            start_date: cells.day()?,
            end_date: cells.day()?,
            last_updated: cells.day()?,
            product: text(cells.text()?),
            labeler: text(cells.text()?),
            description: text(cells.text()?),
        })
    }

    fn write(&self, out: &mut String) {
        tsv::join(
            out,
            &[
                &self.id,
                &self.code.to_string(),
                &cvx_text(self.cvx),
                &tsv::day(self.start_date),
                &tsv::day(self.end_date),
                &tsv::day(self.last_updated),
                &self.product,
                &self.labeler,
                &self.description,
            ],
        );
    }
}

/// A row of the linker file, by the ids of the unit files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NdcIdLink {
    pub(crate) sale_id: Text,
    pub(crate) use_id: Text,
    pub(crate) mvx: Option<MvxCode>,
}

impl Row for NdcIdLink {
    const COLUMNS: &'static [&'static str] = &["sale_id", "use_id", "mvx"];

    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self { sale_id: text(cells.text()?), use_id: text(cells.text()?), mvx: optional_mvx(cells.text()?)? })
    }

    fn write(&self, out: &mut String) {
        tsv::join(out, &[&self.sale_id, &self.use_id, mvx_text(self.mvx.as_ref())]);
    }
}

/// A row of the consolidated crosswalk: a package, the unit in it, vaccine and manufacturer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crosswalk {
    pub(crate) sale: Option<Ndc11>,
    pub(crate) unit: Option<Ndc11>,
    pub(crate) cvx: Option<CvxCode>,
    pub(crate) mvx: Option<MvxCode>,
    pub(crate) sale_start: Option<Day>,
    pub(crate) sale_end: Option<Day>,
    pub(crate) sale_updated: Option<Day>,
    pub(crate) use_start: Option<Day>,
    pub(crate) use_end: Option<Day>,
    pub(crate) use_updated: Option<Day>,
    pub(crate) product: Text,
    pub(crate) labeler: Text,
    pub(crate) description: Text,
}

impl Row for Crosswalk {
    const COLUMNS: &'static [&'static str] = &[
        "sale_ndc11",
        "use_ndc11",
        "cvx",
        "mvx",
        "sale_start",
        "sale_end",
        "sale_updated",
        "use_start",
        "use_end",
        "use_updated",
        "product",
        "labeler",
        "description",
    ];

    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self {
            sale: optional_ndc(cells.text()?)?,
            unit: optional_ndc(cells.text()?)?,
            cvx: optional_cvx(cells.text()?)?,
            mvx: optional_mvx(cells.text()?)?,
            sale_start: cells.day()?,
            sale_end: cells.day()?,
            sale_updated: cells.day()?,
            use_start: cells.day()?,
            use_end: cells.day()?,
            use_updated: cells.day()?,
            product: text(cells.text()?),
            labeler: text(cells.text()?),
            description: text(cells.text()?),
        })
    }

    fn write(&self, out: &mut String) {
        tsv::join(
            out,
            &[
                &self.sale.map(|code| code.to_string()).unwrap_or_default(),
                &self.unit.map(|code| code.to_string()).unwrap_or_default(),
                &cvx_text(self.cvx),
                mvx_text(self.mvx.as_ref()),
                &tsv::day(self.sale_start),
                &tsv::day(self.sale_end),
                &tsv::day(self.sale_updated),
                &tsv::day(self.use_start),
                &tsv::day(self.use_end),
                &tsv::day(self.use_updated),
                &self.product,
                &self.labeler,
                &self.description,
            ],
        );
    }
}
