//! Things that are asked for once, however many want them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use countersign_image::SourceError;
use tokio::sync::OnceCell;

use crate::auth::locked;

/// Answers by question. Who asks while another's request is under way waits for that one.
#[derive(Debug)]
pub(crate) struct Once<K, V>(Mutex<BTreeMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord, V: Clone> Once<K, V> {
    /// The answer to `key`, by `ask` unless it is there. A failure is nobody's answer.
    pub(crate) async fn get(
        &self,
        key: K,
        ask: impl Future<Output = Result<V, SourceError>>,
    ) -> Result<V, SourceError> {
        let cell = Arc::clone(locked(&self.0).entry(key).or_default());
        cell.get_or_try_init(|| ask).await.cloned()
    }
}
