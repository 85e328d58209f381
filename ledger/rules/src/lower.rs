//! From the resolved tree to the typed rule set: the whole vocabulary of rule files stands in this module.

mod block;
mod competency;
mod coop;
mod gates;
mod levers;
mod money;
mod origins;
mod products;
mod terms;

pub(crate) use products::catalogue_read;
pub(crate) use terms::{Header, rule_set, rule_set_bare};

use crate::diagnostic::Findings;
use crate::document::Sources;
use crate::model::{Gate, ProductGroup};
use block::Word;
use daybook_event::Currency;

/// What every block needs to know beside itself.
pub(crate) struct Cx<'c> {
    pub(crate) findings: &'c Findings<'c>,
    pub(crate) sources: &'c Sources,
    /// The program currency.
    pub(crate) currency: Currency,
}

/// Names that blocks refer to, in file order.
#[derive(Default)]
struct Names {
    groups: Vec<ProductGroup>,
    levels: Vec<String>,
    /// Every gate that the file names, so that one with a fault in it is still there to refer to.
    gate_names: Vec<String>,
    gates: Vec<Gate>,
}

impl Cx<'_> {
    /// The index of a name among the names of its kind.
    fn index_of<'n>(&self, kind: &str, word: Word<'_>, names: impl Iterator<Item = &'n str> + Clone) -> Option<usize> {
        let found = names.clone().position(|name| name == word.text);
        if found.is_none() {
            let message = format!("there is no {kind} {:?}", word.text);
            let report = self.findings.report(crate::diagnostic::Code::UnknownName, word.place, message);
            let all: Vec<&str> = names.collect();
            match crate::suggest::nearest(word.text, all.iter().copied()) {
                Some(near) => report.hint(format!("did you mean {near:?}?")),
                None => report.hint(format!("there are: {}", all.join(", "))),
            };
        }
        found
    }

    fn group_index(&self, names: &Names, word: Word<'_>) -> Option<usize> {
        self.index_of("product group", word, names.groups.iter().map(|group| group.name.as_str()))
    }
}
