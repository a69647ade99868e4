//! How each agent is started for one question, without a terminal's dialogue and without the network.
//!
//! `{llm}` stands for the URL of the model provider. Telemetry is switched on towards `OTEL_EXPORTER_OTLP_ENDPOINT`; its
//! timing is left as each agent has it.

/// An agent and what it needs.
#[derive(Debug)]
pub struct Recipe {
    pub name: &'static str,
    /// The package that `.ci/agents` installs.
    pub package: &'static str,
    pub command: &'static [&'static str],
    pub variables: &'static [(&'static str, &'static str)],
    /// Files in its home.
    pub files: &'static [(&'static str, &'static str)],
}

/// Codex exports nowhere unless its command line says where.
const CODEX: &str = r#"exec codex \
    -c "otel.trace_exporter={otlp-http={endpoint=\"$OTEL_EXPORTER_OTLP_ENDPOINT/v1/traces\",protocol=\"binary\"}}" \
    -c "otel.exporter={otlp-http={endpoint=\"$OTEL_EXPORTER_OTLP_ENDPOINT/v1/logs\",protocol=\"binary\"}}" \
    -c "otel.metrics_exporter={otlp-http={endpoint=\"$OTEL_EXPORTER_OTLP_ENDPOINT/v1/metrics\",protocol=\"binary\"}}" \
    "$@""#;

pub static RECIPES: [Recipe; 6] = [
    Recipe {
        name: "opencode",
        package: "opencode-ai",
        command: &["opencode", "run", "say hi"],
        variables: &[
            ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
            ("OPENCODE_DISABLE_MODELS_FETCH", "1"),
            ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1"),
            ("npm_config_offline", "true"),
            (
                "OPENCODE_CONFIG_CONTENT",
                r#"{"model":"lab/mock-model","experimental":{"openTelemetry":true},"provider":{"lab":{
                    "npm":"@ai-sdk/openai-compatible","options":{"baseURL":"{llm}/v1","apiKey":"k"},
                    "models":{"mock-model":{"name":"Mock","tool_call":true}}}}}"#,
            ),
        ],
        files: &[],
    },
    Recipe {
        name: "claude",
        package: "@anthropic-ai/claude-code",
        command: &["claude", "-p", "say hi"],
        variables: &[
            ("ANTHROPIC_BASE_URL", "{llm}"),
            ("ANTHROPIC_API_KEY", "k"),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
            ("CLAUDE_CODE_ENABLE_TELEMETRY", "1"),
            ("CLAUDE_CODE_ENHANCED_TELEMETRY_BETA", "1"),
            ("OTEL_TRACES_EXPORTER", "otlp"),
            ("OTEL_LOGS_EXPORTER", "otlp"),
            ("OTEL_METRICS_EXPORTER", "otlp"),
        ],
        files: &[],
    },
    Recipe {
        name: "codex",
        package: "@openai/codex",
        command: &["sh", "-c", CODEX, "codex", "exec", "--skip-git-repo-check", "say hi"],
        variables: &[("LAB_KEY", "k")],
        files: &[(
            ".codex/config.toml",
            "model = \"mock-model\"\nmodel_provider = \"lab\"\n[model_providers.lab]\nname = \"Lab\"\n\
             base_url = \"{llm}/v1\"\nwire_api = \"responses\"\nenv_key = \"LAB_KEY\"\n[analytics]\nenabled = false\n",
        )],
    },
    Recipe {
        name: "gemini",
        package: "@google/gemini-cli",
        command: &["gemini", "-m", "gemini-2.5-flash", "-p", "say hi"],
        variables: &[
            ("GEMINI_API_KEY", "k"),
            ("GOOGLE_GEMINI_BASE_URL", "{llm}"),
            ("GEMINI_CLI_TRUST_WORKSPACE", "true"),
            ("GEMINI_TELEMETRY_ENABLED", "true"),
            ("GEMINI_TELEMETRY_TARGET", "local"),
            ("GEMINI_TELEMETRY_OTLP_PROTOCOL", "http"),
        ],
        files: &[(".gemini/settings.json", r#"{"security":{"auth":{"selectedType":"gemini-api-key"}}}"#)],
    },
    Recipe {
        name: "qwen",
        package: "@qwen-code/qwen-code",
        command: &["qwen", "--auth-type", "openai", "-p", "say hi"],
        variables: &[
            ("OPENAI_API_KEY", "k"),
            ("OPENAI_BASE_URL", "{llm}/v1"),
            ("OPENAI_MODEL", "mock-model"),
            ("QWEN_TELEMETRY_ENABLED", "true"),
            ("QWEN_TELEMETRY_TARGET", "local"),
            ("QWEN_TELEMETRY_OTLP_PROTOCOL", "http"),
        ],
        files: &[],
    },
    Recipe {
        name: "copilot",
        package: "@github/copilot",
        command: &["copilot", "-p", "say hi"],
        variables: &[
            ("COPILOT_PROVIDER_BASE_URL", "{llm}/v1"),
            ("COPILOT_PROVIDER_API_KEY", "k"),
            ("COPILOT_MODEL", "mock-model"),
            ("COPILOT_OFFLINE", "true"),
            ("COPILOT_AUTO_UPDATE", "false"),
        ],
        files: &[],
    },
];

/// The recipe of an agent.
#[track_caller]
pub fn recipe(agent: &str) -> &'static Recipe {
    RECIPES.iter().find(|recipe| recipe.name == agent).unwrap()
}
