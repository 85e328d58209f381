//! One file per verb.

mod act;
mod backup;
mod checkpoint;
mod close;
mod compare;
mod explain;
mod export;
mod generate;
mod manual;
mod person;
mod prove;
mod quarantine;
mod receipt;
mod replay;
mod restore;
mod rules;
mod statement;
mod token;
mod verify;
mod views;
mod witness;

pub(crate) use compare::tables as compare_tables;
pub(crate) use verify::{Trust, head as verify_head, verify};

use crate::cli::{Cli, Verb};
use crate::failure::Failure;

/// Runs the verb.
pub(crate) fn run(cli: &Cli) -> Result<(), Failure> {
    match &cli.verb {
        Verb::Demo(arguments) => crate::demo::run(cli, arguments),
        Verb::Serve(arguments) => crate::serve::run(cli, arguments),
        Verb::Import(arguments) => crate::import::run(cli, arguments),
        Verb::Generate(arguments) => generate::run(arguments),
        Verb::Views(arguments) => views::run(cli, arguments),
        Verb::Replay(arguments) => replay::run(cli, arguments),
        Verb::Compare(arguments) => compare::run(cli, arguments),
        Verb::Explain(arguments) => explain::run(cli, arguments),
        Verb::Export(arguments) => export::run(cli, arguments),
        Verb::Close(arguments) => close::run(cli, arguments),
        Verb::Statement(arguments) => statement::run(cli, arguments),
        Verb::Reconcile(arguments) => crate::reconcile::run(cli, arguments),
        Verb::Verify(arguments) => verify::run(cli, arguments),
        Verb::Checkpoint(arguments) => checkpoint::run(cli, arguments),
        Verb::Prove(arguments) => prove::run(cli, arguments),
        Verb::Witness(arguments) => witness::run(arguments),
        Verb::Backup(arguments) => backup::run(cli, arguments),
        Verb::Restore(arguments) => restore::run(cli, arguments),
        Verb::Rules(verb) => rules::run(cli, verb),
        Verb::Quarantine(verb) => quarantine::run(cli, verb),
        Verb::Receipt(arguments) => receipt::run(cli, arguments),
        Verb::Person(verb) => person::run(cli, verb),
        Verb::Token(verb) => token::run(verb),
        Verb::Completions { shell } => manual::completions(*shell),
        Verb::Man => manual::man(),
    }
}
