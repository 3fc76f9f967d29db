//! Redaction in the plainest way: line by line, cell by cell, with columns looked up by name.

use crate::strategy::Wanted;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub(crate) const SIX: [&str; 6] = [
    "recip_first_name",
    "recip_middle_name",
    "recip_last_name",
    "recip_address_street",
    "recip_address_street_2",
    "recip_address_city",
];

#[derive(Debug, Default)]
pub(crate) struct Twin {
    pub(crate) text: Vec<u8>,
    pub(crate) rejects: Vec<u8>,
    /// Line, code, column.
    pub(crate) told: Vec<(u64, &'static str, String)>,
    pub(crate) other_model: Option<u64>,
    pub(crate) records: u64,
    pub(crate) rejected: u64,
    pub(crate) blank_lines: u64,
    pub(crate) changes: u64,
}

fn lower(text: &[u8]) -> Vec<char> {
    String::from_utf8_lossy(text).trim_matches([' ', '\t', '\r', '\x0C']).to_lowercase().chars().collect()
}

/// The value as characters in lower case, if it is one that is looked for.
fn name(value: &[u8]) -> Option<Vec<char>> {
    let value = value.trim_ascii();
    let is_long = String::from_utf8_lossy(value).chars().count() >= 3;
    (!value.eq_ignore_ascii_case(b"redacted") && is_long).then(|| lower(value))
}

fn stands_in(name: Option<&Vec<char>>, cell: &[char], as_word: bool) -> bool {
    let Some(name) = name else { return false };
    (0..cell.len()).any(|at| {
        let is_part = |own: char, other: Option<&char>| {
            own.is_alphanumeric() && other.is_some_and(|other| other.is_alphanumeric())
        };
        let before = at.checked_sub(1).map(|at| &cell[at]);
        cell[at..].starts_with(name)
            && (!as_word || !is_part(name[0], before) && !is_part(name[name.len() - 1], cell.get(at + name.len())))
    })
}

fn is_real_day(text: &str) -> bool {
    let parts: Vec<u32> = text.split('-').filter_map(|part| part.parse().ok()).collect();
    let &[year, month, day] = &parts[..] else { return false };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    year > 0 && (1..=12).contains(&month) && (1..=days[month as usize - 1]).contains(&day)
}

/// `None` where the header is refused.
pub(crate) fn redact(text: &[u8], wanted: &Wanted, map: &[(&str, &str)]) -> Option<Twin> {
    let mut lines = text.split_inclusive(|&byte| byte == b'\n');
    let header = lines.next()?;
    let names = String::from_utf8_lossy(header).replace('\u{FEFF}', "").to_lowercase();
    let names: Vec<&str> = names.trim_end_matches('\n').trim_end_matches('\r').split('\t').collect();
    let is_known = |name: &&str| cvrs_spec::Field::all().any(|field| field.name() == *name);
    let is_once = |name: &&str| names.iter().filter(|other| *other == name).count() == 1;
    if !names.iter().all(|name| is_known(name) && is_once(name)) {
        return None;
    }
    if wanted.to_p && ["ext_type", "pprl_id", "recip_id"].iter().any(|name| !names.contains(name)) {
        return None;
    }
    let mut twin = Twin { text: header.to_vec(), rejects: header.to_vec(), ..Twin::default() };
    let mut first_model = None;
    for (number, line) in lines.enumerate() {
        let number = number as u64 + 2;
        let content = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        if content.is_empty() {
            twin.blank_lines += 1;
            twin.text.extend_from_slice(line);
            continue;
        }
        twin.records += 1;
        let cells: Vec<&[u8]> = content.split(|&byte| byte == b'\t').collect();
        let given = |name: &str| names.iter().position(|other| *other == name).map_or(&b""[..], |column| cells[column]);
        let mut reject = |told: &mut Vec<(u64, &'static str, String)>, code, field: &str| {
            told.push((number, code, field.to_owned()));
            twin.rejects.extend_from_slice(line);
            twin.rejected += 1;
        };
        if cells.len() != names.len() {
            reject(&mut twin.told, "XR001", "");
            continue;
        }
        let is_word = |name: &&str| given(name).eq_ignore_ascii_case(b"redacted");
        let here: Vec<&str> = SIX.into_iter().filter(|name| names.contains(name)).collect();
        let n_words = here.iter().filter(|name| is_word(name)).count();
        let model = match &given("ext_type").to_ascii_uppercase()[..] {
            b"D" => Some('D'),
            b"I" => Some('I'),
            b"P" => Some('P'),
            b"" if n_words == 6 && given("pprl_id").is_empty() => Some('D'),
            b"" if n_words == 6 => Some('P'),
            b"" => Some('I'),
            _ => None,
        };
        if model.is_some() && first_model.is_some() && model != first_model && twin.other_model.is_none() {
            twin.other_model = Some(number);
        }
        first_model = first_model.or(model);

        let recip_id = given("recip_id");
        let entry = map.iter().find(|(id, _)| id.as_bytes() == recip_id).map(|(_, value)| value.as_bytes());
        let letter: &[u8] = if wanted.to_p { b"P" } else { b"D" };
        let is_hex = recip_id.len() == 32 && recip_id.iter().all(|byte| b"0123456789abcdef".contains(byte));
        let was_here = wanted.key.is_some()
            && here.iter().all(|name| given(name) == b"Redacted")
            && (given("ext_type") == letter || !names.contains(&"ext_type"))
            && given("pprl_id").is_empty() != wanted.to_p
            && is_hex
            && !(wanted.to_p && entry.is_some());
        let pprl_id = match (wanted.to_p, entry) {
            (false, _) => b"",
            (true, Some(entry)) => entry,
            (true, None) if was_here => given("pprl_id"),
            (true, None) => {
                reject(&mut twin.told, "R03", "recip_id");
                continue;
            }
        };
        let mut tell = |code, field: &str| twin.told.push((number, code, field.to_owned()));
        if n_words > 0 && (n_words < here.len() || model == Some('I')) {
            tell("XR024", here.iter().find(|name| is_word(name)).expect("one of them"));
        }
        let (own, there) = (given("recip_address_street"), given("admin_address_street"));
        let is_home = !lower(own).is_empty() && lower(own) == lower(there) && !own.eq_ignore_ascii_case(b"redacted");
        let mut ids = vec!["vax_event_id"];
        if wanted.key.is_none() {
            ids.push("recip_id");
        }
        let dob = String::from_utf8_lossy(given("recip_dob")).into_owned();
        for field in &ids {
            let id = String::from_utf8_lossy(given(field)).into_owned();
            if dob.len() == 10 && is_real_day(&dob) && dob.as_bytes()[4] == b'-' && dob.as_bytes()[7] == b'-' {
                let (year, month, day) = (&dob[..4], &dob[5..7], &dob[8..]);
                if [format!("{year}{month}{day}"), format!("{month}{day}{year}"), dob.clone()]
                    .iter()
                    .any(|form| id.contains(form))
                {
                    tell("L03", field);
                }
            }
        }
        if was_here {
            tell("R06", "recip_id");
        }
        let mut made: Vec<Vec<u8>> = Vec::new();
        for (name, cell) in names.iter().zip(&cells) {
            let trimmed = cell.trim_ascii();
            let is_digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
            let after = match *name {
                name if SIX.contains(&name) => b"Redacted".to_vec(),
                "ext_type" => letter.to_vec(),
                "pprl_id" => pprl_id.to_vec(),
                "recip_id" if !cell.is_empty() && !was_here => match wanted.key {
                    None => cell.to_vec(),
                    Some(key) => {
                        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
                        mac.update(cell);
                        let code = mac.finalize().into_bytes();
                        code[..16].iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
                    }
                },
                "recip_dob" if wanted.dob_month && !trimmed.is_empty() => {
                    let text = String::from_utf8_lossy(trimmed).into_owned();
                    let is_month = |text: &str| text.len() == 7 && is_real_day(&format!("{text}-01"));
                    match text.get(..7) {
                        Some(month) if is_month(month) && text.len() == 7 => cell.to_vec(),
                        Some(month)
                            if is_month(month)
                                && text.len() == 10
                                && text.as_bytes()[7] == b'-'
                                && is_digits(&trimmed[8..]) =>
                        {
                            month.as_bytes().to_vec()
                        }
                        _ => {
                            tell("R04", name);
                            cell.to_vec()
                        }
                    }
                }
                "recip_address_zip" if wanted.zip5 && !trimmed.is_empty() => {
                    let without = trimmed.iter().copied().filter(|&byte| byte != b'-').collect::<Vec<u8>>();
                    let dashes = trimmed.len() - without.len();
                    let is_dash_right = dashes == 0 || dashes == 1 && trimmed.get(5) == Some(&b'-');
                    let is_length_right = without.len() == 9 || dashes == 1 && (5..=9).contains(&without.len());
                    if trimmed.len() == 5 && is_digits(trimmed) {
                        cell.to_vec()
                    } else if is_digits(&without) && is_dash_right && is_length_right {
                        without[..5].to_vec()
                    } else {
                        tell("R05", name);
                        cell.to_vec()
                    }
                }
                "admin_address_street" | "admin_address_street_2" if wanted.home_admin && is_home => Vec::new(),
                _ => cell.to_vec(),
            };
            twin.changes += u64::from(after != *cell);
            made.push(after);
        }
        let values = SIX.map(|field| name(given(field)));
        let [first, _, last, street, ..] = values.each_ref();
        for (field, cell) in names.iter().zip(&made).filter(|(field, _)| !SIX.contains(field)) {
            let cell: &[char] = &String::from_utf8_lossy(cell).to_lowercase().chars().collect::<Vec<_>>();
            let mut leaks = Vec::new();
            if *field == "admin_address_street" && is_home && !wanted.home_admin {
                leaks.push("L01");
            }
            let is_id = ids.contains(field);
            let is_named = stands_in(first.as_ref(), cell, true) && stands_in(last.as_ref(), cell, true);
            let has_name = is_named || stands_in(street.as_ref(), cell, true);
            if has_name && (is_id || ["lot_number", "responsible_org", "admin_name"].contains(field)) {
                leaks.push("L02");
            }
            if is_id && stands_in(last.as_ref(), cell, false) {
                leaks.push("L04");
            }
            let stands_here = values.iter().any(|value| stands_in(value.as_ref(), cell, false));
            if leaks.is_empty() && stands_here {
                leaks.push("L05");
            }
            twin.told.extend(leaks.into_iter().map(|code| (number, code, (*field).to_owned())));
        }
        twin.text.extend_from_slice(&made.join(&b'\t'));
        twin.text.extend_from_slice(&line[content.len()..]);
    }
    Some(twin)
}
