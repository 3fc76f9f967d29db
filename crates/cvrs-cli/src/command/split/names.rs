//! What the parts of a file are called.

/// How the parts of one input are named.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// `yyyymmdd_NN_AAA….txt`: NN counts up from the input's own.
    Numbered { before: String, first: usize, after: String },
    /// Any other: a number of three digits or more before the extension.
    Other { stem: String, extension: String },
}

/// The greatest number that two digits hold.
const LAST: usize = 99;

/// What a packed file's name ends in.
const PACKINGS: [&str; 5] = [".gz", ".bgz", ".zst", ".zstd", ".zip"];

impl Names {
    /// The names for an input of this name; if it is packed, without what says so.
    pub(super) fn new(name: &str, is_packed: bool) -> Self {
        let ends = |ending: &&str| {
            let at = name.len().checked_sub(ending.len()).filter(|&at| at > 0 && name.is_char_boundary(at));
            at.filter(|&at| name[at..].eq_ignore_ascii_case(ending))
        };
        let text_name = match PACKINGS.iter().find_map(ends).filter(|_| is_packed) {
            Some(at) if name[1..at].contains('.') => name[..at].to_owned(),
            Some(at) => format!("{}.txt", &name[..at]),
            None => name.to_owned(),
        };
        Self::numbered(&text_name).unwrap_or_else(|| {
            // A dot that a name starts with is no extension's.
            let at = text_name.rfind('.').filter(|&at| at > 0).unwrap_or(text_name.len());
            let (stem, extension) = text_name.split_at(at);
            Self::Other { stem: stem.to_owned(), extension: extension.to_owned() }
        })
    }

    fn numbered(name: &str) -> Option<Self> {
        let (day, rest) = name.split_at_checked(9)?;
        let (number, after) = rest.split_at_checked(2)?;
        let (entity, further) = after.split_at_checked(4)?;
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_of_convention = day.bytes().take(8).all(|byte| byte.is_ascii_digit())
            && day.ends_with('_')
            && is_digits(number)
            && entity.starts_with('_')
            && entity[1..].bytes().all(|byte| byte.is_ascii_alphanumeric())
            && further.len() >= 4
            && further.get(further.len() - 4..).is_some_and(|end| end.eq_ignore_ascii_case(".txt"));
        is_of_convention.then(|| Self::Numbered {
            before: day.to_owned(),
            first: number.parse().unwrap_or_default(),
            after: after.to_owned(),
        })
    }

    /// The name of a part, from 0; `None` where its number has no room.
    pub(super) fn name(&self, part: usize) -> Option<String> {
        match self {
            Self::Numbered { before, first, after } => {
                let number = first + part;
                (number <= LAST).then(|| format!("{before}{number:02}{after}"))
            }
            Self::Other { stem, extension } => Some(format!("{stem}.{:03}{extension}", part + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(name: &str, is_packed: bool, n: usize) -> Vec<String> {
        let names = Names::new(name, is_packed);
        (0..n).filter_map(|part| names.name(part)).collect()
    }

    #[test]
    fn the_number_of_the_convention_counts_up_from_the_inputs_own() {
        assert_eq!(names("20210129_01_GAA.txt", false, 2), ["20210129_01_GAA.txt", "20210129_02_GAA.txt"]);
        assert_eq!(names("20210129_09_gaa_update.TXT", false, 2)[1], "20210129_10_gaa_update.TXT");
        assert_eq!(names("20210129_98_GAA.txt", false, 9), ["20210129_98_GAA.txt", "20210129_99_GAA.txt"]);
    }

    #[test]
    fn other_names_get_a_number_before_the_extension() {
        for (name, second) in [
            ("doses.txt", "doses.002.txt"),
            ("doses", "doses.002"),
            (".doses", ".doses.002"),
            ("a.b.tsv", "a.b.002.tsv"),
            ("20210129_1_GAA.txt", "20210129_1_GAA.002.txt"),
            ("20210129_01.txt", "20210129_01.002.txt"),
            ("20210129_01_GAA.csv", "20210129_01_GAA.002.csv"),
            ("2021012é_01_GAA.txt", "2021012é_01_GAA.002.txt"),
            ("20210129_01_GÄA.txt", "20210129_01_GÄA.002.txt"),
        ] {
            assert_eq!(names(name, false, 2)[1], second);
        }
        assert_eq!(names("a.txt", false, 1000)[999], "a.1000.txt");
    }

    #[test]
    fn what_says_that_a_file_is_packed_is_left_out() {
        for (name, first) in [
            ("20210129_01_GAA.txt.gz", "20210129_01_GAA.txt"),
            ("20210129_01_GAA.ZIP", "20210129_01_GAA.txt"),
            ("doses.tsv.zst", "doses.001.tsv"),
            (".gz", ".gz.001"),
        ] {
            assert_eq!(names(name, true, 1), [first]);
        }
        assert_eq!(names("doses.gz", false, 1), ["doses.001.gz"], "the name alone says nothing");
    }
}
