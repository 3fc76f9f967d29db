//! The rule book at work: it explains what is wrong with a record, in the order of the specification.

use crate::registry::index_of;
use crate::rule::Stage;
use crate::{
    Cell, Check, Codes, Dch, Hit, Jurisdiction, Layer, Operation, Options, Profile, RULES, Rule, Scope, Suspicion,
};
use cvrs_codes::CodeSets;
use cvrs_parse::{Date, Record};
use cvrs_report::{Finding, Level, Message};
use cvrs_spec::{Event, Field, Version};

/// Where an earlier record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its physical line.
    pub line: u64,
    /// The number of its input among those of the run, from 1, if it is another one.
    pub input: Option<u32>,
}

impl Earlier {
    /// The message about it: the first text with its line, or the second with its line and input.
    pub(crate) fn message(self, here: &'static str, elsewhere: &'static str) -> Message {
        match self.input {
            None => Message::Template(here, [self.line, 0]),
            Some(input) => Message::Template(elsewhere, [self.line, u64::from(input)]),
        }
    }
}

/// An earlier record with the same `vax_event_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The first record with it.
    pub first: Earlier,
    /// Whether the ids are equal to the letter, not only but for case.
    pub is_exact: bool,
}

/// What is known of a record from outside it: its place, and what all records together show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its number among the data rows, from 1; 0 if the profile gives it none.
    pub record: u64,
    /// The offset of its first byte in the text.
    pub byte: u64,
    /// Whether its line has no line end.
    pub is_unterminated: bool,
    /// An earlier record with its `vax_event_id`.
    pub duplicate: Option<Duplicate>,
    /// The number of the last record before it with its `vax_event_id`, as the CDC tool counts and compares.
    pub previous: Option<u64>,
    /// An earlier record with its `recip_id` and another birth date or sex.
    pub other_person: Option<Earlier>,
    /// Whether it is the first of another model than the first record's, or of one that the version lacks.
    pub is_first_of_other_model: bool,
}

/// What a rule may know besides the record.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The day of submission.
    pub today: Date,
    /// Whether it is test data.
    pub is_test: bool,
    /// Whether XR021 is asked for.
    pub counts_unknown: bool,
    /// CVX, MVX, NDC, counties and the rest.
    pub codes: Codes,
    /// What is known of the record from outside it.
    pub seen: Seen,
}

/// What came of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The worst level of all that fired, told or not. An error makes the record a rejected one.
    pub worst: Level,
}

/// The rules with their levels resolved for one run.
#[derive(Clone, Debug)]
pub struct Book {
    profile: Profile,
    today: Date,
    is_test: bool,
    codes: Codes,
    levels: Box<[[Level; 2]]>,
    by_field: Vec<Vec<u16>>,
    /// Rules on records, with the family that each belongs to.
    by_record: Vec<(u16, u8)>,
    counts_unknown: bool,
    jurisdiction: Jurisdiction,
    relates_ids: bool,
}

const N_DCH: usize = crate::DCH.len() + 1;

fn dch_number(dch: Option<&Dch>) -> usize {
    dch.map_or(0, |dch| dch.id[3..].parse().unwrap_or(0))
}

impl Book {
    /// Resolves the levels of all rules.
    pub fn new(options: &Options) -> Self {
        Self::with_codes(options, CodeSets::builtin())
    }

    /// As [`Book::new`], with code sets of one's own.
    pub fn with_codes(options: &Options, codes: &'static CodeSets) -> Self {
        let mut levels = vec![[Level::Off; 2]; RULES.len() * N_DCH].into_boxed_slice();
        for (index, rule) in RULES.iter().enumerate() {
            for dch in rule.dch().map(Some).chain([None]) {
                let at = index * N_DCH + dch_number(dch);
                levels[at] = [false, true].map(|is_soft| resolve(options, rule, dch, is_soft));
            }
        }
        let mut book = Self {
            profile: options.profile,
            today: options.today,
            is_test: options.is_test,
            codes: Codes::new(codes),
            levels,
            by_field: vec![Vec::new(); Field::COUNT],
            by_record: Vec::new(),
            counts_unknown: false,
            jurisdiction: options.jurisdiction.clone(),
            relates_ids: false,
        };
        book.counts_unknown = book.is_on("XR021");
        book.order();
        book
    }

    /// Puts the rules that are not off into the order in which they speak.
    fn order(&mut self) {
        let mut staged: Vec<Vec<(Stage, u16)>> = vec![Vec::new(); Field::COUNT];
        for (index, rule) in RULES.iter().enumerate() {
            if !self.is_on_at_all(index) {
                continue;
            }
            match rule.check {
                Check::Cell(stage, _) => {
                    for field in Field::all().filter(|field| rule.fields.is_empty() || rule.fields.contains(field)) {
                        staged[field as usize].push((stage, index as u16));
                    }
                }
                Check::Record(_) => self.by_record.push((index as u16, Suspicion::family(rule.code))),
                Check::Elsewhere => {}
            }
        }
        for (rules, staged) in self.by_field.iter_mut().zip(&mut staged) {
            staged.sort();
            *rules = staged.iter().map(|&(_, index)| index).collect();
        }
        if self.profile == Profile::Dch {
            let id = |rule: &(u16, u8)| RULES[usize::from(rule.0)].dch().map(|dch| dch.id).next().unwrap_or("~");
            self.by_record.sort_by_key(id);
        }
    }

    fn is_on_at_all(&self, index: usize) -> bool {
        self.levels[index * N_DCH..][..N_DCH].iter().flatten().any(|&level| level > Level::Off)
    }

    /// The profile it was made from.
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// The version to read a header by: the one told, or the profile's.
    pub const fn header_version(&self, told: Option<Version>) -> Option<Version> {
        self.profile.header_version(told)
    }

    /// The day of submission.
    pub const fn today(&self) -> Date {
        self.today
    }

    /// Whether it is test data.
    pub const fn is_test(&self) -> bool {
        self.is_test
    }

    /// The code sets that it goes by.
    pub const fn codes(&self) -> Codes {
        self.codes
    }

    /// The level of a finding of that code.
    pub fn level(&self, code: &str, dch: Option<&Dch>, is_soft: bool) -> Level {
        index_of(code).map_or(Level::Off, |index| self.levels[index * N_DCH + dch_number(dch)][usize::from(is_soft)])
    }

    /// Whether any finding of that code would be told.
    pub fn is_on(&self, code: &str) -> bool {
        index_of(code).is_some_and(|index| self.is_on_at_all(index))
    }

    /// The same, asking which records have the `vax_event_id` of an earlier one ([`Seen::duplicate`]) whether or not a
    /// rule tells it: what is made of records may need ids that differ.
    #[must_use]
    pub const fn relating_ids(mut self) -> Self {
        self.relates_ids = true;
        self
    }

    /// Whether that is asked.
    pub fn relates_ids(&self) -> bool {
        self.relates_ids || self.is_on("BUSR013")
    }

    /// Whether all records of the file must be known first.
    pub fn needs_survey(&self) -> bool {
        self.relates_ids() || ["XR011", "XR018"].into_iter().any(|code| self.is_on(code)) || self.asks_for_patterns()
    }

    /// Whether every record has a number. The CDC tool drops rows with a wrong number of cells and counts on without
    /// them.
    pub fn numbers_all_records(&self) -> bool {
        self.profile != Profile::Tool
    }

    /// Whether what repeats from one input of a run to another is told. The CDC tool keeps inputs apart.
    pub fn relates_inputs(&self) -> bool {
        self.profile != Profile::Tool
    }

    /// Whether patterns above rows are told.
    pub fn asks_for_patterns(&self) -> bool {
        RULES.iter().enumerate().any(|(index, rule)| rule.layer == Layer::Pattern && self.is_on_at_all(index))
    }

    /// Says what is wrong with a record: appends its findings in their order and tells the worst level.
    ///
    /// Order: the columns of the specification, on each required, forbidden, length, content; then relations by
    /// code (in profile `dch` by the clearinghouse's numbers), then the extra rules. A finding about a column that
    /// the whole file lacks counts and is not told here, but once by [`Book::explain_header`] (rule book E-20).
    pub fn explain(&self, record: &Record<'_>, seen: &Seen, out: &mut Vec<Finding>) -> Explained {
        self.explain_where(Suspicion::ALL, record, seen, out)
    }

    /// As [`Book::explain`], looking only where something is suspected. The suspicion must be a
    /// [`Screen`](crate::Screen)'s of this book about this record, or findings are missed.
    pub fn explain_where(
        &self,
        suspicion: Suspicion,
        record: &Record<'_>,
        seen: &Seen,
        out: &mut Vec<Finding>,
    ) -> Explained {
        let context = self.context(*seen);
        let mut worst = Level::Off;
        if self.profile == Profile::Tool {
            crate::tool::explain(record, &context, &mut Told { book: self, out, worst: &mut worst });
            if record.is_regular() && !self.jurisdiction.is_empty() {
                self.explain_jurisdiction(record, record.event(), &mut worst, out);
            }
            return Explained { worst };
        }
        let (event, model) = (record.event(), record.model());
        let mut explain_cell = |field: Field, is_absent: bool| {
            let cell = Cell { field, record, event, model, context: &context };
            for &index in &self.by_field[field as usize] {
                let rule = &RULES[usize::from(index)];
                if let Check::Cell(_, check) = rule.check
                    && let Some(hit) = check(&cell)
                {
                    let finding = self.finding(index, Hit { field: Some(field), ..hit });
                    worst = worst.max(finding.level);
                    if finding.level > Level::Off && !is_absent {
                        out.push(finding);
                    }
                }
            }
        };
        let header = record.header();
        if !suspicion.is_all() && header.is_in_order() && header.n_columns() <= 64 {
            // The columns come in the version's order by themselves.
            let mut columns = suspicion.columns();
            while columns != 0 {
                if let Some(&Some(field)) = header.columns().get(columns.trailing_zeros() as usize) {
                    explain_cell(field, false);
                }
                columns &= columns - 1;
            }
        } else {
            for &field in record.version().columns() {
                let position = header.position(field);
                // A column that the file lacks is empty; where that matters, all is suspected.
                if position.map_or(suspicion.is_all(), |column| suspicion.has_column(column)) {
                    explain_cell(field, self.profile != Profile::Dch && position.is_none());
                }
            }
        }
        for &(index, family) in &self.by_record {
            if !suspicion.has_family(family) {
                continue;
            }
            if let Check::Record(check) = RULES[usize::from(index)].check {
                let mut hits = Hits { book: self, index, out, worst: &mut worst };
                check(record, &context, &mut hits);
            }
        }
        if !self.jurisdiction.is_empty() {
            self.explain_jurisdiction(record, event, &mut worst, out);
        }
        Explained { worst }
    }

    /// What a jurisdiction asks beyond the specification.
    pub const fn jurisdiction(&self) -> &Jurisdiction {
        &self.jurisdiction
    }

    fn explain_jurisdiction(&self, record: &Record<'_>, event: Event, worst: &mut Level, out: &mut Vec<Finding>) {
        for &field in record.version().columns() {
            let value = record.get(field);
            let is_missing = value.is_empty() && self.jurisdiction.requires(field, event);
            let is_other = !self.jurisdiction.allows(field, value);
            for (code, _) in [("JUR001", is_missing), ("JUR002", is_other)].into_iter().filter(|rule| rule.1) {
                if let Some(finding) = self.tell(code, Some(field), None) {
                    *worst = (*worst).max(finding.level);
                    out.push(finding);
                }
            }
        }
    }

    /// The findings of the rules of one column on one record, told even if the file lacks the column.
    pub(crate) fn explain_absent(&self, record: &Record<'_>, field: Field, out: &mut Vec<Finding>) {
        let context = self.context(Seen::default());
        let cell = Cell { field, record, event: record.event(), model: record.model(), context: &context };
        for &index in &self.by_field[field as usize] {
            if let Check::Cell(_, check) = RULES[usize::from(index)].check
                && let Some(hit) = check(&cell)
            {
                let finding = self.finding(index, Hit { field: Some(field), ..hit });
                if finding.level > Level::Off {
                    out.push(finding);
                }
            }
        }
    }

    /// A finding of a rule that is evaluated elsewhere; `None` if it is off.
    pub fn tell(&self, code: &str, field: Option<Field>, message: Option<Message>) -> Option<Finding> {
        let index = index_of(code)?;
        let finding = self.finding(index as u16, Hit { field, message, ..Hit::PLAIN });
        (finding.level > Level::Off).then_some(finding)
    }

    fn context(&self, seen: Seen) -> Context {
        Context {
            today: self.today,
            is_test: self.is_test,
            counts_unknown: self.counts_unknown,
            codes: self.codes,
            seen,
        }
    }

    fn finding(&self, index: u16, hit: Hit) -> Finding {
        let rule = &RULES[usize::from(index)];
        let level = self.levels[usize::from(index) * N_DCH + dch_number(hit.dch)][usize::from(hit.is_soft)];
        let own = || Message::text(hit.dch.map_or(rule.message, |dch| dch.message));
        let related = match rule.fields {
            &[first, second, ..] if rule.scope == Scope::Record => {
                Some(if hit.field == Some(first) { second } else { first })
            }
            _ => None,
        };
        Finding {
            code: rule.code,
            dch: hit.dch.map(|dch| dch.id),
            level,
            field: hit.field,
            related,
            message: hit.message.unwrap_or_else(own),
        }
    }
}

/// The level of a finding of `rule` behind which `dch` stands, before and after the user's own words.
fn resolve(options: &Options, rule: &Rule, dch: Option<&Dch>, is_soft: bool) -> Level {
    let mut level = match options.profile {
        Profile::Dch if dch.is_some() => Level::Error,
        Profile::Dch => rule.levels.dch,
        Profile::Tool => rule.levels.tool,
        Profile::Recommended | Profile::Strict => rule.levels.recommended,
    };
    if is_soft && options.profile != Profile::Tool {
        level = level.min(Level::Warn);
    }
    if options.profile == Profile::Strict && level == Level::Warn {
        level = Level::Error;
    }
    let matters_for_delete = dch.is_some_and(|dch| matches!(dch.id, "DCH001" | "DCH002" | "DCH007"));
    if options.operation == Operation::Delete && !matters_for_delete && options.profile != Profile::Tool {
        level = level.min(Level::Warn);
    }
    if !options.select.is_empty() && !options.select.iter().any(|selector| selector.picks(rule.code, dch)) {
        level = Level::Off;
    }
    if options.ignore.iter().any(|selector| selector.picks(rule.code, dch)) {
        level = Level::Off;
    }
    let own = options.levels.iter().rev().find(|(selector, _)| selector.picks(rule.code, dch));
    own.map_or(level, |&(_, own)| own)
}

/// Where the CDC tool's reading of the rules puts what it finds.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    book: &'a Book,
    out: &'a mut Vec<Finding>,
    worst: &'a mut Level,
}

impl Told<'_> {
    /// Adds a finding of the rule with that code, in the tool's words.
    pub(crate) fn add(&mut self, code: &str, field: Option<Field>, dch: Option<&'static Dch>, message: Message) {
        let Some(index) = index_of(code) else { return };
        let hit = Hit { field, dch, message: Some(message), ..Hit::PLAIN };
        Hits { book: self.book, index: index as u16, out: self.out, worst: self.worst }.add(hit);
    }
}

/// Where a rule on records puts what it finds.
#[derive(Debug)]
pub struct Hits<'a> {
    book: &'a Book,
    index: u16,
    out: &'a mut Vec<Finding>,
    worst: &'a mut Level,
}

impl Hits<'_> {
    /// Adds a finding of the rule at work.
    pub fn add(&mut self, hit: Hit) {
        let finding = self.book.finding(self.index, hit);
        if finding.level > Level::Off {
            *self.worst = (*self.worst).max(finding.level);
            self.out.push(finding);
        }
    }

    /// Adds a finding that stands at a record and is about the whole file: it does not make the record a rejected one.
    pub fn add_about_file(&mut self, hit: Hit) {
        let finding = self.book.finding(self.index, hit);
        if finding.level > Level::Off {
            self.out.push(finding);
        }
    }
}
