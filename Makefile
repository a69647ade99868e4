# Builds otel-run and puts it, its manual pages and its completions in place.
#
#   make install [PREFIX=/usr/local] [DESTDIR=] [BINARY=target/release/otel-run]
#   make uninstall [PREFIX=/usr/local] [DESTDIR=]
#
# A binary that is named with BINARY is installed as it is; otherwise cargo builds it.

PREFIX = /usr/local
CARGO = cargo
INSTALL = install

# Folders may have spaces in their names.
bin = "$(DESTDIR)$(PREFIX)/bin"
share = "$(DESTDIR)$(PREFIX)/share"

.PHONY: build install uninstall

ifdef BINARY
build:
else
BINARY = $(or $(CARGO_TARGET_DIR),target)/release/otel-run
build:
	$(CARGO) build --release --locked --bin otel-run
endif

install: build
	$(INSTALL) -d $(bin) $(share)/man/man1 $(share)/man/man5 $(share)/bash-completion/completions \
		$(share)/zsh/site-functions $(share)/fish/vendor_completions.d $(share)/elvish/lib
	$(INSTALL) -m 755 "$(BINARY)" $(bin)/otel-run
	$(INSTALL) -m 644 $(wildcard man/*.1) $(share)/man/man1
	$(INSTALL) -m 644 $(wildcard man/*.5) $(share)/man/man5
	$(INSTALL) -m 644 completions/otel-run.bash $(share)/bash-completion/completions/otel-run
	$(INSTALL) -m 644 completions/_otel-run $(share)/zsh/site-functions/_otel-run
	$(INSTALL) -m 644 completions/otel-run.fish $(share)/fish/vendor_completions.d/otel-run.fish
	$(INSTALL) -m 644 completions/otel-run.elv $(share)/elvish/lib/otel-run.elv

uninstall:
	rm -f $(bin)/otel-run $(share)/bash-completion/completions/otel-run $(share)/zsh/site-functions/_otel-run \
		$(share)/fish/vendor_completions.d/otel-run.fish $(share)/elvish/lib/otel-run.elv
	for page in $(notdir $(wildcard man/*.1 man/*.5)); do rm -f $(share)/man/man$${page##*.}/$$page; done
