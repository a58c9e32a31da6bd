# complete.zsh SCRIPT < LINES: what zsh offers at the end of each line, typed at a
# terminal, with "==" behind the candidates of each.
zmodload zsh/zpty
while IFS= read -r line; do
	zpty shell zsh -f -i
	zpty -w shell "SCRIPT=${(q)1} source ${(q)0:h}/inner.zsh"
	while zpty -r shell answer && [[ $answer != *READY* ]]; do :; done
	zpty -w -n shell "$line"$'\t'
	while zpty -r shell answer && [[ $answer != *DONE* ]]; do
		[[ $answer == *candidate:* ]] && print -r -- ${${answer#*candidate:}%%[[:space:]]#}
	done
	zpty -d shell
	print -r -- '=='
done
