# Programs apart: what each links, and what becomes of hearth when its engine ends, hangs or is given bad files.
. tests/tap.sh

imports() { nm -D --undefined-only "$1" | awk '{ sub(/@.*/, "", $2); print $2 }'; }
defines() { nm "$1" | awk '$2 == "T" || $2 == "t" { print $3 }'; }
check_status 1 "hearth-engine links nothing that opens a file" sh -c "$(declare -f imports); imports $build/hearth-engine |
	grep -xE '(f|fd|fre|p|dl)?open(64|at|at64|dir)?|creat(64)?|rename|unlink|mkdir|mkstemp|stat|readlink'"
check_status 1 "nor a socket, nor anything that starts a program" sh -c "$(declare -f imports); imports $build/hearth-engine |
	grep -xE 'socket|connect|bind|listen|accept4?|getaddrinfo|gethostby.*|res_.*|exec.*|fork|vfork|posix_spawn.*|system|ptrace'"
check_status 1 "hearth links nothing that parses or computes a model" sh -c "$(declare -f defines); defines $build/hearth |
	grep -xE 'gguf_open.*|huggingface_open|safetensors_read|model_open|kernels_choose|scheduler_new|template_.*|tokenizer_.*|vocab_.*'"
