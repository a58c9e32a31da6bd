#compdef @ALL@
# zsh completion for @PROGRAM@, as `@PROGRAM@ completion zsh` prints it.

# _ifconfig_carp_want KIND [CANDIDATE...]: what the next word is the value of takes.
_ifconfig_carp_want() {
	want=$1
	list=("${@[2,-1]}")
}

# _ifconfig_carp_link COMMAND: the program was called by a name that means one.
_ifconfig_carp_link() {
	typed=($1 "${(@)typed}")
}

_ifconfig_carp_option_takes() {
	case $1 in
@OPTIONTAKES@
	esac
}

_ifconfig_carp_word_takes() {
	case $1 in
@WORDTAKES@
	esac
}

# _ifconfig_carp_command COMMAND: its options, verbs and operands; with_value are the
# options that take one, each with the kind of it.
_ifconfig_carp_command() {
	case $1 in
@COMMANDCASES@
	esac
}

# The interfaces there are, in the namespace that was asked for.
_ifconfig_carp_names() {
	@PROGRAM@ ${netns:+-j} ${netns:+$netns} -l 2>/dev/null
}

# _ifconfig_carp_value: the candidates for a value of the kind wanted.
_ifconfig_carp_value() {
	local line
	case $want in
	list) offer+=("${(@)list}") ;;
	interfaces) offer+=(${=$(_ifconfig_carp_names)}) ;;
	devices)
		while IFS= read -r line; do
			[[ $line == *:* && ${${line%%:*}// /} != lo ]] && offer+=("${${${line%%:*}// /}//:/\\:}")
		done </proc/net/dev
		;;
	namespaces) offer+=(/run/netns/*(N:t)) ;;
	files) files=yes ;;
	esac
}

# _ifconfig_carp_demotes WORD: it is one behind a group, though it may look like options.
_ifconfig_carp_demotes() {
	[[ -n $grouped && -z $lists ]] || return
	case $1 in @GROUPNAMES@) return 0 ;; esac
	return 1
}

# _ifconfig_carp_options WORD: what an argument before the first operand does to what
# may follow.
_ifconfig_carp_options() {
	local n
	case $1 in
	--) ended=yes ;;
	--*=*) [[ $1 == --netns=* ]] && netns=${1#*=} ;;
	--*) _ifconfig_carp_option_takes $1 ;;
	*)
		for ((n = 2; n <= ${#1}; n++)); do
			case -${1[n]} in @LISTING@) lists=yes ;; @GROUPING@) grouped=yes ;; esac
			_ifconfig_carp_option_takes -${1[n]}
			if [[ -n $want ]]; then # what stands behind the letter is its value
				[[ -n ${1[n+1]} && ${1[n]} == j ]] && netns=${1[n+1,-1]}
				[[ -n ${1[n+1]} ]] && want=
				break
			fi
		done
		;;
	esac
	case $1 in @LISTING@) lists=yes ;; @GROUPING@) grouped=yes ;; esac
}

# _ifconfig_carp_behind NAME: what may stand behind an interface's name and the words
# in behind.
_ifconfig_carp_behind() {
	local word there=''
	local -a anywhere new sole leading
	anywhere=(@ANYWHERE@) new=(@NEW@) sole=(@SOLE@) leading=(@LEADING@)
	for word in "${(@)behind}"; do
		case $word in @SOLENAMES@) return ;; esac
	done
	case ${behind[-1]} in
	@NEWNAMES@) (($#behind == 1)) && offer+=("${(@)leading}") ;;
	@DELETING@) # an address with its length
		@PROGRAM@ ${netns:+-j} ${netns:+$netns} -f inet:cidr,inet6:cidr $1 2>/dev/null | grep '^	inet' |
			while read -r _ word _; do offer+=("${word//:/\\:}"); done
		;;
	esac
	if (($#behind == 0)); then
		[[ " $(_ifconfig_carp_names) " == *" $1 "* ]] && there=yes
		case $there$1 in
		yes*) offer+=("${(@)sole}" "${(@)leading}" @SHOWN@) ;;
		@CLONER@ | @CLONER@[0-9]*) offer+=("${(@)new}") && return ;;
		*) offer+=("${(@)leading}" @SHOWN@) ;;
		esac
	fi
	case ${behind[1]} in @NEWNAMES@) offer+=(@CREATING@) ;; esac
	offer+=("${(@)anywhere}")
}

# _ifconfig_carp_within COMMAND: what may stand behind a subcommand and the arguments in
# behind.
_ifconfig_carp_within() {
	local -a options verbs operands with_value file_verbs
	local word option verb='' takes=''
	_ifconfig_carp_command $1
	for word in "${(@)behind}"; do
		if [[ -n $want ]]; then want= && continue; fi
		case $word in
		-*) for option in $with_value; do [[ ${option%%=*} == "$word" ]] && want=${option#*=}; done ;;
		*) verb=${verb:-$word} ;;
		esac
	done
	if [[ -z $want ]]; then
		for word in $file_verbs; do
			[[ ${word%%=*} == "$verb" ]] || continue
			[[ -n $takes ]] || options=()
			takes=files
			options+=(${word#*=})
		done
		if [[ $current == -* ]]; then offer+=("${(@)options}") && return; fi
		if [[ -z $verb && $#verbs -gt 0 ]]; then offer+=("${(@)verbs}") && return; fi
		_ifconfig_carp_want "${(@)operands}"
		want=${takes:-$want}
	fi
	_ifconfig_carp_value
}

_ifconfig_carp() {
	local -a typed list offer behind tail
	local want='' netns='' lists='' grouped='' ended='' operand='' files='' word current=$PREFIX
	typed=("${(@Q)words[2,CURRENT-1]}")
	case ${words[1]:t} in
@LINKS@
	esac
	for word in "${(@)typed}"; do
		if [[ -n $operand ]]; then
			tail+=("$word")
		elif [[ -n $want ]]; then
			[[ $want == namespaces ]] && netns=$word
			want=
		elif [[ -z $ended && $word == -?* ]] && ! _ifconfig_carp_demotes $word; then
			_ifconfig_carp_options $word
		else
			operand=$word
		fi
	done
	if [[ -n $want ]]; then
		_ifconfig_carp_value
	elif [[ -z $operand && -z $ended && $current == -* ]]; then
		offer=(@OPTIONS@)
		[[ -n $grouped && -z $lists ]] && offer+=(@GROUPWORDS@)
	elif [[ -z $operand && -n $lists ]]; then
		offer=(@FAMILIES@)
	elif [[ -z $operand && -n $grouped ]]; then
		offer=(@GROUPWORDS@)
	elif [[ -z $operand ]]; then
		want=interfaces && _ifconfig_carp_value
		offer+=(@CLONER@ @COMMANDS@)
	elif [[ -z $lists && -z $grouped ]]; then
		case $operand in
		@COMMANDNAMES@) behind=("${(@)tail}") && _ifconfig_carp_within $operand ;;
		*)
			# The words that are no value of the one before.
			for word in "${(@)tail}"; do
				if [[ -n $want ]]; then behind[-1]+=" $word" && want= && continue; fi
				behind+=("$word")
				_ifconfig_carp_word_takes "$word"
			done
			if [[ -n $want ]]; then _ifconfig_carp_value; else _ifconfig_carp_behind $operand; fi
			;;
		esac
	fi
	if [[ -n $files ]]; then
		_files
	elif (($#offer)); then
		_describe -t values value offer
	else
		return 1
	fi
}

# As a file in fpath it is called; sourced, it is registered.
if [[ $funcstack[1] == _@PROGRAM@ ]]; then
	_ifconfig_carp "$@"
else
	compdef _ifconfig_carp @ALL@
fi
