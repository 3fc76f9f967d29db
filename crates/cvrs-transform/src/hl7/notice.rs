//! What a reader has to say: what it did to a value, what it left out, and what is odd about the text.

use cvrs_report::Level;
use cvrs_spec::Field;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $code:literal, $level:ident, $words:literal;)+) => {
        /// The kinds of notices.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum NoticeKind {
            $($(#[$doc])* $kind,)+
        }

        impl NoticeKind {
            /// All kinds, in the order of their codes.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// The kind's code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)+ }
            }

            /// How much it matters.
            pub const fn level(self) -> Level {
                match self { $(Self::$kind => Level::$level,)+ }
            }

            /// What is told, without any value.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$kind => $words,)+ }
            }
        }
    };
}

kinds! {
    /// A segment stands before the first message.
    Stray = "HLR001", Warn, "a segment before the first MSH is skipped";
    /// BTS-1 or FTS-1 is missing or wrong.
    Count = "HLR002", Warn, "the count of the batch or file is missing or wrong";
    /// The text bears the signature of the CDC tool.
    CdcSignature = "HLR003", Warn,
        "looks like output of the CDC tool; first and last name are then swapped, use --dialect cdc";
    /// An untyped second identifier.
    UntypedId = "HLR004", Warn, "a second identifier without a type in PID-3 is ignored";
    /// An OBX before any order.
    LooseObservation = "HLR005", Warn, "an OBX before any order belongs to no dose and is ignored";
    /// One question answered twice in an order.
    RepeatedObservation = "HLR006", Warn, "the order answers this twice in OBX; the last answer counts";
    /// An order that is no event of CVRS.
    NoEvent = "HLR007", Info, "no dose and no refusal (RXA-20 = NA, or CVX 998 or 999), so no record";
    /// A dose given in part.
    Partial = "HLR008", Warn, "the dose was given in part (RXA-20 = PA) and is told as given";
    /// A missed appointment.
    Missed = "HLR009", Warn, "a missed appointment, which CVRS knows in version 1 only, so no record";
    /// A record that is to be deleted.
    Delete = "HLR010", Info, "asks for deletion (RXA-21 = D) and is kept apart from new records";
    /// There is no event id in ORC-3.
    EventId = "HLR011", Warn, "ORC-3 has no id of the event; it was taken from ORC-2 or made, or is empty";
    /// A facility told by an identifier.
    FacilityId = "HLR012", Warn, "RXA-11.4 holds an identifier; the name was taken from ORC-21, ORC-17 or MSH-4";
    /// An address one place too far.
    ShiftedAddress = "HLR013", Warn, "the address in RXA-11 stands one component too far and was moved";
    /// A default was filled in.
    Default = "HLR014", Info, "was empty and is filled with the code for unknown";
    /// More than one repetition.
    Repetition = "HLR015", Info, "has several repetitions in the message; the first with a value counts";
    /// A time of day.
    TimeOfDay = "HLR016", Info, "the time of day is dropped";
    /// A ZIP code without its hyphen.
    ZipHyphen = "HLR017", Info, "the nine digits of the ZIP code got their hyphen";
    /// A sex that CVRS does not know.
    Sex = "HLR018", Warn, "PID-8 is empty or no code of CVRS, and is told as U";
    /// A county that is no FIPS code.
    County = "HLR019", Warn, "is no five-digit FIPS code and left empty";
    /// A code that is not in its set.
    AdminType = "HLR020", Warn, "is no code of CVRS and left empty";
    /// An escape sequence that is not known.
    UnknownEscape = "HLR021", Warn, "an escape sequence is not known and stays as it is";
    /// A control character.
    Control = "HLR022", Warn, "a control character or tab became a blank";
    /// More races than CVRS has columns.
    Races = "HLR023", Warn, "PID-10 has more than six races; the first six count";
    /// A vaccine code looked up.
    VaccineOfDrug = "HLR024", Info, "was told from the drug code";
    /// Several orders share an id.
    SharedOrder = "HLR025", Warn, "the order has more than one RXA, so that records share its id";
    /// Several routes.
    Routes = "HLR026", Info, "the dose has more than one RXR; the first counts";
    /// Another message type.
    OtherMessage = "HLR027", Warn, "MSH-9 names another kind of message than VXU";
    /// A message without a recipient.
    NoRecipient = "HLR028", Warn, "the message has doses and no PID segment";
    /// Not carried over.
    LostContact = "HLR030", Info, "CVRS has no place for it and it is left out: phones and e-mail (PID-13, PID-14)";
    /// Not carried over.
    LostKin = "HLR031", Info, "CVRS has no place for it and it is left out: next of kin and guarantors (NK1, GT1, IN1)";
    /// Not carried over.
    LostProtection = "HLR032", Info, "CVRS has no place for it and it is left out: protection and registry status (PD1)";
    /// Not carried over.
    LostProvider = "HLR033", Info, "CVRS has no place for it and it is left out: names of providers (ORC-10, ORC-12, RXA-10)";
    /// Not carried over.
    LostReason = "HLR034", Info, "CVRS has no place for it and it is left out: the reason of a refusal (RXA-18)";
    /// Not carried over.
    LostObservation = "HLR035", Info, "CVRS has no place for it and it is left out: other observations such as funding and information statements (OBX)";
    /// Not carried over.
    LostNote = "HLR036", Info, "CVRS has no place for it and it is left out: notes (NTE)";
    /// Not carried over.
    LostName = "HLR037", Info, "CVRS has no place for it and it is left out: maiden and alias names (PID-6, PID-9)";
    /// Not carried over.
    LostId = "HLR038", Info, "CVRS has no place for it and it is left out: further identifiers (PID-3)";
    /// Not carried over.
    LostSegment = "HLR039", Info, "CVRS has no place for it and it is left out: segments of other kinds";
    /// Not carried over.
    LostAmount = "HLR040", Info, "CVRS has no place for it and it is left out: the amount given (RXA-6, RXA-7)";
}

/// One notice, without any value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it is.
    pub kind: NoticeKind,
    /// The line of the message's MSH segment, or of the segment that it is about where that is in no message.
    pub line: u64,
    /// The number among the RXA segments of the text, from 1; 0 for one about a whole message or the text.
    pub dose: u64,
    /// The column.
    pub field: Option<Field>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_used_once() {
        assert!(NoticeKind::ALL.is_sorted_by(|left, right| left.code() < right.code()));
    }
}
