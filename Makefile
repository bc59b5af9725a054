# hearth: `make help` lists the targets.

BUILD ?= build
CC ?= cc
ARCH := $(shell $(CC) -dumpmachine | cut -d- -f1)

WARN = -Wall -Wextra -Wshadow -Wconversion -Werror
OPT ?= -O2 -g
SANITIZE ?=
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -Isrc -Iinclude $(WARN) $(OPT) -fPIC -fno-math-errno -ffp-contract=off \
	-fstack-protector-strong -fvisibility=hidden -ffile-prefix-map=$(CURDIR)=. \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer) $(CFLAGS)
LDFLAGS_ALL = -Wl,-z,relro,-z,now,--as-needed $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)

# The library: every floor below the programs. A kernel file's ending names the CPU level that it is compiled for.
LIB_FLOORS = base format text nn model engine
LIB_SRC := $(foreach f,$(LIB_FLOORS),$(wildcard src/$(f)/*.c))
ifneq ($(ARCH),x86_64)
LIB_SRC := $(filter-out %_avx2.c %_avxvnni.c %_avx512.c %_avx512vnni.c %_avx512bf16.c %_amx.c,$(LIB_SRC))
endif
ifneq ($(ARCH),aarch64)
LIB_SRC := $(filter-out %_neon.c %_dotprod.c %_i8mm.c,$(LIB_SRC))
endif
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
LIBS = -ljansson -lutf8proc -lm -lpthread

LEVEL_avx2 = -mavx2 -mfma -mf16c -mbmi2
LEVEL_avxvnni = $(LEVEL_avx2) -mavxvnni
LEVEL_avx512 = $(LEVEL_avx2) -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mprefer-vector-width=512
LEVEL_avx512vnni = $(LEVEL_avx512) -mavx512vnni
LEVEL_avx512bf16 = $(LEVEL_avx512vnni) -mavx512bf16
LEVEL_amx = $(LEVEL_avx512bf16) -mamx-tile -mamx-bf16 -mamx-int8
LEVEL_dotprod = -march=armv8.2-a+dotprod
LEVEL_i8mm = -march=armv8.2-a+dotprod+i8mm
level_flags = $(LEVEL_$(lastword $(subst _, ,$(basename $(notdir $(1))))))

PROGRAMS := $(notdir $(patsubst %/,%,$(wildcard src/app/*/)))
program_src = $(wildcard src/app/$(1)/*.c)
binary_hearth = hearth
binary_lab = hearth-lab
LIBS_hearth = -ledit

TEST_SRC := $(wildcard $(foreach f,$(LIB_FLOORS),tests/$(f)/*.c))
TESTS := $(TEST_SRC:tests/%.c=$(BUILD)/tests/%)

.PHONY: all
all: $(foreach p,$(PROGRAMS),$(BUILD)/$(binary_$(p)))

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(call level_flags,$<) -MMD -MP -c $< -o $@

$(BUILD)/libhearth.a: $(LIB_OBJ)
	rm -f $@
	ar crD $@ $^

define program_rule
$(BUILD)/$(binary_$(1)): $(patsubst %.c,$(BUILD)/obj/%.o,$(call program_src,$(1))) $(BUILD)/libhearth.a
	$$(CC) $$(LDFLAGS_ALL) $$^ $$(LIBS_$(1)) $$(LIBS) -o $$@
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(p))))

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/libhearth.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -lcmocka -o $@

.PHONY: tests
tests: $(TESTS)

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(LIB_OBJ:.o=.d) $(TEST_SRC:%.c=$(BUILD)/obj/%.d) $(foreach p,$(PROGRAMS),$(patsubst %.c,$(BUILD)/obj/%.d,$(call program_src,$(p))))
