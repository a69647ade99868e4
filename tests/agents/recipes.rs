//! How each agent is started for one question, without a terminal's dialogue and without the network. Nothing here
//! switches its telemetry on, but for [`ByHand`].

use serde_json::{Value, json};

use crate::support::{Home, Llm, Run, agents};

/// An agent and what it needs. `{llm}` stands for the URL of the model provider.
#[derive(Debug)]
pub struct Recipe {
    pub name: &'static str,
    /// The package that `.ci/agents` installs.
    pub package: &'static str,
    /// The program and its words; [`PROMPT`] follows them.
    pub command: &'static [&'static str],
    pub variables: &'static [(&'static str, &'static str)],
    /// Files in its home.
    pub files: &'static [(&'static str, &'static str)],
    pub shell: Shell,
    pub by_hand: ByHand,
}

/// The tool that runs a command.
#[derive(Debug)]
pub struct Shell {
    pub tool: &'static str,
    /// Its arguments for a command.
    pub arguments: fn(&str) -> Value,
}

/// What a user sets to have the agent's telemetry without otel-run. `{endpoint}` stands for the base URL of a backend that
/// takes OTLP over HTTP.
#[derive(Debug)]
pub struct ByHand {
    pub variables: &'static [(&'static str, &'static str)],
    /// Words behind the program.
    pub arguments: &'static [&'static str],
}

/// What the agents are asked.
pub const PROMPT: &str = "say prompt-marker-7c1e";

impl Recipe {
    /// A home with the files in it.
    pub fn home(&self, llm: &str) -> Home {
        let home = Home::new();
        for (name, text) in self.files {
            let file = home.path().join("home").join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text.replace("{llm}", llm)).unwrap();
        }
        home
    }

    /// Everything that it needs beside its command, the same with and without otel-run.
    pub fn set(&self, command: Run, home: &Home, llm: &str) -> Run {
        let command = command.home(home).env("PATH", agents::path()).any_stderr();
        let variables = self.variables.iter();
        variables.fold(command, |command, (name, value)| command.env(name, value.replace("{llm}", llm)))
    }

    /// The command, with these words behind the program.
    pub fn command_with<'a>(&'a self, words: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
        let (program, rest) = self.command.split_first().unwrap();
        std::iter::once(program).chain(words).chain(rest).copied().chain([PROMPT])
    }

    /// A model provider that has it run this command in its shell.
    pub fn llm(&self, command: &str) -> Llm {
        Llm::calling(self.shell.tool, (self.shell.arguments)(command))
    }
}

fn described(command: &str) -> Value {
    json!({ "command": command, "description": "Prints a line" })
}

pub static RECIPES: [Recipe; 7] = [
    Recipe {
        name: "opencode",
        package: "opencode-ai",
        command: &["opencode", "run"],
        variables: &[
            ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
            ("OPENCODE_DISABLE_MODELS_FETCH", "1"),
            ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1"),
            ("npm_config_offline", "true"),
        ],
        files: &[(
            "../config/opencode/opencode.jsonc",
            r#"{ // A comment.
  "model": "lab/mock-model",
  "provider": { "lab": {
    "npm": "@ai-sdk/openai-compatible",
    "options": { "baseURL": "{llm}/v1", "apiKey": "k" },
    "models": { "mock-model": { "name": "Mock", "tool_call": true, "reasoning": true,
      "limit": { "context": 100000, "output": 8000 } } },
  } },
}
"#,
        )],
        shell: Shell { tool: "bash", arguments: described },
        by_hand: ByHand {
            variables: &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "{endpoint}"),
                ("OPENCODE_CONFIG_CONTENT", r#"{"experimental":{"openTelemetry":true}}"#),
            ],
            arguments: &[],
        },
    },
    Recipe {
        name: "claude",
        package: "@anthropic-ai/claude-code",
        command: &["claude", "--allowedTools=Bash", "-p"],
        variables: &[
            ("ANTHROPIC_BASE_URL", "{llm}"),
            ("ANTHROPIC_API_KEY", "k"),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
        ],
        files: &[(".claude/settings.json", "{ \"includeCoAuthoredBy\": false }\n")],
        shell: Shell { tool: "Bash", arguments: described },
        by_hand: ByHand {
            variables: &[
                ("CLAUDE_CODE_ENABLE_TELEMETRY", "1"),
                ("CLAUDE_CODE_ENHANCED_TELEMETRY_BETA", "1"),
                ("OTEL_TRACES_EXPORTER", "otlp"),
                ("OTEL_LOGS_EXPORTER", "otlp"),
                ("OTEL_METRICS_EXPORTER", "otlp"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "{endpoint}"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ],
            arguments: &[],
        },
    },
    Recipe {
        name: "codex",
        package: "@openai/codex",
        command: &["codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"],
        variables: &[("LAB_KEY", "k")],
        files: &[(
            ".codex/config.toml",
            "model = \"mock-model\"\nmodel_provider = \"lab\"\n[model_providers.lab]\nname = \"Lab\"\n\
             base_url = \"{llm}/v1\"\nwire_api = \"responses\"\nenv_key = \"LAB_KEY\"\n[analytics]\nenabled = false\n",
        )],
        shell: Shell { tool: "exec_command", arguments: |command| json!({ "cmd": command }) },
        by_hand: ByHand {
            variables: &[],
            arguments: &[
                "-c",
                r#"otel.trace_exporter={otlp-http={endpoint="{endpoint}/v1/traces",protocol="binary"}}"#,
                "-c",
                r#"otel.exporter={otlp-http={endpoint="{endpoint}/v1/logs",protocol="binary"}}"#,
                "-c",
                r#"otel.metrics_exporter={otlp-http={endpoint="{endpoint}/v1/metrics",protocol="binary"}}"#,
            ],
        },
    },
    Recipe {
        name: "gemini",
        package: "@google/gemini-cli",
        command: &["gemini", "-m", "gemini-2.5-flash", "--yolo", "-p"],
        variables: &[
            ("GEMINI_API_KEY", "k"),
            ("GOOGLE_GEMINI_BASE_URL", "{llm}"),
            ("GEMINI_CLI_TRUST_WORKSPACE", "true"),
        ],
        files: &[(
            ".gemini/settings.json",
            "{\n  \"security\": { \"auth\": { \"selectedType\": \"gemini-api-key\" } },\n  \
             \"privacy\": { \"usageStatisticsEnabled\": false }\n}\n",
        )],
        shell: Shell { tool: "run_shell_command", arguments: described },
        by_hand: ByHand {
            variables: &[
                ("GEMINI_TELEMETRY_ENABLED", "true"),
                ("GEMINI_TELEMETRY_TARGET", "local"),
                ("GEMINI_TELEMETRY_OTLP_PROTOCOL", "http"),
                ("GEMINI_TELEMETRY_OTLP_ENDPOINT", "{endpoint}"),
            ],
            arguments: &[],
        },
    },
    Recipe {
        name: "qwen",
        package: "@qwen-code/qwen-code",
        command: &["qwen", "--auth-type", "openai", "--yolo", "-p"],
        variables: &[("OPENAI_API_KEY", "k"), ("OPENAI_BASE_URL", "{llm}/v1"), ("OPENAI_MODEL", "mock-model")],
        files: &[(".qwen/settings.json", "{ \"privacy\": { \"usageStatisticsEnabled\": false } }\n")],
        shell: Shell {
            tool: "run_shell_command",
            arguments: |command| json!({ "command": command, "description": "Prints a line", "is_background": false }),
        },
        by_hand: ByHand {
            variables: &[
                ("QWEN_TELEMETRY_ENABLED", "true"),
                ("QWEN_TELEMETRY_TARGET", "local"),
                ("QWEN_TELEMETRY_OTLP_PROTOCOL", "http"),
                ("QWEN_TELEMETRY_OTLP_ENDPOINT", "{endpoint}"),
            ],
            arguments: &[],
        },
    },
    Recipe {
        name: "copilot",
        package: "@github/copilot",
        command: &["copilot", "--allow-all-tools", "-p"],
        variables: &[
            ("COPILOT_PROVIDER_BASE_URL", "{llm}/v1"),
            ("COPILOT_PROVIDER_API_KEY", "k"),
            ("COPILOT_MODEL", "mock-model"),
            ("COPILOT_OFFLINE", "true"),
            ("COPILOT_AUTO_UPDATE", "false"),
        ],
        files: &[],
        shell: Shell { tool: "bash", arguments: described },
        by_hand: ByHand { variables: &[("OTEL_EXPORTER_OTLP_ENDPOINT", "{endpoint}")], arguments: &[] },
    },
    Recipe {
        name: "cn",
        package: "@continuedev/cli",
        command: &["cn", "--auto", "-p"],
        variables: &[],
        files: &[(
            ".continue/config.yaml",
            "name: Lab\nversion: 0.0.1\nschema: v1\nmodels:\n  - name: Mock\n    provider: openai\n    \
             model: mock-model\n    apiKey: k\n    apiBase: {llm}/v1\n    roles: [chat]\n    \
             capabilities: [tool_use]\n",
        )],
        shell: Shell { tool: "Bash", arguments: |command| json!({ "command": command }) },
        by_hand: ByHand {
            variables: &[("OTEL_METRICS_EXPORTER", "otlp"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "{endpoint}")],
            arguments: &[],
        },
    },
];

/// The recipe of an agent.
#[track_caller]
pub fn recipe(agent: &str) -> &'static Recipe {
    RECIPES.iter().find(|recipe| recipe.name == agent).unwrap()
}
