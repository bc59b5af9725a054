#!/bin/bash
# Models of other programs, used where they lie, and the suggestion for this machine: as people and programs call them.
. tests/tap.sh
hearth=$build/hearth
model=models/hearth-builtin.gguf
export HOME=$work/person
unset OLLAMA_MODELS LLAMA_CACHE HF_HUB_CACHE HUGGINGFACE_HUB_CACHE HF_HOME XDG_CACHE_HOME XDG_DOWNLOAD_DIR XDG_DATA_HOME XDG_CONFIG_HOME
mkdir -p "$HOME"

says() { python3 -c "
import json, sys; o = json.load(open('$work/out')); sys.exit(not ($1))"; }

check "where no other program has models, that is said" "$hearth" models scan
check "and what to do" grep -q "models suggest" "$work/out"

# Ollama's cache, and the hub's, with the built-in model as their file.
digest=$(sha256sum $model | cut -d' ' -f1)
ollama=$HOME/.ollama/models
hub=$HOME/.cache/huggingface/hub/models--good--repo
mkdir -p "$ollama/blobs" "$ollama/manifests/registry.ollama.ai/library/tiny" "$hub/blobs" "$hub/snapshots/abc"
cp $model "$ollama/blobs/sha256-$digest"
echo "{\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.model\",\"digest\":\"sha256:$digest\",\"size\":1}]}" >"$ollama/manifests/registry.ollama.ai/library/tiny/latest"
cp $model "$hub/blobs/$digest"
ln -s "../../blobs/$digest" "$hub/snapshots/abc/Small-Q8_0.gguf"
ln -s /etc/passwd "$hub/snapshots/abc/Out.gguf"
find "$HOME" | sort >"$work/before"
check "a scan finds them" "$hearth" models scan
check "by Ollama's name" grep -q "tiny:latest (Ollama)" "$work/out"
check "and by the file's" grep -q "Small-Q8_0 (Hugging Face)" "$work/out"
check "what leads out of a cache is counted" grep -q "1 links that lead out" "$work/out"
check "a name of Ollama's starts its file" "$hearth" run -m tiny:latest --temp 0 -n 8 "Hello"
cp "$work/out" "$work/ollama"
check "a part of a name too" "$hearth" run -m small-q8 --temp 0 -n 8 "Hello"
check "and both are the same model" cmp "$work/out" "$work/ollama"
check "inspect knows the names" "$hearth" models inspect tiny:latest
check_status 1 "a name that nobody has is said to be missing" "$hearth" run -m never-seen:1b "Hello"
find "$HOME" | sort >"$work/after"
check "nothing was written there" cmp "$work/before" "$work/after"
if command -v python3 >/dev/null; then
	check "programs get the same" "$hearth" models scan --json
	check "as JSON" says "{m['name']: m['source'] for m in o['models']} == {'tiny:latest': 'Ollama', 'Small-Q8_0': 'Hugging Face'} and o['links_out'] == 1"
	check "a suggestion is made" "$hearth" models suggest --json
	check "one model is recommended" says "sum(m['recommended'] for m in o['models']) == 1"
	check "those of other programs are among them" says "{'builtin', 'tiny:latest', 'Small-Q8_0'} <= {m['name'] for m in o['models'] if m['here']}"
	check "and the ten of the catalogue" says "len([m for m in o['models'] if not m['here']]) == 10 and all(len(m['sha256']) == 64 for m in o['models'] if not m['here'])"
	check "memory is file + keys and values + work" says "all(m['memory_bytes'] == m['bytes'] + m['kv_bytes'] + m['work_bytes'] for m in o['models'])"
	check "speed is bandwidth / bytes of a token" says "all(abs(m['tokens_per_second'] * m['bytes_per_token'] / o['machine']['bandwidth'] - 1) < 1e-6 for m in o['models'])"
else
	skip "programs get the same" "no python3 here"
fi
check "people get it in words" "$hearth" models suggest
check "with the arithmetic" grep -qE "memory .* file \+ .* to work = .*: it fits" "$work/out"
check "and the speed" grep -qE "speed  .*/s / .* for each token = at most" "$work/out"
check_status 2 "scan takes no further word" "$hearth" models scan here
