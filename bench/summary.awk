# summary: medians over all rounds of each engine, and what hearth's is to the better peer's; input: lines of against_peers.sh.
# For speeds and shares more than 1 is better, for seconds and memory less. With -v csv=1: model,metric,tokens,depth,threads,unit,engine,median.
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
END {
	for (r = 1; r <= n_rows; r++) {
		row = rows[r]
		split(row, part, ",")
		faster = part[6] == "token/s" || part[6] == "share"
		line = ""
		best = 0
		for (e = 1; e <= n_engines; e++) {
			engine = engines[e]
			if (!count[row, engine]) continue
			m = median(row, engine)
			if (csv) { print row, engine, m; continue }
			line = line sprintf("  %s %.4g (%d)", engine, m, count[row, engine])
			if (engine == "hearth") ours = m
			else if (!best || (faster ? m > best : m < best)) best = m
		}
		if (csv) continue
		ratio = best && count[row, "hearth"] ? sprintf("%.2f x", ours / best) : "-"
		printf "%-22s %-14s tokens %-5s depth %-6s threads %s  %8s %s %s\n", part[1], part[2], part[3], part[4], part[5], ratio, line, part[6]
	}
}
