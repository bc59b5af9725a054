# Incident 18, CVE-2026-21869, llama.cpp: a negative number from a request (n_discard) became an enormous count. Every number from
# outside has a range, and what lies outside is wrong use.
. tests/tap.sh
hearth="$hostile/hearth"
lab="$hostile/hearth-lab"
model=$(find models -maxdepth 1 -name '*.gguf' | sort | head -n 1)

for flag in -n --context --threads --seed; do
	for number in -1 -9223372036854775808 18446744073709551616 1e3 0x10 ""; do
		check_status 2 "hearth run $flag '$number' is wrong use" "$hearth" run -m "$model" $flag "$number" Hello
	done
done
for number in -1 nan inf 1e99 ""; do
	check_status 2 "hearth run --temp '$number' is wrong use" "$hearth" run -m "$model" --temp "$number" -n 1 Hello
done
for flag in -n --threads --context; do
	check_status 2 "hearth-lab generate $flag -1 is wrong use" "$lab" generate "$model" --ids "1 2" -n 1 $flag -1
done
for ids in "-1" "1 -2" "99999999999999999999" "4294967297" "1,2" ""; do
	check_status 1 "hearth-lab generate refuses the ids '$ids'" "$lab" generate "$model" --ids "$ids" -n 1
done
