#!/bin/bash
# forms: answers that must have a form, through the program and its engine: valid by the schema or the grammar, else refused by name.
. tests/tap.sh

hearth=$build/hearth
cat >"$work/schema.json" <<'END'
{"type": "object", "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer", "minimum": 0, "maximum": 120},
 "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 3}}, "required": ["name", "age"], "additionalProperties": false}
END
document='^\{"name":"[^"]*","age":(0|[1-9][0-9]|[1-9]|1[01][0-9]|120)(,"tags":\[("[ab]"(,"[ab]"){0,2})?\])?\}$'
is_document() { tr -d '\n\t ' <"$work/out" | grep -Eq "$document"; }
for seed in 1 2 3 4 5; do
	check "an answer under a schema, seed $seed" "$hearth" run --seed "$seed" --temp 1.5 --schema "$work/schema.json" "Tell me about a person"
	check "is a document of it" is_document
done

printf 'root ::= ("yes" | "no") "."\n' >"$work/grammar"
check "an answer under a grammar" "$hearth" run --seed 1 --grammar "$work/grammar" "Is it raining?"
check "is one that it has" grep -Eqx 'yes\.|no\.' "$work/out"

printf '{"type": "object", "patternProperties": {}}' >"$work/other.json"
check_status 1 "a schema with a keyword that is not kept is refused" "$hearth" run --schema "$work/other.json" x
check "by its name" grep -qx "hearth: schema: the keyword 'patternProperties' is not supported" "$work/err"
printf 'root ::= "a' >"$work/broken"
check_status 1 "so is a grammar that is none" "$hearth" run --grammar "$work/broken" x
check "with its line" grep -qx "hearth: grammar: line 1: a text or a set of characters does not end in its line" "$work/err"
check_status 2 "two forms at once are wrong use" "$hearth" run --schema a --grammar b x

echo "1..$cases"
