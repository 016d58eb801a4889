# SPDX-License-Identifier: MIT
# Everything is found by wildcards: a new command, module or test edits
# nothing here. `make B=dir` builds elsewhere, V=1 shows the commands,
# DEV=1 makes warnings errors, SANITIZE=address,undefined instruments.
VERSION = 0.1.0
B ?= build
prefix ?= /usr/local
bindir ?= $(prefix)/bin
libexecdir ?= $(prefix)/libexec
docdir ?= $(prefix)/share/doc/leadpipe
mandir ?= $(prefix)/share/man
pkgdatadir ?= $(prefix)/share/leadpipe
bashcompdir ?= $(prefix)/share/bash-completion/completions
zshcompdir ?= $(prefix)/share/zsh/site-functions
fishcompdir ?= $(prefix)/share/fish/vendor_completions.d
unitdir ?= $(prefix)/lib/systemd/system
sysusersdir ?= $(prefix)/lib/sysusers.d
tmpfilesdir ?= $(prefix)/lib/tmpfiles.d

CFLAGS ?= -O2 -g
WARN = -Wall -Wextra $(if $(DEV),-Wpedantic -Wshadow -Wconversion -Wvla \
	-Wmissing-prototypes -Wstrict-prototypes -Werror)
HARDEN = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 \
	-fstack-protector-strong)
INCLUDE = -Ilib
DEFINE = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
	-DLEADPIPE_VERSION='"$(VERSION)"' \
	-DLEADPIPE_LIBEXECDIR='"$(libexecdir)/leadpipe"' \
	-DLEADPIPE_MANDIR='"$(mandir)"'
COMPILE = $(CC) -std=c11 $(DEFINE) $(CPPFLAGS) $(CFLAGS) $(WARN) $(HARDEN) \
	-fPIE -ffile-prefix-map=$(CURDIR)=. $(PKG_CFLAGS)
LINK = $(CC) $(CFLAGS) $(HARDEN) $(if $(filter %.so,$@),,-pie) $(LDFLAGS) \
	-Wl,-z,relro,-z,now -Wl,--as-needed
# Asked once, when needed: `make deps check` reads this without pkg-config.
PKGS = libcurl sqlite3 jansson $(if $(wildcard lib/shared/*.c),hiredis)
once = $(eval $1 := $(shell pkg-config $2 $(PKGS)))$($1)
PKG_CFLAGS = $(call once,PKG_CFLAGS,--cflags)
PKG_LIBS = $(call once,PKG_LIBS,--libs)
TEST_LIBS = -lcmocka -lmicrohttpd $(PKG_LIBS) -pthread

# Top layer first, as the linker wants it.
LAYERS = ops delivery turn bot crm telegram shared store net base
FOLDERS = $(foreach d,$(LAYERS),$(if $(wildcard lib/$d/*.c),$d))
# The folders that a source names in its `/* needs: ... */` line, else $2.
# Spelt so that a static pattern rule does not take it for its stem.
any = %
needs = $(or $(shell sed -n '1,9s|^/\* needs: *\(.*\) \*/.*|\1|p' $1),$2)
archives = $(patsubst %,$(B)/lib/%.a,$(filter $(call needs,$1,$2),$(FOLDERS)))
object = $(patsubst %.c,$(B)/obj/%.o,$(wildcard $1))
run = $(if $(V),,@echo '  $1 $(patsubst $(B)/%,%,$@)';)

PROGRAMS = $(patsubst cmd/%.c,$(B)/libexec/%,\
	$(filter-out cmd/leadpipe.c,$(wildcard cmd/*.c)))
UNIT_ALL = $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c))
UNIT = $(filter $(B)/tests/unit/test_$(T)%,$(UNIT_ALL))
BENCHES = $(patsubst %.c,$(B)/%,$(wildcard tests/bench/*.c))
dirs = $(patsubst %/,$(B)/%,$(sort $(dir $(wildcard tests/$1/*/*.c))))
SIM = $(call dirs,sim)
VFS = $(patsubst %,%.a,$(filter %/vfs,$(call dirs,fault)))
SHIM = $(patsubst %,%.so,$(filter %-shim,$(call dirs,fault)))
FAULT = $(filter-out %/vfs %-shim,$(call dirs,fault))
DOCS = $(wildcard README.md README.ru.md NEWS.md LICENSE *.example \
	docs/*.md docs/*.png)
PAGES = $(notdir $(wildcard man/*.[1578]))
page = $(DESTDIR)$(mandir)/man$(patsubst .%,%,$(suffix $1))/$1
UNITS = $(notdir $(filter-out %.d,$(wildcard systemd/*@.*)))
# Each command has a handler of its own for when it failed.
HANDLERS = $(patsubst leadpipe-%,leadpipe-failed-%,$(filter %.service,$(UNITS)))
DROPINS = $(notdir $(wildcard systemd/*.d))
# Those that take long begin first, those that must be alone come last.
marked = $(shell grep -ls '^\# $1' tests/*.t)
LONG := $(call marked,long)
SERIAL := $(call marked,serial)
SCRIPTS = $(filter-out $(LONG) $(SERIAL),$(wildcard tests/*.t)) $(SERIAL)
ENV = B='$(abspath $(B))' TOP='$(CURDIR)' CC='$(CC)' \
	LEADPIPE='$(abspath $(B))/leadpipe'
PROVE = $(if $(V),,@)$(ENV) prove --exec tests/run

all: $(B)/leadpipe $(PROGRAMS)
tests: $(UNIT_ALL) $(SIM) $(SHIM) $(FAULT) $(BENCHES)

# A change of flags, or of the version, rebuilds what was built without it.
$(B)/flags: FORCE | $(filter deps,$(MAKECMDGOALS))
	@mkdir -p $(B)
	@echo '$(quoted)' | cmp -s - $@ || echo '$(quoted)' >$@
quoted = $(subst ','\'',$(COMPILE) $(LINK))

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call run,CC)$(COMPILE) $(INCLUDE) $(EXTRA) -MMD -MP -c -o $@ $<
$(B)/obj/tests/%.o: EXTRA = -Itests
$(B)/obj/tests/sim/%.o: INCLUDE =
# A shim that defines both pwrite and pwrite64 must see them as two.
$(B)/obj/tests/fault/%.o: EXTRA = -Itests -fPIC -U_TIME_BITS -U_FILE_OFFSET_BITS

.SECONDEXPANSION:
.SECONDARY:
$(FOLDERS:%=$(B)/lib/%.a) $(VFS): $(B)/%.a: $$(call object,$$*/*.c)
	@mkdir -p $(@D) && rm -f $@
	$(call run,AR)$(AR) rcsD $@ $^

define link
	@mkdir -p $(@D)
	$(call run,LD)$(LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^)
endef

$(B)/leadpipe: $(B)/obj/cmd/leadpipe.o $$(call archives,cmd/leadpipe.c,$$(any))
	$(link)
$(PROGRAMS): $(B)/libexec/%: $(B)/obj/cmd/%.o $$(call archives,cmd/$$*.c,$$(any))
	$(link) $(PKG_LIBS)
$(UNIT_ALL) $(BENCHES): $(B)/%: $(B)/obj/%.o $$(VFS) $$(call archives,$$*.c,$$(any))
	$(link) $(TEST_LIBS)
$(SIM) $(FAULT): $(B)/%: $$(call object,$$*/*.c) \
		$$(call archives,$$(wildcard $$*/*.c),none)
	$(link) $(TEST_LIBS)
# What is not Telegram's own serves the other simulator too.
$(B)/tests/sim/crm-sim: $(patsubst %,$(B)/obj/tests/sim/telegram-sim/%.o,\
	loop text timer wire)
$(SHIM): $(B)/%.so: $$(call object,$$*/*.c)
	$(link) -shared
deps:
	.ci/deps
check: all tests
	$(PROVE) -j4 $(LONG) $(UNIT_ALL) $(SCRIPTS)
unit: $$(UNIT)
	$(PROVE) $(if $(T),-v,-j2) $(UNIT)
asan:
	$(MAKE) B=$(B)-asan SANITIZE=address,undefined unit
# Thousands of documents, instants, broken connections and power cuts, and
# deadlines of 100 ms: too much at a fiftieth of the speed. The sanitizers see
# them all.
valgrind: $$(UNIT)
	$(PROVE) -j2 --exec 'tests/run --valgrind' \
		$(filter-out $(addprefix %/test_,flow_mutation flow_shape \
			http_once powerloss redis_faults redis_tls redis_wire rename \
			split sync vfs zone),$(UNIT))
demo: all $(SIM)
	$(ENV) tests/demo
bench: all $(SIM) $(BENCHES)
	$(ENV) tests/bench/run
fuzz:
	test ! -e tests/fuzz || $(ENV) tests/fuzz/run
lint format:
	.ci/$@
# A unit names the commands where they were installed.
unit = sed 's|^ExecStart=leadpipe |ExecStart=$(bindir)/leadpipe |; \
	s|/usr/libexec/|$(libexecdir)/|' systemd/$1 \
	>$(DESTDIR)$(unitdir)/$2 && chmod 644 $(DESTDIR)$(unitdir)/$2 &&
# A shell finds the words of the command line where they were installed.
completion = sed 's|/usr/share/leadpipe/|$(pkgdatadir)/|' completions/$1 \
	>$(DESTDIR)$2 && chmod 644 $(DESTDIR)$2
install: all
	install -d $(addprefix $(DESTDIR),$(bindir) $(libexecdir)/leadpipe \
		$(docdir)/docs $(DROPINS:%=$(unitdir)/%) $(sysusersdir) $(tmpfilesdir) \
		$(pkgdatadir) $(bashcompdir) $(zshcompdir) $(fishcompdir))
	install $(B)/leadpipe $(DESTDIR)$(bindir)
	install $(PROGRAMS) $(DESTDIR)$(libexecdir)/leadpipe
	$(foreach d,$(DOCS),install -m 644 $d $(DESTDIR)$(docdir)/$d &&) :
	$(foreach p,$(PAGES),install -D -m 644 man/$p $(call page,$p) &&) :
	install completions/words $(DESTDIR)$(pkgdatadir)/completion-words
	$(call completion,leadpipe.bash,$(bashcompdir)/leadpipe)
	$(call completion,_leadpipe,$(zshcompdir)/_leadpipe)
	$(call completion,leadpipe.fish,$(fishcompdir)/leadpipe.fish)
	$(foreach u,$(UNITS),$(call unit,$u,$u)) \
	$(foreach u,$(HANDLERS),$(call unit,leadpipe-failed.service,$u)) :
	$(foreach d,$(DROPINS),install -m 644 systemd/$d/* \
		$(DESTDIR)$(unitdir)/$d &&) :
	install -m 644 systemd/sysusers.conf \
		$(DESTDIR)$(sysusersdir)/leadpipe.conf
	install -m 644 systemd/tmpfiles.conf \
		$(DESTDIR)$(tmpfilesdir)/leadpipe.conf
uninstall:
	cd $(DESTDIR)$(bindir) && rm -f leadpipe
	cd $(DESTDIR)$(libexecdir)/leadpipe && rm -f $(notdir $(PROGRAMS))
	cd $(DESTDIR)$(docdir) && rm -f $(DOCS)
	rm -f $(foreach p,$(PAGES),$(call page,$p))
	cd $(DESTDIR)$(unitdir) && rm -f $(UNITS) $(HANDLERS) \
		$(DROPINS:%=%/*)
	rm -f $(addprefix $(DESTDIR),$(sysusersdir)/leadpipe.conf \
		$(tmpfilesdir)/leadpipe.conf $(pkgdatadir)/completion-words \
		$(bashcompdir)/leadpipe $(zshcompdir)/_leadpipe \
		$(fishcompdir)/leadpipe.fish)
	-rmdir $(addprefix $(DESTDIR),$(libexecdir)/leadpipe $(docdir)/docs \
		$(docdir) \
		$(pkgdatadir) $(DROPINS:%=$(unitdir)/%))
dist:
	.ci/dist $(VERSION)
clean:
	rm -rf $(B) $(B)-asan

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
FORCE:
.PHONY: all tests deps check unit asan valgrind demo bench fuzz lint format \
	install uninstall dist clean FORCE
