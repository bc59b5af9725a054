# hearth: `make help` lists the targets.
#
# Sources are found by their place: src/FLOOR/*.c is the library, src/app/PROGRAM/*.c a program, tests/FLOOR/UNIT.c a test
# program, tests/fuzz/NAME.c a fuzz target. A new file needs no line here.

.SUFFIXES:
.DELETE_ON_ERROR:
SHELL = /bin/sh

BUILD ?= build
ifeq ($(origin CC),default)
CC = gcc
endif
CXX ?= g++
PREFIX ?= /usr/local
TIME ?= 600
V ?=
Q = $(if $(V),,@)
say = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@echo "  $(1)")

VERSION := $(shell sed -n 's/^\#define HEARTH_VERSION "\(.*\)"/\1/p' include/hearth.h)
SOVERSION := $(firstword $(subst ., ,$(VERSION)))
ARCH := $(shell $(CC) -dumpmachine | cut -d- -f1)
JOBS = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
QUIET_MAKE = $(MAKE) --no-print-directory $(JOBS)

WARN = -Wall -Wextra -Wshadow -Wconversion -Wvla -Wdate-time -Werror
OPT ?= -O2 -g
SANITIZE ?=
SANITIZE_FLAGS = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -Isrc -Iinclude $(WARN) $(OPT) -fPIC -fno-math-errno -ffp-contract=off \
	-fstack-protector-strong -fvisibility=hidden $(SANITIZE_FLAGS) $(CFLAGS)
PLACE = -ffile-prefix-map=$(CURDIR)=.
LDFLAGS_ALL = -Wl,-z,relro,-z,now,--as-needed $(SANITIZE_FLAGS) $(LDFLAGS)

# The library: every floor below the programs. A kernel file's ending names the CPU level that it is compiled for.
LIB_FLOORS = base format text grammar nn model engine
LIB_SRC := $(sort $(foreach f,$(LIB_FLOORS),$(wildcard src/$(f)/*.c)))
ifneq ($(ARCH),x86_64)
LIB_SRC := $(filter-out %_avx2.c %_avxvnni.c %_avx512.c %_avx512vnni.c %_avx512bf16.c %_amx.c,$(LIB_SRC))
endif
ifneq ($(ARCH),aarch64)
LIB_SRC := $(filter-out %_neon.c %_dotprod.c %_i8mm.c,$(LIB_SRC))
endif
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
LIBS = -ljansson -lutf8proc -lm -lpthread
# The vault is no part of the library: only the programs that own one link it.
STORE_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard src/store/*.c)))
STORE = $(BUILD)/libstore.a
STORE_LIBS = -lsodium -lsqlite3
# So are the jail's rules of no use to a library's host.
GUARD_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard src/guard/*.c)))
GUARD = $(BUILD)/libguard.a
GUARD_LIBS = -lseccomp
# What the programs say to each other: both ends of hearth.h over a socket, and fetching. A program without an engine also links the object that gives the client's functions their names.
WIRE_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard src/wire/*.c)))
WIRE_NAMES = $(BUILD)/obj/src/wire/client_hearth.o
WIRE = $(BUILD)/libwire.a
# The interfaces of other programs: for the one that serves.
API_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard src/api/*.c)))
API = $(BUILD)/libapi.a
LIBRARIES = $(BUILD)/libhearth.a $(BUILD)/libhearth.so.$(SOVERSION) $(BUILD)/libhearth.so $(BUILD)/hearth.pc

LEVEL_avx2 = -mavx2 -mfma -mf16c -mbmi2
LEVEL_avxvnni = $(LEVEL_avx2) -mavxvnni
LEVEL_avx512 = $(LEVEL_avx2) -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mprefer-vector-width=512
LEVEL_avx512vnni = $(LEVEL_avx512) -mavx512vnni
LEVEL_avx512bf16 = $(LEVEL_avx512vnni) -mavx512bf16
LEVEL_amx = $(LEVEL_avx512bf16) -mamx-tile -mamx-bf16 -mamx-int8
LEVEL_dotprod = -march=armv8.2-a+dotprod
LEVEL_i8mm = -march=armv8.2-a+dotprod+i8mm
level_flags = $(LEVEL_$(lastword $(subst _, ,$(basename $(notdir $(1))))))

# The programs.
PROGRAMS := $(notdir $(patsubst %/,%,$(sort $(wildcard src/app/*/))))
program_src = $(sort $(wildcard src/app/$(1)/*.c))
program_obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(call program_src,$(1)))
binary_hearth = hearth
binary_lab = hearth-lab
LIBS_lab = $(GUARD_LIBS)
FLOORS_lab = $(WIRE) $(GUARD)
LIBS_hearth = -ledit $(STORE_LIBS) $(GUARD_LIBS)
FLOORS_hearth = $(STORE) $(WIRE) $(GUARD)
NAMES_hearth = $(WIRE_NAMES)
binary_engine = hearth-engine
LIBS_engine = $(GUARD_LIBS)
FLOORS_engine = $(WIRE) $(GUARD)
binary_net = hearth-net
LIBS_net = -lcurl $(GUARD_LIBS)
FLOORS_net = $(WIRE) $(GUARD)
binary_import = hearth-import
binary_keyring = hearth-keyring
LIBS_keyring = $(GUARD_LIBS)
FLOORS_keyring = $(GUARD)
binary_sleep = hearth-sleep
LIBS_sleep = $(GUARD_LIBS)
FLOORS_sleep = $(GUARD)
binary_front = hearth-front
LIBS_import = $(GUARD_LIBS)
LIBS_front = -lmicrohttpd $(GUARD_LIBS)
FLOORS_import = $(GUARD)
FLOORS_front = $(BUILD)/obj/web_files.o $(API) $(WIRE) $(GUARD)
BINARIES = $(foreach p,$(PROGRAMS),$(BUILD)/$(binary_$(p)))
# The tarball's programs find the small libraries beside them; those that speak TLS and HTTP stay the system's, which keeps them safe.
PORTABLE = $(foreach p,$(PROGRAMS),$(BUILD)/portable/$(binary_$(p)))

# The tests. Those of a program link its objects without main.c. Hostile input and fuzz replays run in a build with sanitizers.
FLOOR_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(foreach f,$(LIB_FLOORS),$(wildcard tests/$(f)/*.c))))
STORE_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/store/*.c)))
GUARD_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/guard/*.c)))
WIRE_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/wire/*.c)))
APP_TEST_SRC := $(sort $(foreach p,$(PROGRAMS),$(wildcard tests/app/$(p)/*.c)))
APP_TESTS := $(APP_TEST_SRC:tests/%.c=$(BUILD)/tests/%)
CHECK_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/bad/*.c tests/incidents/*.c tests/end_to_end/*.c)))
API_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/api/*.c)))
TESTS = $(FLOOR_TESTS) $(API_TESTS) $(STORE_TESTS) $(GUARD_TESTS) $(WIRE_TESTS) $(APP_TESTS) $(CHECK_TESTS)
FUZZ_SRC := $(sort $(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))
REPLAYS := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/tests/fuzz/%)
FUZZERS := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/fuzz/%)
KERNCHECK = $(if $(wildcard tests/kerncheck.c),$(BUILD)/kerncheck)
EXAMPLES := $(patsubst docs/examples/%.c,$(BUILD)/examples/%,$(sort $(wildcard docs/examples/*.c)))

##  make                 build the programs and libraries into build/
.PHONY: all
all: $(BINARIES) $(LIBRARIES)

# Objects are built again when the compiler or its flags change.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS_ALL) $(ARCH)' | cmp -s - $@ || echo '$(CC) $(CFLAGS_ALL) $(ARCH)' > $@
.PHONY: FORCE
FORCE:

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_ALL) $(PLACE) $(call level_flags,$<) -MMD -MP -c $< -o $@

$(BUILD)/libhearth.a: $(LIB_OBJ)
	$(call say,ar $@)
	@rm -f $@
	$(Q)ar crD $@ $^

# The page's files as arrays: hearth-front opens none.
$(BUILD)/web_files.c: tools/web-files $(wildcard web/*)
	@mkdir -p $(@D)
	$(call say,web $@)
	$(Q)tools/web-files web > $@
$(BUILD)/obj/web_files.o: $(BUILD)/web_files.c src/app/front/assets.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(PLACE) -c $< -o $@

$(STORE): $(STORE_OBJ)
$(GUARD): $(GUARD_OBJ)
$(WIRE): $(filter-out $(WIRE_NAMES),$(WIRE_OBJ))
$(API): $(API_OBJ)
$(STORE) $(GUARD) $(WIRE) $(API):
	$(call say,ar $@)
	@rm -f $@
	$(Q)ar crD $@ $^

$(BUILD)/libhearth.so.$(SOVERSION): $(LIB_OBJ) src/engine/libhearth.map
	$(call say,ld $@)
	$(Q)$(CC) -shared -Wl,-soname,$(@F) -Wl,--version-script=src/engine/libhearth.map $(if $(SANITIZE),,-Wl,-z,defs) $(LDFLAGS_ALL) $(LIB_OBJ) $(LIBS) -o $@

$(BUILD)/libhearth.so: $(BUILD)/libhearth.so.$(SOVERSION)
	@ln -sf $(<F) $@

# In the build folder the .pc file describes the tree as it lies; `make install` writes the installed one.
pc_file = sed -e 's|@PREFIX@|$(1)|' -e 's|@LIBDIR@|$(2)|' -e 's|@INCLUDEDIR@|$(3)|' -e 's|@VERSION@|$(VERSION)|' tools/hearth.pc.in
$(BUILD)/hearth.pc: tools/hearth.pc.in include/hearth.h
	@mkdir -p $(@D)
	$(Q)$(call pc_file,$${pcfiledir}/..,$${pcfiledir},$${prefix}/include) > $@

define program_rule
$(BUILD)/$(binary_$(1)): $(call program_obj,$(1)) $(NAMES_$(1)) $(FLOORS_$(1)) $(BUILD)/libhearth.a
	$$(call say,ld $$@)
	$$(Q)$$(CC) $$(LDFLAGS_ALL) $$^ $$(LIBS_$(1)) $$(LIBS) -o $$@
$(BUILD)/portable/$(binary_$(1)): $(call program_obj,$(1)) $(NAMES_$(1)) $(FLOORS_$(1)) $(BUILD)/libhearth.a
	@mkdir -p $$(@D)
	$$(call say,ld $$@)
	$$(Q)$$(CC) $$(LDFLAGS_ALL) -Wl,--disable-new-dtags,-rpath,'$$$$ORIGIN/../lib' $$^ $$(LIBS_$(1)) $$(LIBS) -o $$@
$(BUILD)/tests/app/$(1)/%: $(BUILD)/obj/tests/app/$(1)/%.o $(filter-out %/main.o,$(call program_obj,$(1))) $(FLOORS_$(1)) $(BUILD)/libhearth.a
	@mkdir -p $$(@D)
	$$(call say,ld $$@)
	$$(Q)$$(CC) $$(LDFLAGS_ALL) $$^ $$(LIBS_$(1)) $$(LIBS) -lcmocka -o $$@
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(p))))

$(REPLAYS): $(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o $(API) $(WIRE) $(BUILD)/libhearth.a
	@mkdir -p $(@D)
	$(call say,ld $@)
	$(Q)$(CC) $(LDFLAGS_ALL) -Wl,--start-group $^ -Wl,--end-group $(FUZZ_LIBS) $(LIBS) -o $@

$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(API) $(WIRE) $(BUILD)/libhearth.a
	@mkdir -p $(@D)
	$(call say,ld $@)
	$(Q)$(CC) -fsanitize=fuzzer $(LDFLAGS_ALL) -Wl,--start-group $^ -Wl,--end-group $(FUZZ_LIBS) $(LIBS) -o $@

# Requests from a client go through hearth-front as it is.
$(BUILD)/tests/fuzz/http $(BUILD)/fuzz/http: $(filter-out %/main.o,$(call program_obj,front)) $(BUILD)/obj/web_files.o
$(BUILD)/tests/fuzz/http $(BUILD)/fuzz/http: FUZZ_LIBS = -lmicrohttpd

$(STORE_TESTS): $(BUILD)/tests/store/%: $(BUILD)/obj/tests/store/%.o $(STORE) $(BUILD)/libhearth.a
	@mkdir -p $(@D)
	$(call say,ld $@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(STORE_LIBS) $(LIBS) -lcmocka -o $@

$(API_TESTS): $(BUILD)/tests/api/%: $(BUILD)/obj/tests/api/%.o $(API) $(BUILD)/libhearth.a
	@mkdir -p $(@D)
	$(call say,ld $@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -lcmocka -o $@

$(GUARD_TESTS): $(BUILD)/tests/guard/%: $(BUILD)/obj/tests/guard/%.o $(GUARD) $(BUILD)/libhearth.a
	@mkdir -p $(@D)
	$(call say,ld $@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(GUARD_LIBS) $(LIBS) -lcmocka -o $@

$(WIRE_TESTS): $(BUILD)/tests/wire/%: $(BUILD)/obj/tests/wire/%.o $(WIRE_NAMES) $(WIRE) $(GUARD) $(BUILD)/libhearth.a | $(BUILD)/hearth-engine
	@mkdir -p $(@D)
	$(call say,ld $@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(GUARD_LIBS) $(LIBS) -lcmocka -o $@

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/libhearth.a
	@mkdir -p $(@D)
	$(call say,ld $@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -lcmocka -o $@

# The kernels of AVX-VNNI once more for kerncheck, in the encoding of AVX-512 and under other names: the same source on machines that lack
# the level.
ifeq ($(ARCH),x86_64)
EVEX_OBJ := $(patsubst src/nn/%.c,$(BUILD)/obj/evex/%.o,$(sort $(wildcard src/nn/*_avxvnni.c)))
endif
EVEX_NAMES = $(foreach f,kernels attention_16 bytes dot dot_codes dot_k i16,-D$(f)_fill_avxvnni=$(f)_fill_evex)
$(BUILD)/obj/evex/%.o: src/nn/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_ALL) $(PLACE) $(LEVEL_avx512vnni) -DVNNI_OF_8 $(EVEX_NAMES) -MMD -MP -c $< -o $@

$(BUILD)/kerncheck: $(BUILD)/obj/tests/kerncheck.o $(BUILD)/obj/tests/kernspeed.o $(EVEX_OBJ) $(BUILD)/libhearth.a
	$(call say,ld $@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

# An example is built as a stranger would: with the .pc file's flags and the shared library.
$(BUILD)/examples/%: docs/examples/%.c include/hearth.h $(LIBRARIES)
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) -std=c11 $(WARN) -Iinclude $< -L$(BUILD) -lhearth -Wl,-rpath,'$$ORIGIN/..' -o $@

.PHONY: tests examples
tests: $(TESTS) $(KERNCHECK)
examples: $(EXAMPLES)

##  make run             set up what is missing, build, open a chat that answers
.PHONY: run
run:
	@tools/setup run
	@$(QUIET_MAKE) $(filter-out %-lab,$(BINARIES))
	@$(BUILD)/hearth

##  make check           set up what is missing, build, run the tests
ASAN = BUILD=build-asan SANITIZE=address,undefined OPT="-O1 -g"
# The sanitizers need /proc; where it is not mounted, as in a bare chroot, hostile input meets the plain build.
HOSTILE := $(if $(wildcard /proc/self/maps),build-asan,$(BUILD))
.PHONY: check check-programs check-asan
check:
	@tools/setup check
	@$(QUIET_MAKE) check-programs
	@$(if $(filter build-asan,$(HOSTILE)),,echo "No /proc here, so the tests of hostile input run without sanitizers.")
	@$(QUIET_MAKE) $(if $(filter build-asan,$(HOSTILE)),$(ASAN)) check-asan
	@tools/run-tests $(FLOOR_TESTS) $(API_TESTS) $(STORE_TESTS) $(GUARD_TESTS) $(WIRE_TESTS) $(APP_TESTS) $(KERNCHECK) $(patsubst $(BUILD)/%,$(HOSTILE)/%,$(CHECK_TESTS) $(REPLAYS)) \
		$(sort $(wildcard tests/bad/*.sh tests/incidents/*.sh tests/end_to_end/*.sh)) tools/lint
check-programs: all $(FLOOR_TESTS) $(API_TESTS) $(STORE_TESTS) $(GUARD_TESTS) $(WIRE_TESTS) $(APP_TESTS) $(KERNCHECK) $(EXAMPLES)
check-asan: $(BINARIES) $(CHECK_TESTS) $(REPLAYS)

##  make check-long      sanitizers over every test, clang, planted bugs, reproducible builds, a bare Debian (an hour)
TSAN = BUILD=build-tsan SANITIZE=thread OPT="-O1 -g"
TSAN_TESTS = $(filter $(BUILD)/tests/base/threads $(BUILD)/tests/nn/% $(BUILD)/tests/model/% $(BUILD)/tests/engine/%,$(FLOOR_TESTS))
.PHONY: check-long check-tsan
check-long:
	@tools/setup long
	@$(QUIET_MAKE) check-programs
	@$(QUIET_MAKE) $(ASAN) check-asan tests
	@$(QUIET_MAKE) $(TSAN) check-tsan
	@$(QUIET_MAKE) BUILD=build-clang CC=clang all tests
	@HEARTH_BUILD=build-asan tools/run-tests --minutes 60 $(patsubst $(BUILD)/%,build-asan/%,$(TESTS) $(KERNCHECK) $(REPLAYS)) \
		$(patsubst $(BUILD)/%,build-tsan/%,$(TSAN_TESTS)) \
		$(sort $(wildcard tests/bad/*.sh tests/incidents/*.sh tests/end_to_end/*.sh tests/long/*.sh)) tools/lint
check-tsan: $(TSAN_TESTS)

##  make lint            floors, banned calls, headers alone, layout and words of the sources
.PHONY: lint
lint:
	@tools/lint

##  make bench           speed and memory of the built-in model, or of MODEL=FILE; beside HEARTH_PEERS=DIR; draws docs/speed.svg
.PHONY: bench
bench:
	@$(QUIET_MAKE) all
	@bench/run $(MODEL)
	@bench/run --chart

##  make fuzz TIME=600   fuzz every parser for TIME seconds each
.PHONY: fuzz fuzzers
fuzz:
	@tools/setup long
	@$(QUIET_MAKE) BUILD=build-fuzz CC=clang SANITIZE=fuzzer-no-link,address,undefined OPT="-O1 -g" fuzzers
	@tools/fuzz build-fuzz/fuzz $(TIME)
fuzzers: $(FUZZERS)

##  make docs            render the manual pages into build/docs and check the links between documents
.PHONY: docs
docs:
	@tools/docs $(BUILD)/docs

##  make deb             a Debian package in build/, equal to the bit wherever it is made
.PHONY: deb
deb:
	@tools/setup package
	@$(QUIET_MAKE) all
	@tools/package deb $(BUILD) $(notdir $(BINARIES))

##  make tarball         an archive in build/ that runs from the folder where it is unpacked
.PHONY: tarball portable
tarball: | $(filter deb,$(MAKECMDGOALS))
	@tools/setup package
	@$(QUIET_MAKE) portable
	@tools/package tarball $(BUILD) $(notdir $(BINARIES))
portable: $(PORTABLE)

##  make install         install below PREFIX=/usr/local (staged below DESTDIR)
.PHONY: install
install: all
	$(call say,install $(DESTDIR)$(PREFIX))
	@install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin lib/pkgconfig include share/man/man1 share/hearth \
		share/bash-completion/completions share/zsh/site-functions share/applications share/metainfo \
		share/icons/hicolor/scalable/apps lib/systemd/user)
	@install -m 755 $(BINARIES) $(DESTDIR)$(PREFIX)/bin/
	@install -m 644 $(BUILD)/libhearth.a $(BUILD)/libhearth.so.$(SOVERSION) $(DESTDIR)$(PREFIX)/lib/
	@ln -sf libhearth.so.$(SOVERSION) $(DESTDIR)$(PREFIX)/lib/libhearth.so
	@$(call pc_file,$(PREFIX),$${prefix}/lib,$${prefix}/include) > $(DESTDIR)$(PREFIX)/lib/pkgconfig/hearth.pc
	@install -m 644 include/hearth.h $(DESTDIR)$(PREFIX)/include/
	@install -m 644 docs/hearth.1 docs/hearth-lab.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	@install -m 644 $(wildcard models/*.gguf models/*.md models/*.tsv) $(DESTDIR)$(PREFIX)/share/hearth/
	@install -m 644 share/completions/hearth.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/hearth
	@install -m 644 share/completions/_hearth $(DESTDIR)$(PREFIX)/share/zsh/site-functions/
	@install -m 644 share/applications/hearth.desktop $(DESTDIR)$(PREFIX)/share/applications/
	@install -m 644 share/metainfo/hearth.metainfo.xml $(DESTDIR)$(PREFIX)/share/metainfo/
	@install -m 644 share/icons/hearth.svg $(DESTDIR)$(PREFIX)/share/icons/hicolor/scalable/apps/
	@install -m 644 share/systemd/hearth.socket $(DESTDIR)$(PREFIX)/lib/systemd/user/
	@sed 's|@BINDIR@|$(PREFIX)/bin|' share/systemd/hearth.service > $(DESTDIR)$(PREFIX)/lib/systemd/user/hearth.service

##  make clean           remove everything that was built
.PHONY: clean
clean:
	rm -rf build build-arm build-asan build-clang build-fuzz build-tsan $(BUILD)

##  make help            this list
.PHONY: help
help:
	@sed -n 's/^##//p' Makefile

-include $(LIB_OBJ:.o=.d) $(EVEX_OBJ:.o=.d) $(API_OBJ:.o=.d) $(STORE_OBJ:.o=.d) $(GUARD_OBJ:.o=.d) $(WIRE_OBJ:.o=.d) $(patsubst %.c,$(BUILD)/obj/%.d,$(wildcard tests/*.c tests/*/*.c tests/app/*/*.c) \
	$(foreach p,$(PROGRAMS),$(call program_src,$(p))))
.SECONDARY:
