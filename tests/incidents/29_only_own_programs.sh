# Incident 29, CVE-2025-6514 and CVE-2026-30617: what a configuration named was run as a command. hearth runs its own programs, from
# its own folder, and nothing that the environment, the folder that it stands in, settings or names of models could slip in.
. tests/tap.sh
build=build
hearth=$(realpath "$build/hearth")
model=$(realpath models/hearth-builtin.gguf)
mkdir -p "$work/evil" "$HEARTH_HOME/models"
for name in hearth-engine hearth-spawner hearth-net hearth-import sh bash true less more vi xdg-open notify-send secret-tool; do
	printf '#!/bin/bash\necho "%s" >>"%s"\n' "$name" "$work/ran" >"$work/evil/$name"
	chmod +x "$work/evil/$name"
done
printf 'colour = $(touch %s/ran)\nmodel = |%s/evil/true\nengine = %s/evil/hearth-engine\nEDITOR = %s/evil/vi\n' "$work" "$work" "$work" "$work" >"$HEARTH_HOME/settings"
cp "$model" "$HEARTH_HOME/models/a;touch ran;\`touch ran\`\$(touch ran).gguf"
cd "$work/evil" || exit 1
hostile_environment=(env PATH="$work/evil" SHELL="$work/evil/sh" PAGER="$work/evil/less" EDITOR="$work/evil/vi" BROWSER="$work/evil/xdg-open"
	HEARTH_ENGINE="$work/evil/hearth-engine" LD_LIBRARY_PATH="$work/evil" PYTHONPATH="$work/evil")

check "with a hostile environment it answers" "${hostile_environment[@]}" "$hearth" run -m "$model" -n 2 "Hello"
check "a name with a shell's words in it is a name" "${hostile_environment[@]}" "$hearth" run -m "a;touch ran" -n 2 "Hello"
check "models are listed" "${hostile_environment[@]}" "$hearth" models list
check "doctor explains" "${hostile_environment[@]}" "$hearth" doctor
check_status 1 "nothing of all that ran" sh -c "ls '$work/ran' '$work/evil/ran' 2>/dev/null | grep ."
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	strace -f -qq -o "$work/trace" -e trace=execve env PATH="$work/evil" "$hearth" run -m "$model" -n 2 "Hello" >/dev/null 2>&1 </dev/null
	grep 'execve(' "$work/trace" | grep -vE '^[0-9]+ +execve\("[^"]*/env"' >"$work/started"
	check "hearth-engine is started from hearth's own folder" grep -qF "execve(\"$(dirname "$hearth")/hearth-engine\", [\"hearth-engine\"]" "$work/started"
	check "with an environment that is empty" grep -E 'hearth-engine.*/\* 0 vars \*/' "$work/started"
	check_status 1 "and nothing else is" grep -vF -e "execve(\"$hearth\"" -e "execve(\"$(dirname "$hearth")/hearth-engine\"" "$work/started"
else
	skip "hearth-engine is started from hearth's own folder" "no strace here, or it may not look"
fi
