#compdef otel-run
# Completions of otel-run for zsh. Made from its command line: see tests/manual/completions.rs.

# The lines of a table that otel-run prints, below its heading: the first word, and the rest as its description.
__otel_run_table() {
    local kind=$1; shift
    local -a lines=("${(@f)$(command otel-run "$@" 2>/dev/null)}")
    lines=("${(@M)lines[2,-1]:#[^ ]*}")
    lines=("${(@)lines/[[:space:]]##/:}")
    _describe -V -t $kind $kind lines
}

__otel_run_agents() {
    (( $# )) && compadd -- "$@"
    local -a lines=("${(@f)$(command otel-run agents 2>/dev/null)}")
    compadd -- ${${(@M)lines[2,-1]:#[^ ]*}%% *}
}

# __otel_run_below VERB STATE: a verb below it, or a command, that is being typed or has been.
__otel_run_below() {
    local verb=$1 dashes
    if [[ $2 == first ]]; then
        local -a sets
        [[ $typed[-2] == -- || -z $verbs ]] || sets+=("verbs:verb:(($verbs))")
        [[ -z $command ]] || sets+=('commands:command:_command_names -e')
        _alternative $sets
        return
    fi
    if [[ $words[1] == -- ]]; then
        shift words
        (( CURRENT -= 1 ))
        dashes=yes
    fi
    if [[ -z $dashes && -n ${(M)below:#$words[1]} ]]; then
        curcontext="${curcontext%:*}-$words[1]:"
        __otel_run_verb "${verb:+$verb }$words[1]"
    elif [[ -n $command ]]; then
        _normal -p otel-run
    fi
}

# __otel_run_verb VERB: completes what stands behind it.
__otel_run_verb() {
    local context state line verbs command
    local -a below typed=("${(@)words[1,CURRENT]}")
    local -A opt_args
    case $1 in
@VERBS@
    esac
}

_otel-run() {
    local curcontext=$curcontext
    __otel_run_verb ''
}

if [[ $funcstack[1] == _otel-run ]]; then
    _otel-run "$@"
else
    compdef _otel-run otel-run
fi
