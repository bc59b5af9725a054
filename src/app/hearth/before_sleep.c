/* before_sleep: one process and what it says (see before_sleep.h). */
#include "app/hearth/before_sleep.h"

#include "app/hearth/programs.h"
#include "wire/sleep.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct before_sleep before_sleep_none(void)
{
	return (struct before_sleep){ .socket = -1, .program = { .ended = -1 } };
}

void before_sleep_begin(struct before_sleep *b)
{
	int pair[2];
	struct error ignored; /* without it, locking comes when the machine wakes */
	*b = before_sleep_none();
	if (!programs_spawner() || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return;
	if (spawner_run(programs_spawner(), GUARD_SLEEP, NULL, &pair[1], 1, &b->program, &ignored))
		b->socket = pair[0];
	else
		close(pair[0]);
	close(pair[1]);
}

enum before_sleep_news before_sleep_look(struct before_sleep *b)
{
	enum before_sleep_news news = BEFORE_SLEEP_NOTHING;
	while (b->socket >= 0 && news != BEFORE_SLEEP_NOW) {
		char word;
		ssize_t n = recv(b->socket, &word, 1, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
		if (n == 1 && word == SLEEP_COMES)
			news = BEFORE_SLEEP_NOW;
		else if (n == 1 && word == SLEEP_WATCHED)
			news = BEFORE_SLEEP_WATCHED;
		else
			before_sleep_end(b); /* it has ended, or says what makes no sense */
	}
	return news;
}

void before_sleep_end(struct before_sleep *b)
{
	if (b->socket < 0) return;
	close(b->socket);
	/* It ends by itself; a program that hangs must not let the machine wait. */
	if (programs_spawner()) spawner_kill(programs_spawner(), &b->program);
	spawner_forget(&b->program);
	b->socket = -1;
}
