//! Upstreams as a run would find them: what is on the way, and what they answer to an empty export request that is sent by
//! the same client, with the same headers and the same compression as telemetry.
//!
//! What comes out is what was seen. What it means and what to do about it is said elsewhere.

mod ask;
mod certificate;
mod observation;
mod reach;
mod sample;
mod ways;

use std::rc::Rc;
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

pub use certificate::Certificate;
pub use observation::{
    Dialled, Failure, Fate, FileFound, Ground, Heard, Network, Observation, Other, Proxy, Reply, SocketFound, Tls,
    TlsFailure, Way,
};
pub use sample::{Outcome, Sent, send};

use super::client::Client;
use super::target::{Road, Route, Target};
use crate::otlp::Signal;
use ask::{Watched, ask};

/// One place of an upstream, which several signals may lead to.
struct Place {
    client: Rc<Client>,
    /// What all that lead here have in common: scheme, host and port, or a path.
    key: String,
    watched: Watched,
    ground: OnceCell<Ground>,
}

/// Looks at every signal's way to every target, all at once, each for no longer than `limit`. `each` is called when one is
/// done. It needs a [`tokio::task::LocalSet`].
pub async fn observe(targets: Vec<Target>, limit: Duration, each: impl Fn(&Observation)) -> Vec<Observation> {
    let mut probes = JoinSet::new();
    for target in targets {
        let client = Rc::new(Client::new(target));
        let mut places: Vec<Rc<Place>> = Vec::new();
        for signal in Signal::ALL {
            let Some(route) = client.route(signal) else { continue };
            let key = key(route);
            let place = places.iter().find(|place| place.key == key).cloned().unwrap_or_else(|| {
                let (watched, ground) = (Watched::new(), OnceCell::new());
                let place = Rc::new(Place { client: Rc::clone(&client), key, watched, ground });
                places.push(Rc::clone(&place));
                place
            });
            let route = route.clone();
            probes.spawn_local(async move { probe(&place, &route, limit).await });
        }
    }
    let mut observations = Vec::new();
    while let Some(done) = probes.join_next().await {
        // One that broke down is missed by whoever counts.
        let Ok(observation) = done else { continue };
        each(&observation);
        observations.push(observation);
    }
    observations.sort_by(|one, other| (&one.upstream, one.signal).cmp(&(&other.upstream, other.signal)));
    observations
}

/// How many [`Observation`]s of `targets` there will be.
pub fn expected(targets: &[Target]) -> usize {
    targets.iter().map(|target| Signal::ALL.into_iter().filter(|signal| target.serves(*signal)).count()).sum()
}

fn key(route: &Route) -> String {
    match &route.road {
        Road::Network(uri) => {
            format!("{}://{}:{}", uri.scheme_str().unwrap_or("http"), reach::host(uri), reach::port(uri))
        }
        Road::Socket(path, _) | Road::File(path) => path.display().to_string(),
    }
}

async fn probe(place: &Place, route: &Route, limit: Duration) -> Observation {
    let Place { client, watched, ground, .. } = place;
    // Delivery would not wait longer either.
    let limit = route.timeout.map_or(limit, |timeout| timeout.min(limit));
    let deadline = Instant::now() + limit;
    let looking = ground.get_or_init(|| reach::look(&route.road, client.proxies(), deadline));
    let (looked, (printed, heard)) = tokio::join!(looking, converse(client, watched, route, deadline));
    let mut ground = looked.clone();
    if let Ground::Network(network) = &mut ground {
        network.tls = watched.tls(route);
        // The place is the same for all signals, and what is asked for there is not.
        if let Road::Network(uri) = &route.road {
            uri.path().clone_into(&mut network.path);
        }
    }
    let names = route.headers.iter().map(|(name, _)| name).chain(printed.keys());
    let mut headers: Vec<String> = names.map(|name| name.as_str().to_owned()).collect();
    headers.sort();
    headers.dedup();
    let direct = !matches!(&ground, Ground::Network(Network { proxy: Some(_), .. }));
    let others = others(client, route, &printed, &heard, direct, deadline).await;
    Observation {
        upstream: client.name().to_owned(),
        signal: route.signal,
        protocol: route.protocol,
        limit,
        at: Timestamp::now(),
        headers,
        ground,
        heard,
        others,
    }
}

/// Has the headers printed that programs print, and asks.
async fn converse(client: &Client, watched: &Watched, route: &Route, deadline: Instant) -> (HeaderMap, Heard) {
    let Ok(printed) = timeout_at(deadline, client.printed()).await else {
        let reason = "the program that prints the headers took too long".to_owned();
        return (HeaderMap::new(), Heard::Failed(Failure::SetUp(reason)));
    };
    let heard = ask(client, watched, route, &printed, deadline).await;
    (printed, heard)
}

/// Tries the other ways that are worth it, all at once.
async fn others(
    client: &Rc<Client>,
    route: &Route,
    printed: &HeaderMap,
    heard: &Heard,
    direct: bool,
    deadline: Instant,
) -> Vec<Other> {
    let ways = ways::worth_a_try(route, heard, direct);
    let mut trying = JoinSet::new();
    for (place, way) in ways.into_iter().enumerate() {
        let Some((route, same_place)) = ways::route(&way, route) else { continue };
        let printed = if same_place { printed.clone() } else { HeaderMap::new() };
        let client = Rc::clone(client);
        trying.spawn_local(async move {
            let watched = Watched::new();
            let heard = ask(&client, &watched, &route, &printed, deadline).await;
            let speaks_tls = watched.tls(&route).is_some();
            (place, Other { way, heard, speaks_tls })
        });
    }
    let mut tried = Vec::new();
    while let Some(done) = trying.join_next().await {
        tried.extend(done);
    }
    tried.sort_by_key(|(place, _)| *place);
    tried.into_iter().map(|(_, other)| other).collect()
}
