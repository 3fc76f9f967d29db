//! Vaccine, maker, product and dose against each other.

use crate::Codes;
use crate::rule::levels;
use crate::{Check, Context, Example, Hit, Hits, Layer, Rule, Scope};
use cvrs_parse::Record;
use cvrs_report::Level::{Info, Off, Warn};
use cvrs_spec::Field::*;

/// Whether any rule of this family may have something to say.
pub(crate) fn is_doubtful(
    cvx: &[u8],
    mvx: &[u8],
    ndc: &[u8],
    dose: &[u8],
    complete: &[u8],
    codes: Codes,
    is_test: bool,
) -> bool {
    codes.is_other_vaccine(cvx)
        || !is_test && (codes.is_placeholder_cvx(cvx) || cvrs_codes::is_placeholder_mvx(mvx))
        || complete.eq_ignore_ascii_case(b"YES")
            && (dose.eq_ignore_ascii_case(b"INV") || dose == b"1" && codes.is_multi_dose(cvx))
        || codes.disagree(cvx, mvx, ndc)
}

fn disagree(record: &Record<'_>, context: &Context, hits: &mut Hits<'_>) {
    if context.codes.disagree(record.get(Cvx), record.get(Mvx), record.get(Ndc)) {
        hits.add(Hit::on(Cvx));
    }
}

pub(crate) const DISAGREE: Rule = Rule {
    code: "XR013",
    name: "product-codes-disagree",
    layer: Layer::Extra,
    scope: Scope::Record,
    fields: &[Cvx, Mvx, Ndc],
    levels: levels(Warn, Off),
    message: "cvx, mvx and ndc are not of one product",
    why: "The three codes name vaccine, maker and package; where CDC's lists do not know them together, one is wrong.",
    remedy: "Take all three from the package that was used; `cvrs codes show ndc CODE` tells what belongs together.",
    source: "our own; CDC product names and NDC lists",
    passes: &[Example::Cells(&[(Cvx, "208"), (Mvx, "PFR")])],
    fails: &[Example::Cells(&[(Cvx, "207"), (Mvx, "PFR"), (Ndc, "")])],
    check: Check::Record(disagree),
};

fn not_covid(record: &Record<'_>, context: &Context, hits: &mut Hits<'_>) {
    let (cvx, mvx) = (record.get(Cvx), record.get(Mvx));
    if context.codes.is_other_vaccine(cvx) {
        hits.add(Hit::on(Cvx));
    } else if !context.is_test {
        if context.codes.is_placeholder_cvx(cvx) {
            hits.add(Hit::on(Cvx));
        }
        if cvrs_codes::is_placeholder_mvx(mvx) {
            hits.add(Hit::on(Mvx));
        }
    }
}

pub(crate) const NOT_COVID: Rule = Rule {
    code: "XR014",
    name: "not-a-covid-19-vaccine",
    fields: &[Cvx, Mvx],
    message: "{f}{v} is not a COVID-19 vaccine's, or a placeholder",
    why: "The clearinghouse collects COVID-19 vaccinations; placeholders such as 900 belong to the test data of 2020.",
    remedy: "Leave other vaccines out of the extract; validate test data with --test.",
    source: "our own; CDC CVX list, CVRS v2 sheet for the placeholders",
    passes: &[Example::Cells(&[(Cvx, "208")])],
    fails: &[
        Example::With(&[(Cvx, "20"), (Mvx, ""), (Ndc, "")], &[]),
        Example::With(&[(Cvx, "900"), (Mvx, ""), (Ndc, "")], &[]),
    ],
    check: Check::Record(not_covid),
    ..DISAGREE
};

fn complete_too_soon(record: &Record<'_>, context: &Context, hits: &mut Hits<'_>) {
    if record.get(DoseNum) == b"1"
        && record.is(VaxSeriesComplete, "YES")
        && context.codes.is_multi_dose(record.get(Cvx))
    {
        hits.add(Hit::on(DoseNum));
    }
}

pub(crate) const COMPLETE_TOO_SOON: Rule = Rule {
    code: "XR015",
    name: "complete-after-first-dose",
    fields: &[DoseNum, VaxSeriesComplete, Cvx],
    message: "series of a multi-dose product complete with dose 1",
    why: "One dose does not complete a series of two; the dose number or the status is wrong.",
    remedy: "Set the status after the last dose that the product requires.",
    source: "our own; the products' first labels",
    passes: &[
        Example::Cells(&[(DoseNum, "2"), (VaxSeriesComplete, "YES")]),
        Example::Cells(&[(Cvx, "212"), (Mvx, "JSN"), (Ndc, ""), (DoseNum, "1"), (VaxSeriesComplete, "YES")]),
    ],
    fails: &[Example::Cells(&[(DoseNum, "1"), (VaxSeriesComplete, "YES")])],
    check: Check::Record(complete_too_soon),
    ..DISAGREE
};

fn invalid_and_complete(record: &Record<'_>, _: &Context, hits: &mut Hits<'_>) {
    if record.is(DoseNum, "INV") && record.is(VaxSeriesComplete, "YES") {
        hits.add(Hit::on(DoseNum));
    }
}

pub(crate) const INVALID_AND_COMPLETE: Rule = Rule {
    code: "XR016",
    name: "complete-with-invalid-dose",
    fields: &[DoseNum, VaxSeriesComplete],
    levels: levels(Info, Off),
    message: "series complete with an invalid dose",
    why: "An invalid dose does not count, so it cannot be the one that completes the series; it may have been complete before.",
    remedy: "Check the status.",
    source: "our own",
    passes: &[Example::Cells(&[(DoseNum, "INV"), (VaxSeriesComplete, "NO")])],
    fails: &[Example::Cells(&[(DoseNum, "INV"), (VaxSeriesComplete, "YES")])],
    check: Check::Record(invalid_and_complete),
    ..DISAGREE
};
