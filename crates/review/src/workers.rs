//! Threads with large stacks on which signatures are verified and Rego is evaluated.
//!
//! A policy may recurse deeply, and must not do so on the stack of a thread that serves connections. A job that
//! panics ends itself alone.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use crate::ReviewError;

type Job = Box<dyn FnOnce() + Send>;

pub(crate) struct Workers {
    jobs: Sender<Job>,
}

impl Workers {
    /// Starts `count` threads; they end when this is dropped.
    pub(crate) fn start(count: NonZeroUsize) -> std::io::Result<Self> {
        let (jobs, queue) = channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..count.get() {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("evaluate-{number}"))
                .stack_size(STACK_BYTES)
                .spawn(move || work(&queue))?;
        }
        Ok(Self { jobs })
    }

    /// Runs `job` on one of the threads. A job that panics is [`ReviewError::Crashed`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ReviewError> {
        let (send, receive) = oneshot::channel();
        let job: Job = Box::new(move || {
            // A receiver that went away gave up waiting: working for it would make the next ones wait too.
            if !send.is_closed() {
                let _ = send.send(job());
            }
        });
        self.jobs.send(job).map_err(|_| ReviewError::Crashed)?;
        // The sender is dropped unsent when the job unwinds.
        receive.await.map_err(|_| ReviewError::Crashed)
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a job panicked; its image is denied");
        }
    }
}

/// Virtual, not resident: pages that no policy touches cost nothing.
const STACK_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn nobody_waits_for_a_job_that_was_given_up_before_it_began() {
        let workers = Workers::start(NonZeroUsize::MIN).unwrap();
        let (release, blocked) = channel::<()>();
        let mut first = Box::pin(workers.run(move || blocked.recv().is_ok()));
        assert!(first.as_mut().now_or_never().is_none());

        let done = Arc::new(AtomicUsize::new(0));
        let count = || {
            let done = Arc::clone(&done);
            workers.run(move || done.fetch_add(1, Ordering::SeqCst))
        };
        assert!(count().now_or_never().is_none(), "and given up");
        let last = count();

        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        release.send(()).unwrap();
        assert!(runtime.block_on(first).unwrap());
        assert_eq!(runtime.block_on(last).unwrap(), 0);
    }
}
