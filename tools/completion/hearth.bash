# bash completion for hearth; `make install` puts it where bash-completion looks.
_hearth() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
	local options="-m --model -n --temp --seed --system --file --context --threads --help --version"
	COMPREPLY=()
	case $before in
	-m | --model | inspect)
		mapfile -t COMPREPLY < <(compgen -d -S / -- "$word"; compgen -f -X '!*.gguf' -- "$word")
		compopt -o nospace 2>/dev/null
		return
		;;
	--file)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	-n | --temp | --seed | --system | --context | --threads) return ;;
	esac
	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "run models doctor $options" -- "$word")
		return
	fi
	case $command in
	run) mapfile -t COMPREPLY < <(compgen -W "$options --json --raw" -- "$word") ;;
	models) [ "$COMP_CWORD" = 2 ] && mapfile -t COMPREPLY < <(compgen -W "list inspect" -- "$word") ||
		mapfile -t COMPREPLY < <(compgen -W "--plan --json" -- "$word") ;;
	-*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
	esac
}
complete -F _hearth hearth
