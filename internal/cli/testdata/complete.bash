# complete.bash SCRIPT < LINES: what bash would offer at the end of each line, with "=="
# behind the candidates of each.
source "$1"
while IFS= read -r line; do
	COMP_LINE=$line COMP_POINT=${#line}
	# As readline cuts it: at blanks, and around colons and equal signs, which are
	# words of their own; not within quotes.
	COMP_WORDS=() word='' quote='' breaking=''
	cut() { [[ -n $word ]] && COMP_WORDS+=("$word"); word=''; }
	for ((n = 0; n < ${#line}; n++)); do
		c=${line:n:1}
		if [[ -n $quote ]]; then word+=$c; [[ $c == "$quote" ]] && quote=''; continue; fi
		case $c in
		' ') cut ;;
		[:=]) [[ $word == *[!:=]* ]] && cut; word+=$c ;;
		*) [[ -n $word && $word != *[!:=]* ]] && cut; word+=$c; [[ $c == [\"\'] ]] && quote=$c ;;
		esac
	done
	cut
	[[ $line == *' ' ]] && COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	spec=$(complete -p "${COMP_WORDS[0]}")
	function=${spec#*-F } function=${function%% *}
	COMPREPLY=()
	"$function" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}"
	# readline puts a candidate behind what stands before the last colon.
	current=${line##* } prefix=${current%"${current##*[:=]}"}
	for candidate in "${COMPREPLY[@]}"; do printf '%s\n' "$prefix$candidate"; done
	echo ==
done
