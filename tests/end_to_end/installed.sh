# What `make install` puts somewhere works from there: hearth finds its other programs and its model beside it; and all of them are small.
. tests/tap.sh
build=build
place=$work/stage/opt/hearth
check "make install fills a folder" make -s install DESTDIR="$work/stage" PREFIX=/opt/hearth
check "hearth answers from there" "$place/bin/hearth" run -n 2 --seed 7 Hello
# Every program is started from the folder that hearth lies in, and tries its jail.
check "and starts each of its programs from there" "$place/bin/hearth" prove
for program in hearth-engine hearth-keyring hearth-sleep hearth-net; do
	mv "$place/bin/$program" "$work/away"
	check_status 1 "$program is not looked for elsewhere" "$place/bin/hearth" prove
	mv "$work/away" "$place/bin/$program"
done
if command -v strip >/dev/null; then
	sum=0
	for program in "$place"/bin/hearth*; do
		[ "$(basename "$program")" != hearth-lab ] || continue # the workshop, which nobody needs to talk to a model
		strip -o "$work/stripped" "$program" && sum=$((sum + $(stat -c %s "$work/stripped")))
	done
	echo "# $sum bytes"
	check "all programs but the workshop have less than 3 MB together" [ $sum -gt 500000 -a $sum -lt 3000000 ]
else
	skip "all programs but the workshop have less than 3 MB together" "no strip here"
fi
