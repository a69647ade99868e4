
use builtin;
use str;

set edit:completion:arg-completer[otel-run] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'otel-run'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'otel-run'= {
            cand --endpoint 'Send to this base URL'
            cand --protocol 'How to speak to it [http/protobuf, http/json, grpc]'
            cand --header 'Request header; VALUE may be env:NAME or file:PATH'
            cand --signals 'Send these signals only, such as traces,logs'
            cand --headers-helper 'Take headers from what this program prints'
            cand --certificate 'Trust these authorities instead of the system''s'
            cand --client-certificate 'Show this certificate to the backend'
            cand --client-key 'The key of the client''s certificate'
            cand --compression 'Compress requests [gzip, none]'
            cand --export-timeout 'Longest wait for one request, such as 5s'
            cand --expire-after 'How old telemetry may become before it is not sent any more'
            cand --service-name 'service.name of everything in the run'
            cand --resource-attribute 'Resource attribute of everything in the run'
            cand --metrics-temporality 'Tell the run''s own sums so [cumulative, delta, lowmemory]'
            cand --agent 'Treat the command as this agent [auto, none, NAME]'
            cand --agent-destinations 'Send the run also to where the agent''s own configuration says [on, off]'
            cand --nest 'Put its telemetry under the run [adopt, link, off]'
            cand --content 'Keep prompts, answers and tool data [off, local, on]'
            cand --detail 'Keep all spans, or no housekeeping [full, agent]'
            cand --redact 'Blank the value of this variable wherever it stands'
            cand --redact-except 'Do not take the value of this variable for a secret'
            cand --genai 'Name model and tool calls by the conventions [add, replace, off]'
            cand --collector 'Use the embedded collector [on, off]'
            cand --timeout 'End the command after this time, such as 30m'
            cand --kill-after 'Then kill it, this long after the TERM, such as 10s'
            cand --success-code 'Take this exit code for an answer and no error'
            cand --require-telemetry 'Fail unless there was telemetry, and the backend took it'
            cand --heartbeat 'How often a running run says that it runs'
            cand --drain-deadline 'How long delivery may go on after the command ended'
            cand --keep-age 'Remove runs that ended longer ago than this, such as 30d'
            cand --keep-runs 'Keep so many runs, the latest'
            cand --keep-size 'Keep the latest runs up to this size, such as 5GiB'
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --format 'With --dry-run: print it as [text, json, shell, dotenv, docker, k8s, github]'
            cand --insecure 'Speak gRPC without TLS where the endpoint has no scheme'
            cand --reap 'Adopt what the command leaves behind'
            cand --die-with-parent 'Have the command killed when otel-run is killed'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand --dry-run 'Print what would be done, and do nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
            cand runs 'List the runs on disk'
            cand show 'Show one run as a tree, the latest by default'
            cand plan 'Print what a run would do, and do nothing (the same as --dry-run)'
            cand doctor 'Say what is well, what is not, and what to do about it'
            cand flush 'Deliver what is still on disk'
            cand prune 'Remove old runs from disk'
            cand agents 'List the agents that are known, or say what would be injected into one'
            cand config 'Print the settings that hold, check settings files, or write one'
            cand serve 'Collect from whoever sends, without a command'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'otel-run;runs'= {
            cand --limit 'Print at most N, the latest'
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --json 'Print JSON'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
        }
        &'otel-run;show'= {
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --all 'Show housekeeping spans as well'
            cand --json 'Print JSON'
            cand --conversation 'Print prompts, answers and tool data as well, where --content kept them'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
        }
        &'otel-run;plan'= {
            cand --format 'Print it as [text, json, shell, dotenv, docker, k8s, github]'
            cand --endpoint 'Send to this base URL'
            cand --protocol 'How to speak to it [http/protobuf, http/json, grpc]'
            cand --header 'Request header; VALUE may be env:NAME or file:PATH'
            cand --signals 'Send these signals only, such as traces,logs'
            cand --headers-helper 'Take headers from what this program prints'
            cand --certificate 'Trust these authorities instead of the system''s'
            cand --client-certificate 'Show this certificate to the backend'
            cand --client-key 'The key of the client''s certificate'
            cand --compression 'Compress requests [gzip, none]'
            cand --export-timeout 'Longest wait for one request, such as 5s'
            cand --expire-after 'How old telemetry may become before it is not sent any more'
            cand --service-name 'service.name of everything in the run'
            cand --resource-attribute 'Resource attribute of everything in the run'
            cand --metrics-temporality 'Tell the run''s own sums so [cumulative, delta, lowmemory]'
            cand --agent 'Treat the command as this agent [auto, none, NAME]'
            cand --agent-destinations 'Send the run also to where the agent''s own configuration says [on, off]'
            cand --nest 'Put its telemetry under the run [adopt, link, off]'
            cand --content 'Keep prompts, answers and tool data [off, local, on]'
            cand --detail 'Keep all spans, or no housekeeping [full, agent]'
            cand --redact 'Blank the value of this variable wherever it stands'
            cand --redact-except 'Do not take the value of this variable for a secret'
            cand --genai 'Name model and tool calls by the conventions [add, replace, off]'
            cand --collector 'Use the embedded collector [on, off]'
            cand --timeout 'End the command after this time, such as 30m'
            cand --kill-after 'Then kill it, this long after the TERM, such as 10s'
            cand --success-code 'Take this exit code for an answer and no error'
            cand --require-telemetry 'Fail unless there was telemetry, and the backend took it'
            cand --heartbeat 'How often a running run says that it runs'
            cand --drain-deadline 'How long delivery may go on after the command ended'
            cand --keep-age 'Remove runs that ended longer ago than this, such as 30d'
            cand --keep-runs 'Keep so many runs, the latest'
            cand --keep-size 'Keep the latest runs up to this size, such as 5GiB'
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --insecure 'Speak gRPC without TLS where the endpoint has no scheme'
            cand --reap 'Adopt what the command leaves behind'
            cand --die-with-parent 'Have the command killed when otel-run is killed'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
        }
        &'otel-run;doctor'= {
            cand --endpoint 'Send to this base URL'
            cand --protocol 'How to speak to it [http/protobuf, http/json, grpc]'
            cand --header 'Request header; VALUE may be env:NAME or file:PATH'
            cand --signals 'Send these signals only, such as traces,logs'
            cand --headers-helper 'Take headers from what this program prints'
            cand --certificate 'Trust these authorities instead of the system''s'
            cand --client-certificate 'Show this certificate to the backend'
            cand --client-key 'The key of the client''s certificate'
            cand --compression 'Compress requests [gzip, none]'
            cand --export-timeout 'Longest wait for one request, such as 5s'
            cand --expire-after 'How old telemetry may become before it is not sent any more'
            cand --service-name 'service.name of everything in the run'
            cand --resource-attribute 'Resource attribute of everything in the run'
            cand --metrics-temporality 'Tell the run''s own sums so [cumulative, delta, lowmemory]'
            cand --agent 'Treat the command as this agent [auto, none, NAME]'
            cand --agent-destinations 'Send the run also to where the agent''s own configuration says [on, off]'
            cand --nest 'Put its telemetry under the run [adopt, link, off]'
            cand --content 'Keep prompts, answers and tool data [off, local, on]'
            cand --detail 'Keep all spans, or no housekeeping [full, agent]'
            cand --redact 'Blank the value of this variable wherever it stands'
            cand --redact-except 'Do not take the value of this variable for a secret'
            cand --genai 'Name model and tool calls by the conventions [add, replace, off]'
            cand --collector 'Use the embedded collector [on, off]'
            cand --kill-after 'Then kill it, this long after the TERM, such as 10s'
            cand --success-code 'Take this exit code for an answer and no error'
            cand --require-telemetry 'Fail unless there was telemetry, and the backend took it'
            cand --heartbeat 'How often a running run says that it runs'
            cand --drain-deadline 'How long delivery may go on after the command ended'
            cand --keep-age 'Remove runs that ended longer ago than this, such as 30d'
            cand --keep-runs 'Keep so many runs, the latest'
            cand --keep-size 'Keep the latest runs up to this size, such as 5GiB'
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --timeout 'Longest wait for one probe, such as 5s'
            cand --strict 'Have the exit status 1 where there is a warning'
            cand --json 'Print JSON'
            cand --send 'Send one span, one data point and one log record as well, and say how to find them'
            cand --insecure 'Speak gRPC without TLS where the endpoint has no scheme'
            cand --reap 'Adopt what the command leaves behind'
            cand --die-with-parent 'Have the command killed when otel-run is killed'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
        }
        &'otel-run;flush'= {
            cand --endpoint 'Send to this base URL'
            cand --protocol 'How to speak to it [http/protobuf, http/json, grpc]'
            cand --header 'Request header; VALUE may be env:NAME or file:PATH'
            cand --signals 'Send these signals only, such as traces,logs'
            cand --headers-helper 'Take headers from what this program prints'
            cand --certificate 'Trust these authorities instead of the system''s'
            cand --client-certificate 'Show this certificate to the backend'
            cand --client-key 'The key of the client''s certificate'
            cand --compression 'Compress requests [gzip, none]'
            cand --export-timeout 'Longest wait for one request, such as 5s'
            cand --expire-after 'How old telemetry may become before it is not sent any more'
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --dry-run 'Say what would be delivered, and deliver nothing'
            cand --insecure 'Speak gRPC without TLS where the endpoint has no scheme'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
        }
        &'otel-run;prune'= {
            cand --keep-age 'Remove runs that ended longer ago than this, such as 30d'
            cand --keep-runs 'Keep so many runs, the latest'
            cand --keep-size 'Keep the latest runs up to this size, such as 5GiB'
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --dry-run 'Print what would be removed, and remove nothing'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
        }
        &'otel-run;agents'= {
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --toml 'Print it as an entry of the settings file, as a start for your own'
            cand --json 'Print JSON'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
        }
        &'otel-run;config'= {
            cand --endpoint 'Send to this base URL'
            cand --protocol 'How to speak to it [http/protobuf, http/json, grpc]'
            cand --header 'Request header; VALUE may be env:NAME or file:PATH'
            cand --signals 'Send these signals only, such as traces,logs'
            cand --headers-helper 'Take headers from what this program prints'
            cand --certificate 'Trust these authorities instead of the system''s'
            cand --client-certificate 'Show this certificate to the backend'
            cand --client-key 'The key of the client''s certificate'
            cand --compression 'Compress requests [gzip, none]'
            cand --export-timeout 'Longest wait for one request, such as 5s'
            cand --expire-after 'How old telemetry may become before it is not sent any more'
            cand --service-name 'service.name of everything in the run'
            cand --resource-attribute 'Resource attribute of everything in the run'
            cand --metrics-temporality 'Tell the run''s own sums so [cumulative, delta, lowmemory]'
            cand --agent 'Treat the command as this agent [auto, none, NAME]'
            cand --agent-destinations 'Send the run also to where the agent''s own configuration says [on, off]'
            cand --nest 'Put its telemetry under the run [adopt, link, off]'
            cand --content 'Keep prompts, answers and tool data [off, local, on]'
            cand --detail 'Keep all spans, or no housekeeping [full, agent]'
            cand --redact 'Blank the value of this variable wherever it stands'
            cand --redact-except 'Do not take the value of this variable for a secret'
            cand --genai 'Name model and tool calls by the conventions [add, replace, off]'
            cand --collector 'Use the embedded collector [on, off]'
            cand --timeout 'End the command after this time, such as 30m'
            cand --kill-after 'Then kill it, this long after the TERM, such as 10s'
            cand --success-code 'Take this exit code for an answer and no error'
            cand --require-telemetry 'Fail unless there was telemetry, and the backend took it'
            cand --heartbeat 'How often a running run says that it runs'
            cand --drain-deadline 'How long delivery may go on after the command ended'
            cand --keep-age 'Remove runs that ended longer ago than this, such as 30d'
            cand --keep-runs 'Keep so many runs, the latest'
            cand --keep-size 'Keep the latest runs up to this size, such as 5GiB'
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --insecure 'Speak gRPC without TLS where the endpoint has no scheme'
            cand --reap 'Adopt what the command leaves behind'
            cand --die-with-parent 'Have the command killed when otel-run is killed'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
            cand check 'Say all that is wrong with a settings file'
            cand init 'Write a settings file in which every key is explained and nothing is set'
            cand path 'Say which settings files are read'
            cand schema 'Print the JSON Schema of settings files, for editors'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'otel-run;config;check'= {
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --project 'Take it for a project''s, which may set less; .otel-run.toml is one anyway'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
        }
        &'otel-run;config;init'= {
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --project 'Write .otel-run.toml in this folder, not the user''s file'
            cand --force 'Replace the file that is there'
            cand --stdout 'Print it, and write nothing'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
        }
        &'otel-run;config;path'= {
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --json 'Print JSON'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
        }
        &'otel-run;config;schema'= {
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --project 'That of a project''s file'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
        }
        &'otel-run;config;help'= {
            cand check 'Say all that is wrong with a settings file'
            cand init 'Write a settings file in which every key is explained and nothing is set'
            cand path 'Say which settings files are read'
            cand schema 'Print the JSON Schema of settings files, for editors'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'otel-run;config;help;check'= {
        }
        &'otel-run;config;help;init'= {
        }
        &'otel-run;config;help;path'= {
        }
        &'otel-run;config;help;schema'= {
        }
        &'otel-run;config;help;help'= {
        }
        &'otel-run;serve'= {
            cand --listen 'Listen here [127.0.0.1 and a free port]'
            cand --token 'Take only who knows this token: env:NAME or file:PATH'
            cand --segment-size 'Begin a new run when one has so many MiB'
            cand --segment-age 'Begin a new run so long after the first batch of one'
            cand --endpoint 'Send to this base URL'
            cand --protocol 'How to speak to it [http/protobuf, http/json, grpc]'
            cand --header 'Request header; VALUE may be env:NAME or file:PATH'
            cand --signals 'Send these signals only, such as traces,logs'
            cand --headers-helper 'Take headers from what this program prints'
            cand --certificate 'Trust these authorities instead of the system''s'
            cand --client-certificate 'Show this certificate to the backend'
            cand --client-key 'The key of the client''s certificate'
            cand --compression 'Compress requests [gzip, none]'
            cand --export-timeout 'Longest wait for one request, such as 5s'
            cand --expire-after 'How old telemetry may become before it is not sent any more'
            cand --service-name 'service.name of everything in the run'
            cand --resource-attribute 'Resource attribute of everything in the run'
            cand --metrics-temporality 'Tell the run''s own sums so [cumulative, delta, lowmemory]'
            cand --content 'Keep prompts, answers and tool data [off, local, on]'
            cand --genai 'Name model and tool calls by the conventions [add, replace, off]'
            cand --drain-deadline 'How long delivery may go on at the end'
            cand --state-dir 'Keep the runs in this folder'
            cand --config 'Read this settings file'
            cand --allow-remote 'Let other machines send'
            cand --insecure 'Speak gRPC without TLS where the endpoint has no scheme'
            cand -q 'Say nothing'
            cand --quiet 'Say nothing'
            cand -h 'Print help (--help: all options, and examples)'
            cand --help 'Print help (--help: all options, and examples)'
            cand -V 'Print the version'
            cand --version 'Print the version'
        }
        &'otel-run;help'= {
            cand runs 'List the runs on disk'
            cand show 'Show one run as a tree, the latest by default'
            cand plan 'Print what a run would do, and do nothing (the same as --dry-run)'
            cand doctor 'Say what is well, what is not, and what to do about it'
            cand flush 'Deliver what is still on disk'
            cand prune 'Remove old runs from disk'
            cand agents 'List the agents that are known, or say what would be injected into one'
            cand config 'Print the settings that hold, check settings files, or write one'
            cand serve 'Collect from whoever sends, without a command'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'otel-run;help;runs'= {
        }
        &'otel-run;help;show'= {
        }
        &'otel-run;help;plan'= {
        }
        &'otel-run;help;doctor'= {
        }
        &'otel-run;help;flush'= {
        }
        &'otel-run;help;prune'= {
        }
        &'otel-run;help;agents'= {
        }
        &'otel-run;help;config'= {
            cand check 'Say all that is wrong with a settings file'
            cand init 'Write a settings file in which every key is explained and nothing is set'
            cand path 'Say which settings files are read'
            cand schema 'Print the JSON Schema of settings files, for editors'
        }
        &'otel-run;help;config;check'= {
        }
        &'otel-run;help;config;init'= {
        }
        &'otel-run;help;config;path'= {
        }
        &'otel-run;help;config;schema'= {
        }
        &'otel-run;help;serve'= {
        }
        &'otel-run;help;help'= {
        }
    ]
    $completions[$command]
}
