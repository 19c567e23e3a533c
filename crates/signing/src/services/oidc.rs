//! Identity tokens from those who issue them: GitHub Actions, or an OpenID provider that a person logs in to.
//!
//! Sends secrets over TLS or within this machine only. Opens no browser and no port: a person copies a code.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use countersign_image::{Fields, parse_strict};
use countersign_registry::{ServiceClient, ServiceRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::error::{IDENTITY_PROVIDER, ServiceFailure};
use super::{JSON, below};
use crate::signing_config::is_private;

/// The identity token of a GitHub Actions job, from the URL and with the secret that the job was given for it.
///
/// # Errors
///
/// When there is none to be had.
pub async fn actions_token(
    client: &ServiceClient,
    url: &str,
    secret: &str,
) -> Result<Zeroizing<String>, ServiceFailure> {
    let mut url = private(url)?;
    // The URL has a query of its own already, mostly; an audience in it is not the one that is wanted.
    let query: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != "audience")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(query)
        .append_pair("audience", AUDIENCE);
    let request = ServiceRequest {
        bearer: Some(secret.to_owned()),
        ..get(url)
    };
    let Fields(answer): Fields<ActionsWire> = ask(client, request).await?;
    Ok(Zeroizing::new(answer.value))
}

/// A login under way.
pub struct Login {
    page: Url,
    token_endpoint: Url,
    verifier: Zeroizing<String>,
}

impl Login {
    /// Begins a login with `provider`, by the authorization code flow with a code that is shown to the person (OpenID
    /// Connect Core §3.1, RFC 7636).
    ///
    /// # Errors
    ///
    /// When the provider does not say how.
    pub async fn begin(client: &ServiceClient, provider: &Url) -> Result<Self, ServiceFailure> {
        private(provider.as_str())?;
        let place = below(provider, ".well-known/openid-configuration");
        let Fields(known): Fields<ProviderWire> = ask(client, get(place)).await?;
        let token_endpoint = private(&known.token_endpoint)?;
        let mut page = private(&known.authorization_endpoint)?;
        let mut random = [0; 32];
        rand::fill(&mut random).map_err(|_| ServiceFailure::Unwritable)?;
        let verifier = Zeroizing::new(URL_SAFE_NO_PAD.encode(random));
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        page.query_pairs_mut()
            .append_pair("client_id", CLIENT)
            .append_pair("response_type", "code")
            .append_pair("scope", "openid email")
            .append_pair("redirect_uri", SHOWN)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(Self {
            page,
            token_endpoint,
            verifier,
        })
    }

    /// The page that the person opens.
    #[must_use]
    pub fn page(&self) -> &Url {
        &self.page
    }

    /// Exchanges the code that the page showed for a token.
    ///
    /// # Errors
    ///
    /// When the provider does not take the code.
    pub async fn finish(
        self,
        client: &ServiceClient,
        code: &str,
    ) -> Result<Zeroizing<String>, ServiceFailure> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("client_id", CLIENT)
            .append_pair("redirect_uri", SHOWN)
            .append_pair("code", code)
            .append_pair("code_verifier", &self.verifier)
            .finish();
        let request = ServiceRequest {
            content: Some((FORM, Bytes::from(form))),
            ..get(self.token_endpoint)
        };
        let Fields(answer): Fields<TokenWire> = ask(client, request).await?;
        Ok(Zeroizing::new(answer.id_token))
    }
}

fn get(url: Url) -> ServiceRequest {
    ServiceRequest {
        url,
        content: None,
        accept: JSON,
        bearer: None,
        limit: ANSWER_BYTES,
        timeout: TIMEOUT,
    }
}

async fn ask<T: DeserializeOwned>(
    client: &ServiceClient,
    request: ServiceRequest,
) -> Result<T, ServiceFailure> {
    let host = request.url.authority().to_owned();
    let response = client
        .ask(request)
        .await
        .map_err(|error| ServiceFailure::Unanswered {
            what: IDENTITY_PROVIDER,
            error,
        })?;
    if !(200..300).contains(&response.status) {
        return Err(ServiceFailure::refused(IDENTITY_PROVIDER, &host, &response));
    }
    // What is wrong with it is not said in its own words: they may be the token.
    parse_strict(&response.body)
        .map_err(|error| ServiceFailure::malformed(IDENTITY_PROVIDER, &host, error.code()))
}

fn private(text: &str) -> Result<Url, ServiceFailure> {
    match Url::parse(text) {
        Ok(url) if is_private(&url) => Ok(url),
        Ok(url) => Err(ServiceFailure::Insecure {
            url: url.origin().ascii_serialization(),
        }),
        Err(_) => Err(ServiceFailure::Insecure {
            url: "something that is no URL".to_owned(),
        }),
    }
}

#[derive(Deserialize)]
struct ActionsWire {
    value: String,
}

#[derive(Deserialize)]
struct ProviderWire {
    authorization_endpoint: String,
    token_endpoint: String,
}

#[derive(Deserialize)]
struct TokenWire {
    id_token: String,
}

const AUDIENCE: &str = "sigstore";
const CLIENT: &str = "sigstore";
/// The redirect that is none: the provider shows the code instead.
const SHOWN: &str = "urn:ietf:wg:oauth:2.0:oob";
const FORM: &str = "application/x-www-form-urlencoded";
const ANSWER_BYTES: usize = 256 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);
