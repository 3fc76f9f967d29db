//! Which lines of an input a part holds.

/// Numbers of lines in rising order, kept as runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// First line of each run, how many lines it has, and how many lines the runs before it have.
    runs: Vec<Run>,
    len: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: u64,
    count: u64,
    before: u64,
}

impl Lines {
    /// Adds a line after all that are there.
    pub fn push(&mut self, line: u64) {
        self.push_run(line, 1);
    }

    /// Adds lines that follow each other, after all that are there.
    pub fn push_run(&mut self, first: u64, count: u64) {
        match self.runs.last_mut() {
            Some(run) if run.first + run.count == first => run.count += count,
            _ if count == 0 => {}
            _ => self.runs.push(Run { first, count, before: self.len }),
        }
        self.len += count;
    }

    /// Adds the first `n` lines of others that come after all that are there.
    pub(crate) fn extend_with(&mut self, others: &Self, n: u64) {
        for run in others.runs.iter().take_while(|run| run.before < n) {
            self.push_run(run.first, run.count.min(n - run.before));
        }
    }

    /// All but the first `n` lines.
    pub(crate) fn without(&self, n: u64) -> Self {
        let mut rest = Self::default();
        for run in &self.runs {
            let skipped = n.saturating_sub(run.before).min(run.count);
            rest.push_run(run.first + skipped, run.count - skipped);
        }
        rest
    }

    /// How many lines there are.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The `index`-th line, from 0.
    pub fn nth(&self, index: u64) -> Option<u64> {
        let at = self.runs.partition_point(|run| run.before + run.count <= index);
        self.runs.get(at).map(|run| run.first + (index - run.before))
    }

    /// Whether a line is among them.
    pub fn contains(&self, line: u64) -> bool {
        let at = self.runs.partition_point(|run| run.first + run.count <= line);
        self.runs.get(at).is_some_and(|run| run.first <= line)
    }

    /// The runs: first line and number of lines.
    pub fn runs(&self) -> impl Iterator<Item = (u64, u64)> {
        self.runs.iter().map(|run| (run.first, run.count))
    }

    /// As the ledger keeps it: `2-100,102,105-110`.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for run in &self.runs {
            if !out.is_empty() {
                out.push(',');
            }
            out += &run.first.to_string();
            if run.count > 1 {
                out.push('-');
                out += &(run.first + run.count - 1).to_string();
            }
        }
        out
    }

    /// Reads what [`Lines::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = Self::default();
        for run in text.split(',').filter(|run| !run.is_empty()) {
            let (first, last) = run.split_once('-').unwrap_or((run, run));
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            let count = last.checked_sub(first)? + 1;
            lines.runs.push(Run { first, count, before: lines.len });
            lines.len += count;
        }
        Some(lines)
    }
}

/// What is known of lines from earlier runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// They were sent; they are left out.
    Sent,
    /// They belong to this part, of which it is unknown whether it arrived; it is made again as it was.
    Again(i64),
}

/// Which lines belong to parts of earlier runs.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    runs: Vec<(u64, u64, Owner)>,
}

impl Coverage {
    /// Adds lines of a part.
    pub fn add(&mut self, lines: &Lines, owner: Owner) {
        self.runs.extend(lines.runs().map(|(first, count)| (first, count, owner)));
        self.runs.sort_unstable_by_key(|&(first, ..)| first);
    }

    /// Whose line it is.
    pub fn owner(&self, line: u64) -> Option<Owner> {
        let at = self.runs.partition_point(|&(first, count, _)| first + count <= line);
        self.runs.get(at).filter(|&&(first, ..)| first <= line).map(|&(.., owner)| owner)
    }

    /// Whose line it is, and the next line of which that need not be so.
    pub fn owner_until(&self, line: u64) -> (Option<Owner>, u64) {
        let at = self.runs.partition_point(|&(first, count, _)| first + count <= line);
        match self.runs.get(at) {
            Some(&(first, count, owner)) if first <= line => (Some(owner), first + count),
            Some(&(first, ..)) => (None, first),
            None => (None, u64::MAX),
        }
    }

    /// Whether nothing is covered.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_their_place_and_survive_the_ledger() {
        let numbers = [2, 3, 4, 7, 9, 10, 40];
        let mut lines = Lines::default();
        for line in numbers {
            lines.push(line);
        }
        assert_eq!(lines.to_text(), "2-4,7,9-10,40");
        assert_eq!(Lines::parse(&lines.to_text()), Some(lines.clone()));
        let found: Vec<u64> = (0..lines.len()).filter_map(|at| lines.nth(at)).collect();
        assert_eq!(found, numbers);
        assert_eq!(lines.nth(7), None);
        for n in 0..=7 {
            let (mut first, rest) = (Lines::default(), lines.without(n));
            first.extend_with(&lines, n);
            assert_eq!((first.len(), rest.len()), (n, 7 - n));
            first.extend_with(&rest, rest.len());
            assert_eq!(first, lines);
        }
        for bad in ["5-2", "a", "1-", "-"] {
            assert_eq!(Lines::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn owners_are_told_line_by_line() {
        let mut coverage = Coverage::default();
        coverage.add(&Lines::parse("10-12,20").unwrap(), Owner::Sent);
        coverage.add(&Lines::parse("2-4,13").unwrap(), Owner::Again(7));
        let owned: Vec<u64> = (0..30).filter(|&line| coverage.owner(line).is_some()).collect();
        assert_eq!(owned, [2, 3, 4, 10, 11, 12, 13, 20]);
        for line in 0..30 {
            let (owner, until) = coverage.owner_until(line);
            assert!(until > line && (line..until.min(30)).all(|line| coverage.owner(line) == owner), "{line}");
        }
        assert_eq!(coverage.owner(13), Some(Owner::Again(7)));
        assert_eq!(coverage.owner(12), Some(Owner::Sent));
    }
}
