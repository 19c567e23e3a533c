//! When a failed request is worth repeating, and after what pause.
//!
//! Never repeats what took its whole time, what is refused for good, or what asks for a long pause.

use std::time::Duration;

use countersign_image::SourceError;

use crate::call::{Answer, Call};
use crate::settings::Settings;

/// The pause before the next attempt, if there is to be one. `attempt` counts from 0.
pub(crate) fn pause(
    settings: &Settings,
    call: &Call<'_>,
    attempt: u32,
    outcome: &Result<Answer, SourceError>,
) -> Option<Duration> {
    if attempt >= settings.retries {
        return None;
    }
    let asked = match outcome {
        Ok(answer) => match answer.status.as_u16() {
            429 => answer.retry_after(),
            500 | 502..=504 if call.repeatable => answer.retry_after(),
            _ => return None,
        },
        Err(SourceError::Unreachable { .. }) if call.repeatable => None,
        Err(_) => return None,
    };
    let pause = asked.unwrap_or_default().max(backoff(attempt));
    (pause <= settings.longest_wait).then_some(pause)
}

/// Doubles each time, with jitter, so that the clients of a registry that failed do not come back together.
fn backoff(attempt: u32) -> Duration {
    let base = BASE.saturating_mul(1 << attempt.min(5));
    base.mul_f64(0.5 + fastrand::f64())
}

const BASE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use countersign_image::Repository;
    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::address::Kind;

    fn answer(status: u16, retry_after: Option<&str>) -> Result<Answer, SourceError> {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert(http::header::RETRY_AFTER, value.parse().unwrap());
        }
        let url = "https://r.example/".parse().unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        Ok(Answer {
            status,
            headers,
            body: Bytes::new(),
            url,
            peer: Kind::Public,
        })
    }

    #[test]
    fn repeats_only_what_may_get_better_soon() {
        let settings = Settings::default();
        let repository: Repository = "r.example/app".parse().unwrap();
        let call = Call::get(
            &repository,
            "https://r.example/".parse().unwrap(),
            String::new(),
            0,
        );
        for (status, retry_after, repeated) in [
            (200, None, false),
            (404, None, false),
            (401, None, false),
            (501, None, false),
            (500, None, true),
            (503, Some("1"), true),
            (503, Some("60"), false),
            (429, None, true),
            (429, Some("0"), true),
            (429, Some("2"), true),
            (429, Some("1000000000"), false),
            (429, Some("99999999999999999999999"), true),
            (429, Some("Wed, 21 Oct 2015 07:28:00 GMT"), true),
        ] {
            let outcome = answer(status, retry_after);
            let pause = pause(&settings, &call, 0, &outcome);
            assert_eq!(pause.is_some(), repeated, "{status} {retry_after:?}");
            assert!(pause.is_none_or(|pause| pause <= settings.longest_wait));
        }
        assert_eq!(pause(&settings, &call, 2, &answer(500, None)), None);
        let once = Call {
            repeatable: false,
            ..call
        };
        assert_eq!(pause(&settings, &once, 0, &answer(500, None)), None);
    }

    #[test]
    fn waits_as_long_as_it_is_told_and_longer_each_time() {
        let settings = Settings::default();
        let repository: Repository = "r.example/app".parse().unwrap();
        let call = Call::get(
            &repository,
            "https://r.example/".parse().unwrap(),
            String::new(),
            0,
        );
        assert_eq!(
            pause(&settings, &call, 0, &answer(429, Some("2"))),
            Some(Duration::from_secs(2))
        );
        let (first, second) = (backoff(0), backoff(3));
        assert!(
            first >= BASE / 2 && first <= BASE * 3 / 2 && second > first,
            "{first:?} {second:?}"
        );
    }
}
