//! Engines of one thread, each made there from source.
//!
//! Shares none between threads: evaluating counts references to the syntax tree all the time, and two threads that count
//! the same ones are hardly faster than one. Runs none of those that it keeps: each run has a clone, which costs next to
//! nothing and is dropped whatever happens, so nothing half-done is seen again and no input outlives its evaluation.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

use regorus::Engine;

use crate::base::Shared;
use crate::rego::{RegoError, Source};

/// An engine for one run of `source`.
pub(crate) fn engine(source: &Arc<Source>) -> Result<Engine, RegoError> {
    OF_THIS_THREAD.with_borrow_mut(|engines| {
        let Engines { shared, programs } = engines;
        keep(programs, source, || {
            let base = keep(shared, &source.shared, || source.shared.compile())?;
            source.compile(base)
        })
    })
}

#[derive(Default)]
struct Engines {
    shared: Kept<Shared>,
    programs: Kept<Source>,
}

/// By address, which is nobody else's for as long as the weak reference is here.
type Kept<T> = HashMap<usize, (Weak<T>, Engine)>;

fn keep<T>(
    kept: &mut Kept<T>,
    of: &Arc<T>,
    make: impl FnOnce() -> Result<Engine, RegoError>,
) -> Result<Engine, RegoError> {
    let key = Arc::as_ptr(of) as usize;
    if let Some((_, engine)) = kept.get(&key) {
        return Ok(engine.clone());
    }
    let engine = make()?;
    // Policies that are no longer in force go when others come.
    kept.retain(|_, (source, _)| source.strong_count() > 0);
    kept.insert(key, (Arc::downgrade(of), engine.clone()));
    Ok(engine)
}

thread_local! {
    static OF_THIS_THREAD: RefCell<Engines> = RefCell::default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_uses_any_more_is_let_go() {
        let mut kept = Kept::default();
        let first = Arc::new(1);
        let make = || Ok(Engine::new());
        keep(&mut kept, &first, make).unwrap();
        keep(&mut kept, &first, || panic!("it is kept")).unwrap();
        let second = Arc::new(2);
        keep(&mut kept, &second, make).unwrap();
        assert_eq!(kept.len(), 2);
        drop((first, second));
        keep(&mut kept, &Arc::new(3), make).unwrap();
        assert_eq!(kept.len(), 1);
    }

    #[test]
    fn what_could_not_be_made_is_not_kept() {
        let mut kept = Kept::default();
        let source = Arc::new(1);
        assert!(keep(&mut kept, &source, || Err(RegoError::new("no"))).is_err());
        assert!(kept.is_empty());
    }
}
