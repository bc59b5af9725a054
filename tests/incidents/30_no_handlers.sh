# Incident 30, chatbox #3627: a link in a web page installed a tool server. What hearth installs registers nothing: no kind of link, no
# kind of file, nothing that starts by itself (the menu's entry and the units wait for the user), and no program with more rights than its user.
. tests/tap.sh
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
check "make install fills a folder" make -s install DESTDIR="$work/stage" PREFIX=/usr
handlers() { find "$work/stage" -name '*.timer' -o -path '*mime*' -o -path '*autostart*' -o -path '*/dbus-1/*' -o -name '*.wants' -o -path '*preset*'; }
opened() { find "$work/stage" \( -name '*.desktop' -o -name '*.xml' \) -exec grep -liE 'mimetype|scheme-handler|%[fFuU]' {} +; }
check "nothing is registered for links, files, buses or starts" [ -z "$(handlers)" ]
check "the menu's entry opens no link and no file" [ -z "$(opened)" ]
check "no program has more rights than its user" [ -z "$(find "$work/stage" -perm /7000 -type f)" ]
capabilities() { command -v getcap >/dev/null && getcap -r "$work/stage" 2>/dev/null; }
check "nor capabilities" [ -z "$(capabilities)" ]
