//! The clearinghouse's own rules, as its list of field errors (version 1, 2020-11-02) and a captured reply of winter
//! 2020-21 state them. The numbers are ours, in the order of that list; the messages are verbatim.

use cvrs_spec::Field::{self, *};

/// What a rule of the clearinghouse asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A value must be there.
    NotNull,
    /// A value must be there if `vax_refusal` is NO.
    NotNullUnlessRefused,
    /// The value must not be longer than the message says.
    Length,
    /// The value must have the right shape or be of the right set.
    Content,
    /// The value must fit another one.
    Relation,
}

/// One rule of the clearinghouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dch {
    /// Its id, `DCH001` to `DCH072`.
    pub id: &'static str,
    /// The column.
    pub field: Field,
    /// What it asks.
    pub ask: Ask,
    /// What it answers, verbatim.
    pub message: &'static str,
    /// The codes under which the rule book tells it.
    pub codes: &'static [&'static str],
    /// A value that passes (`x*255` means 255 times `x`).
    pub passes: &'static str,
    /// A value that fails.
    pub fails: &'static str,
}

impl Dch {
    /// The rule of the clearinghouse that asks this of a column.
    pub fn of(field: Field, ask: Ask) -> Option<&'static Self> {
        DCH.iter().find(|dch| dch.field == field && dch.ask == ask)
    }
}

/// All rules of the clearinghouse, in their order.
#[rustfmt::skip]
pub static DCH: [Dch; 72] = [
    Dch { id: "DCH001", field: VaxEventId, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002", "REQD003"], passes: "568971356", fails: "" },
    Dch { id: "DCH002", field: VaxEventId, ask: Ask::Length, message: "maximum length is 255", codes: &["DATA008"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH003", field: ExtType, ask: Ask::NotNull, message: "must not be null", codes: &["DATA005"], passes: "D", fails: "" },
    Dch { id: "DCH004", field: ExtType, ask: Ask::Content, message: "must be one of [D, I, P]", codes: &["DATA005"], passes: "D", fails: "X" },
    Dch { id: "DCH005", field: PprlId, ask: Ask::Length, message: "maximum length is 100", codes: &["DATA008"], passes: "x*100", fails: "x*101" },
    Dch { id: "DCH006", field: RecipId, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002", "REQD003"], passes: "135498413", fails: "" },
    Dch { id: "DCH007", field: RecipId, ask: Ask::Length, message: "maximum length is 255", codes: &["DATA008"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH008", field: RecipFirstName, ask: Ask::NotNull, message: "must not be null", codes: &["DATA006", "DCH008"], passes: "Redacted", fails: "" },
    Dch { id: "DCH009", field: RecipFirstName, ask: Ask::Length, message: "maximum length is 255", codes: &["DATA008"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH010", field: RecipMiddleName, ask: Ask::NotNull, message: "must not be null", codes: &["DATA006", "DCH010"], passes: "Redacted", fails: "" },
    Dch { id: "DCH011", field: RecipMiddleName, ask: Ask::Length, message: "maximum length is 255", codes: &["DATA008"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH012", field: RecipLastName, ask: Ask::NotNull, message: "must not be null", codes: &["DATA006", "DCH012"], passes: "Redacted", fails: "" },
    Dch { id: "DCH013", field: RecipLastName, ask: Ask::Length, message: "maximum length is 255", codes: &["DATA008"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH014", field: RecipDob, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002", "REQD003"], passes: "1968-05-27", fails: "" },
    Dch { id: "DCH015", field: RecipDob, ask: Ask::Content, message: "invalid date format, expected: \"YYYY-MM-DD\" or \"YYYY-MM\"", codes: &["DATA001", "DATA009"], passes: "1968-05", fails: "05/27/1968" },
    Dch { id: "DCH016", field: RecipSex, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002", "REQD003"], passes: "F", fails: "" },
    Dch { id: "DCH017", field: RecipSex, ask: Ask::Content, message: "must be one of [F, M, U]", codes: &["DATA007"], passes: "F", fails: "UNK" },
    Dch { id: "DCH018", field: RecipAddressStreet, ask: Ask::NotNull, message: "must not be null", codes: &["DATA006", "DCH018"], passes: "Redacted", fails: "" },
    Dch { id: "DCH019", field: RecipAddressStreet, ask: Ask::Length, message: "maximum length is 255", codes: &["DATA008"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH020", field: RecipAddressStreet2, ask: Ask::NotNull, message: "must not be null", codes: &["DATA006", "DCH020"], passes: "Redacted", fails: "" },
    Dch { id: "DCH021", field: RecipAddressStreet2, ask: Ask::Length, message: "maximum length is 255", codes: &["DATA008"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH022", field: RecipAddressCity, ask: Ask::NotNull, message: "must not be null", codes: &["DATA006", "DCH022"], passes: "Redacted", fails: "" },
    Dch { id: "DCH023", field: RecipAddressCity, ask: Ask::Length, message: "maximum length is 255", codes: &["DATA008"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH024", field: RecipAddressCounty, ask: Ask::NotNull, message: "must not be null", codes: &["DCH024"], passes: "13121", fails: "" },
    Dch { id: "DCH025", field: RecipAddressCounty, ask: Ask::Content, message: "must be a FIPS 5-digit county code", codes: &["DATA007"], passes: "13121", fails: "1312" },
    Dch { id: "DCH026", field: RecipAddressState, ask: Ask::NotNull, message: "must not be null", codes: &["DCH026"], passes: "GA", fails: "" },
    Dch { id: "DCH027", field: RecipAddressState, ask: Ask::Content, message: "must be a two-character state abbreviation", codes: &["DATA007"], passes: "GA", fails: "Georgia" },
    Dch { id: "DCH028", field: RecipAddressZip, ask: Ask::NotNull, message: "must not be null", codes: &["DCH028"], passes: "30301", fails: "" },
    Dch { id: "DCH029", field: RecipAddressZip, ask: Ask::Content, message: "must be a valid ZIP. 5 digit or 5 digit + 4 are acceptable", codes: &["DATA005"], passes: "30301-0001", fails: "303010001" },
    Dch { id: "DCH030", field: RecipRace1, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002", "REQD003"], passes: "UNK", fails: "" },
    Dch { id: "DCH031", field: RecipRace1, ask: Ask::Content, message: "must be one of [1002-5, 2028-9, 2054-5, 2076-8, 2106-3, 2131-1, UNK, POL]", codes: &["DATA007"], passes: "2106-3", fails: "2106" },
    Dch { id: "DCH032", field: RecipRace2, ask: Ask::Content, message: "must be one of [1002-5, 2028-9, 2054-5, 2076-8, 2106-3, 2131-1, UNK, POL]", codes: &["DATA007"], passes: "2106-3", fails: "2106" },
    Dch { id: "DCH033", field: RecipRace3, ask: Ask::Content, message: "must be one of [1002-5, 2028-9, 2054-5, 2076-8, 2106-3, 2131-1, UNK, POL]", codes: &["DATA007"], passes: "2106-3", fails: "2106" },
    Dch { id: "DCH034", field: RecipRace4, ask: Ask::Content, message: "must be one of [1002-5, 2028-9, 2054-5, 2076-8, 2106-3, 2131-1, UNK, POL]", codes: &["DATA007"], passes: "2106-3", fails: "2106" },
    Dch { id: "DCH035", field: RecipRace5, ask: Ask::Content, message: "must be one of [1002-5, 2028-9, 2054-5, 2076-8, 2106-3, 2131-1, UNK, POL]", codes: &["DATA007"], passes: "2106-3", fails: "2106" },
    Dch { id: "DCH036", field: RecipRace6, ask: Ask::Content, message: "must be one of [1002-5, 2028-9, 2054-5, 2076-8, 2106-3, 2131-1, UNK, POL]", codes: &["DATA007"], passes: "2106-3", fails: "2106" },
    Dch { id: "DCH037", field: RecipEthnicity, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002", "REQD003"], passes: "UNK", fails: "" },
    Dch { id: "DCH038", field: RecipEthnicity, ask: Ask::Content, message: "must be one of [2135-2, 2186-5, UNK, POL]", codes: &["DATA007"], passes: "2135-2", fails: "2106-3" },
    Dch { id: "DCH039", field: AdminDate, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002", "REQD003"], passes: "2020-12-15", fails: "" },
    Dch { id: "DCH040", field: AdminDate, ask: Ask::Content, message: "invalid date format, expected: \"YYYY-MM-DD\" or \"YYYY-MM\"", codes: &["DATA001", "DATA009"], passes: "2020-12-15", fails: "20201215" },
    Dch { id: "DCH041", field: Cvx, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002"], passes: "208", fails: "" },
    Dch { id: "DCH042", field: Cvx, ask: Ask::Content, message: "must be a number", codes: &["DATA007"], passes: "208", fails: "COVID" },
    Dch { id: "DCH043", field: Ndc, ask: Ask::Length, message: "maximum length is 50", codes: &["DATA008"], passes: "x*50", fails: "x*51" },
    Dch { id: "DCH044", field: Mvx, ask: Ask::Length, message: "maximum length is 3", codes: &["DATA008"], passes: "x*3", fails: "x*4" },
    Dch { id: "DCH045", field: LotNumber, ask: Ask::Length, message: "maximum length is 255", codes: &["DCH045"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH046", field: VaxAdminSite, ask: Ask::Content, message: "must be one of [LT,  LA,  LD,  LG,  LVL,  LLFA,  RT,  RA,  RD,  RG,  RVL,  RLFA]", codes: &["DATA007"], passes: "LD", fails: "UNK" },
    Dch { id: "DCH047", field: VaxRoute, ask: Ask::Length, message: "maximum length is 10", codes: &["DATA008"], passes: "x*10", fails: "x*11" },
    Dch { id: "DCH048", field: DoseNum, ask: Ask::NotNullUnlessRefused, message: "must not be null", codes: &["REQD001"], passes: "1", fails: "" },
    Dch { id: "DCH049", field: DoseNum, ask: Ask::Content, message: "must be [1-6], \"INV\", or \"UNK\"", codes: &["DATA007"], passes: "1", fails: "7" },
    Dch { id: "DCH050", field: VaxSeriesComplete, ask: Ask::NotNullUnlessRefused, message: "must not be null", codes: &["REQD001"], passes: "NO", fails: "" },
    Dch { id: "DCH051", field: VaxSeriesComplete, ask: Ask::Content, message: "must be one of [YES, NO, UNK]", codes: &["DATA007"], passes: "NO", fails: "N" },
    Dch { id: "DCH052", field: ResponsibleOrg, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002", "REQD003"], passes: "Emory Hospital", fails: "" },
    Dch { id: "DCH053", field: ResponsibleOrg, ask: Ask::Length, message: "maximum length is 255", codes: &["DATA008"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH054", field: AdminName, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002", "REQD003"], passes: "Hope Clinic", fails: "" },
    Dch { id: "DCH055", field: AdminName, ask: Ask::Length, message: "maximum length is 255", codes: &["DATA008"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH056", field: AdminType, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002"], passes: "17", fails: "" },
    Dch { id: "DCH057", field: AdminType, ask: Ask::Content, message: "must be [1-28] or \"UNK\"", codes: &["DATA007"], passes: "17", fails: "29" },
    Dch { id: "DCH058", field: VtrcksProvPin, ask: Ask::Content, message: "must be six digits", codes: &["DATA005"], passes: "123456", fails: "12345" },
    Dch { id: "DCH059", field: AdminAddressStreet, ask: Ask::Length, message: "maximum length is 255", codes: &["DCH059"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH060", field: AdminAddressStreet2, ask: Ask::Length, message: "maximum length is 255", codes: &["DCH060"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH061", field: AdminAddressCity, ask: Ask::Length, message: "maximum length is 255", codes: &["DCH061"], passes: "x*255", fails: "x*256" },
    Dch { id: "DCH062", field: AdminAddressCounty, ask: Ask::Content, message: "must be a FIPS 5-digit county code", codes: &["DATA007"], passes: "13121", fails: "Fulton" },
    Dch { id: "DCH063", field: AdminAddressState, ask: Ask::Content, message: "must be a two-character state abbreviation", codes: &["DATA007"], passes: "GA", fails: "G" },
    Dch { id: "DCH064", field: AdminAddressZip, ask: Ask::Content, message: "must be a valid ZIP. 5 digit or 5 digit + 4 are acceptable", codes: &["DATA005"], passes: "30301", fails: "3030" },
    Dch { id: "DCH065", field: VaxRefusal, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002", "REQD003"], passes: "NO", fails: "" },
    Dch { id: "DCH066", field: VaxRefusal, ask: Ask::Content, message: "must be one of [YES, NO]", codes: &["DATA007"], passes: "NO", fails: "UNK" },
    Dch { id: "DCH067", field: CmorbidStatus, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002", "REQD003"], passes: "UNK", fails: "" },
    Dch { id: "DCH068", field: CmorbidStatus, ask: Ask::Content, message: "must be one of [YES, NO, UNK]", codes: &["DATA007"], passes: "UNK", fails: "U" },
    Dch { id: "DCH069", field: Serology, ask: Ask::NotNull, message: "must not be null", codes: &["REQD001", "REQD002", "REQD003"], passes: "UNK", fails: "" },
    Dch { id: "DCH070", field: Serology, ask: Ask::Content, message: "must be one of [YES, NO, UNK]", codes: &["DATA007"], passes: "NO", fails: "POS" },
    Dch { id: "DCH071", field: AdminDate, ask: Ask::Relation, message: "admin_date must be on or before submission date", codes: &["BUSR012"], passes: "2020-12-15", fails: "9999-12-31" },
    Dch { id: "DCH072", field: RecipDob, ask: Ask::Relation, message: "recip_dob must be on or before admin_date", codes: &["BUSR005"], passes: "1968-05-27", fails: "2021-12-31" },
];
