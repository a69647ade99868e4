# Completions of otel-run for bash 4.3 or newer. Made from its command line: see tests/manual/completions.rs.
# What a wrapped command takes is completed where the package bash-completion is loaded.

# __otel_run_verb VERB: what may follow it.
__otel_run_verb() {
    command='' operands=free
    case $1 in
        '') verbs='runs show plan doctor flush prune agents config serve help' operands='free' command='anywhere'
            options='--endpoint --protocol --header --signals --headers-helper --certificate --client-certificate --client-key --insecure --compression --export-timeout --expire-after --service-name --resource-attribute --metrics-temporality --agent --agent-destinations --nest --content --detail --redact --redact-except --genai --collector --timeout --kill-after --success-code --require-telemetry --reap --die-with-parent --heartbeat --drain-deadline --keep-age --keep-runs --keep-size --state-dir --config -q --quiet --dry-run --format -h --help -V --version' ;;
        'runs') verbs='' operands='free' command=''
            options='--json --limit --state-dir --config -q --quiet -h --help -V --version' ;;
        'show') verbs='' operands='runs' command=''
            options='--all --json --conversation --state-dir --config -q --quiet -h --help -V --version' ;;
        'plan') verbs='' operands='free' command='anywhere'
            options='--format --endpoint --protocol --header --signals --headers-helper --certificate --client-certificate --client-key --insecure --compression --export-timeout --expire-after --service-name --resource-attribute --metrics-temporality --agent --agent-destinations --nest --content --detail --redact --redact-except --genai --collector --timeout --kill-after --success-code --require-telemetry --reap --die-with-parent --heartbeat --drain-deadline --keep-age --keep-runs --keep-size --state-dir --config -q --quiet -h --help -V --version' ;;
        'doctor') verbs='' operands='agents' command='behind'
            options='--strict --json --send --endpoint --protocol --header --signals --headers-helper --certificate --client-certificate --client-key --insecure --compression --export-timeout --expire-after --service-name --resource-attribute --metrics-temporality --agent --agent-destinations --nest --content --detail --redact --redact-except --genai --collector --kill-after --success-code --require-telemetry --reap --die-with-parent --heartbeat --drain-deadline --keep-age --keep-runs --keep-size --state-dir --config -q --quiet --timeout -h --help -V --version' ;;
        'flush') verbs='' operands='runs' command=''
            options='--dry-run --endpoint --protocol --header --signals --headers-helper --certificate --client-certificate --client-key --insecure --compression --export-timeout --expire-after --state-dir --config -q --quiet -h --help -V --version' ;;
        'prune') verbs='' operands='free' command=''
            options='--dry-run --keep-age --keep-runs --keep-size --state-dir --config -q --quiet -h --help -V --version' ;;
        'agents') verbs='' operands='agents' command=''
            options='--toml --json --state-dir --config -q --quiet -h --help -V --version' ;;
        'config') verbs='check init path schema help' operands='free' command=''
            options='--endpoint --protocol --header --signals --headers-helper --certificate --client-certificate --client-key --insecure --compression --export-timeout --expire-after --service-name --resource-attribute --metrics-temporality --agent --agent-destinations --nest --content --detail --redact --redact-except --genai --collector --timeout --kill-after --success-code --require-telemetry --reap --die-with-parent --heartbeat --drain-deadline --keep-age --keep-runs --keep-size --state-dir --config -q --quiet -h --help -V --version' ;;
        'config check') verbs='' operands='files' command=''
            options='--project --state-dir --config -q --quiet -h --help -V --version' ;;
        'config init') verbs='' operands='free' command=''
            options='--project --force --stdout --state-dir --config -q --quiet -h --help -V --version' ;;
        'config path') verbs='' operands='free' command=''
            options='--json --state-dir --config -q --quiet -h --help -V --version' ;;
        'config schema') verbs='' operands='free' command=''
            options='--project --state-dir --config -q --quiet -h --help -V --version' ;;
        'config help') verbs='check init path schema help' operands='free' command=''
            options='' ;;
        'serve') verbs='' operands='free' command=''
            options='--listen --token --allow-remote --segment-size --segment-age --endpoint --protocol --header --signals --headers-helper --certificate --client-certificate --client-key --insecure --compression --export-timeout --expire-after --service-name --resource-attribute --metrics-temporality --content --genai --drain-deadline --state-dir --config -q --quiet -h --help -V --version' ;;
        'help') verbs='runs show plan doctor flush prune agents config serve help' operands='free' command=''
            options='' ;;
    esac
}

# __otel_run_value VERB OPTION: what the option's value can be; fails for an option without one.
__otel_run_value() {
    case $1:$2 in
        *:--agent) echo agents auto none ;;
        *:--agent-destinations) echo words on off ;;
        *:--certificate) echo files ;;
        *:--client-certificate) echo files ;;
        *:--client-key) echo files ;;
        *:--collector) echo words on off ;;
        *:--compression) echo words gzip none ;;
        *:--config) echo files ;;
        *:--content) echo words off local on ;;
        *:--detail) echo words full agent ;;
        *:--drain-deadline) echo free ;;
        *:--endpoint) echo free ;;
        *:--expire-after) echo free ;;
        *:--export-timeout) echo free ;;
        *:--format) echo words text json shell dotenv docker k8s github ;;
        *:--genai) echo words off add replace ;;
        *:--header) echo free ;;
        *:--headers-helper) echo programs ;;
        *:--heartbeat) echo free ;;
        *:--keep-age) echo free ;;
        *:--keep-runs) echo free ;;
        *:--keep-size) echo free ;;
        *:--kill-after) echo free ;;
        *:--limit) echo free ;;
        *:--listen) echo free ;;
        *:--metrics-temporality) echo words cumulative delta lowmemory ;;
        *:--nest) echo words adopt link off ;;
        *:--protocol) echo words http/protobuf http/json grpc ;;
        *:--redact) echo variables ;;
        *:--redact-except) echo variables ;;
        *:--require-telemetry) echo free ;;
        *:--resource-attribute) echo free ;;
        *:--segment-age) echo free ;;
        *:--segment-size) echo free ;;
        *:--service-name) echo free ;;
        *:--signals) echo words traces metrics logs ;;
        *:--state-dir) echo folders ;;
        *:--success-code) echo free ;;
        *:--timeout) echo free ;;
        *:--token) echo free ;;
        *) return 1 ;;
    esac
}

# The first words of a table that otel-run prints, below its heading.
__otel_run_names() {
    command otel-run "$@" 2>/dev/null | sed -n '2,$s/^\([^ ][^ ]*\).*/\1/p'
}

# __otel_run_reply KIND [WORD]...: offers what begins like $current.
__otel_run_reply() {
    local words=$(printf '%s\n' "${@:2}")
    case $1 in
        words) ;;
        agents) words+=$'\n'$(__otel_run_names agents) ;;
        runs) words=$(__otel_run_names runs --limit 100) ;;
        variables) words=$(compgen -e) ;;
        # Readline knows best how paths are quoted.
        files) compopt -o default; return ;;
        folders) compopt -o dirnames; return ;;
        # Whatever the shell itself would do, otel-run starts programs.
        programs)
            words=$(compgen -c -- "$current" | grep -vxFf <(compgen -abk -A function -- "$current"))
            compopt -o dirnames
            ;;
        *) return ;;
    esac
    local IFS=$'\n'
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W '$words' -- "$current")
}

_otel_run() {
    local words=() places=() word joined='' i
    # Bash cuts words at = and : as well, so that they are put together again; places are those of bash.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $joined || ($word && ! ${word//[=:]/} && ${#words[@]} -gt 1) ]]; then
            words[-1]+=$word
        else
            words+=("$word") places+=("$i")
        fi
        joined=''
        [[ $word && ! ${word//[=:]/} ]] && joined=yes
    done
    local last=$((${#words[@]} - 1)) current=${words[-1]} verb='' options verbs operands command at='' dashes=''
    COMPREPLY=()
    __otel_run_verb ''
    for ((i = 1; i < last; i++)); do
        word=${words[i]}
        if [[ $word == -- ]]; then
            dashes=yes at=$((i + 1))
            break
        elif [[ $word == -* ]]; then
            __otel_run_value "$verb" "$word" >/dev/null && ((++i))
        elif [[ " $verbs " == *" $word "* ]]; then
            verb="${verb:+$verb }$word"
            __otel_run_verb "$verb"
        elif [[ $command == anywhere ]]; then
            at=$i
            break
        fi
    done

    if [[ $at && $command ]]; then
        if declare -F _comp_command_offset >/dev/null; then
            _comp_command_offset "${places[at]}"
        elif declare -F _command_offset >/dev/null; then
            _command_offset "${places[at]}"
        elif ((at == last)); then
            __otel_run_reply programs
        else
            __otel_run_reply files
        fi
    elif ((i > last)); then
        __otel_run_reply $(__otel_run_value "$verb" "${words[last - 1]}")
    elif [[ ! $dashes && $current == --*=* ]]; then
        local option=${current%%=*}
        current=${current#*=}
        __otel_run_reply $(__otel_run_value "$verb" "$option")
        [[ $COMP_WORDBREAKS == *=* ]] || COMPREPLY=("${COMPREPLY[@]/#/$option=}")
    elif [[ ! $dashes && $current == -* ]]; then
        __otel_run_reply words $options
    else
        __otel_run_reply words $verbs
        __otel_run_reply $operands
        # All programs are too many to be listed.
        [[ $command == anywhere && $current ]] && __otel_run_reply programs
    fi
    return 0
}

complete -F _otel_run otel-run
