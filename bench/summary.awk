# summary: medians over all rounds of each engine, and what hearth's is to the better peer's; input: lines of against_peers.sh.
# For speeds and shares more than 1 is better, for seconds and memory less. With -v csv=1: model,metric,tokens,depth,threads,unit,engine,median;
# with -v table=1: a table for docs/SPEED.md, rounds in brackets where there are fewer than five.
/^#/ || NF < 15 { next }
{
	row = $3 "," $7 "," $8 "," $9 "," $6 "," $10
	if (!(row in seen)) { seen[row] = 1; rows[++n_rows] = row }
	if (!($1 in known)) { known[$1] = 1; engines[++n_engines] = $1 }
	values[row, $1, ++count[row, $1]] = $11 + 0
}
function median(row, engine,    n, i, j, t, v) {
	n = count[row, engine]
	for (i = 1; i <= n; i++) {
		t = values[row, engine, i]
		for (j = i - 1; j >= 1 && v[j] > t; j--) v[j + 1] = v[j]
		v[j + 1] = t
	}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
# What a line of the table is called.
function label(model, metric, tokens, depth, threads, unit,    name) {
	sub(/\.gguf$/, "", model)
	if (metric == "prompt") name = "prompt of " tokens
	else if (metric == "generate") name = "generation of " tokens (depth > 0 ? " behind " depth : "")
	else if (metric == "first_token") name = "first token of a fresh process, " tokens " tokens"
	else if (metric == "cpu") name = "CPU time of a generated token"
	else if (metric == "kept") name = "generation beside a busy neighbour, of the quiet speed"
	else if (metric ~ /^idle_cpu_/) name = "CPU time of an idle chat in " substr(metric, 10) " s"
	else if (metric == "plain_read") name = "reading a cold file plainly"
	else if (metric == "cold_first") name = "first token of a cold file"
	else if (metric == "start_version") name = "`hearth --version`"
	else if (metric == "start_chat") name = "a chat from its start to its end"
	else if (metric == "peak_rss" || metric == "peak_rss_first") name = "peak memory" (metric == "peak_rss" ? "" : " at the first token")
	else name = metric
	return model ", " name ", " threads (threads == 1 ? " thread" : " threads") ", " (unit == "token/s" ? "tokens/s" : unit)
}
END {
	if (table) {
		line = "| row |"
		rule = "|---|"
		for (e = 1; e <= n_engines; e++) { line = line " " engines[e] " |"; rule = rule "---|" }
		print line " ratio to the better |\n" rule "---|"
	}
	for (r = 1; r <= n_rows; r++) {
		row = rows[r]
		split(row, part, ",")
		faster = part[6] == "token/s" || part[6] == "share"
		line = ""
		cells = "|"
		best = 0
		for (e = 1; e <= n_engines; e++) {
			engine = engines[e]
			if (!count[row, engine]) { cells = cells " |"; continue }
			m = median(row, engine)
			cells = cells sprintf(" %.4g", m) (count[row, engine] < 5 ? " (" count[row, engine] ")" : "") " |"
			if (csv) { print row, engine, m; continue }
			line = line sprintf("  %s %.4g (%d)", engine, m, count[row, engine])
			if (engine == "hearth") ours = m
			else if (!best || (faster ? m > best : m < best)) best = m
		}
		if (csv) continue
		if (table) {
			ratio = best && count[row, "hearth"] ? sprintf("%.2f", ours / best) : ""
			print "| " label(part[1], part[2], part[3], part[4], part[5], part[6]) " " cells " " ratio " |"
			continue
		}
		ratio = best && count[row, "hearth"] ? sprintf("%.2f x", ours / best) : "-"
		printf "%-22s %-14s tokens %-5s depth %-6s threads %s  %8s %s %s\n", part[1], part[2], part[3], part[4], part[5], ratio, line, part[6]
	}
}
