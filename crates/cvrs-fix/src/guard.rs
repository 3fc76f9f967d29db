//! No fix may make its row break a rule that it kept before.

use crate::draft::Draft;
use cvrs_codes::CodeSets;
use cvrs_parse::{Date, Header, Index};
use cvrs_report::{Finding, Level};
use cvrs_rules::{Book, Memory, Options, Profile, Screen, Seen, Stopped};

/// The rules that a fix must not break: those of profile `recommended`, whatever a run reports, so that what is fixed
/// does not depend on what is asked for in the report.
pub(crate) struct Guard {
    screen: Screen,
    index: Index,
    memory: Memory,
    stopped: Vec<Stopped>,
    before: Vec<Finding>,
    after: Vec<Finding>,
}

impl Guard {
    pub(crate) fn new(today: Date, is_test: bool, codes: &'static CodeSets, header: &Header) -> Self {
        let options = Options { is_test, ..Options::new(Profile::Recommended, today) };
        let screen = Screen::new(&Book::with_codes(&options, codes), header);
        Self {
            index: screen.index(),
            screen,
            memory: Memory::default(),
            stopped: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    /// Whether a warning or an error is there that was not before, by rule and column.
    pub(crate) fn is_broken(&mut self, before: &Draft, after: &Draft) -> bool {
        let line = after.line();
        self.index.build(line);
        self.stopped.clear();
        let is_utf8 = line.is_ascii() || std::str::from_utf8(line).is_ok();
        self.screen.lines(line, &self.index, is_utf8, &mut self.memory, &mut self.stopped);
        if self.stopped.is_empty() {
            return false;
        }
        let (book, header, mut scratch) = (self.screen.book(), self.screen.header(), Vec::new());
        self.before.clear();
        self.after.clear();
        book.explain(&before.record(header, &mut scratch), &Seen::default(), &mut self.before);
        book.explain(&after.record(header, &mut scratch), &Seen::default(), &mut self.after);
        self.after.iter().filter(|finding| finding.level >= Level::Warn).any(|new| {
            !self.before.iter().any(|old| old.code == new.code && old.field == new.field && old.level >= new.level)
        })
    }
}
