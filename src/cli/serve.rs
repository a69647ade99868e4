//! What can be typed behind `serve`.

// Addresses are values; it is listening that has an effect.
use core::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use super::options::{secret, words};
use super::{AgentOptions, DestinationOptions, General, IdentityOptions, Invocation, Options, RunOptions};
use crate::secret::Secret;
use crate::settings::{Content, GenAi, choice, duration};

/// Where a collector without a command listens, and to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Collector")]
pub struct ServeOptions {
    /// Listen here [127.0.0.1 and a free port]
    ///
    /// As in `127.0.0.1:4318` or `[::1]:4318`; port 0 is any free one. A socket that systemd hands over is taken without it.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    pub listen: Option<SocketAddr>,
    /// Take only who knows this token: env:NAME or file:PATH
    ///
    /// It is 16 or more of the characters A-Z a-z 0-9 - . _ ~, and is never printed. Without one a token is made, and
    /// printed. Senders give it as the first part of the path, or in the header x-otel-run-token.
    #[arg(long, value_name = "TOKEN", value_parser = secret)]
    pub token: Option<Secret>,
    /// Let other machines send
    ///
    /// An address that others can reach needs this and --token. What they send is not encrypted on its way here.
    #[arg(long)]
    pub allow_remote: bool,
    /// Begin a new run when one has so many MiB
    ///
    /// The default is 64.
    #[arg(long, value_name = "MIB", hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub segment_size: Option<u32>,
    /// Begin a new run so long after the first batch of one
    ///
    /// The default is 24h; 0 is never.
    #[arg(long, value_name = "TIME", hide_short_help = true, value_parser = duration::read)]
    pub segment_age: Option<Duration>,
}

/// All of it.
#[derive(Debug, Args)]
pub(super) struct Words {
    #[command(flatten)]
    serve: ServeOptions,
    #[command(flatten)]
    destination: DestinationOptions,
    #[command(flatten)]
    identity: IdentityOptions,
    /// Keep prompts, answers and tool data [off, local, on]
    ///
    /// off (the default) removes them before anything is written to disk or sent; local keeps them on disk, for `otel-run show
    /// --conversation`, and sends none of them; on sends them as well. Variable: OTEL_RUN_CONTENT
    #[arg(long, value_name = "WHETHER", help_heading = "Collector", ignore_case = true, hide_possible_values = true, value_parser = words(choice::CONTENT))]
    content: Option<Content>,
    /// Name model and tool calls by the conventions [add, replace, off]
    ///
    /// add (the default) puts the names of the GenAI semantic conventions beside the sender's own, replace puts them in their
    /// place and renames the spans, off keeps the sender's names alone. Variable: OTEL_RUN_GENAI
    #[arg(long, value_name = "HOW", help_heading = "Collector", hide_short_help = true, ignore_case = true, hide_possible_values = true, value_parser = words(choice::GENAI))]
    genai: Option<GenAi>,
    /// How long delivery may go on at the end
    ///
    /// The default is 2s at a terminal and 5s elsewhere. What is not delivered by then stays on disk, and `otel-run flush`
    /// delivers it. Variable: OTEL_RUN_DRAIN_DEADLINE
    #[arg(long, value_name = "TIME", help_heading = "Run", hide_short_help = true, value_parser = duration::read)]
    drain_deadline: Option<Duration>,
    #[command(flatten)]
    general: General,
}

impl Words {
    pub(super) fn invocation(self) -> Invocation {
        let Self { serve, destination, identity, content, genai, drain_deadline, general } = self;
        let agent = AgentOptions { content, genai, ..AgentOptions::default() };
        let run = RunOptions { drain_deadline, ..RunOptions::default() };
        Invocation::Serve {
            options: Options { destination, identity, agent, run, general, ..Options::default() },
            serve,
        }
    }
}

pub(super) const EXAMPLES: &str = "\
Examples:
  At a port of its own, for whatever is started in another shell:
    otel-run serve > collector.env &
    set -a; . ./collector.env; set +a
    opencode run \"fix the failing test\"

  At a fixed address, delivering to a backend, for an IDE or for containers:
    otel-run serve --listen 127.0.0.1:4318 --token file:/etc/otel-run/token \\
        --endpoint https://otlp.example.com

It says on stdout what senders need, when it is ready. INT, TERM, HUP and QUIT
end it after what is going on is received and delivered, within the drain
deadline; a second one ends it at once.";

/// An address with a port. The error is a sentence.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.trim().parse().map_err(|_| {
        "not an IP address with a port; write it like 127.0.0.1:4318, [::1]:4318 or 127.0.0.1:0".to_owned()
    })
}
