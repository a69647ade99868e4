//! One name per model provider.

/// How providers begin in the AI SDK (`ai.model.provider`) and in the old `gen_ai.system`, and what the GenAI
/// conventions call them (`gen_ai.provider.name`). Longer beginnings stand before shorter ones.
pub(super) const PROVIDERS: &[(&str, &str)] = &[
    ("google.vertex", "gcp.vertex_ai"),
    ("google-vertex", "gcp.vertex_ai"),
    ("google", "gcp.gemini"),
    ("amazon-bedrock", "aws.bedrock"),
    ("bedrock", "aws.bedrock"),
    ("azure-openai", "azure.ai.openai"),
    ("azure.ai.openai", "azure.ai.openai"),
    ("azure", "azure.ai.inference"),
    ("mistral", "mistral_ai"),
    ("xai", "x_ai"),
    ("openai", "openai"),
    ("anthropic", "anthropic"),
    ("cohere", "cohere"),
    ("groq", "groq"),
    ("deepseek", "deepseek"),
    ("perplexity", "perplexity"),
];

/// The conventions' name for `raw`, or `raw` itself. `openai.responses` is `openai`, but `openai-compatible` is not.
pub(super) fn conventional(raw: &str) -> &str {
    PROVIDERS
        .iter()
        .find(|(start, _)| raw.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
        .map_or(raw, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::conventional;

    #[test]
    fn known_by_their_beginning() {
        let cases = [
            ("openai.responses", "openai"),
            ("anthropic.messages", "anthropic"),
            ("google.generative-ai", "gcp.gemini"),
            ("google.vertex.chat", "gcp.vertex_ai"),
            ("xai.chat", "x_ai"),
            ("openai-compatible", "openai-compatible"),
            ("aws.bedrock", "aws.bedrock"),
            ("azure.chat", "azure.ai.inference"),
            ("azure.ai.openai", "azure.ai.openai"),
            ("lab.chat", "lab.chat"),
            ("", ""),
        ];
        for (raw, name) in cases {
            assert_eq!(conventional(raw), name, "{raw}");
        }
    }
}
