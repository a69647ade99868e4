# Completions of otel-run for fish. Made from its command line: see tests/manual/completions.rs.

# Prints the verb that the words up to the cursor are about; or `--`, and the words of the command, where one has begun.
function __otel_run_place
    set -l words (commandline -opc)
    set -e words[1]
    set -l verb ''
    set -l skip
    while set -q words[1]
        set -l word $words[1]
        set -e words[1]
        if set -q skip[1]
            set -e skip
            continue
        end
        switch $word
            case --
                if contains -- "$verb" @COMMANDS_BEHIND_DASHES@
                    printf '%s\n' -- $words
                    return
                end
            case @WITH_VALUE@
                set skip yes
            case '-*'
            case '*'
                set -l below (string trim -- "$verb $word")
                if contains -- $below @VERBS@
                    set verb $below
                else if contains -- "$verb" @COMMANDS_ANYWHERE@
                    printf '%s\n' -- $word $words
                    return
                end
        end
    end
    printf '%s\n' $verb
end

# Whether the words up to the cursor are about this verb.
function __otel_run_at
    set -l place (__otel_run_place)
    test "$place[1]" = "$argv"
end

# Completes the words of the command as if they had been typed alone.
function __otel_run_command
    set -l words (__otel_run_place)
    set -e words[1]
    complete --do-complete=(string join ' ' -- (string escape -- $words) (commandline -ct))
end

# A command in the place of a verb. All programs are too many to be listed.
function __otel_run_program
    set -l current (commandline -ct)
    string match -qr '^[^-]' -- $current; and complete -C $current
end

# The lines of a table that otel-run prints, below its heading: the first word, and the rest as its description.
function __otel_run_table
    command otel-run $argv 2>/dev/null | string match -r '^\S.*' | tail -n +2 | string replace -r '^(\S+)\s*' '$1\t'
end

function __otel_run_agents
    __otel_run_table agents | string replace -r '\t.*' ''
end

complete -c otel-run -f
complete -c otel-run -n '__otel_run_at --' -a '(__otel_run_command)'
@LINES@
