//! When a trust root is asked for again.
//!
//! Never all replicas at once, never so late that it has expired, never in a tight loop.

use std::time::Duration;

use jiff::Timestamp;

/// When a trust root is asked for again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// After a success.
    pub(crate) interval: Duration,
    /// After a first failure; each further one waits twice as long. Also the shortest pause there is.
    pub(crate) retry: Duration,
}

impl Schedule {
    /// The pause after a refresh at `now` whose outcome is good until `expires`.
    pub(crate) fn after_success(&self, now: Timestamp, expires: Timestamp) -> Duration {
        // Halfway, so that there are failures to spare before it matters.
        let left = Duration::try_from(expires.duration_since(now)).unwrap_or_default() / 2;
        let pause = self.interval.min(left).mul_f64(0.9 + fastrand::f64() * 0.1);
        pause.max(self.retry)
    }

    /// The pause after so many failures in a row.
    pub(crate) fn after_failure(&self, failures: u32) -> Duration {
        let doubled = self
            .retry
            .saturating_mul(1 << failures.saturating_sub(1).min(16));
        let longest = self.interval.min(LONGEST_RETRY).max(self.retry);
        doubled.min(longest).mul_f64(0.75 + fastrand::f64() * 0.25)
    }
}

/// An outage of a day costs a request an hour, and ends within the hour.
const LONGEST_RETRY: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const SCHEDULE: Schedule = Schedule {
        interval: HOUR.saturating_mul(24),
        retry: Duration::from_secs(60),
    };

    #[track_caller]
    fn within(pause: Duration, least: Duration, most: Duration) {
        assert!(least <= pause && pause <= most, "{pause:?}");
    }

    #[test]
    fn what_is_good_is_asked_for_at_the_interval_or_well_before_it_expires() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let after = |expires: &str| SCHEDULE.after_success(now, expires.parse().unwrap());
        within(after("2026-11-27T12:00:00Z"), HOUR * 21, HOUR * 24);
        within(after("2026-11-20T22:00:00Z"), HOUR * 4, HOUR * 5);
        for over in ["2026-11-20T12:00:01Z", "2026-11-19T12:00:00Z"] {
            assert_eq!(after(over), SCHEDULE.retry);
        }
    }

    #[test]
    fn what_fails_is_asked_for_soon_and_then_less_often() {
        for (failures, most) in [
            (0, 60),
            (1, 60),
            (2, 120),
            (5, 960),
            (9, 3600),
            (4_000_000_000, 3600),
        ] {
            let most = Duration::from_secs(most);
            within(SCHEDULE.after_failure(failures), most.mul_f64(0.74), most);
        }
    }

    #[test]
    fn replicas_do_not_ask_in_step() {
        let pauses: Vec<_> = (0..8).map(|_| SCHEDULE.after_failure(3)).collect();
        assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
    }
}
