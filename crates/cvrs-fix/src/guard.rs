//! No fix may make its row break a rule that it kept before.

use cvrs_parse::{Date, Header, Record};
use cvrs_report::{Finding, Level};
use cvrs_rules::{Book, Options, Profile, Screen, Seen};

/// The rules that a fix must not break: those of profile `recommended`, whatever a run reports, so that what is fixed
/// does not depend on what is asked for in the report.
pub(crate) struct Guard {
    screen: Screen,
    before: Vec<Finding>,
    after: Vec<Finding>,
}

impl Guard {
    pub(crate) fn new(today: Date, is_test: bool, header: &Header) -> Self {
        let options = Options { is_test, ..Options::new(Profile::Recommended, today) };
        Self { screen: Screen::new(&Book::new(&options), header), before: Vec::new(), after: Vec::new() }
    }

    /// Whether a warning or an error is there that was not before, by rule and column.
    pub(crate) fn is_broken(&mut self, before: &Record<'_>, after: &Record<'_>) -> bool {
        if !self.screen.stops(after, false) {
            return false;
        }
        let book = self.screen.book();
        self.before.clear();
        self.after.clear();
        book.explain(before, &Seen::default(), &mut self.before);
        book.explain(after, &Seen::default(), &mut self.after);
        self.after.iter().filter(|finding| finding.level >= Level::Warn).any(|new| {
            !self.before.iter().any(|old| old.code == new.code && old.field == new.field && old.level >= new.level)
        })
    }
}
