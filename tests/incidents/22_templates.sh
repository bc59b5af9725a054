# Incident 22, CVE-2024-34359 and CVE-2026-5760: chat templates from model files were run by a general interpreter, three times. Here
# a template reaches no attribute, no module, no file; and time, depth and output end.
. tests/tap.sh
lab="$hostile/hearth-lab"

refused() { # NAME TEMPLATE: an error, within a minute
	printf '[{"template": "%s", "context": {"items": [1, 2, 3], "text": "abc"}}]' "$2" >"$work/unit.json"
	check "$1 is run to an end" timeout 60 "./$lab" jinja "$work/unit.json"
	"./$lab" jinja "$work/unit.json" >"$work/result" 2>/dev/null </dev/null
	check "$1 is refused" grep -q '"error"' "$work/result"
}

refused "the way from a text to all classes" "{{ ''.__class__.__mro__[1].__subclasses__() }}"
refused "the way through a cycler" "{{ cycler.__init__.__globals__.os.popen('id').read() }}"
refused "the way through self" "{{ self.__init__.__globals__.__builtins__.open('/etc/passwd').read() }}"
refused "an import" "{% import 'os' as os %}{{ os.getcwd() }}"
refused "an include" "{% include '/etc/passwd' %}"
refused "a loop of a billion" "{% for i in range(1000000000) %}{% for j in range(1000000000) %}x{% endfor %}{% endfor %}"
refused "a text that doubles" "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}"
refused "a macro that calls itself" "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"
