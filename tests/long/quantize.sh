# hearth-lab quantize against the peer's quantizer, type by type: the same types for the same tensors, weights that are at most 1.02
# times as far from the original (root mean square, tensor by tensor), and files that the peer loads and runs. The model is made by
# quantize.py: heavy-tailed random weights in rows of 256 and 512; with an importance matrix where types need one and where they don't.
# HEARTH_PEERS: a folder with the peer's published libraries in package/bins/linux-x64, as bench/against_peers.sh has it.
. tests/tap.sh

libraries=${HEARTH_PEERS:-}/package/bins/linux-x64
if [ -z "${HEARTH_PEERS:-}" ] || ! ls "$libraries"/libllama*.so >/dev/null 2>&1; then
	skip "quantized as well as the peer does" "no peer: HEARTH_PEERS is not set or has no package/bins/linux-x64"
	exit 0
fi
python=/usr/bin/python3
"$python" tests/long/quantize.py make "$work/model.gguf" "$work/importance.gguf" || exit 1
with="Q8_0 Q6_K Q5_K_M Q5_K_S Q5_0 Q5_1 Q4_K_M Q4_K_S Q4_0 Q4_1 IQ4_NL IQ4_XS Q3_K_L Q3_K_M Q3_K_S IQ3_M IQ3_S IQ3_XS IQ3_XXS Q2_K Q2_K_S
IQ2_M IQ2_S IQ2_XS IQ2_XXS TQ2_0 TQ1_0 IQ1_M IQ1_S F16 BF16"
without="Q8_0 Q6_K Q5_K_M Q5_K_S Q5_0 Q5_1 Q4_K_M Q4_K_S Q4_0 Q4_1 IQ4_NL IQ4_XS Q3_K_L Q3_K_M Q3_K_S IQ3_M IQ3_S Q2_K TQ2_0 TQ1_0"
compare() { # TYPE [IMPORTANCE]
	"$build/hearth-lab" quantize "$work/model.gguf" "$1" "$work/ours.gguf" ${2:+--imatrix "$2"} &&
		"$python" tests/long/quantize.py theirs "$libraries" "$work/model.gguf" "$1" "$work/theirs.gguf" ${2:+"$2"} &&
		"$python" tests/long/quantize.py compare "$build/hearth-lab" "$work/model.gguf" "$work/ours.gguf" "$work/theirs.gguf" &&
		"$python" tests/long/quantize.py load "$libraries" "$work/ours.gguf"
}
for type in $without; do
	check "$type is as near as the peer's" compare "$type"
	sed 's/^/# /' "$work/logout"
done
for type in $with; do
	check "$type with an importance matrix is as near as the peer's" compare "$type" "$work/importance.gguf"
	sed 's/^/# /' "$work/logout"
done
