//! `cvrs explain`.

use crate::args::{Common, Explain};
use crate::fault::{Exit, Fault, Result};
use crate::page;
use cvrs_rules::guide::{self, Block};
use cvrs_rules::{DCH, RESERVED, RULES, did_you_mean};

pub(crate) fn run(args: &Explain, common: &Common) -> Result<Exit> {
    page::print(&blocks(&args.code)?, args.output.as_deref(), common.color)
}

/// The page of a rule by code or name, or of a rule of the clearinghouse by id, whatever the case.
fn blocks(word: &str) -> Result<Vec<Block>> {
    let word = word.trim();
    if let Some(rule) = RULES.iter().find(|rule| [rule.code, rule.name].iter().any(|is| is.eq_ignore_ascii_case(word)))
    {
        return Ok(guide::rule(rule));
    }
    if let Some(dch) = DCH.iter().find(|dch| dch.id.eq_ignore_ascii_case(word)) {
        return Ok(guide::clearinghouse_rule(dch));
    }
    if let Some(code) = RESERVED.iter().find(|code| code.eq_ignore_ascii_case(word)) {
        return Err(Fault::usage(format!("{code} is set aside by CDC's validator and not evaluated by any rule here")));
    }
    let known = RULES.iter().flat_map(|rule| [rule.code, rule.name]).chain(DCH.iter().map(|dch| dch.id));
    let meant = did_you_mean(word, known);
    Err(Fault::usage(format!("no rule is called {word:?}; {meant}`cvrs rules` lists them all")))
}
