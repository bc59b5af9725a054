/* terminal: properties and signals (see terminal.h). */
#include "app/hearth/terminal.h"

#include "app/hearth/options.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { MIN_WIDTH = 20, USUAL_WIDTH = 80 };

static volatile sig_atomic_t interrupted, resized, returned, patience_left, to_wake = -1;

struct terminal terminal_look(bool colour)
{
	struct terminal t = { .input = isatty(STDIN_FILENO) != 0, .output = isatty(STDOUT_FILENO) != 0 };
	const char *name = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	setlocale(LC_CTYPE, "");
	t.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	/* What a person types is UTF-8 almost everywhere, a plain C locale included: line editing would lose it otherwise. */
	if (t.ascii && strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968") == 0) setlocale(LC_CTYPE, "C.UTF-8");
	t.movable = t.output && name && *name && strcmp(name, "dumb") != 0;
	t.styled = colour && t.movable && !(no_colour && *no_colour);
	return t;
}

unsigned terminal_width(void)
{
	struct winsize size;
	unsigned width = 0;
	const char *columns = getenv("COLUMNS");
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) width = size.ws_col;
	if (width == 0 && columns) width = (unsigned)strtoul(columns, NULL, 10);
	if (width == 0 || width > 10000) width = USUAL_WIDTH;
	return width < MIN_WIDTH ? MIN_WIDTH : width;
}

static void on_interrupt(int number)
{
	(void)number;
	const uint64_t one = 1;
	interrupted = interrupted + 1;
	if (to_wake >= 0 && write(to_wake, &one, sizeof one) < 0) return; /* full: it is awake */
	if (interrupted >= patience_left) _exit(STATUS_INTERRUPTED);
}

static void on_size_change(int number)
{
	(void)number;
	resized = 1;
}

static void on_return(int number)
{
	(void)number;
	returned = 1;
}

void terminal_wake_by(int descriptor)
{
	to_wake = descriptor;
}

void terminal_watch_signals(int patience)
{
	patience_left = patience;
	/* Without SA_RESTART: a wait for input ends and looks at the marks. */
	struct sigaction action = { .sa_handler = on_interrupt };
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	action.sa_handler = on_size_change;
	sigaction(SIGWINCH, &action, NULL);
	action.sa_handler = on_return;
	sigaction(SIGCONT, &action, NULL);
}

bool terminal_interrupted(void)
{
	return interrupted != 0;
}

bool terminal_take_interrupt(void)
{
	bool was = interrupted != 0;
	interrupted = 0;
	return was;
}

bool terminal_take_size_change(void)
{
	bool was = resized != 0;
	resized = 0;
	return was;
}

bool terminal_take_return(void)
{
	bool was = returned != 0;
	returned = 0;
	return was;
}

void terminal_hide_typing(bool hide)
{
	static bool was_shown;
	struct termios settings;
	if (tcgetattr(STDIN_FILENO, &settings) != 0) return;
	if (hide) {
		was_shown = (settings.c_lflag & ECHO) != 0;
		settings.c_lflag &= ~(tcflag_t)ECHO;
	} else if (was_shown) {
		settings.c_lflag |= ECHO;
	}
	tcsetattr(STDIN_FILENO, TCSADRAIN, &settings);
}

bool terminal_write(const char *bytes, unsigned long size)
{
	while (size > 0) {
		ssize_t n = write(STDOUT_FILENO, bytes, size);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return false;
		bytes += n;
		size -= (unsigned long)n;
	}
	return true;
}
