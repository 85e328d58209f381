//! The figures as text, in the OpenMetrics form.
//!
//! The form counts seconds as floating-point numbers. This is the one place where such a number is made: of whole
//! microseconds, for nothing but this text.

use super::{Figure, Figures, Kind, METRICS, Metric, Sample};
use daybook_store::Durations;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt;

/// What the text is served as.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The text could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the metrics cannot be written: ask again")]
pub struct EncodeFault(#[from] fmt::Error);

impl Figures {
    /// The text. Every metric of the table is announced, also one that has no figure at the moment.
    ///
    /// # Errors
    /// [`EncodeFault`] if the library cannot write.
    pub fn text(self) -> Result<String, EncodeFault> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut written = String::new();
        text::encode(&mut written, &registry)?;
        Ok(written)
    }
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        METRICS.iter().try_for_each(|metric| {
            let of_metric = |sample: &&Sample| std::ptr::eq(sample.metric, *metric);
            let to = encoder.encode_descriptor(metric.name, metric.help, None, kind(metric))?;
            self.samples.iter().filter(of_metric).try_fold(to, |mut to, sample| {
                if sample.labels.is_empty() {
                    one(&mut to, sample)?;
                } else {
                    one(&mut to.encode_family(&sample.labels)?, sample)?;
                }
                Ok(to)
            })?;
            Ok(())
        })
    }
}

fn kind(metric: &Metric) -> MetricType {
    match metric.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
    }
}

fn one(to: &mut MetricEncoder<'_>, sample: &Sample) -> fmt::Result {
    match (&sample.figure, sample.metric.kind) {
        (Figure::Whole(figure), Kind::Counter) => to.encode_counter::<NoLabelSet, _, u64>(figure, None),
        (Figure::Whole(figure), _) => to.encode_gauge(figure),
        (Figure::Durations(durations), _) => histogram(to, durations),
    }
}

/// Whole microseconds as the form's seconds.
#[allow(clippy::float_arithmetic)]
fn seconds(micros: u64) -> f64 {
    std::time::Duration::from_micros(micros).as_secs_f64()
}

fn histogram(to: &mut MetricEncoder<'_>, durations: &Durations) -> fmt::Result {
    let classes: Vec<(f64, u64)> =
        durations.classes().map(|(bound, count)| (bound.map_or(f64::INFINITY, seconds), count)).collect();
    to.encode_histogram::<NoLabelSet>(seconds(durations.sum_micros()), durations.count(), &classes, None)
}

#[cfg(test)]
mod tests {
    use super::super::{COMMIT_SECONDS, HTTP_REQUESTS, QUARANTINE, RECORDS};
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_metric_is_announced_and_figures_stand_under_theirs() {
        let mut figures = Figures::default();
        figures.set(&RECORDS, 42);
        figures.set_of(&QUARANTINE, &["invalid", "open"], 3);
        figures.set_of(&HTTP_REQUESTS, &["/v1/head", "200"], 7);
        let mut commits = Durations::default();
        commits.add(Duration::from_micros(250));
        commits.add(Duration::from_secs(100));
        figures.set_durations(&COMMIT_SECONDS, &commits);
        let text = figures.text().unwrap();
        for metric in METRICS {
            assert!(text.contains(&format!("# TYPE {} ", metric.name)), "{}: {text}", metric.name);
        }
        for line in [
            "daybook_records 42\n",
            "daybook_quarantine_entries{reason=\"invalid\",state=\"open\"} 3\n",
            "daybook_http_requests_total{route=\"/v1/head\",status=\"200\"} 7\n",
            "daybook_commit_duration_seconds_bucket{le=\"0.0001\"} 0\n",
            "daybook_commit_duration_seconds_bucket{le=\"0.00025\"} 1\n",
            "daybook_commit_duration_seconds_bucket{le=\"+Inf\"} 2\n",
            "daybook_commit_duration_seconds_sum 100.00025\n",
            "daybook_commit_duration_seconds_count 2\n",
            "# EOF\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    #[test]
    fn names_are_the_projects_own_and_unique() {
        let mut names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
        assert!(names.iter().all(|name| name.starts_with("daybook_")), "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), METRICS.len());
    }
}
