//! Times as people read them: how long ago, with the exact one in the title.
//!
//! A time is drawn without its text, which [`filled`] adds when the page is whole: only there it is known what time it is. The script puts the
//! title in the reader's time zone.

use maud::{Markup, html};

use crate::base::time::Time;
use crate::page::words::counted;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// After how many seconds the date says more than how long ago it was.
const LONGEST_AGO: i64 = 30 * DAY;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What a time begins with, up to when it is.
const BEGIN: &str = "<time datetime=\"";
const EXACT: &str = "\" data-exact>";

/// Draws how long ago a time was, or how long it is until then: `3 min ago`, `in 2 h`, `28 Nov 2026`.
pub fn timestamp(time: Time) -> Markup {
    html! { time datetime=(time) {} }
}

/// Draws a time as it is, for what ends then: `28 Nov 2026, 03:15 UTC`.
pub fn exact(time: Time) -> Markup {
    html! { time datetime=(time) data-exact {} }
}

/// Draws a time, or this text if there is none.
pub fn timestamp_or(time: Option<Time>, none: &str) -> Markup {
    html! { @if let Some(time) = time { (timestamp(time)) } @else { span .quiet { (none) } } }
}

/// Writes the day of a time, or this text if there is none.
pub fn date_or(time: Option<Time>, none: &str) -> Markup {
    html! { @if let Some(time) = time { (date(time)) } @else { span .quiet { (none) } } }
}

/// Adds the texts of the times of a page. What people wrote holds none: pages escape it.
pub fn filled(page: &str, now: Time) -> String {
    let mut parts = page.split(BEGIN);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (when, rest) = part.split_once('"').unwrap_or((part, ""));
        whole.push_str(BEGIN);
        let (tag, text) = match (Time::parse(when), rest.strip_prefix(&EXACT[1..])) {
            (Some(time), Some(_)) => (EXACT.to_owned(), in_full(time)),
            (Some(time), None) => (format!("\" title=\"{}\">", in_full(time)), relative(time, now)),
            (None, _) => ("\">".to_owned(), String::new()),
        };
        whole.extend([when, &tag, &text]);
        whole.push_str(rest.split_once('>').map_or("", |(_, after)| after));
    }
    whole
}

/// Returns how long ago a time was, or how long it is until then; for what is long ago, or far ahead, the date.
fn relative(time: Time, now: Time) -> String {
    let seconds = now.seconds() - time.seconds();
    let apart = seconds.abs();
    let count = match apart {
        ..MINUTE if seconds >= 0 => return "just now".to_owned(),
        ..MINUTE => "less than a minute".to_owned(),
        MINUTE..HOUR => format!("{} min", apart / MINUTE),
        HOUR..DAY => format!("{} h", apart / HOUR),
        DAY..LONGEST_AGO => counted(apart / DAY, "day"),
        _ => return date(time),
    };
    if seconds >= 0 { format!("{count} ago") } else { format!("in {count}") }
}

/// Writes a day: `28 Nov 2026`.
pub fn date(time: Time) -> String {
    let text = time.to_string();
    let mut parts = text[..text.find('T').unwrap_or_default()].rsplitn(3, '-');
    let (day, month, year) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let month = month.parse().ok().and_then(|month: usize| MONTHS.get(month.saturating_sub(1)).copied()).unwrap_or_default();
    format!("{} {month} {year}", day.trim_start_matches('0'))
}

fn in_full(time: Time) -> String {
    let text = time.to_string();
    let clock = text.split_once('T').and_then(|(_, clock)| clock.get(..5)).unwrap_or_default();
    format!("{}, {clock} UTC", date(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse(text).expect("a time")
    }

    #[test]
    fn a_time_says_how_long_ago_it_was() {
        let now = at("2026-11-28T12:00:00Z");
        for (time, text) in [
            ("2026-11-28T11:59:30Z", "just now"),
            ("2026-11-28T11:58:00Z", "2 min ago"),
            ("2026-11-28T07:00:00Z", "5 h ago"),
            ("2026-11-27T11:00:00Z", "1 day ago"),
            ("2026-11-03T11:00:00Z", "25 days ago"),
            ("2026-03-03T11:00:00Z", "3 Mar 2026"),
            ("2026-11-28T12:00:30Z", "in less than a minute"),
            ("2026-11-28T14:00:00Z", "in 2 h"),
            ("2027-11-28T14:00:00Z", "28 Nov 2027"),
        ] {
            assert_eq!(relative(at(time), now), text, "{time}");
        }
    }

    #[test]
    fn a_page_gets_the_texts_of_its_times_and_nothing_else_changes() {
        let now = at("2026-11-28T12:00:00Z");
        let page = html! { p title="<time datetime=\"x\">" { "Made " (timestamp(at("2026-11-28T11:00:00Z"))) ", until " (exact(at("2026-11-29T00:30:00Z"))) "." } };
        assert_eq!(
            filled(&page.into_string(), now),
            "<p title=\"&lt;time datetime=&quot;x&quot;&gt;\">Made <time datetime=\"2026-11-28T11:00:00Z\" title=\"28 Nov 2026, 11:00 UTC\">1 h ago</time>, \
             until <time datetime=\"2026-11-29T00:30:00Z\" data-exact>29 Nov 2026, 00:30 UTC</time>."
                .to_owned()
                + "</p>"
        );
    }
}
