//! An upstream's client: the right exchange for each signal, with credentials that are renewed when they are refused.

use std::time::Duration;

use http::{HeaderMap, Uri};

use super::answer::Answer;
use super::credentials::Credentials;
use super::exchange::Exchange;
use super::file;
use super::link::Links;
use super::proxy::Proxies;
use super::reply::{Reply, Silence};
use super::target::{Road, Route, Target};
use crate::otlp::Signal;
use crate::secret::{self, Secrets};

/// A client for one target. Connections are made when something is sent, and kept.
pub(super) struct Client {
    target: Target,
    links: Links,
    credentials: Credentials,
}

impl Client {
    pub(super) fn new(mut target: Target) -> Self {
        let credentials = Credentials::new(std::mem::take(&mut target.sources));
        Self { target, links: Links::default(), credentials }
    }

    /// What the target is called.
    pub(super) fn name(&self) -> &str {
        &self.target.name
    }

    /// How old telemetry may be to be sent; none is any age.
    pub(super) fn expire_after(&self) -> Option<Duration> {
        self.target.expire_after
    }

    /// Whether the target takes this signal.
    pub(super) fn serves(&self, signal: Signal) -> bool {
        self.target.serves(signal)
    }

    /// What is wrong as long as nobody has answered, in words.
    pub(super) fn unanswered(&self, signal: Signal) -> String {
        let place = self.route(signal).map(place).unwrap_or_default();
        let means = self.credentials.failure().map(|failure| format!("; {failure}")).unwrap_or_default();
        format!("{place} did not answer in time{means}")
    }

    /// Asks for the credentials that programs print, before they are needed.
    pub(super) async fn prepare(&self) {
        let _ = self.credentials.current().await;
    }

    /// Sends one export request, given in protobuf, and waits for the answer. Where credentials are refused that a program
    /// prints, it is asked for new ones, and the request is sent once more.
    pub(super) async fn send(&self, signal: Signal, protobuf: &[u8]) -> Answer {
        let Some(route) = self.route(signal) else {
            return Answer::Closed { reason: format!("there is no endpoint for {}", signal.as_str()) };
        };
        let (round, printed) = self.credentials.current().await;
        let answer = self.attempt(route, signal, protobuf, &printed).await;
        let Answer::Unauthorized { .. } = answer else { return answer };
        if !self.credentials.are_printed() {
            return answer;
        }
        self.credentials.renew(round).await;
        let (_, printed) = self.credentials.current().await;
        match (self.attempt(route, signal, protobuf, &printed).await, self.credentials.failure()) {
            (Answer::Unauthorized { reason }, Some(failure)) => {
                Answer::Unauthorized { reason: format!("{reason}; {failure}") }
            }
            (answer, _) => answer,
        }
    }

    /// The proxies on the way.
    pub(super) fn proxies(&self) -> &Proxies {
        &self.target.proxies
    }

    /// The headers that programs print, asked for where they have not been yet.
    pub(super) async fn printed(&self) -> HeaderMap {
        self.credentials.current().await.1
    }

    /// Where a signal goes, if it goes anywhere.
    pub(super) fn route(&self, signal: Signal) -> Option<&Route> {
        self.target.routes.iter().find(|route| route.signal == signal)
    }

    async fn attempt(&self, route: &Route, signal: Signal, protobuf: &[u8], printed: &HeaderMap) -> Answer {
        let uri = match &route.road {
            Road::File(path) => return file::append(path, signal, protobuf),
            Road::Network(uri) | Road::Socket(_, uri) => uri,
        };
        let answer = async {
            match self.hear(&self.links, route, uri, signal, protobuf, printed).await {
                Ok(reply) => reply.judged(signal, route.protocol, &place(route)),
                Err(silence) => silence.judged(&place(route)),
            }
        };
        let answer = match route.timeout {
            None => answer.await,
            Some(limit) => tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| Answer::Unreachable {
                reason: format!("{} did not answer within {} s", place(route), limit.as_secs_f64()),
            }),
        };
        answer.reworded(|words| blanked(route, printed, words))
    }

    /// Sends one export request by way of `links`, and says what came of it.
    pub(super) async fn hear(
        &self,
        links: &Links,
        route: &Route,
        uri: &Uri,
        signal: Signal,
        protobuf: &[u8],
        printed: &HeaderMap,
    ) -> Result<Reply, Silence> {
        let exchange = Exchange { links, proxies: &self.target.proxies, route, uri, printed };
        exchange.send(signal, protobuf).await
    }
}

/// What a backend said without what it was shown, which it may quote: its words are shown and written down. None where
/// there is nothing of that in them.
pub(super) fn blanked(route: &Route, printed: &HeaderMap, words: &str) -> Option<String> {
    let shown = route.headers.iter().map(|(name, value)| (name, value)).chain(printed);
    let shown = shown.filter_map(|(name, value)| secret::of_header(name.as_str(), value.to_str().ok()?));
    Secrets::new(shown).blanked_text(words)
}

/// Where a route leads, as far as it may be shown: scheme, host and port, or a path.
pub(super) fn place(route: &Route) -> String {
    match &route.road {
        Road::Network(uri) => {
            let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{}{port}", uri.scheme_str().unwrap_or("http"), uri.host().unwrap_or_default())
        }
        Road::Socket(path, _) => format!("unix:{}", path.display()),
        Road::File(path) => format!("file:{}", path.display()),
    }
}
