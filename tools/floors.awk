# floors.awk: checks every #include against the table of tools/floors, which is the first file; the sources follow.
# Prints one line for each include that the table does not allow.

FILENAME == ARGV[1] {
	sub(/#.*/, "")
	if (match($0, /^[^:]+:/)) {
		folder = substr($0, 1, RLENGTH - 1)
		known[folder] = 1
		count = split(substr($0, RLENGTH + 1), names, " ")
		for (i = 1; i <= count; i++) allowed[folder, names[i]] = 1
	}
	next
}

FNR == 1 {
	folder = FILENAME
	sub(/\/[^\/]*$/, "", folder)
	if (!(folder in known)) print FILENAME ":1: the folder " folder " is not in tools/floors"
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
	target = $0
	sub(/^[^"]*"/, "", target)
	sub(/".*/, "", target)
	if (target ~ /^hearth\.h$/ || target ~ /^include\//) place = "include/hearth.h"
	else if (target ~ /^\.\.\//) {
		place = folder
		rest = target
		while (sub(/^\.\.\//, "", rest)) sub(/\/?[^\/]*$/, "", place)
		place = place "/" rest
	} else if (target !~ /\// && folder ~ /^tests|^docs/) place = folder "/" target
	else if (target ~ /^tests\//) place = target
	else place = "src/" target
	check(place, target)
}

/^[ \t]*#[ \t]*include[ \t]*<hearth\.h>/ { check("include/hearth.h", "hearth.h") }

/^[ \t]*#[ \t]*include[ \t]*<(jansson|utf8proc|histedit|cmocka|sodium|sqlite3|seccomp|curl|microhttpd|md4c)/ {
	target = $0
	sub(/^[^<]*/, "", target)
	sub(/>.*/, ">", target)
	if (!((folder, target) in allowed)) refuse(target)
}

function check(place, target, where)
{
	where = place
	sub(/\/[^\/]*$/, "", where)
	if (where == folder || (folder, where) in allowed || (folder, place) in allowed) return
	refuse("\"" target "\"")
}

function refuse(target)
{
	print FILENAME ":" FNR ": " folder " may not include " target " (tools/floors)"
}
