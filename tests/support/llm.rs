//! A model provider with an OpenAI-compatible `/v1/chat/completions`, streaming or not, that plays one short scene:
//! a request without tools gets a title, the first one with tools gets a tool call, the one with the tool's result
//! gets the answer.

use std::sync::{Arc, Mutex};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{HeaderMap, Request, Response};
use serde_json::{Value, json};

use super::server::{Answer, Frames, Server, died};

/// Texts that must not be found where content does not belong. The tool's output is put together by the tool, so
/// that it does not stand in the arguments.
pub mod marker {
    pub const PROMPT: &str = "prompt-marker-7c1e";
    pub const ANSWER: &str = "answer-marker-2d9b";
    pub const ARGUMENT: &str = "argument-marker-5f03";
    pub const OUTPUT: &str = "output-marker-a846";
    pub const REASONING: &str = "reasoning-marker-19bd";
    pub const TITLE: &str = "title-marker-60ca";

    /// A command that has [`ARGUMENT`] in its words and prints [`OUTPUT`].
    pub const COMMAND: &str = "true argument-marker-5f03; printf 'output-%s\\n' marker-a846";

    pub const ALL: [&str; 6] = [PROMPT, ANSWER, ARGUMENT, OUTPUT, REASONING, TITLE];
}

/// How requests are answered.
#[derive(Debug, Clone)]
pub enum Mood {
    /// Plays the scene.
    Play,
    /// Refuses everything.
    Fail(Failure),
    /// Refuses the next requests, so many, then plays the scene.
    FailFirst(usize, Failure),
}

/// An error of the provider.
#[derive(Debug, Clone)]
pub struct Failure {
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    pub message: String,
}

impl Failure {
    pub fn status(status: u16) -> Self {
        Self { status, retry_after: None, message: format!("the model provider says {status}") }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub headers: HeaderMap,
    pub body: Value,
}

struct State {
    mood: Mood,
    tool: (String, Value),
    requests: Vec<Asked>,
    faults: Vec<String>,
}

/// The provider. Dropping it checks that it was asked at all.
pub struct Llm {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Llm {
    /// Plays the scene with the tool `bash` and [`marker::COMMAND`].
    pub fn start() -> Self {
        Self::calling("bash", json!({ "command": marker::COMMAND, "description": "Prints a line" }))
    }

    /// Plays the scene with another tool call.
    pub fn calling(tool: &str, arguments: Value) -> Self {
        let state = State { mood: Mood::Play, tool: (tool.into(), arguments), requests: vec![], faults: vec![] };
        let state = Arc::new(Mutex::new(state));
        let handler = state.clone();
        Self { server: Server::start(move |request| handle(handler.clone(), request)), state }
    }

    pub fn set_mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// The base URL with `/v1`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.server.address())
    }

    /// All requests that could be understood.
    pub fn requests(&self) -> Vec<Asked> {
        self.state.lock().unwrap().requests.clone()
    }
}

impl Drop for Llm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let state = self.state.lock().unwrap();
        assert!(state.faults.is_empty(), "the model provider was asked for what it does not have: {:?}", state.faults);
        assert!(!state.requests.is_empty(), "the model provider was never asked");
    }
}

async fn handle(state: Arc<Mutex<State>>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| died())?.to_bytes();
    let mut state = state.lock().unwrap();
    let asked = match serde_json::from_slice::<Value>(&body) {
        Ok(asked) if head.uri.path() == "/v1/chat/completions" => asked,
        _ => {
            state.faults.push(format!("{} {}", head.method, head.uri));
            return Ok(Response::builder().status(404).body(Frames::none()).unwrap());
        }
    };
    let message = reply(&asked, &state.tool);
    let streaming = asked["stream"] == json!(true);
    state.requests.push(Asked { headers: head.headers, body: asked });
    let failure = match &mut state.mood {
        Mood::Fail(failure) => Some(failure.clone()),
        Mood::FailFirst(left @ 1.., failure) => {
            *left -= 1;
            Some(failure.clone())
        }
        Mood::FailFirst(0, _) | Mood::Play => None,
    };
    Ok(match failure {
        Some(failure) => refusal(&failure),
        None if streaming => stream(message),
        None => whole(message),
    })
}

/// The assistant's message for this point of the scene.
fn reply(asked: &Value, (tool, arguments): &(String, Value)) -> Value {
    let with_tools = asked["tools"].as_array().is_some_and(|tools| !tools.is_empty());
    let after_tool = asked["messages"].as_array().into_iter().flatten().any(|message| message["role"] == "tool");
    match (with_tools, after_tool) {
        (false, _) => json!({ "content": format!("{} of a talk", marker::TITLE) }),
        (true, true) => json!({ "content": format!("{}: done.", marker::ANSWER) }),
        (true, false) => json!({
            "reasoning_content": format!("{}: a tool helps here.", marker::REASONING),
            "tool_calls": [{
                "index": 0,
                "id": "call_1",
                "type": "function",
                "function": { "name": tool, "arguments": arguments.to_string() },
            }],
        }),
    }
}

fn finish_reason(message: &Value) -> &'static str {
    if message["tool_calls"].is_array() { "tool_calls" } else { "stop" }
}

fn usage() -> Value {
    json!({
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "total_tokens": 120,
        "prompt_tokens_details": { "cached_tokens": 40 },
        "completion_tokens_details": { "reasoning_tokens": 5 },
    })
}

fn completion(object: &str, choice: Value) -> Value {
    json!({ "id": "chatcmpl-1", "object": object, "created": 1_700_000_000, "model": "mock-model", "choices": [choice] })
}

fn whole(mut message: Value) -> Response<Frames> {
    let reason = finish_reason(&message);
    message["role"] = json!("assistant");
    let mut body = completion("chat.completion", json!({ "index": 0, "message": message, "finish_reason": reason }));
    body["usage"] = usage();
    json_answer(200, &body).body(Frames::none().data(body.to_string())).unwrap()
}

/// Server-sent events: one field of the message after the other, then the reason and the usage, then the end.
fn stream(message: Value) -> Response<Frames> {
    let event = |delta: Value, reason: Value| {
        completion("chat.completion.chunk", json!({ "index": 0, "delta": delta, "finish_reason": reason }))
    };
    let mut events = vec![event(json!({ "role": "assistant", "content": "" }), Value::Null)];
    for (field, value) in message.as_object().unwrap() {
        events.push(event(json!({ field: value }), Value::Null));
    }
    let mut last = event(json!({}), json!(finish_reason(&message)));
    last["usage"] = usage();
    events.push(last);
    let frames = events.into_iter().fold(Frames::none(), |frames, event| frames.data(format!("data: {event}\n\n")));
    Response::builder().header("content-type", "text/event-stream").body(frames.data("data: [DONE]\n\n")).unwrap()
}

fn refusal(failure: &Failure) -> Response<Frames> {
    let body = json!({ "error": { "message": failure.message, "type": "mock_error" } });
    let mut head = json_answer(failure.status, &body);
    if let Some(seconds) = failure.retry_after {
        head = head.header("retry-after", seconds);
    }
    head.body(Frames::none().data(body.to_string())).unwrap()
}

fn json_answer(status: u16, body: &Value) -> hyper::http::response::Builder {
    let length = body.to_string().len();
    Response::builder().status(status).header("content-type", "application/json").header("content-length", length)
}
