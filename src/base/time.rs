//! The only clock, and the formats of instants.

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Instant;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use rustix::time::{ClockId, clock_gettime};

use crate::base::mutex::locked;
use crate::base::named::named;

/// What follows the date in the beginning of a day.
const MIDNIGHT: &str = "T00:00:00Z";

/// An instant in microseconds since 1970-01-01T00:00:00Z, as precise as the API shows it (registry.md 0.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// The source of the present time.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The operating system.
    System,
    /// For tests: one that they set.
    Set(Arc<SetClock>),
}

/// The first reading of both clocks of the operating system.
static START: LazyLock<(Instant, Time)> = LazyLock::new(|| (Instant::now(), Clock::System.now()));

impl Clock {
    /// Returns the present time. The only place that asks the operating system.
    #[expect(clippy::disallowed_methods, reason = "this is the one home of the clock")]
    pub fn now(&self) -> Time {
        match self {
            Clock::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Time(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Clock::Set(clock) => clock.now(),
        }
    }

    /// Returns the time by a clock that is never set: the time when this process began, plus what has passed. For waits.
    pub fn steady(&self) -> Time {
        match self {
            Clock::System => {
                let (begun, at) = *START;
                let passed = i64::try_from(begun.elapsed().as_micros()).unwrap_or(i64::MAX);
                Time(at.0.saturating_add(passed))
            }
            Clock::Set(clock) => clock.steady(),
        }
    }
}

named! {
    /// Whether a clock that was set goes on.
    pub enum ClockMode {
        /// As fast as the system's.
        Running = "running",
        /// It shows what it was set to.
        Frozen = "frozen",
    }
}

/// A clock for tests, which they set, stop and advance. It begins as the system's, and running.
#[derive(Debug, Default)]
pub struct SetClock(Mutex<ClockState>);

/// By how many microseconds both times are ahead of the system's, and the latter where the clock was frozen, so that it goes on from there.
#[derive(Clone, Copy, Debug, Default)]
struct ClockState {
    now_ahead: i64,
    steady_ahead: i64,
    frozen_at: Option<(Time, Time)>,
}

impl ClockState {
    /// Returns what the system's clocks show, or showed when this one was frozen.
    fn system(&self) -> (Time, Time) {
        self.frozen_at.unwrap_or_else(|| (Clock::System.now(), Clock::System.steady()))
    }

    fn now(&self) -> Time {
        self.system().0.plus_micros(self.now_ahead)
    }

    fn steady(&self) -> Time {
        self.system().1.plus_micros(self.steady_ahead)
    }
}

impl SetClock {
    /// Returns one that stands still at this time.
    pub fn frozen_at(time: Time) -> SetClock {
        SetClock(Mutex::new(ClockState { now_ahead: 0, steady_ahead: 0, frozen_at: Some((time, time)) }))
    }

    pub fn now(&self) -> Time {
        locked(&self.0).now()
    }

    pub fn steady(&self) -> Time {
        locked(&self.0).steady()
    }

    pub fn mode(&self) -> ClockMode {
        if locked(&self.0).frozen_at.is_some() { ClockMode::Frozen } else { ClockMode::Running }
    }

    /// Returns whether it shows the time of the system.
    pub fn is_of_system(&self) -> bool {
        let state = locked(&self.0);
        state.frozen_at.is_none() && state.now_ahead == 0
    }

    /// Sets what is given. Frozen before it is set, so that it shows exactly that.
    pub fn arrange(&self, mode: Option<ClockMode>, now: Option<Time>) {
        mode.into_iter().for_each(|mode| self.change_mode(mode));
        now.into_iter().for_each(|now| self.set(now));
    }

    /// Sets the time that it shows. For waits, nothing has passed.
    pub fn set(&self, now: Time) {
        let mut state = locked(&self.0);
        state.now_ahead = now.micros().saturating_sub(state.system().0.micros());
    }

    /// Lets the clock show the time of the system, and run.
    pub fn follow_system(&self) {
        let mut state = locked(&self.0);
        let steady = state.steady();
        *state = ClockState::default();
        state.steady_ahead = steady.micros().saturating_sub(state.steady().micros()).max(0);
    }

    /// Lets time pass, for waits too.
    pub fn advance(&self, micros: i64) {
        self.advance_until(micros, Time(i64::MAX));
    }

    /// The same, unless it would then show a time after this one. Returns whether it has.
    pub fn advance_until(&self, micros: i64, latest: Time) -> bool {
        let mut state = locked(&self.0);
        let is_allowed = state.now().plus_micros(micros) <= latest;
        if is_allowed {
            state.now_ahead = state.now_ahead.saturating_add(micros);
            state.steady_ahead = state.steady_ahead.saturating_add(micros);
        }
        is_allowed
    }

    /// Freezes it, or lets it go on from what it shows.
    pub fn change_mode(&self, mode: ClockMode) {
        let mut state = locked(&self.0);
        let (now, steady) = (state.now(), state.steady());
        state.frozen_at = match mode {
            ClockMode::Running => None,
            ClockMode::Frozen => Some(state.system()),
        };
        let system = state.system();
        state.now_ahead = now.micros().saturating_sub(system.0.micros());
        state.steady_ahead = steady.micros().saturating_sub(system.1.micros());
    }
}

/// Returns the microseconds of the operating system's monotonic clock, which other processes read too.
pub fn monotonic_micros() -> i64 {
    let since = clock_gettime(ClockId::Monotonic);
    since.tv_sec * 1_000_000 + since.tv_nsec / 1000
}

impl Time {
    pub const fn from_micros(micros: i64) -> Time {
        Time(micros)
    }

    pub fn micros(self) -> i64 {
        self.0
    }

    fn plus_micros(self, micros: i64) -> Time {
        Time(self.0.saturating_add(micros))
    }

    /// Adds seconds; saturates instead of wrapping.
    pub fn plus_seconds(self, seconds: i64) -> Time {
        Time(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Returns whether `other` is at most `seconds` away, before or after: setting the clock must not stretch a period.
    pub fn is_within(self, seconds: i64, other: Time) -> bool {
        self.0.abs_diff(other.0) <= u64::try_from(seconds.saturating_mul(1_000_000)).unwrap_or_default()
    }

    /// Returns whole days since 1970-01-01, UTC.
    pub fn day(self) -> i64 {
        self.0.div_euclid(24 * 60 * 60 * 1_000_000)
    }

    /// Returns whole seconds since 1970, as OAuth counts them (RFC 7662 section 2.2).
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Returns the time itself, or the latest that can be written as a date, late in the year 9999.
    pub fn within_dates(self) -> Time {
        self.min(Time(Timestamp::MAX.as_microsecond()))
    }

    /// Parses RFC 3339 in UTC: must end in `Z`, with up to nine digits of fraction (registry.md 0.4).
    pub fn parse(text: &str) -> Option<Time> {
        if !text.ends_with('Z') || text.as_bytes().get(10) != Some(&b'T') {
            return None;
        }
        text.parse::<Timestamp>().ok().map(|t| Time(t.as_microsecond()))
    }

    /// Parses a date, such as `2030-01-31`, as the beginning of that day in UTC.
    pub fn parse_date(text: &str) -> Option<Time> {
        Time::parse(&format!("{text}{MIDNIGHT}"))
    }

    /// Writes the date if the time is the beginning of a day in UTC, and the whole time otherwise.
    pub fn as_date_or_time(self) -> String {
        let text = self.to_string();
        text.strip_suffix(MIDNIGHT).map(str::to_owned).unwrap_or(text)
    }
}

impl Time {
    /// Formats an HTTP date (RFC 9110 section 5.6.7): `Fri, 02 Jan 2026 03:04:05 GMT`.
    pub fn in_http(self) -> String {
        let timestamp = Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        // Fails only for years of more than four digits.
        DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp).unwrap_or_default()
    }
}

impl fmt::Display for Time {
    /// Writes RFC 3339 in UTC, with 0, 3 or 6 digits of fraction (registry.md 0.4).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = match self.0.rem_euclid(1_000_000) {
            0 => 0,
            micros if micros % 1000 == 0 => 3,
            _ => 6,
        };
        let timestamp = Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::MAX);
        write!(f, "{timestamp:.precision$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fraction_is_written_with_0_3_or_6_digits() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_000, "1970-01-01T00:00:00.001Z"),
            (120_000, "1970-01-01T00:00:00.120Z"),
            (1_726_509_150_975_475, "2024-09-16T17:52:30.975475Z"),
        ] {
            assert_eq!(Time(micros).to_string(), text);
            assert_eq!(Time::parse(text), Some(Time(micros)));
        }
    }

    #[test]
    fn a_period_is_as_long_before_as_after() {
        let start = Time(5_000_000);
        for (micros, is_within) in [(2_000_000, true), (1_999_999, false), (8_000_000, true), (8_000_001, false), (i64::MIN, false)] {
            assert_eq!(start.is_within(3, Time(micros)), is_within, "{micros}");
        }
    }

    #[test]
    fn a_clock_that_is_set_shows_that_and_goes_on_only_if_it_runs() {
        let (clock, day) = (SetClock::default(), 86_400_000_000);
        assert!(clock.is_of_system() && clock.now().is_within(60, Clock::System.now()));
        clock.set(Time(day));
        assert!(clock.now() >= Time(day) && clock.now().is_within(60, Time(day)) && !clock.is_of_system());
        clock.change_mode(ClockMode::Frozen);
        clock.set(Time(day));
        let steady = clock.steady();
        clock.advance(day);
        assert_eq!((clock.now(), clock.now(), clock.mode()), (Time(2 * day), Time(2 * day), ClockMode::Frozen));
        assert_eq!(clock.steady(), steady.plus_micros(day), "waits are over by as much");
        clock.set(Time(5));
        assert_eq!(clock.steady(), steady.plus_micros(day), "to set the clock is no wait");
        clock.change_mode(ClockMode::Running);
        assert!(clock.now() >= Time(5) && clock.now().is_within(60, Time(5)) && clock.mode() == ClockMode::Running);
        clock.follow_system();
        assert!(clock.is_of_system() && clock.steady() >= steady.plus_micros(day), "the other never goes back");
    }

    #[test]
    fn http_has_dates_of_its_own() {
        assert_eq!(Time(1_767_323_045_678_000).in_http(), "Fri, 02 Jan 2026 03:04:05 GMT");
    }

    #[test]
    fn only_utc_with_a_z_is_read() {
        for text in ["yesterday", "2024-09-16T17:52:30+00:00", "2024-09-16 17:52:30Z", "2024-09-16T17:52:30", ""] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
        assert!(Time::parse("2040-01-01T00:00:00.123456789Z").is_some());
    }
}
