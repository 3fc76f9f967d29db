//! Counties with a city and a ZIP prefix that belong together.
//!
//! Sources: Census county list of 2020 (the codes are in every list of 2019 to 2022), USPS three-digit prefixes.

/// A county, one of its cities and the ZIP prefix of that city.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) state: &'static str,
    pub(crate) county: &'static str,
    pub(crate) city: &'static str,
    pub(crate) zip3: &'static str,
}

const fn place(state: &'static str, county: &'static str, city: &'static str, zip3: &'static str) -> Place {
    Place { state, county, city, zip3 }
}

pub(crate) static PLACES: [Place; 52] = [
    place("GA", "13121", "Atlanta", "303"),
    place("GA", "13089", "Decatur", "300"),
    place("GA", "13135", "Lawrenceville", "300"),
    place("GA", "13067", "Marietta", "300"),
    place("CA", "06037", "Los Angeles", "900"),
    place("CA", "06073", "San Diego", "921"),
    place("CA", "06001", "Oakland", "946"),
    place("CA", "06059", "Anaheim", "928"),
    place("TX", "48201", "Houston", "770"),
    place("TX", "48113", "Dallas", "752"),
    place("TX", "48453", "Austin", "787"),
    place("IL", "17031", "Chicago", "606"),
    place("IL", "17043", "Naperville", "605"),
    place("WA", "53033", "Seattle", "981"),
    place("WA", "53053", "Tacoma", "984"),
    place("AZ", "04013", "Phoenix", "850"),
    place("AZ", "04019", "Tucson", "857"),
    place("FL", "12086", "Miami", "331"),
    place("FL", "12011", "Fort Lauderdale", "333"),
    place("FL", "12095", "Orlando", "328"),
    place("MI", "26163", "Detroit", "482"),
    place("MI", "26049", "Flint", "485"),
    place("MI", "26081", "Grand Rapids", "495"),
    place("CO", "08031", "Denver", "802"),
    place("CO", "08043", "Cañon City", "812"),
    place("MA", "25025", "Boston", "021"),
    place("MA", "25017", "Cambridge", "021"),
    place("ME", "23005", "Portland", "041"),
    place("PA", "42101", "Philadelphia", "191"),
    place("PA", "42003", "Pittsburgh", "152"),
    place("OH", "39049", "Columbus", "432"),
    place("OH", "39035", "Cleveland", "441"),
    place("NY", "36047", "Brooklyn", "112"),
    place("NY", "36081", "Flushing", "113"),
    place("NY", "36029", "Buffalo", "142"),
    place("NM", "35001", "Albuquerque", "871"),
    place("NM", "35013", "Las Cruces", "880"),
    place("MN", "27053", "Minneapolis", "554"),
    place("MN", "27123", "Saint Paul", "551"),
    place("OR", "41051", "Portland", "972"),
    place("HI", "15003", "Honolulu", "968"),
    place("AK", "02020", "Anchorage", "995"),
    place("TN", "47037", "Nashville", "372"),
    place("NC", "37119", "Charlotte", "282"),
    place("UT", "49035", "Salt Lake City", "841"),
    place("NJ", "34013", "Newark", "071"),
    place("NJ", "34017", "Jersey City", "073"),
    place("VA", "51059", "Springfield", "221"),
    place("PR", "72127", "San Juan", "009"),
    place("PR", "72097", "Mayagüez", "006"),
    place("MN", "27053", "Bloomington", "554"),
    place("MI", "26163", "Dearborn", "481"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use cvrs_spec::SetId;

    #[test]
    fn counties_belong_to_their_states() {
        for place in &PLACES {
            let state = SetId::State.find(place.state.as_bytes()).expect("a state of the value set");
            assert!(place.county.starts_with(state.fact), "{place:?}");
            assert!(place.county.len() == 5 && place.zip3.len() == 3);
        }
    }
}
