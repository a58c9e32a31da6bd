# fish completion for @PROGRAM@, as `@PROGRAM@ completion fish` prints it.

# _ifconfig_carp_want KIND [CANDIDATE...]: what the next word is the value of takes.
function _ifconfig_carp_want
    set -g __ifconfig_carp_kind $argv[1]
    set -g __ifconfig_carp_list $argv[2..]
end

# _ifconfig_carp_link COMMAND: the program was called by a name that means one.
function _ifconfig_carp_link
    set -g __ifconfig_carp_typed $argv[1] $__ifconfig_carp_typed
end

function _ifconfig_carp_option_takes
    switch "$argv[1]"
@OPTIONTAKES@
    end
end

function _ifconfig_carp_word_takes
    switch "$argv[1]"
@WORDTAKES@
    end
end

# _ifconfig_carp_command COMMAND: its options, verbs and operands; with_value are the
# options that take one, each with the kind of it.
function _ifconfig_carp_command
    switch "$argv[1]"
@COMMANDCASES@
    end
end

# The interfaces there are, in the namespace that was asked for.
function _ifconfig_carp_names
    if test -n "$__ifconfig_carp_netns"
        @PROGRAM@ -j $__ifconfig_carp_netns -l 2>/dev/null | string split -n ' '
    else
        @PROGRAM@ -l 2>/dev/null | string split -n ' '
    end
end

# _ifconfig_carp_offer CANDIDATE...
function _ifconfig_carp_offer
    test (count $argv) -gt 0; and printf '%s\n' $argv
end

# _ifconfig_carp_value: the candidates for a value of the kind wanted.
function _ifconfig_carp_value
    switch "$__ifconfig_carp_kind"
        case list
            _ifconfig_carp_offer $__ifconfig_carp_list
        case interfaces
            _ifconfig_carp_names
        case devices
            string match -r '^ *[^ ]+(?=:)' </proc/net/dev | string trim | string match -v lo
        case namespaces
            _ifconfig_carp_offer (string replace -r '.*/' '' /run/netns/*)
        case files
            __fish_complete_path (commandline -ct)
    end
end

# _ifconfig_carp_demotes WORD: it is one behind a group, though it may look like options.
function _ifconfig_carp_demotes
    test -n "$__ifconfig_carp_grouped" -a -z "$__ifconfig_carp_lists"; and contains -- $argv[1] @GROUPWORDS@
end

# _ifconfig_carp_options WORD: what an argument before the first operand does to what
# may follow.
function _ifconfig_carp_options
    switch "$argv[1]"
        case --
            set -g __ifconfig_carp_ended yes
        case '--netns=*'
            set -g __ifconfig_carp_netns (string replace -r '^[^=]*=' '' -- $argv[1])
        case '--*=*'
        case '--*'
            _ifconfig_carp_option_takes $argv[1]
        case '*'
            set -l letters (string split '' -- (string sub -s 2 -- $argv[1]))
            for n in (seq (count $letters))
                switch "-$letters[$n]"
                    case @LISTING@
                        set -g __ifconfig_carp_lists yes
                    case @GROUPING@
                        set -g __ifconfig_carp_grouped yes
                end
                _ifconfig_carp_option_takes -$letters[$n]
                if test -n "$__ifconfig_carp_kind" # what stands behind the letter is its value
                    set -l rest (string sub -s (math $n + 2) -- $argv[1])
                    if test -n "$rest"
                        test $letters[$n] = j; and set -g __ifconfig_carp_netns $rest
                        set -g __ifconfig_carp_kind
                    end
                    break
                end
            end
    end
    switch "$argv[1]"
        case @LISTING@
            set -g __ifconfig_carp_lists yes
        case @GROUPING@
            set -g __ifconfig_carp_grouped yes
    end
end

# _ifconfig_carp_behind NAME WORD...: what may stand behind an interface's name and
# these words.
function _ifconfig_carp_behind
    set -l behind $argv[2..]
    for word in $behind
        switch "$word"
            case @SOLENAMES@
                return
        end
    end
    if test (count $behind) -gt 0
        switch "$behind[1]"
            case @NEWNAMES@
                _ifconfig_carp_offer @CREATING@
        end
        switch "$behind[-1]"
            case @NEWNAMES@
                test (count $behind) -eq 1; and _ifconfig_carp_offer @LEADING@
            case @DELETING@ # an address with its length
                set -l namespace
                test -n "$__ifconfig_carp_netns"; and set namespace -j $__ifconfig_carp_netns
                @PROGRAM@ $namespace -f inet:cidr,inet6:cidr $argv[1] 2>/dev/null |
                    string match -r '(?<=^\tinet )\S+|(?<=^\tinet6 )\S+'
        end
    else if contains -- $argv[1] (_ifconfig_carp_names)
        _ifconfig_carp_offer @SOLE@ @LEADING@ @SHOWN@
    else if string match -qr '^@CLONER@([0-9].*)?$' -- $argv[1]
        _ifconfig_carp_offer @NEW@
        return
    else
        _ifconfig_carp_offer @LEADING@ @SHOWN@
    end
    _ifconfig_carp_offer @ANYWHERE@
end

# _ifconfig_carp_within COMMAND ARGUMENT...: what may stand behind a subcommand and
# these arguments.
function _ifconfig_carp_within
    set -l verb
    _ifconfig_carp_command $argv[1]
    for word in $argv[2..]
        if test -n "$__ifconfig_carp_kind"
            set -g __ifconfig_carp_kind
            continue
        end
        switch "$word"
            case '-*'
                for option in $__ifconfig_carp_with_value
                    set -l pair (string split = -- $option)
                    test $pair[1] = $word; and set -g __ifconfig_carp_kind $pair[2]
                end
            case '*'
                test -n "$verb"; or set verb $word
        end
    end
    if test -z "$__ifconfig_carp_kind"
        set -l takes
        for pair in $__ifconfig_carp_file_verbs
            string match -q -- "$verb=*" $pair; or continue
            test -n "$takes"; or set -g __ifconfig_carp_options
            set takes files
            set -g -a __ifconfig_carp_options (string replace -- "$verb=" '' $pair | string match -- '?*')
        end
        if string match -q -- '-*' (commandline -ct)
            _ifconfig_carp_offer $__ifconfig_carp_options
            return
        end
        if test -z "$verb" -a (count $__ifconfig_carp_verbs) -gt 0
            _ifconfig_carp_offer $__ifconfig_carp_verbs
            return
        end
        _ifconfig_carp_want $__ifconfig_carp_operands
        test -z "$takes"; or set -g __ifconfig_carp_kind $takes
    end
    _ifconfig_carp_value
end

function _ifconfig_carp
    for variable in kind list netns lists grouped ended options verbs operands with_value file_verbs
        set -g __ifconfig_carp_$variable
    end
    set -l tokens (commandline -opc)
    set -g __ifconfig_carp_typed $tokens[2..]
    switch (string replace -r '.*/' '' -- $tokens[1])
@LINKS@
    end
    set -l operand
    set -l behind
    for word in $__ifconfig_carp_typed
        if test -n "$operand"
            set -a behind $word
        else if test -n "$__ifconfig_carp_kind"
            test $__ifconfig_carp_kind = namespaces; and set -g __ifconfig_carp_netns $word
            set -g __ifconfig_carp_kind
        else if test -z "$__ifconfig_carp_ended"; and string match -q -- '-?*' $word; and not _ifconfig_carp_demotes $word
            _ifconfig_carp_options $word
        else
            set operand $word
        end
    end
    if test -n "$__ifconfig_carp_kind"
        _ifconfig_carp_value
    else if test -z "$operand$__ifconfig_carp_ended"; and string match -q -- '-*' (commandline -ct)
        _ifconfig_carp_offer @OPTIONS@
        test -n "$__ifconfig_carp_grouped" -a -z "$__ifconfig_carp_lists"; and _ifconfig_carp_offer @GROUPWORDS@
    else if test -z "$operand" -a -n "$__ifconfig_carp_lists"
        _ifconfig_carp_offer @FAMILIES@
    else if test -z "$operand" -a -n "$__ifconfig_carp_grouped"
        _ifconfig_carp_offer @GROUPWORDS@
    else if test -z "$operand"
        _ifconfig_carp_names
        _ifconfig_carp_offer @CLONER@ @COMMANDS@
    else if test -z "$__ifconfig_carp_lists$__ifconfig_carp_grouped"
        switch "$operand"
            case @COMMANDNAMES@
                _ifconfig_carp_within $operand $behind
            case '*'
                # The words that are no value of the one before.
                set -l words
                for word in $behind
                    if test -n "$__ifconfig_carp_kind"
                        set words[-1] "$words[-1] $word"
                        set -g __ifconfig_carp_kind
                        continue
                    end
                    set -a words $word
                    _ifconfig_carp_word_takes $word
                end
                if test -n "$__ifconfig_carp_kind"
                    _ifconfig_carp_value
                else
                    _ifconfig_carp_behind $operand $words
                end
        end
    end
end

for program in @ALL@
    complete -c $program -e
    complete -c $program -f -a '(_ifconfig_carp)'
end
