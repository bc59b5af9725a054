# Completion of hearth for bash. `make install` puts it where bash looks for it.
_hearth() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=chat i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in chat | run | open | serve | models | chats | vault | net | doctor | prove | help) command=${COMP_WORDS[i]} && break ;; esac
	done
	case $before in
	--model | -m)
		local folder=${HEARTH_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/hearth}/models names=builtin file
		for file in "$folder"/*.gguf; do [ -e "$file" ] && names+=$'\n'${file##*/}; done
		local IFS=$'\n'
		mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word"; compgen -f -X '!*.gguf' -- "$word"; compgen -d -- "$word")
		return
		;;
	--draft)
		mapfile -t COMPREPLY < <(compgen -f -X '!*.gguf' -- "$word"; compgen -d -- "$word")
		return
		;;
	--file | --key-file | --token | --tls-cert | --tls-key | --socket)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--system | --tokens | -n | --temp | --seed | --context | --open | --sha256 | --proxy | --port | --host | --name | --origin) return ;;
	--threads)
		mapfile -t COMPREPLY < <(compgen -W "auto-low" -- "$word")
		return
		;;
	esac
	local talk="--model -m --system -n --tokens --temp --seed --context --threads --draft --no-guess --help -h" words
	case $command in
	chat) words="$talk --resume --open --private --vault --key-file --version" ;;
	run) words="$talk --file --json --schema --grammar --raw --vault --key-file" ;;
	open | serve) words="--model -m --context --threads --draft --no-guess --port --host --socket --token --tls-cert --tls-key --name --origin --metrics --vault --key-file --help -h" ;;
	models) words="list scan suggest inspect verify pull lock unlock --plan --sha256 --proxy --vault --key-file --json --help -h" ;;
	chats) words="list show search rename branch delete --vault --key-file --json --help -h" ;;
	vault) words="create passphrase slots recovery lock size backup restore export import delete --vault --key-file --unencrypted --keyring --all --yes --json --help -h" ;;
	net) words="log --key-file --json --help -h" ;;
	prove) words="--list --json --help -h" ;;
	doctor) words="--help -h" ;;
	help) words="chat run open serve models chats vault net doctor prove help --help -h" ;;
	esac
	[ "$COMP_CWORD" -gt 1 ] || words+=" chat run open serve models chats vault net doctor prove help"
	if [ "$command" = models ] && { [ "$before" = inspect ] || [ "$before" = verify ]; }; then
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o filenames -F _hearth hearth
