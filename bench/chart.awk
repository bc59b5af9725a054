# chart: an SVG of speeds from `awk -v csv=1 -f summary.awk`: a group of bars for each prompt and generation row, hearth's first.
BEGIN { FS = ","; width = 760; bar = 14; left = 230; most = 0 }
$6 == "token/s" {
	label = $1 " " ($2 == "prompt" ? "prompt of " $3 : "generation" ($4 > 0 ? " behind " $4 : "")) ($5 == 1 ? ", 1 thread" : "")
	sub(/\.gguf/, "", label)
	if (!(label in at)) { at[label] = ++groups; labels[groups] = label }
	n = ++bars[label]
	engine[label, n] = $7
	value[label, n] = $8 + 0
	if ($8 + 0 > top[label]) top[label] = $8 + 0
	lines++
}
END {
	height = 40 + lines * (bar + 2) + groups * 12
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"11\">\n", width, height
	printf "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n<text x=\"10\" y=\"18\" font-size=\"13\">Tokens a second, medians; each group to its own scale</text>\n", width, height
	y = 34
	for (g = 1; g <= groups; g++) {
		label = labels[g]
		printf "<text x=\"10\" y=\"%d\">%s</text>\n", y + 11, label
		for (n = 1; n <= bars[label]; n++) {
			long = top[label] > 0 ? value[label, n] / top[label] * (width - left - 140) : 0
			printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>", left, y, long, bar,
				engine[label, n] == "hearth" ? "#2f6f4f" : "#b8b8b8"
			printf "<text x=\"%.1f\" y=\"%d\">%s %.1f</text>\n", left + long + 6, y + 11, engine[label, n], value[label, n]
			y += bar + 2
		}
		y += 12
	}
	print "</svg>"
}
