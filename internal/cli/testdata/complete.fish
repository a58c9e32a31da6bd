# complete.fish SCRIPT < LINES: what fish offers at the end of each line, with "==" behind
# the candidates of each.
source $argv[1]
while read -l line
    complete -C $line | string replace -r '\t.*' ''
    echo ==
end
