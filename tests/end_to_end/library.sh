# The library as a stranger meets it: what it exports, the .pc file, C++, the example, and an installed tree.
. tests/tap.sh
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
model=$(find models -maxdepth 1 -name '*.gguf' 2>/dev/null | sort | head -n 1)

declared() { grep -o '\bhearth_[a-z_]*(' include/hearth.h | tr -d '(' | sort -u; }
exported() { nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort; }
exports_alone() {
	exported build/libhearth.so >"$work/exported"
	# Every exported name is in the header; what the header mentions in comments alone is not exported.
	declared | comm -13 - "$work/exported"
	[ -s "$work/exported" ] && [ -z "$(declared | comm -13 - "$work/exported")" ] && grep -qx hearth_open "$work/exported" &&
		[ "$(grep -c '^HEARTH_API' include/hearth.h)" = "$(wc -l <"$work/exported")" ]
}
check "the shared library exports hearth.h's functions and nothing else" exports_alone
check "its name carries the version of the interface" sh -c "readelf -d build/libhearth.so | grep -q 'SONAME.*libhearth\.so\.0'"
check "its symbols carry a version" sh -c "readelf -W --dyn-syms build/libhearth.so | grep -q 'hearth_open@@HEARTH_0'"
check "nm finds no socket, exec or shell in the library" sh -c "! nm -D --undefined-only build/libhearth.so |
	grep -E ' (socket|connect|getaddrinfo|gethostbyname|exec[a-z]*|system|popen|dlopen)(@|$)'"

cat >"$work/version.cpp" <<'CPP'
#include <hearth.h>
#include <cstdio>
#include <cstring>
int main()
{
	hearth_request request = hearth_request_new(HEARTH_CHAT);
	std::puts(hearth_version());
	return request.size == sizeof request && std::strcmp(hearth_version(), HEARTH_VERSION) == 0 ? 0 : 1;
}
CPP
compile_cpp() {
	# shellcheck disable=SC2046 # flags are words
	g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror "$work/version.cpp" $(PKG_CONFIG_PATH=$1 pkg-config --cflags --libs hearth) -o "$work/version" &&
		LD_LIBRARY_PATH=$2 "$work/version"
}
check "a C++ program builds against the tree and runs" compile_cpp build build

check "make install fills a folder" make -s install DESTDIR="$work/stage" PREFIX=/opt/hearth
installed=$work/stage/opt/hearth
for file in bin/hearth bin/hearth-lab lib/libhearth.a lib/libhearth.so lib/pkgconfig/hearth.pc include/hearth.h \
	share/man/man1/hearth.1 share/man/man1/hearth-lab.1 share/bash-completion/completions/hearth share/zsh/site-functions/_hearth; do
	check "it holds $file" test -s "$installed/$file"
done
check "its .pc file names the prefix, not the stage" grep -qx "prefix=/opt/hearth" "$installed/lib/pkgconfig/hearth.pc"
sed -i "s|^prefix=.*|prefix=$installed|" "$installed/lib/pkgconfig/hearth.pc"
check "a C++ program builds against the installed tree and runs" compile_cpp "$installed/lib/pkgconfig" "$installed/lib"
check "the installed hearth says its version" sh -c "'$installed/bin/hearth' --version | grep -qF '$(sed -n 's/^#define HEARTH_VERSION "\(.*\)"/\1/p' include/hearth.h)'"

[ -e /proc/self/exe ] || export LD_LIBRARY_PATH=build # $ORIGIN needs /proc
if [ -n "$model" ]; then
	check "the example answers" build/examples/ask "$model" "What is a hearth?"
	check "its answer is not empty" grep -q '[a-z]' "$work/out"
	check "the installed hearth finds the installed model" sh -c "cd / && '$installed/bin/hearth' run -n 4 --temp 0 'Hello!'"
fi
check_status 1 "the example says in one line that a model is missing" build/examples/ask "$work/none.gguf" "Hello!"
check "that line names the file" grep -q "none.gguf" "$work/err"
check_status 2 "the example explains its use" build/examples/ask
