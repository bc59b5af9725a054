# calls.awk: finds calls that hearth does not make. Comments and texts are taken out before a line is looked at.
#
# Everywhere: calls without bounds or with hidden state. In src/: memory outside base/, and ends or prints below app/.

BEGIN {
	everywhere = "strcpy|strcat|sprintf|vsprintf|system|popen|atoi|atol|atoll|atof|rand|srand|gets|alloca|strtok|tmpnam|mktemp"
	memory = "malloc|calloc|realloc|free|strdup|strndup|asprintf|vasprintf|posix_memalign|aligned_alloc|mmap"
	ends = "_exit"
	below = "exit|abort|printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|perror|err|errx|warn|warnx|assert"
}

FNR == 1 { inside = 0 }

{
	line = plain($0)
	find(line, everywhere, "is not used")
	if (FILENAME ~ /^src\// && FILENAME !~ /^src\/base\//) find(line, memory, "belongs to base/")
	if (FILENAME ~ /^src\// && FILENAME !~ /^src\/app\//) find(line, below, "belongs to app/")
	# The spawner is a process of its own.
	if (FILENAME ~ /^src\// && FILENAME !~ /^src\/app\// && FILENAME != "src/guard/spawner_process.c") find(line, ends, "belongs to app/")
}

# The line without its comments, and with the insides of its texts and characters removed.
function plain(text,    out, c, two)
{
	out = ""
	while (text != "") {
		c = substr(text, 1, 1)
		two = substr(text, 1, 2)
		if (inside) {
			if (!match(text, /\*\//)) return out
			text = substr(text, RSTART + 2)
			inside = 0
		} else if (two == "/*") {
			inside = 1
			text = substr(text, 3)
		} else if (two == "//") {
			return out
		} else if (c == "\"") {
			text = substr(text, match(text, /^"([^"\\]|\\.)*"/) ? RLENGTH + 1 : 2)
			out = out "\"\""
		} else if (c == "'") {
			text = substr(text, match(text, /^'([^'\\]|\\.)*'/) ? RLENGTH + 1 : 2)
			out = out "''"
		} else {
			out = out c
			text = substr(text, 2)
		}
	}
	return out
}

function find(line, names, why)
{
	if (match(line, "(^|[^A-Za-z0-9_>.])(" names ")[ \t]*\\(")) {
		name = substr(line, RSTART, RLENGTH)
		gsub(/[^A-Za-z0-9_]/, "", name)
		print FILENAME ":" FNR ": " name "() " why
	}
}
