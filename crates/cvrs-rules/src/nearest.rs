//! What was meant by a word that nothing is called.

/// The candidate that was likely meant, whatever the case: the shortest that holds the word, else the one that takes the
/// fewest letters to change, add or leave out. `None` if none comes near, or the word is too short to tell.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    if word.len() < 3 {
        return None;
    }
    let far = word.len().div_ceil(3);
    let score = |candidate: &str| {
        let candidate = candidate.to_ascii_lowercase();
        if candidate.contains(&word) { (0, candidate.len()) } else { (distance(&candidate, &word), 0) }
    };
    let (score, candidate) =
        candidates.into_iter().map(|candidate| (score(candidate), candidate)).min_by_key(|&(score, _)| score)?;
    (score.0 <= far).then_some(candidate)
}

/// `did you mean this?` with a blank behind, or nothing.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map_or_else(String::new, |meant| format!("did you mean {meant}? "))
}

/// How many letters must change, come or go (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let here = (diagonal + usize::from(a != b)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], here);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_candidate_with_the_fewest_changes_is_meant() {
        assert_eq!(nearest("recip_sexe", ["recip_dob", "recip_sex", "serology"]), Some("recip_sex"));
        assert_eq!(nearest("data07", ["DATA007", "XR007"]), Some("DATA007"));
        assert_eq!(nearest("dob", ["recip_dob_2", "recip_dob", "sob"]), Some("recip_dob"));
        assert_eq!(nearest("nosuch", ["DNTS002", "serology"]), None);
        assert_eq!((nearest("9", ["1", "2"]), nearest("abc", [])), (None, None));
        assert_eq!(did_you_mean("seks", ["sex"]), "did you mean sex? ");
        assert_eq!((distance("", "abc"), distance("abc", "abd"), distance("kitten", "sitting")), (3, 1, 3));
    }
}
