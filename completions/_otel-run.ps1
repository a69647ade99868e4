
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'otel-run' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'otel-run'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'otel-run' {
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'Send to this base URL')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'How to speak to it [http/protobuf, http/json, grpc]')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Request header; VALUE may be env:NAME or file:PATH')
            [CompletionResult]::new('--signals', '--signals', [CompletionResultType]::ParameterName, 'Send these signals only, such as traces,logs')
            [CompletionResult]::new('--headers-helper', '--headers-helper', [CompletionResultType]::ParameterName, 'Take headers from what this program prints')
            [CompletionResult]::new('--certificate', '--certificate', [CompletionResultType]::ParameterName, 'Trust these authorities instead of the system''s')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'Show this certificate to the backend')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The key of the client''s certificate')
            [CompletionResult]::new('--compression', '--compression', [CompletionResultType]::ParameterName, 'Compress requests [gzip, none]')
            [CompletionResult]::new('--export-timeout', '--export-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request, such as 5s')
            [CompletionResult]::new('--expire-after', '--expire-after', [CompletionResultType]::ParameterName, 'How old telemetry may become before it is not sent any more')
            [CompletionResult]::new('--service-name', '--service-name', [CompletionResultType]::ParameterName, 'service.name of everything in the run')
            [CompletionResult]::new('--resource-attribute', '--resource-attribute', [CompletionResultType]::ParameterName, 'Resource attribute of everything in the run')
            [CompletionResult]::new('--metrics-temporality', '--metrics-temporality', [CompletionResultType]::ParameterName, 'Tell the run''s own sums so [cumulative, delta, lowmemory]')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Treat the command as this agent [auto, none, NAME]')
            [CompletionResult]::new('--agent-destinations', '--agent-destinations', [CompletionResultType]::ParameterName, 'Send the run also to where the agent''s own configuration says [on, off]')
            [CompletionResult]::new('--nest', '--nest', [CompletionResultType]::ParameterName, 'Put its telemetry under the run [adopt, link, off]')
            [CompletionResult]::new('--content', '--content', [CompletionResultType]::ParameterName, 'Keep prompts, answers and tool data [off, local, on]')
            [CompletionResult]::new('--detail', '--detail', [CompletionResultType]::ParameterName, 'Keep all spans, or no housekeeping [full, agent]')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Blank the value of this variable wherever it stands')
            [CompletionResult]::new('--redact-except', '--redact-except', [CompletionResultType]::ParameterName, 'Do not take the value of this variable for a secret')
            [CompletionResult]::new('--genai', '--genai', [CompletionResultType]::ParameterName, 'Name model and tool calls by the conventions [add, replace, off]')
            [CompletionResult]::new('--collector', '--collector', [CompletionResultType]::ParameterName, 'Use the embedded collector [on, off]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the command after this time, such as 30m')
            [CompletionResult]::new('--kill-after', '--kill-after', [CompletionResultType]::ParameterName, 'Then kill it, this long after the TERM, such as 10s')
            [CompletionResult]::new('--success-code', '--success-code', [CompletionResultType]::ParameterName, 'Take this exit code for an answer and no error')
            [CompletionResult]::new('--require-telemetry', '--require-telemetry', [CompletionResultType]::ParameterName, 'Fail unless there was telemetry, and the backend took it')
            [CompletionResult]::new('--heartbeat', '--heartbeat', [CompletionResultType]::ParameterName, 'How often a running run says that it runs')
            [CompletionResult]::new('--drain-deadline', '--drain-deadline', [CompletionResultType]::ParameterName, 'How long delivery may go on after the command ended')
            [CompletionResult]::new('--keep-age', '--keep-age', [CompletionResultType]::ParameterName, 'Remove runs that ended longer ago than this, such as 30d')
            [CompletionResult]::new('--keep-runs', '--keep-runs', [CompletionResultType]::ParameterName, 'Keep so many runs, the latest')
            [CompletionResult]::new('--keep-size', '--keep-size', [CompletionResultType]::ParameterName, 'Keep the latest runs up to this size, such as 5GiB')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'With --dry-run: print it as [text, json, shell, dotenv, docker, k8s, github]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak gRPC without TLS where the endpoint has no scheme')
            [CompletionResult]::new('--reap', '--reap', [CompletionResultType]::ParameterName, 'Adopt what the command leaves behind')
            [CompletionResult]::new('--die-with-parent', '--die-with-parent', [CompletionResultType]::ParameterName, 'Have the command killed when otel-run is killed')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be done, and do nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('runs', 'runs', [CompletionResultType]::ParameterValue, 'List the runs on disk')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one run as a tree, the latest by default')
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Print what a run would do, and do nothing (the same as --dry-run)')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Say what is well, what is not, and what to do about it')
            [CompletionResult]::new('flush', 'flush', [CompletionResultType]::ParameterValue, 'Deliver what is still on disk')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Remove old runs from disk')
            [CompletionResult]::new('agents', 'agents', [CompletionResultType]::ParameterValue, 'List the agents that are known, or say what would be injected into one')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Print the settings that hold, check settings files, or write one')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Collect from whoever sends, without a command')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'otel-run;runs' {
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Print at most N, the latest')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
        'otel-run;show' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Show housekeeping spans as well')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('--conversation', '--conversation', [CompletionResultType]::ParameterName, 'Print prompts, answers and tool data as well, where --content kept them')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
        'otel-run;plan' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Print it as [text, json, shell, dotenv, docker, k8s, github]')
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'Send to this base URL')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'How to speak to it [http/protobuf, http/json, grpc]')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Request header; VALUE may be env:NAME or file:PATH')
            [CompletionResult]::new('--signals', '--signals', [CompletionResultType]::ParameterName, 'Send these signals only, such as traces,logs')
            [CompletionResult]::new('--headers-helper', '--headers-helper', [CompletionResultType]::ParameterName, 'Take headers from what this program prints')
            [CompletionResult]::new('--certificate', '--certificate', [CompletionResultType]::ParameterName, 'Trust these authorities instead of the system''s')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'Show this certificate to the backend')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The key of the client''s certificate')
            [CompletionResult]::new('--compression', '--compression', [CompletionResultType]::ParameterName, 'Compress requests [gzip, none]')
            [CompletionResult]::new('--export-timeout', '--export-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request, such as 5s')
            [CompletionResult]::new('--expire-after', '--expire-after', [CompletionResultType]::ParameterName, 'How old telemetry may become before it is not sent any more')
            [CompletionResult]::new('--service-name', '--service-name', [CompletionResultType]::ParameterName, 'service.name of everything in the run')
            [CompletionResult]::new('--resource-attribute', '--resource-attribute', [CompletionResultType]::ParameterName, 'Resource attribute of everything in the run')
            [CompletionResult]::new('--metrics-temporality', '--metrics-temporality', [CompletionResultType]::ParameterName, 'Tell the run''s own sums so [cumulative, delta, lowmemory]')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Treat the command as this agent [auto, none, NAME]')
            [CompletionResult]::new('--agent-destinations', '--agent-destinations', [CompletionResultType]::ParameterName, 'Send the run also to where the agent''s own configuration says [on, off]')
            [CompletionResult]::new('--nest', '--nest', [CompletionResultType]::ParameterName, 'Put its telemetry under the run [adopt, link, off]')
            [CompletionResult]::new('--content', '--content', [CompletionResultType]::ParameterName, 'Keep prompts, answers and tool data [off, local, on]')
            [CompletionResult]::new('--detail', '--detail', [CompletionResultType]::ParameterName, 'Keep all spans, or no housekeeping [full, agent]')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Blank the value of this variable wherever it stands')
            [CompletionResult]::new('--redact-except', '--redact-except', [CompletionResultType]::ParameterName, 'Do not take the value of this variable for a secret')
            [CompletionResult]::new('--genai', '--genai', [CompletionResultType]::ParameterName, 'Name model and tool calls by the conventions [add, replace, off]')
            [CompletionResult]::new('--collector', '--collector', [CompletionResultType]::ParameterName, 'Use the embedded collector [on, off]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the command after this time, such as 30m')
            [CompletionResult]::new('--kill-after', '--kill-after', [CompletionResultType]::ParameterName, 'Then kill it, this long after the TERM, such as 10s')
            [CompletionResult]::new('--success-code', '--success-code', [CompletionResultType]::ParameterName, 'Take this exit code for an answer and no error')
            [CompletionResult]::new('--require-telemetry', '--require-telemetry', [CompletionResultType]::ParameterName, 'Fail unless there was telemetry, and the backend took it')
            [CompletionResult]::new('--heartbeat', '--heartbeat', [CompletionResultType]::ParameterName, 'How often a running run says that it runs')
            [CompletionResult]::new('--drain-deadline', '--drain-deadline', [CompletionResultType]::ParameterName, 'How long delivery may go on after the command ended')
            [CompletionResult]::new('--keep-age', '--keep-age', [CompletionResultType]::ParameterName, 'Remove runs that ended longer ago than this, such as 30d')
            [CompletionResult]::new('--keep-runs', '--keep-runs', [CompletionResultType]::ParameterName, 'Keep so many runs, the latest')
            [CompletionResult]::new('--keep-size', '--keep-size', [CompletionResultType]::ParameterName, 'Keep the latest runs up to this size, such as 5GiB')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak gRPC without TLS where the endpoint has no scheme')
            [CompletionResult]::new('--reap', '--reap', [CompletionResultType]::ParameterName, 'Adopt what the command leaves behind')
            [CompletionResult]::new('--die-with-parent', '--die-with-parent', [CompletionResultType]::ParameterName, 'Have the command killed when otel-run is killed')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
        'otel-run;doctor' {
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'Send to this base URL')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'How to speak to it [http/protobuf, http/json, grpc]')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Request header; VALUE may be env:NAME or file:PATH')
            [CompletionResult]::new('--signals', '--signals', [CompletionResultType]::ParameterName, 'Send these signals only, such as traces,logs')
            [CompletionResult]::new('--headers-helper', '--headers-helper', [CompletionResultType]::ParameterName, 'Take headers from what this program prints')
            [CompletionResult]::new('--certificate', '--certificate', [CompletionResultType]::ParameterName, 'Trust these authorities instead of the system''s')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'Show this certificate to the backend')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The key of the client''s certificate')
            [CompletionResult]::new('--compression', '--compression', [CompletionResultType]::ParameterName, 'Compress requests [gzip, none]')
            [CompletionResult]::new('--export-timeout', '--export-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request, such as 5s')
            [CompletionResult]::new('--expire-after', '--expire-after', [CompletionResultType]::ParameterName, 'How old telemetry may become before it is not sent any more')
            [CompletionResult]::new('--service-name', '--service-name', [CompletionResultType]::ParameterName, 'service.name of everything in the run')
            [CompletionResult]::new('--resource-attribute', '--resource-attribute', [CompletionResultType]::ParameterName, 'Resource attribute of everything in the run')
            [CompletionResult]::new('--metrics-temporality', '--metrics-temporality', [CompletionResultType]::ParameterName, 'Tell the run''s own sums so [cumulative, delta, lowmemory]')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Treat the command as this agent [auto, none, NAME]')
            [CompletionResult]::new('--agent-destinations', '--agent-destinations', [CompletionResultType]::ParameterName, 'Send the run also to where the agent''s own configuration says [on, off]')
            [CompletionResult]::new('--nest', '--nest', [CompletionResultType]::ParameterName, 'Put its telemetry under the run [adopt, link, off]')
            [CompletionResult]::new('--content', '--content', [CompletionResultType]::ParameterName, 'Keep prompts, answers and tool data [off, local, on]')
            [CompletionResult]::new('--detail', '--detail', [CompletionResultType]::ParameterName, 'Keep all spans, or no housekeeping [full, agent]')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Blank the value of this variable wherever it stands')
            [CompletionResult]::new('--redact-except', '--redact-except', [CompletionResultType]::ParameterName, 'Do not take the value of this variable for a secret')
            [CompletionResult]::new('--genai', '--genai', [CompletionResultType]::ParameterName, 'Name model and tool calls by the conventions [add, replace, off]')
            [CompletionResult]::new('--collector', '--collector', [CompletionResultType]::ParameterName, 'Use the embedded collector [on, off]')
            [CompletionResult]::new('--kill-after', '--kill-after', [CompletionResultType]::ParameterName, 'Then kill it, this long after the TERM, such as 10s')
            [CompletionResult]::new('--success-code', '--success-code', [CompletionResultType]::ParameterName, 'Take this exit code for an answer and no error')
            [CompletionResult]::new('--require-telemetry', '--require-telemetry', [CompletionResultType]::ParameterName, 'Fail unless there was telemetry, and the backend took it')
            [CompletionResult]::new('--heartbeat', '--heartbeat', [CompletionResultType]::ParameterName, 'How often a running run says that it runs')
            [CompletionResult]::new('--drain-deadline', '--drain-deadline', [CompletionResultType]::ParameterName, 'How long delivery may go on after the command ended')
            [CompletionResult]::new('--keep-age', '--keep-age', [CompletionResultType]::ParameterName, 'Remove runs that ended longer ago than this, such as 30d')
            [CompletionResult]::new('--keep-runs', '--keep-runs', [CompletionResultType]::ParameterName, 'Keep so many runs, the latest')
            [CompletionResult]::new('--keep-size', '--keep-size', [CompletionResultType]::ParameterName, 'Keep the latest runs up to this size, such as 5GiB')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Longest wait for one probe, such as 5s')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Have the exit status 1 where there is a warning')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('--send', '--send', [CompletionResultType]::ParameterName, 'Send one span, one data point and one log record as well, and say how to find them')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak gRPC without TLS where the endpoint has no scheme')
            [CompletionResult]::new('--reap', '--reap', [CompletionResultType]::ParameterName, 'Adopt what the command leaves behind')
            [CompletionResult]::new('--die-with-parent', '--die-with-parent', [CompletionResultType]::ParameterName, 'Have the command killed when otel-run is killed')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
        'otel-run;flush' {
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'Send to this base URL')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'How to speak to it [http/protobuf, http/json, grpc]')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Request header; VALUE may be env:NAME or file:PATH')
            [CompletionResult]::new('--signals', '--signals', [CompletionResultType]::ParameterName, 'Send these signals only, such as traces,logs')
            [CompletionResult]::new('--headers-helper', '--headers-helper', [CompletionResultType]::ParameterName, 'Take headers from what this program prints')
            [CompletionResult]::new('--certificate', '--certificate', [CompletionResultType]::ParameterName, 'Trust these authorities instead of the system''s')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'Show this certificate to the backend')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The key of the client''s certificate')
            [CompletionResult]::new('--compression', '--compression', [CompletionResultType]::ParameterName, 'Compress requests [gzip, none]')
            [CompletionResult]::new('--export-timeout', '--export-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request, such as 5s')
            [CompletionResult]::new('--expire-after', '--expire-after', [CompletionResultType]::ParameterName, 'How old telemetry may become before it is not sent any more')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be delivered, and deliver nothing')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak gRPC without TLS where the endpoint has no scheme')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
        'otel-run;prune' {
            [CompletionResult]::new('--keep-age', '--keep-age', [CompletionResultType]::ParameterName, 'Remove runs that ended longer ago than this, such as 30d')
            [CompletionResult]::new('--keep-runs', '--keep-runs', [CompletionResultType]::ParameterName, 'Keep so many runs, the latest')
            [CompletionResult]::new('--keep-size', '--keep-size', [CompletionResultType]::ParameterName, 'Keep the latest runs up to this size, such as 5GiB')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be removed, and remove nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
        'otel-run;agents' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--toml', '--toml', [CompletionResultType]::ParameterName, 'Print it as an entry of the settings file, as a start for your own')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
        'otel-run;config' {
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'Send to this base URL')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'How to speak to it [http/protobuf, http/json, grpc]')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Request header; VALUE may be env:NAME or file:PATH')
            [CompletionResult]::new('--signals', '--signals', [CompletionResultType]::ParameterName, 'Send these signals only, such as traces,logs')
            [CompletionResult]::new('--headers-helper', '--headers-helper', [CompletionResultType]::ParameterName, 'Take headers from what this program prints')
            [CompletionResult]::new('--certificate', '--certificate', [CompletionResultType]::ParameterName, 'Trust these authorities instead of the system''s')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'Show this certificate to the backend')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The key of the client''s certificate')
            [CompletionResult]::new('--compression', '--compression', [CompletionResultType]::ParameterName, 'Compress requests [gzip, none]')
            [CompletionResult]::new('--export-timeout', '--export-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request, such as 5s')
            [CompletionResult]::new('--expire-after', '--expire-after', [CompletionResultType]::ParameterName, 'How old telemetry may become before it is not sent any more')
            [CompletionResult]::new('--service-name', '--service-name', [CompletionResultType]::ParameterName, 'service.name of everything in the run')
            [CompletionResult]::new('--resource-attribute', '--resource-attribute', [CompletionResultType]::ParameterName, 'Resource attribute of everything in the run')
            [CompletionResult]::new('--metrics-temporality', '--metrics-temporality', [CompletionResultType]::ParameterName, 'Tell the run''s own sums so [cumulative, delta, lowmemory]')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Treat the command as this agent [auto, none, NAME]')
            [CompletionResult]::new('--agent-destinations', '--agent-destinations', [CompletionResultType]::ParameterName, 'Send the run also to where the agent''s own configuration says [on, off]')
            [CompletionResult]::new('--nest', '--nest', [CompletionResultType]::ParameterName, 'Put its telemetry under the run [adopt, link, off]')
            [CompletionResult]::new('--content', '--content', [CompletionResultType]::ParameterName, 'Keep prompts, answers and tool data [off, local, on]')
            [CompletionResult]::new('--detail', '--detail', [CompletionResultType]::ParameterName, 'Keep all spans, or no housekeeping [full, agent]')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Blank the value of this variable wherever it stands')
            [CompletionResult]::new('--redact-except', '--redact-except', [CompletionResultType]::ParameterName, 'Do not take the value of this variable for a secret')
            [CompletionResult]::new('--genai', '--genai', [CompletionResultType]::ParameterName, 'Name model and tool calls by the conventions [add, replace, off]')
            [CompletionResult]::new('--collector', '--collector', [CompletionResultType]::ParameterName, 'Use the embedded collector [on, off]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the command after this time, such as 30m')
            [CompletionResult]::new('--kill-after', '--kill-after', [CompletionResultType]::ParameterName, 'Then kill it, this long after the TERM, such as 10s')
            [CompletionResult]::new('--success-code', '--success-code', [CompletionResultType]::ParameterName, 'Take this exit code for an answer and no error')
            [CompletionResult]::new('--require-telemetry', '--require-telemetry', [CompletionResultType]::ParameterName, 'Fail unless there was telemetry, and the backend took it')
            [CompletionResult]::new('--heartbeat', '--heartbeat', [CompletionResultType]::ParameterName, 'How often a running run says that it runs')
            [CompletionResult]::new('--drain-deadline', '--drain-deadline', [CompletionResultType]::ParameterName, 'How long delivery may go on after the command ended')
            [CompletionResult]::new('--keep-age', '--keep-age', [CompletionResultType]::ParameterName, 'Remove runs that ended longer ago than this, such as 30d')
            [CompletionResult]::new('--keep-runs', '--keep-runs', [CompletionResultType]::ParameterName, 'Keep so many runs, the latest')
            [CompletionResult]::new('--keep-size', '--keep-size', [CompletionResultType]::ParameterName, 'Keep the latest runs up to this size, such as 5GiB')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak gRPC without TLS where the endpoint has no scheme')
            [CompletionResult]::new('--reap', '--reap', [CompletionResultType]::ParameterName, 'Adopt what the command leaves behind')
            [CompletionResult]::new('--die-with-parent', '--die-with-parent', [CompletionResultType]::ParameterName, 'Have the command killed when otel-run is killed')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Say all that is wrong with a settings file')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a settings file in which every key is explained and nothing is set')
            [CompletionResult]::new('path', 'path', [CompletionResultType]::ParameterValue, 'Say which settings files are read')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of settings files, for editors')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'otel-run;config;check' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Take it for a project''s, which may set less; .otel-run.toml is one anyway')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
        'otel-run;config;init' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Write .otel-run.toml in this folder, not the user''s file')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace the file that is there')
            [CompletionResult]::new('--stdout', '--stdout', [CompletionResultType]::ParameterName, 'Print it, and write nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
        'otel-run;config;path' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
        'otel-run;config;schema' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'That of a project''s file')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
        'otel-run;config;help' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Say all that is wrong with a settings file')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a settings file in which every key is explained and nothing is set')
            [CompletionResult]::new('path', 'path', [CompletionResultType]::ParameterValue, 'Say which settings files are read')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of settings files, for editors')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'otel-run;config;help;check' {
            break
        }
        'otel-run;config;help;init' {
            break
        }
        'otel-run;config;help;path' {
            break
        }
        'otel-run;config;help;schema' {
            break
        }
        'otel-run;config;help;help' {
            break
        }
        'otel-run;serve' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Listen here [127.0.0.1 and a free port]')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Take only who knows this token: env:NAME or file:PATH')
            [CompletionResult]::new('--segment-size', '--segment-size', [CompletionResultType]::ParameterName, 'Begin a new run when one has so many MiB')
            [CompletionResult]::new('--segment-age', '--segment-age', [CompletionResultType]::ParameterName, 'Begin a new run so long after the first batch of one')
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'Send to this base URL')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'How to speak to it [http/protobuf, http/json, grpc]')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Request header; VALUE may be env:NAME or file:PATH')
            [CompletionResult]::new('--signals', '--signals', [CompletionResultType]::ParameterName, 'Send these signals only, such as traces,logs')
            [CompletionResult]::new('--headers-helper', '--headers-helper', [CompletionResultType]::ParameterName, 'Take headers from what this program prints')
            [CompletionResult]::new('--certificate', '--certificate', [CompletionResultType]::ParameterName, 'Trust these authorities instead of the system''s')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'Show this certificate to the backend')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The key of the client''s certificate')
            [CompletionResult]::new('--compression', '--compression', [CompletionResultType]::ParameterName, 'Compress requests [gzip, none]')
            [CompletionResult]::new('--export-timeout', '--export-timeout', [CompletionResultType]::ParameterName, 'Longest wait for one request, such as 5s')
            [CompletionResult]::new('--expire-after', '--expire-after', [CompletionResultType]::ParameterName, 'How old telemetry may become before it is not sent any more')
            [CompletionResult]::new('--service-name', '--service-name', [CompletionResultType]::ParameterName, 'service.name of everything in the run')
            [CompletionResult]::new('--resource-attribute', '--resource-attribute', [CompletionResultType]::ParameterName, 'Resource attribute of everything in the run')
            [CompletionResult]::new('--metrics-temporality', '--metrics-temporality', [CompletionResultType]::ParameterName, 'Tell the run''s own sums so [cumulative, delta, lowmemory]')
            [CompletionResult]::new('--content', '--content', [CompletionResultType]::ParameterName, 'Keep prompts, answers and tool data [off, local, on]')
            [CompletionResult]::new('--genai', '--genai', [CompletionResultType]::ParameterName, 'Name model and tool calls by the conventions [add, replace, off]')
            [CompletionResult]::new('--drain-deadline', '--drain-deadline', [CompletionResultType]::ParameterName, 'How long delivery may go on at the end')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Keep the runs in this folder')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this settings file')
            [CompletionResult]::new('--allow-remote', '--allow-remote', [CompletionResultType]::ParameterName, 'Let other machines send')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak gRPC without TLS where the endpoint has no scheme')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (--help: all options, and examples)')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
        'otel-run;help' {
            [CompletionResult]::new('runs', 'runs', [CompletionResultType]::ParameterValue, 'List the runs on disk')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one run as a tree, the latest by default')
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Print what a run would do, and do nothing (the same as --dry-run)')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Say what is well, what is not, and what to do about it')
            [CompletionResult]::new('flush', 'flush', [CompletionResultType]::ParameterValue, 'Deliver what is still on disk')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Remove old runs from disk')
            [CompletionResult]::new('agents', 'agents', [CompletionResultType]::ParameterValue, 'List the agents that are known, or say what would be injected into one')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Print the settings that hold, check settings files, or write one')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Collect from whoever sends, without a command')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'otel-run;help;runs' {
            break
        }
        'otel-run;help;show' {
            break
        }
        'otel-run;help;plan' {
            break
        }
        'otel-run;help;doctor' {
            break
        }
        'otel-run;help;flush' {
            break
        }
        'otel-run;help;prune' {
            break
        }
        'otel-run;help;agents' {
            break
        }
        'otel-run;help;config' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Say all that is wrong with a settings file')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a settings file in which every key is explained and nothing is set')
            [CompletionResult]::new('path', 'path', [CompletionResultType]::ParameterValue, 'Say which settings files are read')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of settings files, for editors')
            break
        }
        'otel-run;help;config;check' {
            break
        }
        'otel-run;help;config;init' {
            break
        }
        'otel-run;help;config;path' {
            break
        }
        'otel-run;help;config;schema' {
            break
        }
        'otel-run;help;serve' {
            break
        }
        'otel-run;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
