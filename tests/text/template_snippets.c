/* Snippets of every part of the language and what jinja2 makes of them; they need no data from outside. */
#include "text/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char variables[] =
        "{\"x\": 3, \"l\": [1, 2, 3], \"d\": {\"b\": 2, \"a\": 1}, \"ms\": [{\"r\": \"a\"}, {\"r\": \"b\"}], \"s\": \"hello\"}";

static const struct {
	const char *source, *want;
} texts[] = {
	{ "{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% set x = 1 %}{{ m() }}", "1" },
	{ "{% for i in l %}{% for j in [1] %}{{ x }}{% endfor %}{% set x = i %}{{ x }}{% endfor %}", "123" },
	{ "{% for i in l %}{{ x }}{% if i > 1 %}{% set x = i %}{% endif %}{{ x }}{% endfor %}", "333233" },
	{ "{% set y %}{% for i in l %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}{% endset %}{{ y }}", "1" },
	{ "{% for i in l %}{% set y %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endset %}{{ y }}{% endfor %}", "13" },
	{ "{% for i in l %}{% filter upper %}a{% if i == 2 %}{% break %}{% endif %}{% endfilter %}{% endfor %}", "A" },
	{ "{% with a=1, b=a %}{{ a }}{{ b }}{% endwith %}", "1" },
	{ "{% with x=5 %}{{ x }}{% set x = 6 %}{{ x }}{% endwith %}{{ x }}", "563" },
	{ "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "123" },
	{ "{% set a, b = 'xy' %}{{ a }}{{ b }}", "xy" },
	{ "{% set (a, b), c = (1, 2), 3 %}{{ a }}{{ b }}{{ c }}", "123" },
	{ "{% for k in d %}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }}{% endfor %}", "221210" },
	{ "{% for i in l|map('string') %}{{ loop.revindex }}{{ loop.last }}{{ loop.nextitem }}{% endfor %}",
	  "3False22False31True" },
	{ "{% for i in l if i > 1 %}{{ loop.index }}{{ loop.length }}{{ loop.last }}{% else %}e{% endfor %}", "12False22True" },
	{ "{% for i in l recursive %}{{ i }}{% if i < 3 and loop.depth < 3 %}({{ loop([i + 1]) }}){% endif %}{% endfor %}",
	  "1(2(3))2(3)3" },
	{ "{% macro m(a, b=a ~ 'z') %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b=3) }}", "11z123" },
	{ "{% macro m(a) %}{{ caller is defined }}{{ a }}{% endmacro %}{{ m(1) }}{% call m(2) %}z{% endcall %}", "False1True2" },
	{ "{% macro m() %}{{ kwargs.caller is defined }}{{ kwargs }}{% endmacro %}{{ m(a=1) }}", "False{'a': 1}" },
	{ "{% macro m(caller=none) %}{{ caller }}{% endmacro %}{{ m() }}", "None" },
	{ "{% macro outer() %}{% macro inner() %}{{ x }}{% endmacro %}{% set x = 9 %}{{ inner() }}{% endmacro %}{{ outer() }}",
	  "9" },
	{ "{% macro m() %}{{ loop }}{% endmacro %}{% for i in l %}{{ m() }}{% endfor %}", "" },
	{ "{% if x %}{% set q = 1 %}{% else %}{% set q = 2 %}{% endif %}{{ q }}", "1" },
	{ "{% set ns = namespace(a=1) %}{% macro m() %}{% set ns.a = 5 %}{% endmacro %}{{ m() }}{{ ns.a }}", "5" },
	{ "{% set ns = namespace() %}{% set ns.x, ns.y = 1, 2 %}{{ ns.x }}", "1" },
	{ "{% block a %}{{ x }}{% set x = 7 %}{% endblock %}{{ x }}{{ self.a() }}", "333" },
	{ "{% set x = 1 %}{% for i in l %}{% block b scoped %}{{ i }}{{ x }}{% endblock %}{% endfor %}", "112131" },
	{ "{% set x = 1 %}{% for i in l %}{% block b %}{{ i }}{{ x }}{% endblock %}{% endfor %}", "111" },
	{ "{{ self }}", "<TemplateReference None>" },
	{ "{% print x, 5 %}", "35" },
	{ "{% set loop = 4 %}{% for i in l %}{{ loop.index }}{% endfor %}{{ loop }}", "1234" },
	{ "{{ x if x > 5 }}|{{ (x if x > 5) is undefined }}", "|True" },
	{ "{{ [1, 2,] }}{{ (1,) }}{{ {'a': 1,} }}", "[1, 2](1,){'a': 1}" },
	{ "{{ d['a', 'b'] }}|{{ l[1, 2] }}", "|" },
	{ "{{ 'a' if 0 else 'b' if 0 else 'c' }}", "c" },
	{ "{{ 1 if 0 if 1 else 2 }}", "" },
	{ "{% if x is defined and x is not none %}y{% endif %}", "y" },
	{ "{% if x == 3 %}y{% endif -%}   z", "yz" },
	{ "a  {%- if 1 %}  b  {%- endif %}  c", "a  b  c" },
	{ "a  {%+ if 1 %}  b{% endif +%}\n  c", "a    b\n  c" },
	{ "   {# c #}\nb", "b" },
	{ "   {%- raw %} {{ x }} {% endraw -%}   d", " {{ x }} d" },
	{ "  {% raw -%}  a  {%- endraw %}  b", "a  b" },
	{ "{{- x -}}   q   {{+ x }}", "3q   3" },
	{ "{{ \"a\\\nb\" }}", "ab" },
	{ "{{ '\\101\\x42\\u0043' }}", "ABC" },
	{ "{{ 1_000.5 }}{{ 1e-3 }}{{ 0xfF }}{{ 1_0e1_0 }}", "1000.50.001255100000000000.0" },
	{ "{{ 1.e5 }}", "" },
	{ "{{ l.1 }}{{ ms.0.r }}{{ ms[0]['r'] }}", "2aa" },
	{ "{{ 'x' 'y' ~ 'z' }}", "xyz" },
	{ "{{ true and false or 'q' }}{{ not 1 == 2 }}", "qTrue" },
	{ "{{ 1 < 2 < 3 != 4 in [4] }}", "True" },
	{ "{{ x is not odd and x is divisibleby 3 }}", "False" },
	{ "{{ x is divisibleby 3 + 1 }}", "2" },
	{ "{{ s is in ['hello'] }}{{ s is in 'hello world' }}", "TrueTrue" },
	{ "{{ 5 is lt 6 }}{{ 5 is sameas 5.0 }}", "TrueFalse" },
	{ "{{ s.upper().lower()[1:].title() }}", "Ello" },
	{ "{{ x|abs|string ~ 1 }}", "31" },
	{ "{{ foo.bar.baz if foo is defined else 'no' }}", "no" },
	{ "{{ foo|default(bar|default('z')) }}", "z" },
	{ "{{ range(3)|sum }}{{ range(1, 4)|join }}{{ range(3)[-1] }}", "31232" },
	{ "{{ dict(d, z=1)|tojson }}{{ dict([['a', 1]]) }}", "{\"b\": 2, \"a\": 1, \"z\": 1}{'a': 1}" },
	{ "{{ namespace(a=1) }}", "<Namespace {'a': 1}>" },
	{ "{{ cycler('a').current }}{{ joiner() is callable }}", "aTrue" },
	{ "{{ lipsum is defined }}{{ x is callable }}{{ cycler is callable }}", "TrueFalseTrue" },
	{ "{% set c = cycler(1,2) %}{{ c.next() }}{{ c.next() }}{{ c.reset() }}{{ c.next() }}", "12None1" },
	{ "{% for k, v in d|dictsort %}{{ k }}{{ v }}{% if not loop.last %},{% endif %}{% endfor %}", "a1,b2" },
	{ "{% for g in [{'a':1,'b':'X'},{'a':1,'b':'y'}]|groupby('a') %}{{ g[0] }}{{ g.list|length }}{{ g }}{% endfor %}",
	  "12(1, [{'a': 1, 'b': 'X'}, {'a': 1, 'b': 'y'}])" },
	{ "{{ [{'a':'B'},{'a':'b'}]|groupby('a') }}{{ [{'a':'B'},{'a':'b'}]|groupby('a', case_sensitive=true) }}",
	  "[('B', [{'a': 'B'}, {'a': 'b'}])][('B', [{'a': 'B'}]), ('b', [{'a': 'b'}])]" },
	{ "{{ ['a','A','b']|unique|list }}{{ [1,1.0,true]|unique|list }}", "['a', 'b'][1]" },
	{ "{{ 'x'|nosuch if false else 'ok' }}", "ok" },
	{ "{% if false %}{{ i is nosuch }}{% endif %}ok", "ok" },
	{ "{% set x = 'a'|nosuch if false else 1 %}{{ x }}", "1" },
	{ "{% autoescape true %}{{ '<' }}{{ '<'|safe }}{{ '<' ~ '>' }}{{ ['<']|join('&') }}{% set q %}<{% endset %}{{ q }}{% "
	  "endautoescape %}",
	  "&lt;<&lt;&gt;&lt;<" },
	{ "{{ ('<'|safe).replace('<', '>') }}{{ ('a'|safe) * 2 + '<' }}{{ ('<b>'|safe)[1:] + '<' }}", "&gt;aa&lt;b>&lt;" },
	{ "{{ 'a' + ('b'|e) + '<' }}{{ ('x'|safe)|upper + '<' }}{{ ('x'|safe)|title + '<' }}{{ ('x'|safe)|capitalize + '<' }}{{ "
	  "('x'|safe)|replace('x','y') + '<' }}",
	  "ab&lt;X&lt;X<X&lt;y<" },
	{ "{% for c in ('xy'|safe) %}{{ c + '<' }}{% endfor %}", "x<y<" },
	{ "{{ d.keys()|list }}{{ d.values()|sum }}{{ d.items()|first }}{{ d.fromkeys(['q']) }}", "['b', 'a']3('b', 2){'q': None}" },
	{ "{{ d|length }}{{ d.items()|length }}{{ d|first }}{{ d|last }}{{ d|join('-') }}", "22bab-a" },
	{ "{% if false %}{% include 'x' %}{% endif %}ok", "ok" },
	{ "{{ dict(*[[('a', 1)]], **{'b': 2}) }}", "{'a': 1, 'b': 2}" },
	{ "{# a {# b #} c #}", " c #}" },
	{ "{% raw %}{% raw %}{% endraw %}", "{% raw %}" },
	{ "{% if x %}a{% endif %}{% if x %}b{% endif %}c", "abc" },
	{ "{{ strftime_now('%Y-%m-%d') ~ '|' ~ strftime_now('') }}", "2026-08-15|" },
	{ "{{ 'abc'|map('upper')|join }}{{ 'abc'|select('in', 'ab')|list }}", "ABC['a', 'b']" },
	{ "{{ ['a','b']|map('replace', 'a', 'c')|list }}{{ [[1,2],[3]]|map('sum')|list }}{{ [1,2]|map('float')|list }}{{ [' a "
	  "']|map('trim')|list }}{{ [{'a':{'b':1}}]|map(attribute='a.b')|list }}{{ [[1,[2]]]|map(attribute='1.0')|list }}",
	  "['c', 'b'][3, 3][1.0, 2.0]['a'][1][2]" },
	{ "{{ []|map|list }}", "[]" },
	{ "{{ []|select('nosuch')|list }}", "[]" },
	{ "{{ [[2,'a'],[1,'b']]|sort }}{{ [[2,'a'],[1,'b']]|sort(attribute=1) }}{{ "
	  "[{'a':{'b':2}},{'a':{'b':1}}]|sort(attribute='a.b') }}",
	  "[[1, 'b'], [2, 'a']][[2, 'a'], [1, 'b']][{'a': {'b': 1}}, {'a': {'b': 2}}]" },
	{ "{{ 1.0|round|int }}{{ 1.5|round|int }}{{ 123.456|round(-1) }}{{ 0.5|round }}{{ 1e300|round(2) }}{{ 2.5|round(0) }}{{ "
	  "15|round(-1) }}{{ 25|round(-1) }}{{ -15|round(-1) }}",
	  "12120.00.01e+3002.02020-20" },
	{ "{{ 1/3 }}{{ 2/3 }}{{ 1e100 }}{{ 123456789012345678 }}{{ 1e15 }}{{ 1e16 }}{{ 123456789.123456789 }}{{ 5e-5 }}{{ 100.0 "
	  "}}{{ 1e22 }}{{ 0.1+0.2 }}{{ -0.0 }}{{ 1e-7 }}",
	  "0.33333333333333330.66666666666666661e+1001234567890123456781000000000000000.01e+16123456789.123456795e-05100.01e+220."
	  "30000000000000004-0.01e-07" },
	{ "{{ 0 ** 0 }}{{ 10 ** 18 }}{{ (-2) ** 3 }}{{ 5 % -3 }}{{ -5 // 3 }}{{ 1e308 * 10 }}{{ true + true }}{{ 1 / true }}",
	  "11000000000000000000-8-1-2inf21.0" },
	{ "{{ [1] == [1.0] }}{{ (1, 2) < (1, 3) }}{{ [1] < [1, 2] }}{{ 'a' < 'b' < 'c' }}{{ {} == {} }}{{ none == none }}{{ [] < "
	  "[1] }}{{ [1, 'a'] == [1, 'a'] }}{{ 1 == '1' }}{{ '\xc3\xa9' > 'z' }}",
	  "TrueTrueTrueTrueTrueTrueTrueTrueFalseTrue" },
	{ "{{ 'abc' in ['abc'] }}{{ 'b' in 'abc' }}{{ 1 in {1: 2} }}{{ [1] in [[1]] }}{{ 'x' not in d }}{{ none in [none] }}{{ 1.0 "
	  "in [1] }}{{ true in [1] }}",
	  "TrueTrueTrueTrueTrueTrueTrueTrue" },
	{ "{{ d.a.b }}|{{ l.foo }}|{{ s.foo }}|{{ none.foo }}", "|||" },
	{ "{{ [].__class__ }}|{{ s._x }}|{{ d._x }}", "||" },
	{ "{{ loop is defined }}{{ caller is defined }}{{ varargs is defined }}", "FalseFalseFalse" },
	{ "{{ 'a%%b' % () }}{{ '%s' % none }}{{ '%s %s' % (1, 2) }}{{ '%s' % [1] }}{{ '%d' % 3.99 }}{{ '%5.1f|' % 2.25 }}{{ "
	  "'%(a)s-%(b)d' % {'a': 1, 'b': 2} }}",
	  "a%bNone1 2[1]3  2.2|1-2" },
	{ "{{ '{0[a]} {0[b]}'.format(d) }}{{ '{a.real}'.format(a=5) }}{{ '{:{w}}|'.format('x', w=5) }}{{ '{{}}'.format() }}{{ "
	  "'{!r}'.format('a') }}{{ '{0.upper}'.format('a') is string }}",
	  "1 25x    |{}'a'True" },
	{ "{{ \"\xc4\xb0\xc4\xb1\xc5\xbf\xc3\x9f\xce\xa3\xce\x91\xce\xa3 \xc7\x85 \xc5\x89 \xef\xac\x81\"|lower }}|{{ "
	  "\"\xc4\xb0\xc4\xb1\xc5\xbf\xc3\x9f\xce\xa3\xce\x91\xce\xa3 \xc7\x85 \xc5\x89 \xef\xac\x81\"|upper }}|{{ \"\xc7\x86 "
	  "\xc3\x9f"
	  "a \xef\xac\x81x \xc5\x89\"|title }}|{{ \"\xc7\x86 \xc3\x9f"
	  "a\".title() }}|{{ \"\xc3\x9f"
	  "A\"|capitalize }}|{{ \"\xc3\x9f\".casefold() }}",
	  "i\xcc\x87\xc4\xb1\xc5\xbf\xc3\x9f\xcf\x83\xce\xb1\xcf\x82 \xc7\x86 \xc5\x89 "
	  "\xef\xac\x81|\xc4\xb0ISSS\xce\xa3\xce\x91\xce\xa3 \xc7\x84 \xca\xbcN FI|\xc7\x84 SSa FIx \xca\xbcN|\xc7\x85 "
	  "Ssa|Ssa|ss" },
	{ "{{ \"a\\u2028b\\x1cc\\x85d\\r\\ne\".splitlines() }}{{ \"a\\u00a0b\\u3000c\".split() }}{{ "
	  "\"\xe0\xa5\xa7\xe0\xa5\xa8\".isdigit() }}{{ \"\xc2\xb2\".isdigit() }}{{ \"\xc2\xbd\".isnumeric() }}{{ "
	  "\"\xe4\xb8\x80\".isnumeric() }}{{ \"\xe0\xa5\xa7\xe0\xa5\xa8\"|int }}",
	  "['a', 'b', 'c', 'd', 'e']['a', 'b', 'c']TrueTrueTrueTrue12" },
	{ "{{ [\"\\u0000\\u001b\\u00ad\\u0378\\ue000\\U0001F600\\u0301\\u2028\", 'a\\'b', \"a\\\"b'\"] }}",
	  "['\\x00\\x1b\\xad\\u0378\\ue000\xf0\x9f\x98\x80\xcc\x81\\u2028', \"a'b\", 'a\"b\\'']" },
	{ "{{ \"\\u0000\\u001b\\u00ad\\u2028\\U0001F600\\\"\\\\/\"|tojson }}{{ \"\xc3\xa9\\U0001F600\"|tojson(ensure_ascii=true) "
	  "}}",
	  "\"\\u0000\\u001b\xc2\xad\xe2\x80\xa8\xf0\x9f\x98\x80\\\"\\\\/\"\"\\u00e9\\ud83d\\ude00\"" },
	{ "{{ [1.0, 1e20, -0.0, 1e-7, true, none, 'x', (1,), {'a': {}}]|tojson }}{{ {1.5: 1, true: 2, none: 3}|tojson }}",
	  "[1.0, 1e+20, -0.0, 1e-07, true, null, \"x\", [1], {\"a\": {}}]{\"1.5\": 1, \"true\": 2, \"null\": 3}" },
	{ "{{ {'b': 1, 'a': [1, {'z': 1, 'y': []}]}|tojson(indent=2, sort_keys=true) }}{{ []|tojson(indent=2) }}{{ {'a': "
	  "1}|tojson(indent=none) }}{{ [1]|tojson(indent=true) }}",
	  "{\n  \"a\": [\n    1,\n    {\n      \"y\": [],\n      \"z\": 1\n    }\n  ],\n  \"b\": 1\n}[]{\"a\": 1}[\n 1\n]" },
	{ "{{ '1_000'|int }}{{ ' 42 '|int }}{{ '0b11'|int(base=2) }}{{ '0o17'|int(base=8) }}{{ 'ff'|int(base=16) }}{{ '1e3'|int "
	  "}}{{ '-5'|int }}{{ '--5'|int }}{{ 'inf'|int }}{{ 'z'|int(base=36) }}{{ '12'|int(base=0) }}",
	  "1000423152551000-5003512" },
	{ "{{ 'nan'|float }}{{ '-inf'|float }}{{ '1_0.5'|float }}{{ '.5'|float }}{{ '5.'|float }}{{ 'abc'|float(1) }}{{ "
	  "'1e400'|float }}{{ '0x10'|float }}",
	  "nan-inf10.50.55.01inf0.0" },
	{ "{{ 'a b c'|wordcount }}{{ ''|wordcount }}{{ \"it's a-b_c\"|wordcount }}", "304" },
	{ "{{ 'foo bar baz'|truncate(5) }}{{ 'foo bar baz qux'|truncate(9) }}{{ 'foobarbaz qux'|truncate(6, false, '') }}",
	  "fo...foo...foobar" },
	{ "{{ '<p>a</p> <b'|striptags }}{{ 'a &amp; &lt;b&gt; &#65;&#x42; &nbsp;|'|striptags }}{{ '<!-- x > y --> z'|striptags }}",
	  "a <ba & <b> AB \xc2\xa0|z" },
	{ "{{ 'a/b c?d=\xc3\xa9&'|urlencode }}{{ {'a': 'b c', 'd': 1}|urlencode }}{{ 5|urlencode }}",
	  "a/b%20c%3Fd%3D%C3%A9%26a=b+c&d=15" },
	{ "{{ 123|filesizeformat }}{{ 1|filesizeformat }}{{ 1234567|filesizeformat(true) }}{{ '1500'|filesizeformat }}",
	  "123 Bytes1 Byte1.2 MiB1.5 kB" },
	{ "{{ [1,2,3,4,5,6,7]|batch(3)|list }}{{ [1,2,3,4,5,6,7]|slice(3)|list }}{{ [1,2]|slice(3, 'x')|list }}",
	  "[[1, 2, 3], [4, 5, 6], [7]][[1, 2, 3], [4, 5], [6, 7]][[1], [2], ['x']]" },
};

static const char *const errors[] = {
	"{% for i in l %}{% generation %}{% break %}{% endgeneration %}{% endfor %}",
	"{% for i in l %}{% call m() %}{% break %}{% endcall %}{% endfor %}",
	"{% for i in l if loop.first %}{{ i }}{% endfor %}",
	"{% macro m() %}a{% endmacro %}{% call m() %}x{% endcall %}",
	"{% block a required %}{% endblock %}",
	"{% block a %}{{ super() }}{% endblock %}",
	"{{ self.nosuch() }}",
	"{% for loop in l %}{% endfor %}",
	"{% for i in l %}{% set loop = 1 %}{{ loop }}{% endfor %}",
	"{{ {'a': 1, 'a': 2} }}{{ {**d} }}",
	"{{ l[1:2, 3] }}",
	"{{ .5 }}",
	"{{ 00 }}{{ 01 }}",
	"{{ x is odd is true }}",
	"{{ (s|upper)[0] }}{{ s|upper()[0] }}",
	"{{ -x|string }}{{ -(x|string) }}",
	"{% if false %}{% for i in l %}{{ i|nosuch }}{% endfor %}{% endif %}ok",
	"{{ ('<'|safe) % 1 }}|{{ ('%s'|safe) % '<' }}|{{ ('{}'|safe).format('<') }}|{{ ('&'|safe).join(['<', '>'|safe]) }}",
	"{% include 'x' ignore missing %}",
	"{% from 'x' import y %}",
	"{% extends 'x' if false else 'y' %}",
	"{% set %}x{% endset %}",
	"{% set x %}",
	"{% for %}{% endfor %}",
	"{% for i in l %}{% else %}{% else %}{% endfor %}",
	"{% if x %}{% elif %}{% endif %}",
	"{% endfor %}",
	"{% macro %}{% endmacro %}",
	"{% macro m(a, a) %}{% endmacro %}",
	"{% macro m(a=1, b) %}{% endmacro %}",
	"{% call x %}{% endcall %}",
	"{{ f(a=1, a=2) }}",
	"{{ f(**d, 1) }}",
	"{{ f(a=1, 2) }}",
	"{{ x | upper | }}",
	"{{ x ~ }}",
	"{{ ~ x }}",
	"{{ x ! }}",
	"{{ x $ y }}",
	"{{ 'a }}",
	"{{ [1, 2 }}",
	"{{ {1: 2 }}",
	"{{ x }",
	"{{ }}",
	"{% %}",
	"{{ x; y }}",
	"{{ [1,2]|map|list }}",
	"{{ [1,2]|map('nosuch')|first }}",
	"{{ [1,2]|select('nosuch')|list }}",
	"{{ [none, 1]|sort }}",
	"{{ 1 in 'abc' }}",
	"{{ [1] in d }}",
	"{{ {[1]: 2} }}",
	"{{ x() }}",
	"{{ s() }}",
	"{{ s.nosuch() }}",
	"{{ d.a.b.c }}",
	"{{ '{'.format() }}",
	"{{ '{} {1}'.format(1, 2) }}",
	"{{ '%d' % 'a' }}",
	"{{ '%s %s' % (1,) }}",
	"{{ '%s' % (1, 2) }}",
	"{{ '%q' % 1 }}",
	"{{ {(1,2): 3}|tojson }}",
	"{{ {1: 1, 'a': 2}|tojson(sort_keys=true) }}",
	"{{ ns|tojson }}",
	"{{ {'a': 'x y', 'b': none, 'c': 5}|xmlattr }}{{ {'a b': 1}|xmlattr }}",
};

static bool run(const char *source, struct template_output *out, struct error *e)
{
	json_t *context = json_parse(variables, sizeof variables - 1, "variables", e);
	struct template_input input = { .variables = context, .now = { 2026, 8, 15, 13, 5, 9 } };
	struct template *t = template_parse(source, strlen(source), e);
	*out = (struct template_output){ 0 };
	bool good = t && template_render(t, &input, out, e);
	template_free(t);
	json_decref(context);
	return good;
}

static void snippets_give_what_jinja2_gives(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct template_output out;
		struct error e = { "" };
		bool good = run(texts[i].source, &out, &e);
		if (!good) print_message("%s: %s\n", texts[i].source, e.text);
		assert_true(good);
		assert_string_equal(out.text, texts[i].want);
		template_output_free(&out);
	}
}

static void snippets_that_fail_have_a_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		struct template_output out;
		struct error e = { "" };
		bool good = run(errors[i], &out, &e);
		if (good) print_message("%s: %s\n", errors[i], out.text);
		assert_false(good);
		assert_int_equal(strncmp(e.text, "template", 8), 0);
		template_output_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snippets_give_what_jinja2_gives),
		cmocka_unit_test(snippets_that_fail_have_a_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
