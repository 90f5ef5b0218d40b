//! The text format of Prometheus, version 0.0.4.

use std::fmt::Write;

use crate::base::counter::Distribution;
use crate::metrics::scrape::Scrape;
use crate::metrics::table::{METRICS, Metric, Sample, SampleValue};

pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all metrics.
pub fn page(scrape: &Scrape<'_>) -> String {
    let mut text = String::with_capacity(16 * 1024);
    for metric in METRICS {
        let samples = (metric.read)(scrape);
        if !samples.is_empty() {
            text.push_str(&format!("# HELP {} {}\n# TYPE {} {}\n", metric.name, metric.help, metric.name, metric.kind.name()));
            samples.iter().for_each(|sample| write_sample(&mut text, metric, sample));
        }
    }
    text
}

fn write_sample(text: &mut String, metric: &Metric, sample: &Sample) {
    let labels: Vec<String> =
        metric.labels.iter().zip(&sample.labels).map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    match &sample.value {
        SampleValue::Count(count) => line(text, metric.name, &labels, count),
        SampleValue::Real(number) => line(text, metric.name, &labels, number),
        SampleValue::Seconds(micros) => line(text, metric.name, &labels, &seconds(*micros)),
        SampleValue::Distribution(distribution) => write_distribution(text, metric, &labels, distribution, |value| value.to_string()),
        SampleValue::Durations(distribution) => write_distribution(text, metric, &labels, distribution, seconds),
    }
}

/// Writes the buckets, each of which includes those before it, the sum and the count.
fn write_distribution(text: &mut String, metric: &Metric, labels: &[String], distribution: &Distribution, number: impl Fn(u64) -> String) {
    let bounds = distribution.bounds.iter().map(|bound| number(*bound)).chain(["+Inf".to_owned()]);
    let mut total = 0;
    for (bound, count) in bounds.zip(&distribution.counts) {
        total += count;
        line(text, &format!("{}_bucket", metric.name), &[labels, &[format!("le=\"{bound}\"")]].concat(), &total);
    }
    line(text, &format!("{}_sum", metric.name), labels, &number(distribution.sum));
    line(text, &format!("{}_count", metric.name), labels, &total);
}

fn line(text: &mut String, name: &str, labels: &[String], value: &dyn std::fmt::Display) {
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    // Errors are ignored: a text takes everything.
    let _ = writeln!(text, "{name}{labels} {value}");
}

fn seconds(micros: u64) -> String {
    (micros as f64 / 1e6).to_string()
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_label_cannot_end_it() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }

    #[test]
    fn seconds_are_written_without_an_exponent() {
        assert_eq!([0, 500, 1_000_000, 86_400_000_000].map(seconds), ["0", "0.0005", "1", "86400"]);
    }
}
