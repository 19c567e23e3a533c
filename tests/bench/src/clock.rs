//! CPU time of this thread. Wall time would measure what else the machine does.

use std::fmt;
use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};

/// CPU time of one run of something.
#[derive(Clone, Copy)]
pub(crate) struct Cost(f64);

impl Cost {
    pub(crate) fn nanos(self) -> f64 {
        self.0
    }

    pub(crate) fn millis(self) -> f64 {
        self.0 / 1e6
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            nanos if nanos < 1e6 => write!(formatter, "{:.1} us", nanos / 1e3),
            nanos => write!(formatter, "{:.2} ms", nanos / 1e6),
        }
    }
}

/// The medians of both, run in turns so that what the machine does meanwhile hits them alike.
pub(crate) fn both<T, U>(
    rounds: usize,
    mut one: impl FnMut() -> T,
    mut other: impl FnMut() -> U,
) -> (Cost, Cost) {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ones.push(once(&mut one));
        others.push(once(&mut other));
    }
    (median(ones), median(others))
}

/// The cost of one run.
pub(crate) fn once<T>(work: &mut impl FnMut() -> T) -> Cost {
    let started = now();
    black_box(work());
    Cost(now() - started)
}

/// The middle one.
pub(crate) fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by(|one, other| one.0.total_cmp(&other.0));
    costs.get(costs.len() / 2).copied().unwrap_or(Cost(0.0))
}

fn now() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "hours fit")]
    let nanos = time.tv_sec as f64 * 1e9 + time.tv_nsec as f64;
    nanos
}
