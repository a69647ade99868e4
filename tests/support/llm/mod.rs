//! A model provider that speaks the APIs of OpenAI (chat and responses), Anthropic and Gemini, streaming or not, and plays
//! one short scene in each: a request without tools gets a title, the first one with tools gets a tool call, the one
//! with the tool's result gets the answer.

mod chat;
mod gemini;
mod messages;
mod responses;

use std::sync::{Arc, Mutex};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{HeaderMap, Method, Request, Response, Uri};
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

/// The tokens of every answer, as the conventions count them: the input with what was read from a cache and written to
/// one, the output with the reasoning.
pub mod tokens {
    pub const INPUT: i64 = 100;
    pub const CACHED: i64 = 40;
    /// Anthropic's API alone tells these.
    pub const WRITTEN: i64 = 10;
    pub const OUTPUT: i64 = 20;
    /// All but Anthropic's API tell these.
    pub const REASONING: i64 = 5;
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

/// One request to a model.
#[derive(Debug, Clone)]
pub struct Asked {
    pub headers: HeaderMap,
    pub body: Value,
}

/// What the model says at one point of the scene.
enum Line<'a> {
    Title(String),
    ToolCall { reasoning: String, tool: &'a str, arguments: &'a Value },
    Answer(String),
}

impl<'a> Line<'a> {
    fn at(point: Point, (tool, arguments): &'a (String, Value)) -> Self {
        match point {
            Point::WithoutTools => Self::Title(format!("{} of a talk", marker::TITLE)),
            Point::WithTools => {
                Self::ToolCall { reasoning: format!("{}: a tool helps here.", marker::REASONING), tool, arguments }
            }
            Point::AfterTool => Self::Answer(format!("{}: done.", marker::ANSWER)),
        }
    }
}

/// Where the scene is, as a request tells.
#[derive(Clone, Copy)]
enum Point {
    WithoutTools,
    WithTools,
    AfterTool,
}

impl Point {
    fn of(offers_tools: bool, holds_result: bool) -> Self {
        match (offers_tools, holds_result) {
            (false, _) => Self::WithoutTools,
            (true, false) => Self::WithTools,
            (true, true) => Self::AfterTool,
        }
    }
}

/// An API, and how it is to answer.
#[derive(Clone, Copy)]
enum Api {
    Chat,
    Responses,
    Messages,
    Gemini,
}

/// A request to a model.
struct Question {
    api: Api,
    streaming: bool,
    model: String,
}

impl Question {
    fn of(uri: &Uri, body: &Value) -> Option<Self> {
        let (_, end) = uri.path().rsplit_once('/')?;
        if let Some((model, method)) = end.split_once(':') {
            let streaming = match method {
                "generateContent" => false,
                "streamGenerateContent" => true,
                _ => return None,
            };
            return Some(Self { api: Api::Gemini, streaming, model: model.to_owned() });
        }
        let api = match end {
            "completions" if uri.path().ends_with("/chat/completions") => Api::Chat,
            "responses" => Api::Responses,
            "messages" => Api::Messages,
            _ => return None,
        };
        Some(Self { api, streaming: body["stream"] == true, model: body["model"].as_str()?.to_owned() })
    }

    fn point(&self, body: &Value) -> Point {
        match self.api {
            Api::Chat => chat::point(body),
            Api::Responses => responses::point(body),
            Api::Messages => messages::point(body),
            Api::Gemini => gemini::point(body),
        }
    }

    fn answer(&self, line: &Line<'_>) -> Response<Frames> {
        match (self.api, self.streaming) {
            (Api::Chat, false) => json_answer(&chat::whole(&self.model, line)),
            (Api::Chat, true) => event_stream(chat::stream(&self.model, line)),
            (Api::Responses, false) => json_answer(&responses::whole(&self.model, line)),
            (Api::Responses, true) => event_stream(responses::stream(&self.model, line)),
            (Api::Messages, false) => json_answer(&messages::whole(&self.model, line)),
            (Api::Messages, true) => event_stream(messages::stream(&self.model, line)),
            (Api::Gemini, false) => json_answer(&gemini::whole(&self.model, line)),
            (Api::Gemini, true) => event_stream(gemini::stream(&self.model, line)),
        }
    }

    fn refusal(&self, failure: &Failure) -> Response<Frames> {
        let message = &failure.message;
        let body = match self.api {
            Api::Chat | Api::Responses => json!({ "error": { "message": message, "type": "mock_error" } }),
            Api::Messages => json!({ "type": "error", "error": { "type": "mock_error", "message": message } }),
            Api::Gemini => json!({ "error": { "code": failure.status, "message": message, "status": "MOCK_ERROR" } }),
        };
        let mut head = Response::builder().status(failure.status).header("content-type", "application/json");
        if let Some(seconds) = failure.retry_after {
            head = head.header("retry-after", seconds);
        }
        head.body(Frames::none().data(body.to_string())).unwrap()
    }
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

    /// Changes the tool call.
    pub fn set_tool(&self, tool: &str, arguments: Value) {
        self.state.lock().unwrap().tool = (tool.into(), arguments);
    }

    pub fn set_mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// The base URL, without the `/v1` that some APIs want.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
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
    let body = serde_json::from_slice::<Value>(&body).unwrap_or_default();
    let Some(question) = Question::of(&head.uri, &body) else {
        return Ok(aside(&head.method, &head.uri, &mut state.faults));
    };
    let point = question.point(&body);
    state.requests.push(Asked { headers: head.headers, body });
    let failure = match &mut state.mood {
        Mood::Fail(failure) => Some(failure.clone()),
        Mood::FailFirst(left @ 1.., failure) => {
            *left -= 1;
            Some(failure.clone())
        }
        Mood::FailFirst(0, _) | Mood::Play => None,
    };
    Ok(match failure {
        Some(failure) => question.refusal(&failure),
        None => question.answer(&Line::at(point, &state.tool)),
    })
}

/// Answers what is no question to a model. An agent may look around, have tokens counted, and tell how it is used.
fn aside(method: &Method, uri: &Uri, faults: &mut Vec<String>) -> Response<Frames> {
    if uri.path().ends_with("/count_tokens") {
        return json_answer(&json!({ "input_tokens": tokens::INPUT }));
    }
    if uri.path().ends_with(":countTokens") {
        return json_answer(&json!({ "totalTokens": tokens::INPUT }));
    }
    // Codex tells its provider what a turn took, whatever its settings say of analytics.
    let tells = uri.path().contains("/analytics/");
    if *method != Method::GET && *method != Method::HEAD && !tells {
        faults.push(format!("{method} {uri}"));
    }
    Response::builder().status(404).body(Frames::none()).unwrap()
}

fn json_answer(body: &Value) -> Response<Frames> {
    let head = Response::builder().header("content-type", "application/json");
    let text = body.to_string();
    head.header("content-length", text.len()).body(Frames::none().data(text)).unwrap()
}

fn event_stream(events: Vec<String>) -> Response<Frames> {
    let frames = events.into_iter().fold(Frames::none(), Frames::data);
    Response::builder().header("content-type", "text/event-stream").body(frames).unwrap()
}

/// An event without a name, as chat and Gemini have them.
fn data(data: &Value) -> String {
    format!("data: {data}\n\n")
}

/// An event that is named as its `type`, as responses and messages have them.
fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

/// Whether a list that a request may have holds anything.
fn has_any(list: &Value) -> bool {
    list.as_array().is_some_and(|list| !list.is_empty())
}

/// The members of a list that a request may have.
fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}
