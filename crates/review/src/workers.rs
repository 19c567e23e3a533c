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
            // A receiver that went away gave up waiting; there is nobody to tell.
            let _ = send.send(job());
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
