//! Words for invented people and providers. None of them is taken from a register.

#[rustfmt::skip]
pub(crate) static FIRST_NAMES: [&[&str]; 2] = [
    &[
        "Ana", "Zoë", "Chloé", "Mary", "Linda", "Aisha", "Mei", "Grace", "Renée", "Olivia", "Emma", "Sofía", "Noor",
        "Keisha", "Hannah", "Ingrid", "Lucía", "Priya", "Mary-Ann", "Fatima", "Ruth", "Dolores", "Irène", "Thuy",
        "Naomi", "Carmen", "Beth", "Yolanda", "Siobhán", "Tamika", "Gwen", "Leilani",
    ],
    &[
        "José", "Liam", "Noah", "James", "André", "Mateo", "Wei", "Omar", "Jean-Luc", "Raúl", "Darnell", "Sven",
        "Björn", "Tyrone", "Samuel", "Arjun", "Pedro", "Kofi", "Joaquín", "Walter", "Hugo", "Minh", "René", "Isaac",
        "Dmitri", "Caleb", "Ángel", "Theo", "Marcus", "Kaleo", "Eli", "Frank",
    ],
];

#[rustfmt::skip]
pub(crate) static MIDDLE_NAMES: [&str; 24] = [
    "Lee", "Marie", "A", "J.", "Ray", "Lynn", "Jo", "Quinn", "Skye", "Inés", "Paz", "T.", "Blair", "Reese", "Sage",
    "Noël", "Kim", "Dale", "M", "Rose", "Drew", "Ellis", "De la Cruz", "Kai",
];

#[rustfmt::skip]
pub(crate) static LAST_NAMES: [&str; 64] = [
    "Núñez", "O'Brien", "Smith", "García", "Nguyen", "Müller", "Johnson", "Smith-Jones", "Kowalski", "Peña", "Okafor",
    "Tanaka", "Begay", "Kealoha", "D'Angelo", "Washington", "Ibáñez", "Lopez", "Chen", "Singh", "Haddad", "Larsen",
    "Østergaard", "Brown", "Van der Berg", "St. Claire", "Rivera-Ortiz", "Kim", "Patel", "Dubois", "Lefèvre", "Reyes",
    "Whitefeather", "McAllister", "Novák", "Szabó", "Yılmaz", "Haile", "Mensah", "Cruz", "Fernández", "Taylor", "Moore",
    "Hernández", "Jackson", "Ali", "Cohen", "Petrov", "Silva", "Gonçalves", "Romero", "Wójcik", "Ó Súilleabháin",
    "Baptiste", "Tran", "Park", "Ramos", "Adeyemi", "Castillo", "Murphy", "Fitzgerald", "Lindqvist", "Walker", "Yazzie",
];

#[rustfmt::skip]
pub(crate) static STREETS: [&str; 40] = [
    "Oak St", "Main St", "Maple Ave", "Peachtree Rd", "Elm St", "2nd Ave", "Cañada Rd", "Martin Luther King Jr Blvd",
    "Pine Ln", "Cedar Ct", "Lake Shore Dr", "Sunset Blvd", "Río Grande Blvd", "Washington St", "Park Ave", "Hill Rd",
    "Mission St", "County Road 12", "State Route 9", "River Rd", "Church St", "College Ave", "Broadway", "Highland Dr",
    "Jefferson Ave", "Willow Way", "Spring Garden St", "Ridge Rd", "Prospect Pl", "Alameda Ave", "King St", "Mill Rd",
    "Chestnut St", "Calle Sol", "Kapiolani Blvd", "Old Post Rd", "Meadow Ln", "Union St", "Frontage Rd", "5th St",
];

#[rustfmt::skip]
pub(crate) static UNITS: [&str; 8] = ["Apt ", "Unit ", "# ", "Lot ", "Apt. B", "Suite ", "Rm ", "Floor "];

#[rustfmt::skip]
pub(crate) static ORGANISATIONS: [&str; 24] = [
    "Piedmont Valley Health", "Riverside Hospital Authority", "Luna Community Clinics", "Northside Pharmacy Group",
    "Saint Brigid Medical Center", "Hope Clinic", "County Department of Public Health", "Lakeshore Physicians",
    "Cedar Grove Health System", "Harbor Pharmacy", "Blue Mesa Tribal Health", "Sunrise Senior Living",
    "Metro Urgent Care", "Valley Pediatrics", "University Student Health", "Clínica Buena Vista",
    "First Street Drugs", "Prairie Rural Health", "Mercy & Light Hospital", "Summit Occupational Health",
    "Bayview Family Practice", "Three Rivers FQHC", "Magnolia Care Homes", "State Correctional Health",
];

#[rustfmt::skip]
pub(crate) static SITES: [&str; 16] = [
    "Main Campus", "East", "West", "Downtown", "Store 1204", "Store 318", "Drive-Through", "Mobile Unit 2",
    "North Annex", "Fairgrounds", "Building C", "Pediatrics", "Fieldhouse", "Lower Level", "South", "Mall Clinic",
];

/// Races 1 to 6, each followed by a tab. Listed as often as they shall be drawn.
#[rustfmt::skip]
pub(crate) static RACES: [&str; 24] = [
    "2106-3\t\t\t\t\t\t", "2106-3\t\t\t\t\t\t", "2106-3\t\t\t\t\t\t", "2106-3\t\t\t\t\t\t", "2106-3\t\t\t\t\t\t",
    "2106-3\t\t\t\t\t\t", "2106-3\t\t\t\t\t\t", "2106-3\t\t\t\t\t\t", "2054-5\t\t\t\t\t\t", "2054-5\t\t\t\t\t\t",
    "2054-5\t\t\t\t\t\t", "2028-9\t\t\t\t\t\t", "2028-9\t\t\t\t\t\t", "2131-1\t\t\t\t\t\t", "2131-1\t\t\t\t\t\t",
    "1002-5\t\t\t\t\t\t", "2076-8\t\t\t\t\t\t", "UNK\t\t\t\t\t\t", "UNK\t\t\t\t\t\t", "POL\t\t\t\t\t\t",
    "2106-3\t2028-9\t\t\t\t\t", "2054-5\t2106-3\t\t\t\t\t", "1002-5\t2106-3\t2131-1\t\t\t\t",
    "2028-9\t2076-8\t2054-5\t2106-3\t\t\t",
];

pub(crate) static ETHNICITIES: [&str; 8] =
    ["2186-5\t", "2186-5\t", "2186-5\t", "2186-5\t", "2135-2\t", "2135-2\t", "UNK\t", "POL\t"];

/// Vaccine site, each followed by a tab.
pub(crate) static BODY_SITES: [&str; 16] = [
    "LD\t", "LD\t", "LD\t", "LD\t", "LA\t", "LA\t", "LA\t", "RD\t", "RD\t", "RA\t", "RA\t", "LT\t", "RT\t", "RVL\t",
    "LVL\t", "\t",
];

/// Route of administration, each followed by a tab.
pub(crate) static ROUTES: [&str; 8] =
    ["C28161\t", "C28161\t", "C28161\t", "C28161\t", "C28161\t", "IM\t", "IM\t", "\t"];

/// Comorbidity and serology, with the tab between them.
pub(crate) static STATUSES: [&str; 8] =
    ["UNK\tUNK", "UNK\tUNK", "NO\tUNK", "NO\tUNK", "NO\tNO", "YES\tUNK", "YES\tNO", "NO\tYES"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_clean() {
        let lists: [&[&str]; 9] = [
            FIRST_NAMES[0],
            FIRST_NAMES[1],
            &MIDDLE_NAMES,
            &LAST_NAMES,
            &STREETS,
            &ORGANISATIONS,
            &SITES,
            &["Apt. B"],
            &[],
        ];
        for word in lists.concat() {
            assert_eq!(word, word.trim());
            assert!(!word.is_empty() && !word.contains(['\t', '"']) && !word.eq_ignore_ascii_case("redacted"));
        }
        assert!(RACES.iter().all(|races| races.matches('\t').count() == 6));
    }
}
