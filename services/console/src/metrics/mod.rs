//! What a monitoring system scrapes: the table of metrics, the figures of one moment, and their text.
//!
//! Whoever serves fills [`Figures`] when it is asked; nothing is counted in two places. A test holds the table, the page
//! about it and the alert rules against each other.

mod table;
mod text;

pub use table::*;
pub use text::{CONTENT_TYPE, EncodeFault};

use daybook_store::Durations;

/// What kind of figure a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only rises, and begins at nothing with the process or, where its help says so, with the ledger.
    Counter,
    /// It may rise and fall.
    Gauge,
    /// Durations, counted in classes.
    Histogram,
}

/// One metric: what it is called, what it counts, and in what unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name, without what the text form adds for its kind.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// What it counts.
    pub unit: &'static str,
    /// The labels that each of its figures has.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
}

impl Metric {
    /// Its name as a query writes it.
    #[must_use]
    pub fn name_in_queries(&self) -> String {
        match self.kind {
            Kind::Counter => format!("{}_total", self.name),
            Kind::Gauge => self.name.to_owned(),
            Kind::Histogram => format!("{}_bucket", self.name),
        }
    }
}

/// A figure.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Figure {
    Whole(u64),
    // A tally is much larger than a number, and there are few.
    Durations(Box<Durations>),
}

/// One figure, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sample {
    metric: &'static Metric,
    labels: Vec<(&'static str, String)>,
    figure: Figure,
}

/// The figures of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    samples: Vec<Sample>,
}

impl Figures {
    /// Adds a figure of a metric without labels.
    pub fn set(&mut self, metric: &'static Metric, figure: u64) {
        self.set_of(metric, &[], figure);
    }

    /// Adds a figure; the values stand in the order of the metric's labels.
    pub fn set_of(&mut self, metric: &'static Metric, values: &[&str], figure: u64) {
        let labels = metric.labels.iter().copied().zip(values.iter().map(|value| (*value).to_owned())).collect();
        self.samples.push(Sample { metric, labels, figure: Figure::Whole(figure) });
    }

    /// Adds a tally of durations.
    pub fn set_durations(&mut self, metric: &'static Metric, durations: &Durations) {
        let figure = Figure::Durations(Box::new(*durations));
        self.samples.push(Sample { metric, labels: Vec::new(), figure });
    }
}
