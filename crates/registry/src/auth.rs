//! What a request proves, and what was learned about how to prove it.
//!
//! Tokens are kept by registry, scope and credential, so that nobody profits from another's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_image::{SourceError, excerpt};
use http::HeaderValue;
use tokio::time::Instant;

use crate::address::Kind;
use crate::call::{Answer, Call};
use crate::challenge::{Challenge, Realm};
use crate::credentials::Credential;
use crate::proof;
use crate::token::{self, Service, Token};
use crate::transport::Transport;

/// What is known of registries' demands, and the tokens that are in force.
#[derive(Debug, Default)]
pub(crate) struct Auth {
    /// By host: what it demanded last, and the kind of its address.
    challenges: Mutex<HashMap<String, (Challenge, Kind)>>,
    tokens: Mutex<HashMap<Key, Slot>>,
}

/// One token; locked while it is being fetched, so that requests sent together share it.
type Slot = Arc<tokio::sync::Mutex<Option<Token>>>;

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    host: String,
    scope: String,
    credential: Option<Credential>,
}

/// What a request presents.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    pub(crate) header: HeaderValue,
    withheld_from: Option<String>,
}

/// Who asks for what, while one request is under way.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) call: &'a Call<'a>,
    pub(crate) credential: Option<Credential>,
}

impl Auth {
    /// What to present before being asked, where that is known.
    pub(crate) async fn beforehand(
        &self,
        session: &Session<'_>,
    ) -> Result<Option<Proof>, SourceError> {
        let known = locked(&self.challenges).get(session.host()).cloned();
        match known {
            None => Ok(None),
            // What cannot be met now is found out by asking.
            Some((Challenge::Basic, _)) => Ok(session.basic()),
            Some((challenge, peer)) => self.meet(session, &challenge, peer, None).await.map(Some),
        }
    }

    /// What to present after a refusal. `refused` is what was presented before.
    pub(crate) async fn respond(
        &self,
        session: &Session<'_>,
        answer: &Answer,
        refused: Option<&Proof>,
    ) -> Result<Proof, SourceError> {
        let Some(challenge) = Challenge::of(&answer.headers) else {
            return Err(token::unauthorized(
                session.call,
                session.credential.as_ref(),
            ));
        };
        remember(
            &self.challenges,
            session.host().to_owned(),
            (challenge.clone(), answer.peer),
        );
        self.meet(session, &challenge, answer.peer, refused).await
    }

    async fn meet(
        &self,
        session: &Session<'_>,
        challenge: &Challenge,
        peer: Kind,
        refused: Option<&Proof>,
    ) -> Result<Proof, SourceError> {
        let unauthorized = || token::unauthorized(session.call, session.credential.as_ref());
        match (challenge, &session.credential) {
            (Challenge::Bearer { .. }, Some(Credential::RegistryToken(token))) => {
                let header = proof::bearer(token).ok_or_else(unauthorized)?;
                Ok(Proof {
                    header,
                    withheld_from: None,
                })
            }
            (
                Challenge::Bearer {
                    realm: Realm::At(realm),
                    service,
                },
                _,
            ) => {
                let service = Service {
                    realm,
                    name: service.as_deref(),
                    named_by: peer,
                };
                self.token(session, &service, refused).await
            }
            (
                Challenge::Bearer {
                    realm: Realm::Nonsense(realm),
                    ..
                },
                _,
            ) => Err(SourceError::RealmRefused {
                host: session.call.registry(),
                realm: excerpt(realm),
            }),
            (Challenge::Basic, _) => session.basic().ok_or_else(unauthorized),
        }
    }

    async fn token(
        &self,
        session: &Session<'_>,
        service: &Service<'_>,
        refused: Option<&Proof>,
    ) -> Result<Proof, SourceError> {
        let key = Key {
            host: session.host().to_owned(),
            scope: session.call.scope(),
            credential: session.credential.clone(),
        };
        let slot = {
            let mut tokens = locked(&self.tokens);
            make_room(&mut tokens);
            Arc::clone(tokens.entry(key).or_default())
        };
        let mut slot = slot.lock().await;
        let usable = slot.as_ref().filter(|token| {
            token.expires > Instant::now()
                && refused.is_none_or(|proof| proof.header != token.header)
        });
        let token = match usable {
            Some(token) => token.clone(),
            None => {
                service
                    .token(session.transport, session.call, session.credential.as_ref())
                    .await?
            }
        };
        *slot = Some(token.clone());
        Ok(Proof {
            header: token.header,
            withheld_from: token.withheld_from,
        })
    }
}

impl Session<'_> {
    fn host(&self) -> &str {
        self.call.repository.api_host()
    }

    fn basic(&self) -> Option<Proof> {
        let Some(Credential::Basic { username, password }) = &self.credential else {
            return None;
        };
        Some(Proof {
            header: proof::basic(username, password),
            withheld_from: None,
        })
    }

    /// The failure of a request that was refused although it presented `proof`.
    pub(crate) fn still_refused(&self, proof: &Proof) -> SourceError {
        match &proof.withheld_from {
            Some(realm) => SourceError::RealmRefused {
                host: self.call.registry(),
                realm: realm.clone(),
            },
            None => token::unauthorized(self.call, self.credential.as_ref()),
        }
    }
}

/// Remembers something about a host, of which there may be as many as somebody likes to name.
pub(crate) fn remember<T>(memory: &Mutex<HashMap<String, T>>, host: String, fact: T) {
    let mut memory = locked(memory);
    make_room(&mut memory);
    memory.insert(host, fact);
}

/// A lock that a panic elsewhere does not spoil: what it guards is never left half changed.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn make_room<K, V>(memory: &mut HashMap<K, V>) {
    if memory.len() >= REMEMBERED {
        // Everything in it can be learned again.
        memory.clear();
    }
}

/// Hosts, or tokens, that are remembered.
const REMEMBERED: usize = 1024;
