#!/bin/bash
# bench/against_peers.sh: who is asked in which order, what becomes of their lines, and the ratios; peers here are scripts.
. tests/tap.sh

shows() { grep -qE -- "$1" "$work/out"; }
model=models/hearth-builtin.gguf

# Rounds as measured: medians 30 (hearth), 20 and 25 (peers) of a speed; 1, 4 of seconds.
cat >"$work/rounds.csv" <<'CSV'
# commit abc
hearth,1,m.gguf,9,avx2,2,prompt,512,0,token/s,10,10,10,1,0.0
hearth,2,m.gguf,9,avx2,2,prompt,512,0,token/s,30,30,30,1,0.0
hearth,3,m.gguf,9,avx2,2,prompt,512,0,token/s,90,90,90,1,0.0
llama.cpp,1,m.gguf,9,best,2,prompt,512,0,token/s,20,20,20,1,0.0
ik,1,m.gguf,9,native,2,prompt,512,0,token/s,24,24,24,1,0.0
ik,2,m.gguf,9,native,2,prompt,512,0,token/s,26,26,26,1,0.0
hearth,1,m.gguf,9,avx2,2,first_token,128,0,s,1,1,1,1,0.0
llama.cpp,1,m.gguf,9,best,2,first_token,128,0,s,4,4,4,1,0.0
CSV
check "rounds become a table" bench/against_peers.sh -s "$work/rounds.csv"
check "... of medians, and the ratio to the better peer" shows '^m.gguf +prompt +tokens 512 .* 1\.20 x +hearth 30 \(3\)  llama.cpp 20 \(1\)  ik 25 \(2\) token/s$'
check "... where seconds are better when they are few" shows '^m.gguf +first_token .* 0\.25 x +hearth 1 \(1\)  llama.cpp 4 \(1\) s$'
check "the same as a table of a document" bench/conditions.sh -s "$work/rounds.csv"
check "... with rounds where they are few" shows '^\| m, prompt of 512, 2 threads, tokens/s \| 30 \(3\) \| 20 \(1\) \| 25 \(2\) \| 1\.20 \|$'
check "... and an empty place where nothing was measured" shows '^\| m, first token .* \| 1 \(1\) \| 4 \(1\) \| \| 0\.25 \|$'
awk -F, -v OFS=, -v csv=1 -f bench/summary.awk "$work/rounds.csv" >"$work/medians"
check "a chart is made of it" /usr/bin/env awk -f bench/chart.awk "$work/medians"
check "... with a bar for each" [ "$(grep -c '>hearth 30\.0<\|>llama.cpp 20\.0<\|>ik 25\.0<' "$work/out")" = 3 ]
check "... and an end" shows '^</svg>$'

check "without peers the script says so" /usr/bin/env -u HEARTH_PEERS bench/against_peers.sh "$model"
check "... and skips" shows 'skipped$'
mkdir -p "$work/none" "$work/peers/ik/build/bin"
check "a folder without peers is skipped too" /usr/bin/env HEARTH_PEERS="$work/none" bench/against_peers.sh "$model"
check "... in words" shows 'no peer in .*skipped$'

if [ -r "$model" ]; then
	cat >"$work/peers/peer_bench" <<SH
#!/bin/sh
echo "\$*" >>"$work/asked"
echo "model,bytes,variant,threads,metric,tokens,depth,unit,median,min,max,runs,other_cpu_pct"
echo "hearth-builtin.gguf,1,best,1,prompt,16,0,token/s,0.5,0.5,0.5,1,0.0"
SH
	cat >"$work/peers/ik/build/bin/llama-bench" <<SH
#!/bin/sh
echo "ik \$*" >>"$work/asked"
echo 'build_commit,model_type,n_threads,n_prompt,n_gen,avg_ts,test'
case "\$*" in
*-gp*) echo '"a","llama, small","1","32","8","0.125000","tg8@pp32"' ;;
*) echo '"a","llama, small","1","16","0","0.250000","pp16"'; echo '"a","llama, small","1","0","4","0.50000","tg4"' ;;
esac
SH
	chmod +x "$work/peers/peer_bench" "$work/peers/ik/build/bin/llama-bench"
	check "peers are measured in turn" /usr/bin/env HEARTH_PEERS="$work/peers" bench/against_peers.sh -r 2 -p 16 -n 4 -d 0,32 -t 1 \
		-b haswell -o "$work/all.csv" "$model"
	check "... the better one counts" shows '^hearth-builtin.gguf +prompt .* x +hearth [0-9.e+]+ \(2\)  llama.cpp 0\.5 \(2\)  ik 0\.25 \(2\)  ik-rtr 0\.25 \(2\) token/s$'
	check "... behind a depth too" shows '^hearth-builtin.gguf +generate +tokens 4 +depth 32 .* ik 0\.125 \(2\)'
	cut -d, -f1 "$work/all.csv" | grep -v '^#' | uniq | tr '\n' ' ' >"$work/order"
	check "... where a peer without repeats behind a depth makes one long generation" /usr/bin/env HEARTH_PEERS="$work/peers" \
		bench/against_peers.sh -r 1 -g 2 -p 0 -n 4 -d 32 -t 1 -o "$work/deep.csv" "$model"
	check "... of as many tokens" grep -q -- "ik .*-gp 32,8 -r 1" "$work/asked"
	check "... that counts as the others' do" shows '^hearth-builtin.gguf +generate +tokens 4 +depth 32 .* ik 0\.125 \(1\)'
	check "... A B A B" [ "$(cat "$work/order")" = "hearth llama.cpp ik ik-rtr hearth llama.cpp ik ik-rtr " ]
	check "... with the variant asked for" grep -q -- "-b haswell" "$work/asked"
	check "... and 15 columns" sh -c '! grep -v "^#" "$1" | grep -vqE "^([^,]*,){14}[^,]*$"' sh "$work/all.csv"
	check "conditions are measured in turn" /usr/bin/env HEARTH_PEERS="$work/peers" bench/conditions.sh -r 1 -n 8 -t 1 -o "$work/conditions.csv" \
		cpu threads cold -- "$model"
	check "... CPU time of a token" shows '^hearth-builtin.gguf +cpu .* hearth [0-9.e-]+ \(1\)  llama.cpp [0-9.e-]+ \(1\)  ik .* s/token$'
	check "... threads" shows '^hearth-builtin.gguf +generate .* threads 1 .*hearth [0-9.e+]+ \(1\) '
	check "... and a cold start" shows '^hearth-builtin.gguf +cold_first .*hearth [0-9.e-]+ \(1\) s$'
	check "... with 15 columns too" sh -c '! grep -v "^#" "$1" | grep -vqE "^([^,]*,){14}[^,]*$"' sh "$work/conditions.csv"
	check_status 2 "an unknown condition is refused" bench/conditions.sh weather -- "$model"
	check "bench --csv has the 13 columns of the peers' bench" "$build/hearth-lab" bench "$model" -p 8,16 -n 4 -d 0,16 -t 1 -r 2 --csv
	check "... by name" shows '^model,bytes,variant,threads,metric,tokens,depth,unit,median,min,max,runs,other_cpu_pct$'
	check "... a line for each prompt" [ "$(grep -cE ',prompt,(8|16),0,token/s,' "$work/out")" = 2 ]
	check "... for each depth" [ "$(grep -cE ',(generate,4|peak_rss,0),(0|16),' "$work/out")" = 4 ]
	check "... and the start" [ "$(grep -cE ',(load|first_token|peak_rss_first),' "$work/out")" = 3 ]
	check "bench --copied goes behind depths without computing them" "$build/hearth-lab" bench "$model" -p 0 -n 4 -d 1100,2000 -t 1 -r 1 --copied --csv
	check "... of any length" [ "$(grep -cE ',generate,4,(1100|2000),token/s,' "$work/out")" = 2 ]
	check "for people there are shares of the machine's bounds" "$build/hearth-lab" bench "$model" -p 16 -n 4 -t 1 -r 1
	check "... the machine and its kernels" shows 'threads available, .*kernels '
	check "... of the multiplier" shows 'prompt of 16: .* % of the multiplier'
	check "... and of the memory" shows 'generation behind 0: .* % of the memory'
else
	skip "peers in turn" "no built-in model"
fi
