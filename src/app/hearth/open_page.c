/* open_page: the file that leads to the page, and the process that shows it (see open_page.h). */
#include "app/hearth/open_page.h"

#include "app/hearth/commands.h"
#include "app/hearth/programs.h"
#include "app/hearth/serve.h"
#include "app/hearth/terminal.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_PAGE = 65536, MOST_ADDRESS = 256 };
static const char page_file[] = "open.html", systemd_file[] = "hearth.address";

static char browser_path[PATHS_ROOM];
static int to_browser = -1; /* where the path is written; -1: nobody would read it */

/* ---- the process beside ---- */

static bool find_browser(void)
{
	const char *path = getenv("PATH"), *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
	if (!path || !((x && *x) || (wayland && *wayland))) return false;
	for (size_t n; *path; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		int length = snprintf(browser_path, PATHS_ROOM, "%.*s/%s", (int)(n < PATHS_ROOM ? n : 0), path, "xdg-open");
		if (path[0] == '/' && length < PATHS_ROOM && access(browser_path, X_OK) == 0) return true;
	}
	return false;
}

/* Waits for the path; without one there is nothing to open. */
static void wait_and_open(int from)
{
	char path[PATHS_ROOM];
	size_t size = 0;
	ssize_t n;
	while (size < sizeof path - 1 && ((n = read(from, path + size, sizeof path - 1 - size)) > 0 || (n < 0 && errno == EINTR)))
		size += n > 0 ? (size_t)n : 0;
	path[size] = 0;
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (size == 0 || nothing < 0) _exit(0);
	for (int fd = 0; fd < 3; fd++) dup2(nothing, fd);
	setsid(); /* what ends hearth does not end the browser */
	char name[] = "xdg-open", *arguments[] = { name, path, NULL };
	execve(browser_path, arguments, environ);
	_exit(1);
}

void open_page_begin(void)
{
	int ends[2];
	if (!find_browser() || pipe2(ends, O_CLOEXEC) != 0) return;
	pid_t child = fork();
	if (child == 0) {
		close(ends[1]);
		wait_and_open(ends[0]);
	}
	close(ends[0]);
	to_browser = child > 0 ? ends[1] : -1;
	if (child < 0) close(ends[1]);
}

/* ---- the file ---- */

static void append_escaped(struct buffer *b, const char *text)
{
	for (; *text; text++) {
		if (strchr("<>&\"'", *text))
			buffer_format(b, "&#%d;", *text);
		else
			buffer_append_byte(b, (uint8_t)*text);
	}
}

static bool show(const struct paths *p, struct buffer *page)
{
	struct file_writer w;
	struct error ignored; /* the caller says the same in the terminal */
	char path[PATHS_ROOM];
	if (to_browser < 0 || page->failed || !paths_join(path, p->settings, page_file)) return false;
	mode_t mask = umask(077);
	bool ok = file_create(&w, path, &ignored);
	umask(mask);
	ok = ok && file_write(&w, page->data, page->size, &ignored) && file_commit(&w, &ignored);
	if (!ok) file_abandon(&w);
	ok = ok && write(to_browser, path, strlen(path)) == (ssize_t)strlen(path);
	close(to_browser);
	to_browser = -1;
	return ok;
}

bool open_page_show(const struct paths *p, const char *url, const char *token)
{
	struct buffer page = buffer_new(MOST_PAGE);
	if (strncmp(url, "http", 4) != 0) return false; /* a Unix socket */
	buffer_append_text(&page,
	                   "<!doctype html>\n<meta charset=\"utf-8\">\n<title>hearth</title>\n"
	                   "<meta name=\"referrer\" content=\"no-referrer\">\n<meta http-equiv=\"refresh\" content=\"0;url=");
	append_escaped(&page, url);
	buffer_append_text(&page, "#token=");
	append_escaped(&page, token);
	buffer_append_text(&page, "\">\n<p><a href=\"");
	append_escaped(&page, url);
	buffer_append_text(&page, "#token=");
	append_escaped(&page, token);
	buffer_append_text(&page, "\">Open hearth</a></p>\n");
	bool ok = show(p, &page);
	if (page.data) memory_wipe(page.data, page.size);
	buffer_free(&page);
	return ok;
}

bool open_page_fail(const struct paths *p, const char *text)
{
	struct buffer page = buffer_new(MOST_PAGE);
	buffer_append_text(&page,
	                   "<!doctype html>\n<meta charset=\"utf-8\">\n<title>hearth</title>\n<h1>hearth cannot start</h1>\n<p>");
	append_escaped(&page, text);
	buffer_append_text(&page, "</p>\n");
	bool ok = show(p, &page);
	buffer_free(&page);
	return ok;
}

/* ---- the command ---- */

/* The address that systemd listens at for hearth (share/systemd/hearth.socket): it starts the server when somebody comes. */
static bool find_activated(char url[MOST_ADDRESS])
{
	const char *folder = getenv("XDG_RUNTIME_DIR");
	char path[PATHS_ROOM];
	struct error ignored;
	size_t size;
	if (!folder || folder[0] != '/' || !paths_join(path, folder, systemd_file)) return false;
	char *text = paths_is_file(path) ? file_read(path, MOST_ADDRESS - 1, &size, &ignored) : NULL;
	if (!text) return false;
	static const char start[] = "http://127.0.0.1:";
	size_t n = strcspn(text, "\n"), digits = n > sizeof start ? strspn(text + sizeof start - 1, "0123456789") : 0;
	bool ok = strncmp(text, start, sizeof start - 1) == 0 && digits > 0 && sizeof start - 1 + digits + 1 == n &&
	          text[n - 1] == '/';
	if (ok) snprintf(url, MOST_ADDRESS, "%.*s", (int)n, text);
	memory_free(text);
	return ok;
}

static int show_running(const struct options *o, const struct paths *p, const char *url)
{
	char token[SERVE_TOKEN_ROOM];
	struct error e;
	bool ok = serve_token(token, p, o, &e);
	if (!ok) return commands_fail(&e);
	if (open_page_show(p, url, token))
		printf("hearth is open in your browser: %s\n", url);
	else if (url[0] == '/')
		printf("hearth serves on the socket %s, which no browser opens.\n", url);
	else
		printf("Open this address in a browser: %s#token=%s\n", url, token);
	memory_wipe(token, sizeof token);
	return STATUS_DONE;
}

int open_command(const struct options *o)
{
	char url[MOST_ADDRESS];
	struct error e;
	if (o->n_words) {
		error_set(&e, "open takes no word '%.80s'", o->words[0]);
		return commands_misuse("open", &e);
	}
	struct paths *p = memory_new(1, sizeof *p);
	if (!p) {
		error_memory(&e);
		return commands_fail(&e);
	}
	paths_find(p);
	int status = serve_find_place(p, url) || find_activated(url) ? show_running(o, p, url) : serve_command(o);
	memory_free(p);
	return status;
}
