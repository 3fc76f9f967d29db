//! Writes the pages of the rule book: `docs/rules/`, one page a rule, and `docs/fields.md`.

use crate::markdown::{MARK, Places, push};
use crate::output::Outputs;
use anyhow::Result;
use cvrs_rules::RULES;
use cvrs_rules::guide::Block::Heading;
use cvrs_rules::guide::{self, Block, Cell, Table};
use cvrs_spec::{Field, SetId};
use std::collections::BTreeSet;

const FOLDER: &str = "docs/rules";

/// Seen from a page of that folder.
const FROM_RULES: Places = Places { rules: "", fields: "../fields.md" };

/// Seen from the folder above.
const FROM_DOCS: Places = Places { rules: "rules/", fields: "" };

pub(crate) fn generate(outputs: &mut Outputs) -> Result<()> {
    let mut names = BTreeSet::new();
    let mut page = |outputs: &mut Outputs, name: String, text: &str| -> Result<()> {
        outputs.text(&format!("{FOLDER}/{name}"), text)?;
        names.insert(name);
        Ok(())
    };
    for rule in RULES {
        let mut text = format!("{MARK}\n");
        push(&mut text, &guide::rule(rule), FROM_RULES, 0);
        text.push_str(
            "\n---\n[All rules](index.md) · [the known-good record](index.md#the-known-good-record) that examples are \
             laid over\n",
        );
        page(outputs, format!("{}.md", rule.code), &text)?;
    }
    let mut index = format!("{MARK}\n");
    push(&mut index, &guide::index(), FROM_RULES, 0);
    push(&mut index, &guide::good_record(), FROM_RULES, 0);
    index.push_str("\n---\n[What the clearinghouse refuses](clearinghouse.md) · [columns](../fields.md)\n");
    page(outputs, "index.md".to_owned(), &index)?;
    let mut clearinghouse = format!("{MARK}\n");
    push(&mut clearinghouse, &guide::clearinghouse(), FROM_RULES, 0);
    clearinghouse.push_str("\n---\n[All rules](index.md) · [columns](../fields.md)\n");
    page(outputs, "clearinghouse.md".to_owned(), &clearinghouse)?;
    outputs.folder(FOLDER, ".md", &names)?;
    outputs.text("docs/fields.md", &fields())
}

/// The field table, each column by itself, and the value sets.
fn fields() -> String {
    let mut text = format!("{MARK}\n");
    let blocks = [
        Block::Title("The columns of CVRS".to_owned()),
        Block::Text(
            "The number is the column's place in version 2 and later; version 1 has two columns more. `cvrs fields NAME` \
             prints what stands below of one column, `cvrs fields --format json` all of it for programs."
                .to_owned(),
        ),
        Block::Table(guide::fields(true)),
        Block::Text(guide::REQUIREMENT_LETTERS.to_owned()),
        Heading("Column by column"),
    ];
    push(&mut text, &blocks, FROM_DOCS, 0);
    for field in Field::all() {
        push(&mut text, &guide::field(field, false), FROM_DOCS, 2);
    }
    push(&mut text, &[Heading("Value sets")], FROM_DOCS, 0);
    push(&mut text, &[Block::Text("Case does not matter.".to_owned())], FROM_DOCS, 0);
    for set in sets() {
        let row = |code: &cvrs_spec::Code| vec![Cell::code(code.code), Cell::text(code.meaning)];
        let rows = set.codes().iter().map(row).collect();
        let blocks = [
            Block::Title(format!("Value set {}", set.name())),
            Block::Table(Table { head: vec!["code", "meaning"], rows }),
        ];
        push(&mut text, &blocks, FROM_DOCS, 2);
    }
    text.push_str(
        "\nCVX, MVX, NDC and county codes are kept apart, since they change: `cvrs codes` tells their versions, `cvrs codes \
         show SET CODE` looks one up.\n",
    );
    text
}

/// The value sets of the specification, in the order of the columns that use them.
fn sets() -> Vec<SetId> {
    let mut sets = Vec::new();
    for field in Field::all() {
        for set in [field.facts().value_set, field.facts().value_set_v1].into_iter().flatten() {
            if !set.codes().is_empty() && !sets.contains(&set) {
                sets.push(set);
            }
        }
    }
    sets.push(SetId::SubmittingEntity);
    sets
}
