# families.awk: reads src/model/family.h (what a field means) and src/model/family.c (the rows), and prints for each row what it
# sets, as lines "ARCHITECTURE<tab>| field | value | meaning |". The words are the comments of the header.

function trimmed(text)
{
	gsub(/^[ \t]+|[ \t]+$/, "", text)
	gsub(/[ \t]+/, " ", text)
	return text
}

# Header: "NAME; /* comment" or "NAME, /* comment", which may go on in the next lines.
FILENAME ~ /\.h$/ {
	line = $0
	if (open_comment != "") {
		part = line
		done = sub(/\*\/.*/, "", part)
		sub(/^[ \t]*\*?/, "", part)
		meaning[open_comment] = trimmed(meaning[open_comment] " " part)
		if (done) open_comment = ""
		next
	}
	if (match(line, /[A-Za-z_]+[;,]?[ \t]*\/\* /)) {
		name = substr(line, RSTART, RLENGTH)
		gsub(/[^A-Za-z_]/, "", name)
		text = substr(line, RSTART + RLENGTH)
		done = sub(/\*\/.*/, "", text)
		meaning[name] = trimmed(text)
		if (!done) open_comment = name
	}
	next
}

# Rows: "{ .architecture = "x", .field = value, ... },", over several lines.
/^[ \t]*\{ \.architecture = / { row = "" ; inside = 1 }
inside { row = row " " trimmed($0) }
inside && /\},?[ \t]*$/ {
	inside = 0
	sub(/^[ \t]*\{[ \t]*/, "", row)
	sub(/[ \t]*\},?[ \t]*$/, "", row)
	count = split(row, parts, /,[ \t]*\./)
	architecture = ""
	for (i = 1; i <= count; i++) {
		field = value = parts[i]
		sub(/^\.?/, "", field)
		sub(/[ \t]*=.*/, "", field)
		sub(/^[^=]*=[ \t]*/, "", value)
		value = trimmed(value)
		gsub(/"/, "", value)
		if (field == "architecture") {
			architecture = value
			continue
		}
		said = value in meaning ? meaning[value] : meaning[field]
		printf "%s\t| %s | %s | %s |\n", architecture, field, value, said
	}
	if (count == 1) printf "%s\t\n", architecture
}
