/* talk: a chat over the scripted engine, one line after another; what each shows is kept. Included by one test alone. */
#ifndef HEARTH_TESTS_APP_HEARTH_TALK_H
#define HEARTH_TESTS_APP_HEARTH_TALK_H

#include "app/hearth/chat.h"
#include "base/file.h"
#include "scripted_engine.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct talk {
	struct options options;
	struct opening opening;
	struct chat chat;
	char folder[64];
	char *shown; /* what the last step wrote */
};

static struct talk *talk_new(uint32_t context)
{
	struct talk *t = memory_new(1, sizeof *t);
	struct hearth_options wanted = { .size = sizeof wanted, .context = context };
	struct hearth_error error;
	struct terminal plain = { .output = true, .ascii = false };
	snprintf(t->folder, sizeof t->folder, "/tmp/hearth-chat-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	assert_true(hearth_open(&wanted, &t->opening.engine, &error));
	t->opening.info.size = sizeof t->opening.info;
	hearth_info(t->opening.engine, &t->opening.info);
	snprintf(t->opening.file.name, sizeof t->opening.file.name, "scripted");
	t->chat.options = &t->options;
	t->chat.opening = &t->opening;
	t->chat.last = answer_new();
	t->chat.before_sleep = before_sleep_none();
	t->chat.session = hearth_session_new(t->opening.engine);
	view_open(&t->chat.view, &plain);
	memset(&scripted, 0, sizeof scripted);
	return t;
}

static void talk_free(struct talk *t)
{
	view_close(&t->chat.view);
	answer_free(&t->chat.last);
	conversation_free(&t->chat.conversation);
	hearth_close(t->opening.engine);
	rmdir(t->folder);
	memory_free(t->shown);
	memory_free(t);
}

/* One line as the chat takes it; its output is kept in t->shown. */
static const char *enter(struct talk *t, const char *line)
{
	char path[128];
	struct error e;
	size_t size;
	snprintf(path, sizeof path, "%s/out", t->folder);
	fflush(stdout);
	int saved = dup(1), file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(saved >= 0 && file >= 0 && dup2(file, 1) == 1);
	if (chat_is_command(line, strlen(line))) {
		chat_command_line(&t->chat, line);
	} else {
		conversation_ask(&t->chat.conversation, line, strlen(line));
		chat_turn(&t->chat);
	}
	assert_int_equal(dup2(saved, 1), 1);
	close(saved);
	close(file);
	memory_free(t->shown);
	t->shown = file_read(path, 1 << 24, &size, &e);
	assert_non_null(t->shown);
	unlink(path);
	return t->shown;
}

/* Does what was shown have this part, lines broken or not? */
static bool shows(struct talk *t, const char *part)
{
	if (strstr(t->shown, part)) return true;
	char *flat = memory_copy_text(t->shown, strlen(t->shown));
	for (char *p = flat; *p; p++) {
		if (*p == '\n') *p = ' ';
	}
	bool found = strstr(flat, part) != NULL;
	memory_free(flat);
	return found;
}

static void expect(struct talk *t, const char *line, const char *part)
{
	enter(t, line);
	if (!shows(t, part)) fail_msg("'%s' showed '%s', not '%s'", line, t->shown, part);
}

#endif
