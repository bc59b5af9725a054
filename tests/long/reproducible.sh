# Two builds of one commit in different folders, by different users, at different dates, in different languages and time zones
# give the same bytes, and the same packages.
. tests/tap.sh

# FOLDER COMMAND...: the tracked files as they are now, built there by `COMMAND make`.
build_in() {
	local folder=$1
	shift
	mkdir -p "$folder"
	git ls-files -z | xargs -0 cp --parents -t "$folder"
	chmod -R a+rwX "$work"
	(cd "$folder" && "$@" make -s -j"$(nproc)" all deb tarball) >"$work/log" 2>&1 || sed 's/^/# /' "$work/log"
}

other=()
[ "$(id -u)" != 0 ] || other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
if command -v faketime >/dev/null; then
	other+=(faketime -f "+400d")
fi
build_in "$work/one" env
# Whole seconds apart, so that a recorded time would differ even without faketime.
sleep 2
build_in "$work/in/another/place" env LANG=de_DE.UTF-8 TZ=Asia/Tokyo HOME=/ "${other[@]}"

for file in hearth hearth-lab libhearth.a libhearth.so.0 hearth.pc "$(cd "$work/one/build" && echo hearth_*.deb)" "$(cd "$work/one/build" && echo hearth-*.tar.xz)"; do
	check "$file is the same to the bit in both builds" cmp "$work/one/build/$file" "$work/in/another/place/build/$file"
done
