//! What each agent's telemetry must hold, cell by cell.

use nix::sys::signal::Signal::{self, SIGINT};

use crate::scene::Event;

/// How a command is to end.
#[derive(Debug, Clone, Copy)]
pub enum By {
    Exit(i32),
    Death(Signal),
}

/// An agent's three cells, and what is the same in all of them.
#[derive(Debug)]
pub struct Expected {
    pub agent: &'static str,
    pub success: Cell,
    pub refusal: Cell,
    pub interrupt: Cell,
    /// Where the tokens of a model call stand. Nowhere on spans: none.
    pub tokens: Option<Tokens>,
    /// Spans of one prompt at a terminal, by name, and how many there are at least.
    pub at_terminal: &'static [(&'static str, usize)],
    /// Files that it writes in some runs and not in others, or only when its telemetry is on.
    pub writes: &'static [&'static str],
    /// What it writes to stdout last when it is interrupted, in some runs and not in others; empty where it is always the
    /// same.
    pub last_words: &'static str,
    /// Files that it leaves behind when it is interrupted, in some runs and not in others.
    pub leaves: &'static [&'static str],
    /// Whether it loses the end of what it has to tell, on a busy machine, even where it ends well.
    pub is_lossy: bool,
}

/// What must have come of one event.
#[derive(Debug)]
pub struct Cell {
    pub ends: By,
    /// Spans that tell something, by name, and how many there are.
    pub spans: &'static [(&'static str, usize)],
    /// How many calls of the model were answered with tokens; none where it depends on when the agent dies.
    pub calls: Option<usize>,
    /// Whether spans hang on one that the agent never sends.
    pub has_stand_ins: bool,
    /// Names of log records; each must come at least once.
    pub logs: &'static [&'static str],
    /// Names of metrics; each must come at least once.
    pub metrics: &'static [&'static str],
}

/// The spans that carry tokens.
#[derive(Debug)]
pub struct Tokens {
    /// What the span's name begins with.
    pub span: &'static str,
    /// The attributes and their values, for one call.
    pub attributes: &'static [(&'static str, i64)],
    /// Spans that carry sums of these.
    pub sums: &'static [&'static str],
}

impl Expected {
    pub fn cell(&self, event: Event) -> &Cell {
        match event {
            Event::Success => &self.success,
            Event::Refusal => &self.refusal,
            Event::Interrupt => &self.interrupt,
        }
    }
}

pub static EXPECTED: [Expected; 7] = [
    Expected {
        agent: "opencode",
        success: Cell {
            ends: By::Exit(0),
            spans: &[("ai.streamText.doStream", 3), ("Tool.execute", 1), ("ai.toolCall", 1)],
            calls: Some(3),
            has_stand_ins: false,
            logs: &[],
            metrics: &[],
        },
        refusal: Cell {
            ends: By::Exit(1),
            spans: &[("ai.streamText.doStream", 2), ("Tool.execute", 0)],
            calls: Some(0),
            has_stand_ins: false,
            logs: &[],
            metrics: &[],
        },
        interrupt: Cell {
            ends: By::Death(SIGINT),
            // Two calls of the model have begun, that for the title and that for the tool, which is under way.
            spans: &[
                ("Session.create", 1),
                ("LLM.run", 2),
                ("ai.streamText.doStream", 1),
                ("SessionTools.resolve", 1),
                ("SessionProcessor.ensureToolCall", 4),
                ("Tool.execute", 0),
                ("SessionPrompt.prompt", 0),
            ],
            calls: Some(1),
            has_stand_ins: true,
            logs: &[],
            metrics: &[],
        },
        tokens: Some(Tokens {
            span: "ai.streamText.doStream",
            attributes: &[("gen_ai.usage.input_tokens", 100), ("gen_ai.usage.output_tokens", 20)],
            sums: &[],
        }),
        at_terminal: &[("ai.streamText.doStream", 2), ("Tool.execute", 1)],
        writes: &[],
        last_words: "",
        leaves: &[],
        is_lossy: true,
    },
    Expected {
        agent: "claude",
        success: Cell {
            ends: By::Exit(0),
            spans: &[
                ("claude_code.interaction", 1),
                ("claude_code.llm_request", 2),
                ("claude_code.tool", 1),
                ("claude_code.tool.blocked_on_user", 1),
                ("claude_code.tool.execution", 1),
            ],
            calls: Some(2),
            has_stand_ins: false,
            logs: &["user_prompt", "api_request", "assistant_response", "tool_decision", "tool_result"],
            metrics: &["claude_code.token.usage", "claude_code.cost.usage", "claude_code.session.count"],
        },
        refusal: Cell {
            ends: By::Exit(1),
            spans: &[("claude_code.interaction", 1), ("claude_code.llm_request", 1), ("claude_code.tool", 0)],
            calls: Some(0),
            has_stand_ins: false,
            logs: &["user_prompt", "api_error"],
            metrics: &["claude_code.session.count"],
        },
        interrupt: Cell {
            ends: By::Exit(0),
            spans: &[
                ("claude_code.interaction", 1),
                ("claude_code.llm_request", 1),
                ("claude_code.tool.blocked_on_user", 1),
                ("claude_code.tool.execution", 0),
            ],
            calls: Some(1),
            has_stand_ins: true,
            logs: &["user_prompt", "api_request", "tool_decision"],
            metrics: &["claude_code.token.usage", "claude_code.session.count"],
        },
        tokens: Some(Tokens {
            span: "claude_code.llm_request",
            attributes: &[
                ("input_tokens", 50),
                ("cache_read_tokens", 40),
                ("cache_creation_tokens", 10),
                ("output_tokens", 20),
            ],
            sums: &[],
        }),
        at_terminal: &[("claude_code.interaction", 1), ("claude_code.llm_request", 2), ("claude_code.tool", 1)],
        writes: &[],
        last_words: "Execution error",
        leaves: &[],
        is_lossy: false,
    },
    Expected {
        agent: "codex",
        success: Cell {
            ends: By::Exit(0),
            spans: &[
                ("codex.exec", 1),
                ("session_task.turn", 1),
                ("model_client.stream_responses_api", 2),
                ("exec_command", 1),
            ],
            calls: Some(2),
            has_stand_ins: false,
            logs: &["codex.user_prompt", "codex.api_request", "codex.sse_event", "codex.tool_result"],
            metrics: &["codex.turn.token_usage", "codex.tool.call", "codex.api_request"],
        },
        refusal: Cell {
            ends: By::Exit(1),
            // It does not flush, so what it did last comes in some runs only.
            spans: &[("thread/start", 1), ("turn/start", 1), ("exec_command", 0)],
            calls: Some(0),
            has_stand_ins: false,
            logs: &["codex.conversation_starts"],
            metrics: &[],
        },
        interrupt: Cell {
            ends: By::Exit(1),
            spans: &[("model_client.stream_responses_api", 1)],
            calls: Some(1),
            has_stand_ins: true,
            logs: &["codex.user_prompt", "codex.api_request"],
            metrics: &[],
        },
        tokens: Some(Tokens {
            span: "handle_responses",
            attributes: &[
                ("gen_ai.usage.input_tokens", 100),
                ("gen_ai.usage.cache_read.input_tokens", 40),
                ("gen_ai.usage.output_tokens", 20),
            ],
            sums: &["session_task.turn"],
        }),
        at_terminal: &[("session_task.turn", 1), ("model_client.stream_responses_api", 2), ("exec_command", 1)],
        writes: &["home/.codex/shell_snapshots/#-#-#-#-#.#.sh"],
        last_words: "",
        leaves: &[],
        is_lossy: true,
    },
    Expected {
        agent: "gemini",
        success: Cell {
            ends: By::Exit(0),
            spans: &[("llm_call", 2), ("schedule_tool_calls", 1), ("tool_call", 1)],
            calls: Some(2),
            has_stand_ins: false,
            logs: &[
                "gemini_cli.user_prompt",
                "gemini_cli.api_request",
                "gemini_cli.api_response",
                "gemini_cli.tool_call",
                "gen_ai.client.inference.operation.details",
            ],
            metrics: &["gemini_cli.token.usage", "gemini_cli.tool.call.count", "gen_ai.client.token.usage"],
        },
        refusal: Cell {
            ends: By::Exit(1),
            spans: &[("llm_call", 1), ("tool_call", 0)],
            calls: Some(0),
            has_stand_ins: false,
            logs: &["gemini_cli.user_prompt", "gemini_cli.api_request", "gemini_cli.api_error"],
            metrics: &["gemini_cli.session.count"],
        },
        interrupt: Cell {
            ends: By::Exit(0),
            spans: &[("llm_call", 1), ("tool_call", 0)],
            calls: Some(1),
            has_stand_ins: false,
            logs: &["gemini_cli.user_prompt", "gemini_cli.api_request", "gemini_cli.api_response"],
            metrics: &["gemini_cli.token.usage"],
        },
        tokens: None,
        at_terminal: &[("user_prompt", 1), ("llm_call", 2), ("tool_call", 1)],
        writes: &["home/.gemini/installation_id"],
        last_words: "",
        leaves: &[],
        is_lossy: false,
    },
    Expected {
        agent: "qwen",
        success: Cell {
            ends: By::Exit(0),
            spans: &[
                ("qwen-code.interaction", 1),
                ("qwen-code.llm_request", 2),
                ("qwen-code.tool", 1),
                ("qwen-code.tool.execution", 1),
                ("POST", 2),
            ],
            calls: Some(2),
            has_stand_ins: false,
            logs: &["qwen-code.user_prompt", "qwen-code.api_request", "qwen-code.api_response", "qwen-code.tool_call"],
            metrics: &["qwen-code.token.usage", "qwen-code.tool.call.count"],
        },
        refusal: Cell {
            ends: By::Exit(1),
            spans: &[("qwen-code.interaction", 1), ("qwen-code.llm_request", 1), ("qwen-code.tool", 0)],
            calls: Some(0),
            has_stand_ins: false,
            logs: &["qwen-code.user_prompt", "qwen-code.api_request", "qwen-code.api_error"],
            metrics: &["qwen-code.session.count"],
        },
        interrupt: Cell {
            ends: By::Death(SIGINT),
            spans: &[("qwen-code.interaction", 1), ("qwen-code.llm_request", 1), ("qwen-code.tool", 1)],
            calls: Some(1),
            has_stand_ins: false,
            logs: &["qwen-code.user_prompt", "qwen-code.api_request", "qwen-code.api_response"],
            metrics: &["qwen-code.token.usage"],
        },
        tokens: Some(Tokens {
            span: "qwen-code.llm_request",
            attributes: &[
                ("gen_ai.usage.input_tokens", 100),
                ("gen_ai.usage.cache_read.input_tokens", 40),
                ("gen_ai.usage.output_tokens", 20),
            ],
            sums: &[],
        }),
        at_terminal: &[("qwen-code.interaction", 1), ("qwen-code.llm_request", 2), ("qwen-code.tool", 1)],
        // A lock that is gone at the end of most runs.
        writes: &["home/.qwen/tmp/#/scheduled_tasks.lock"],
        last_words: "",
        leaves: &[],
        is_lossy: false,
    },
    Expected {
        agent: "copilot",
        success: Cell {
            ends: By::Exit(0),
            spans: &[("invoke_agent", 1), ("chat mock-model", 2), ("execute_tool bash bash", 1)],
            calls: Some(2),
            has_stand_ins: false,
            logs: &[],
            metrics: &["gen_ai.client.operation.duration", "github.copilot.tool.call.count"],
        },
        refusal: Cell {
            ends: By::Exit(1),
            spans: &[("invoke_agent", 1), ("chat mock-model", 1), ("execute_tool bash bash", 0)],
            calls: Some(0),
            has_stand_ins: false,
            logs: &[],
            metrics: &["gen_ai.client.operation.duration"],
        },
        interrupt: Cell {
            ends: By::Death(SIGINT),
            spans: &[("invoke_agent", 1), ("chat mock-model", 1), ("execute_tool bash bash", 1)],
            calls: Some(1),
            has_stand_ins: false,
            logs: &[],
            metrics: &["gen_ai.client.operation.duration"],
        },
        tokens: Some(Tokens {
            span: "chat mock-model",
            attributes: &[
                ("gen_ai.usage.input_tokens", 100),
                ("gen_ai.usage.cache_read.input_tokens", 40),
                ("gen_ai.usage.output_tokens", 20),
                ("gen_ai.usage.reasoning.output_tokens", 5),
            ],
            sums: &["invoke_agent"],
        }),
        at_terminal: &[("invoke_agent", 1), ("chat mock-model", 2), ("execute_tool bash bash", 1)],
        writes: &[],
        // The end of its session and the end of its process run side by side. Alone, by hand and under otel-run the words are
        // there in half of the runs, and the marks are left in three of four, one whether or not the other.
        last_words: "● Operation cancelled by user",
        leaves: &[
            "home/.copilot/session-state/#-#-#-#-#/inuse.#.hold",
            "home/.copilot/session-state/#-#-#-#-#/inuse.#.lock",
        ],
        is_lossy: false,
    },
    Expected {
        agent: "cn",
        success: Cell {
            ends: By::Exit(0),
            spans: &[],
            calls: None,
            has_stand_ins: false,
            logs: &[],
            metrics: &[
                "continue_cli_session_count",
                "continue_cli_token_usage",
                "continue_cli_cost_usage",
                "continue_cli_response_time",
            ],
        },
        refusal: Cell {
            ends: By::Exit(1),
            spans: &[],
            calls: None,
            has_stand_ins: false,
            logs: &[],
            metrics: &["continue_cli_session_count"],
        },
        interrupt: Cell {
            ends: By::Exit(130),
            spans: &[],
            calls: None,
            has_stand_ins: false,
            logs: &[],
            metrics: &["continue_cli_session_count"],
        },
        tokens: None,
        at_terminal: &[],
        writes: &[],
        last_words: "",
        leaves: &[],
        is_lossy: false,
    },
];

/// What is expected of an agent.
#[track_caller]
pub fn expected(agent: &str) -> &'static Expected {
    EXPECTED.iter().find(|expected| expected.agent == agent).unwrap()
}
