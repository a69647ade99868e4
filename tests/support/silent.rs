//! A model provider that takes requests by the APIs of OpenAI, Anthropic and Gemini, and never answers.

use std::sync::{Arc, Condvar, Mutex};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Request, Response};
use serde_json::Value;

use super::PATIENCE;
use super::server::{Answer, Frames, Server, died};

/// How the path of a request to a model ends, by API: OpenAI's two, Anthropic's, Gemini's two.
const MODEL_PATHS: [&str; 5] =
    ["/chat/completions", "/responses", "/messages", ":generateContent", ":streamGenerateContent"];

#[derive(Default)]
struct State {
    asked: Mutex<bool>,
    changed: Condvar,
}

/// The provider. Requests that are no questions to a model are answered: there is no such thing.
pub struct SilentLlm {
    server: Server,
    state: Arc<State>,
}

impl SilentLlm {
    pub fn start() -> Self {
        let state = Arc::new(State::default());
        let handler = state.clone();
        Self { server: Server::start(move |request| handle(handler.clone(), request)), state }
    }

    /// The base URL, without the `/v1` that some APIs want.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Waits for the question itself: a request that offers tools. Titles and the like are asked for without any.
    #[track_caller]
    pub fn wait_until_asked(&self) {
        let asked = self.state.asked.lock().unwrap();
        // Agents take long to start on a busy machine.
        let (_asked, wait) = self.state.changed.wait_timeout_while(asked, 3 * PATIENCE, |asked| !*asked).unwrap();
        assert!(!wait.timed_out(), "the model provider was not asked");
    }
}

async fn handle(state: Arc<State>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| died())?.to_bytes();
    if !MODEL_PATHS.iter().any(|end| head.uri.path().ends_with(end)) {
        return Ok(Response::builder().status(404).body(Frames::none()).unwrap());
    }
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    if asked["tools"].as_array().is_some_and(|tools| !tools.is_empty()) {
        *state.asked.lock().unwrap() = true;
        state.changed.notify_all();
    }
    std::future::pending().await
}
