# The shell that is typed at: it says what it is offered.
PROMPT= PS2= RPROMPT=
setopt extendedglob
autoload -Uz compinit && compinit -D -u
source $SCRIPT
zstyle ':completion:*' insert-tab false
compadd() {
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@"
		return
	fi
	local -a candidates
	builtin compadd -A candidates "$@"
	(($#candidates)) && print -rl -- '' candidate:$^candidates
}
done-line() { print -r -- DONE }
comppostfuncs=(done-line)
bindkey '^I' complete-word
print READY
