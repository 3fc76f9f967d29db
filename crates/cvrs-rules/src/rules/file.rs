//! The header, the file's name, and what only all records together show.

use crate::rule::levels;
use crate::{Check, Context, Example, Hit, Hits, Layer, Levels, Rule, Scope};
use cvrs_parse::Record;
use cvrs_report::Level::{Error, Off, Warn};
use cvrs_spec::Field::*;

pub(crate) const NOT_TAB_DELIMITED: Rule = Rule {
    code: "FMT_001",
    name: "not-tab-delimited",
    layer: Layer::Tool,
    scope: Scope::Header,
    fields: &[],
    levels: levels(Error, Error),
    message: "File is not tab delimited",
    why: "Without a tab in the first line there is nothing to check: the program ends with exit code 3.",
    remedy: "Export as tab-delimited text, without quotes.",
    source: "CVRS v2 instructions, file; CDC tool FMT_001",
    passes: &[],
    fails: &[],
    check: Check::Elsewhere,
};

pub(crate) const UNKNOWN_NAMES: Rule = Rule {
    code: "FMT_002",
    name: "unknown-header-name",
    levels: Levels { recommended: Error, dch: Warn, tool: Error },
    message: "Input contains invalid headers",
    why: "A name that is no column of the version is ignored by the clearinghouse; if it is a misspelt one, its column is lost.",
    remedy: "Correct the name. Blanks around a name are told too, though the column binds.",
    source: "CVRS v2 instructions, header; CDC tool FMT_002",
    passes: &[Example::File("names in upper case", crate::example::upper_case_header)],
    fails: &[Example::File("a 46th column of another name", crate::example::extra_column)],
    ..NOT_TAB_DELIMITED
};

pub(crate) const NOT_CVRS: Rule = Rule {
    code: "FMT_003",
    name: "not-cvrs",
    message: "File is not a CVRS",
    why: "The file is empty, or no name in its first line is a column: the program ends with exit code 3.",
    remedy: "Send the file with its header line; a file without one cannot be told apart from any other.",
    source: "CVRS v2 instructions, header; CDC tool FMT_003",
    ..NOT_TAB_DELIMITED
};

pub(crate) const MISSING_NAMES: Rule = Rule {
    code: "FMT_004",
    name: "missing-header-name",
    levels: Levels { recommended: Error, dch: Warn, tool: Error },
    message: "File is missing headers",
    why: "All columns must be named even if they are empty (explicit from version 2.5).",
    remedy: "Add the column with empty cells. A required one that is missing is told once, and no record is clean.",
    source: "CVRS 2.5 change notes, 2021-08-09; CDC tool FMT_004",
    passes: &[Example::File("all 45 names", crate::example::good_file)],
    fails: &[Example::File("a header without mvx", crate::example::without_mvx)],
    ..NOT_TAB_DELIMITED
};

pub(crate) const BYTE_ORDER_MARK: Rule = Rule {
    code: "FMT_005",
    name: "byte-order-mark",
    levels: Levels { recommended: Warn, dch: Warn, tool: Error },
    message: "File starts with a Unicode Byte Order Mark (FEFF)",
    why: "The specification does not know the mark, and a reader that keeps it loses the first column.",
    remedy: "Export as UTF-8 without BOM; `cvrs fix` removes it.",
    source: "CVRS v2 instructions are silent; CDC tool FMT_005",
    passes: &[Example::File("a file without the mark", crate::example::good_file)],
    fails: &[Example::File("EF BB BF before the header", crate::example::with_bom)],
    ..NOT_TAB_DELIMITED
};

pub(crate) const REPEATED_NAME: Rule = Rule {
    code: "XR006",
    name: "header-name-twice",
    layer: Layer::Extra,
    levels: Levels { recommended: Error, dch: Warn, tool: Off },
    message: "header name stands twice",
    why: "Two columns of one name leave open which is meant; the later one is read.",
    remedy: "Remove or rename one of the two.",
    source: "our own; CDC tool: the later column wins",
    passes: &[Example::File("each name once", crate::example::good_file)],
    fails: &[Example::File("cvx named twice", crate::example::repeated_name)],
    ..NOT_TAB_DELIMITED
};

pub(crate) const ORDER: Rule = Rule {
    code: "XR007",
    name: "header-order",
    layer: Layer::Extra,
    levels: levels(Warn, Off),
    message: "columns are not in the order of the specification",
    why: "Columns bind by name, but not every reader does so.",
    remedy: "Export in the order of the specification; `cvrs fix` reorders.",
    source: "our own",
    passes: &[Example::File("the order of the specification", crate::example::good_file)],
    fails: &[Example::File("the first two columns swapped", crate::example::swapped_columns)],
    ..NOT_TAB_DELIMITED
};

pub(crate) const FILE_NAME: Rule = Rule {
    code: "XR010",
    name: "file-name",
    layer: Layer::Extra,
    scope: Scope::File,
    levels: levels(Warn, Off),
    message: "file name is not yyyymmdd_NN_AAA.txt of a known entity and day",
    why: "The name tells the day reported, its sequence number and who sends; the portal sorts by it.",
    remedy: "Name the file after the day reported, such as 20201215_01_GAA.txt.",
    source: "CVRS v2 instructions, file name",
    passes: &[Example::Name("20201215_01_GAA.txt")],
    fails: &[
        Example::Name("20201315_01_GAA.txt"),
        Example::Name("20201215_1_GAA.txt"),
        Example::Name("20201215_01_ZZZ.txt"),
    ],
    ..NOT_TAB_DELIMITED
};

fn over_limit(_: &Record<'_>, context: &Context, hits: &mut Hits<'_>) {
    if context.seen.record == MAX_RECORDS + 1 {
        hits.add_about_file(Hit::PLAIN);
    }
}

/// The most records a file may hold.
pub const MAX_RECORDS: u64 = 200_000;

pub(crate) const OVER_LIMIT: Rule = Rule {
    code: "XR009",
    name: "too-many-records",
    layer: Layer::Extra,
    scope: Scope::File,
    levels: levels(Error, Off),
    message: "more than 200,000 records",
    why: "The clearinghouse processes nothing of a larger file (status MAX ROWS).",
    remedy: "Split the file with `cvrs split`; `cvrs submit` does so by itself.",
    source: "CVRS v2 instructions; portal guide, upload status",
    check: Check::Record(over_limit),
    passes: &[],
    fails: &[],
    ..NOT_TAB_DELIMITED
};

fn other_model(_: &Record<'_>, context: &Context, hits: &mut Hits<'_>) {
    if context.seen.is_first_of_other_model {
        hits.add_about_file(Hit::on(ExtType));
    }
}

pub(crate) const OTHER_MODEL: Rule = Rule {
    code: "XR011",
    name: "mixed-models",
    layer: Layer::Extra,
    scope: Scope::File,
    fields: &[ExtType],
    levels: levels(Warn, Off),
    message: "ext_type differs from the first record's, or is not of this version",
    why: "The specification speaks of one model for a file, and knows model I from 2.5 on and model P from 3 on.",
    remedy: "Send one model a file; redact I records with `cvrs redact` where D is meant.",
    source: "our own; CVRS 2.5 and 3 instructions",
    passes: &[Example::Records(&[&[(VaxEventId, "A1")], &[(VaxEventId, "A2")]])],
    fails: &[Example::Records(&[&[(VaxEventId, "A1")], &[(VaxEventId, "A2"), (ExtType, "P"), (PprlId, "t0k3n")]])],
    check: Check::Record(other_model),
};

fn duplicate(_: &Record<'_>, context: &Context, hits: &mut Hits<'_>) {
    if let Some(duplicate) = context.seen.duplicate {
        let message = Some(if duplicate.is_exact {
            duplicate
                .first
                .message(DUPLICATE.message, "vax_event_id{v} duplicates vax_event_id at line {0} of input {1}")
        } else {
            let here = "vax_event_id{v} equals that of line {0} but for case";
            duplicate.first.message(here, "vax_event_id{v} equals that of line {0} of input {1} but for case")
        });
        hits.add(Hit { field: Some(VaxEventId), is_soft: !duplicate.is_exact, message, ..Hit::PLAIN });
    }
}

pub(crate) const DUPLICATE: Rule = Rule {
    code: "BUSR013",
    name: "duplicate-event-id",
    scope: Scope::File,
    fields: &[VaxEventId],
    message: "vax_event_id{v} duplicates vax_event_id at line {0}",
    why: "The clearinghouse stores one record an id: the first wins, each later one is refused. Ids that differ only in \
          case are a warning, since the clearinghouse presumably keeps them apart.",
    remedy: "Send each event once; two doses on one day need two ids.",
    source: "CVRS v2 data elements, unique identifier; CDC tool BUSR013",
    passes: &[Example::Records(&[&[(VaxEventId, "A1")], &[(VaxEventId, "A2")]])],
    fails: &[
        Example::Records(&[&[(VaxEventId, "A1")], &[(VaxEventId, "A1")]]),
        Example::Records(&[&[(VaxEventId, "A1")], &[(VaxEventId, "a1")]]),
    ],
    check: Check::Record(duplicate),
    ..NOT_TAB_DELIMITED
};

fn other_person(_: &Record<'_>, context: &Context, hits: &mut Hits<'_>) {
    if let Some(earlier) = context.seen.other_person {
        let elsewhere = "recip_id stands at line {0} of input {1} with another birth date or sex";
        let message = Some(earlier.message(OTHER_PERSON.message, elsewhere));
        hits.add(Hit { field: Some(RecipId), message, ..Hit::PLAIN });
    }
}

pub(crate) const OTHER_PERSON: Rule = Rule {
    code: "XR018",
    name: "recipient-differs",
    layer: Layer::Extra,
    scope: Scope::File,
    fields: &[RecipId, RecipDob, RecipSex],
    levels: levels(Warn, Off),
    message: "recip_id stands at line {0} with another birth date or sex",
    why: "One id for two persons mixes their doses; one person with two birth dates is counted twice.",
    remedy: "Look both records up at the source.",
    source: "our own; CVRS v2 data elements, recip_id",
    passes: &[Example::Records(&[&[(VaxEventId, "A1")], &[(VaxEventId, "A2")]])],
    fails: &[Example::Records(&[&[(VaxEventId, "A1")], &[(VaxEventId, "A2"), (RecipDob, "1950-01-01")]])],
    check: Check::Record(other_person),
};
