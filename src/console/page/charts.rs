//! Charts as inline SVG, drawn with attributes and classes only.

use maud::{Markup, html};

use crate::base::time::Time;
use crate::page::times;
use crate::page::words::counted;

const WIDTH: i64 = 600;
const HEIGHT: i64 = 120;

/// Draws one bar per day, with the same in words for screen readers.
pub fn tokens_per_day(issued: &[(i64, i64)]) -> Markup {
    let total: i64 = issued.iter().map(|(_, count)| count).sum();
    let most = issued.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let busiest = issued.iter().find(|(_, count)| *count == most && most > 0);
    let said = match busiest {
        None => format!("No tokens in the last {} days.", issued.len()),
        Some((busiest, _)) => {
            format!("{} in the last {} days; busiest day: {}, with {most}.", counted(total, "token"), issued.len(), date(*busiest))
        }
    };
    if most == 0 {
        return html! { p .quiet { (said) } };
    }
    let slot = WIDTH / i64::try_from(issued.len()).unwrap_or(1).max(1);
    html! {
        figure .picture {
            svg viewBox={"0 0 " (WIDTH) " " (HEIGHT)} preserveAspectRatio="none" role="img" aria-label=(said) {
                @for (n, (day, count)) in (0..).zip(issued) {
                    @let tall = (count * (HEIGHT - 10) / most).max(i64::from(*count > 0) * 2);
                    g {
                        title { (date(*day)) ": " (count) }
                        rect .slot x=(n * slot) y="0" width=(slot) height=(HEIGHT) {}
                        rect .bar x=(n * slot + 2) y=(HEIGHT - tall - 1) width=(slot - 4) height=(tall) {}
                    }
                }
                text .scale x="2" y="9" { (most) }
                line .ground x1="0" x2=(WIDTH) y1=(HEIGHT - 1) y2=(HEIGHT - 1) {}
            }
            figcaption {
                span { @if let Some((day, _)) = issued.first() { (date(*day)) } }
                span { (said) }
                span { "today" }
            }
        }
    }
}

/// Draws a count as a bar, relative to the highest count.
pub fn share(count: i64, most: i64, class: &str) -> Markup {
    let wide = if most == 0 { 0 } else { (count * 100 / most).max(i64::from(count > 0)) };
    html! {
        svg .share viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" {
            rect .slot x="0" y="0" width="100" height="6" {}
            rect class=(class) x="0" y="0" width=(wide) height="6" {}
        }
    }
}

/// Writes a day, by its number since 1970, as all pages do.
pub fn date(day: i64) -> String {
    times::date(Time::from_micros(day.saturating_mul(24 * 60 * 60 * 1_000_000)))
}
