/* vault_service: clients, their messages, and what is done for them (see vault_service.h). */
#include "store/vault_service.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/threads.h"
#include "store/vault_messages.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 8, MAX_WAITING = 2 * MESSAGE_MOST };

static const double patience = 2; /* seconds for the rest of a message, or for an answer to be taken */

struct client {
	int fd; /* -1: free */
	uint8_t head[MESSAGE_HEAD];
	size_t n_head;
	enum message_kind kind;
	uint8_t *payload; /* of the request that comes; NULL while its head is not whole */
	size_t size, n_payload;
	struct message answer;
	size_t sent;
	double since; /* when anything last moved */
};

struct vault_service {
	struct vault *vault;
	pthread_t thread;
	int listener, stop; /* stop: an eventfd */
	char folder[1000];
	struct client clients[MAX_CLIENTS];
	size_t waiting; /* bytes that requests have announced */
};

static void forget_request(struct vault_service *s, struct client *c)
{
	if (c->payload) {
		memory_wipe_sparse(c->payload, c->size + 1);
		memory_free(c->payload);
		s->waiting -= c->size;
	}
	c->payload = NULL;
	c->n_head = c->n_payload = c->size = 0;
}

static void drop(struct vault_service *s, struct client *c)
{
	close(c->fd);
	c->fd = -1;
	forget_request(s, c);
	message_free(&c->answer);
}

static bool is_busy(const struct client *c)
{
	return c->n_head > 0 || c->answer.size > 0;
}

/* A place for a new client: a free one, or that of the one which has been idle longest; NULL while all are busy. */
static struct client *place_for_client(struct vault_service *s)
{
	struct client *oldest = NULL;
	for (int i = 0; i < MAX_CLIENTS; i++) {
		struct client *c = s->clients + i;
		if (c->fd < 0) return c;
		if (!is_busy(c) && (!oldest || c->since < oldest->since)) oldest = c;
	}
	if (oldest) drop(s, oldest);
	return oldest;
}

static void take_client(struct vault_service *s)
{
	int pid, fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) return;
	struct client *c = message_same_user(fd, &pid) ? place_for_client(s) : NULL;
	if (!c) {
		close(fd);
		return;
	}
	*c = (struct client){ .fd = fd, .since = clock_seconds() };
}

/* ---- what is asked */

/* The records of an answer. `skip` of them are passed over; `more`: some would not go in. */
struct answering {
	struct message *answer;
	size_t skip;
	bool more;
};

static bool answer_conversation(void *context, const struct conversation_entry *c)
{
	struct answering *a = context;
	const int64_t numbers[5] = { c->id, c->made, c->changed, c->parent, c->messages };
	message_record(a->answer, numbers, 0, false, c->title, strlen(c->title));
	return !a->answer->failed;
}

static bool answer_message(void *context, const struct message_entry *m)
{
	struct answering *a = context;
	const int64_t numbers[5] = { m->id, m->conversation, m->position, m->made, 0 };
	if (a->skip) {
		a->skip--;
		return true;
	}
	a->more = a->answer->size > MESSAGE_HEAD + MESSAGE_REPLY && a->answer->size + m->size > MESSAGE_PIECE;
	if (!a->more) message_record(a->answer, numbers, m->role, m->unfinished, m->text, m->size);
	return !a->more && !a->answer->failed;
}

/* A title and messages, from the records of a request. */
static bool take_conversation(struct vault *v, const struct message_request *r, int64_t *id, struct error *e)
{
	const uint8_t *at = (const uint8_t *)r->text;
	size_t left = r->size, n = 0;
	struct message_taken t, title = { .text = NULL };
	while (message_next(&at, &left, &t)) n++;
	if (!at || n == 0) return error_set(e, "the message is not understood");
	struct message_new *messages = memory_new(n, sizeof *messages);
	if (!messages) return error_memory(e);
	at = (const uint8_t *)r->text;
	left = r->size;
	message_next(&at, &left, &title);
	for (n = 0; message_next(&at, &left, &t); n++)
		messages[n] = (struct message_new){ (enum message_role)t.role, t.numbers[3], t.text, t.size };
	bool ok = conversations_take(v, title.text, r->number, r->id, messages, n, id, e);
	memory_free(messages);
	return ok;
}

static bool delete_conversations(struct vault *v, const struct message_request *r, struct error *e)
{
	size_t n = r->size / sizeof(int64_t);
	int64_t *ids = memory_new(n + 1, sizeof *ids);
	if (!ids) return error_memory(e);
	memcpy(ids, r->text, n * sizeof *ids);
	bool ok = conversations_delete(v, ids, n, e);
	memory_free(ids);
	return ok;
}

/* Texts have a zero byte behind them; a title or words with one inside end there. */
static bool do_request(struct vault *v, const struct message_request *r, struct answering *a, int64_t *result, struct error *e)
{
	switch (r->kind) {
	case MESSAGE_STATE: return true;
	case MESSAGE_LOCK: vault_lock(v); return true;
	case MESSAGE_NEW: return conversations_new(v, r->text, result, e);
	case MESSAGE_ADD: return conversations_add(v, r->id, (enum message_role)r->role, r->text, r->size, e);
	case MESSAGE_WRITE:
		return conversations_write(v, r->id, r->number, (enum message_role)r->role, r->text, r->size, r->flag != 0, e);
	case MESSAGE_TAKE: return take_conversation(v, r, result, e);
	case MESSAGE_RENAME: return conversations_rename(v, r->id, r->text, e);
	case MESSAGE_CUT: return conversations_cut(v, r->id, r->number, e);
	case MESSAGE_BRANCH: return conversations_branch(v, r->id, r->number, result, e);
	case MESSAGE_LIST: return conversations_list(v, answer_conversation, a, e);
	case MESSAGE_READ: return conversations_read_from(v, r->id, r->number, answer_message, a, e);
	case MESSAGE_DELETE: return delete_conversations(v, r, e);
	case MESSAGE_SEARCH:
		a->skip = r->id > 0 ? (size_t)r->id : 0;
		return conversations_search(v, r->text, (size_t)r->number, answer_message, a, e);
	default: return error_set(e, "the message is not understood");
	}
}

static void answer(struct vault_service *s, struct client *c)
{
	struct error e = { "" };
	struct message_request r;
	struct answering a = { .answer = &c->answer };
	int64_t result = 0;
	message_begin_reply(&c->answer);
	bool ok = message_read_request(&r, c->kind, c->payload, c->size) ? do_request(s->vault, &r, &a, &result, &e)
	                                                                 : error_set(&e, "the message is not understood");
	if (ok && c->answer.failed) ok = error_set(&e, "%s: is too much for one answer", s->folder);
	if (!ok) {
		message_free(&c->answer);
		message_begin_reply(&c->answer);
		message_append(&c->answer, e.text, strlen(e.text));
	}
	message_end_reply(&c->answer, ok ? MESSAGE_DONE : MESSAGE_FAILED, result, vault_is_open(s->vault), a.more);
	c->sent = 0;
	forget_request(s, c);
}

/* As long as the request took, at most 50 ms: the owner's own thread has half of the time at least. */
static void let_owner_in(double took)
{
	if (took > 0.05) took = 0.05;
	struct timespec t = { .tv_nsec = (long)(took * 1e9) };
	nanosleep(&t, NULL);
}

/* ---- bytes */

/* Takes what there is. False: the client is to be dropped. */
static bool receive(struct vault_service *s, struct client *c)
{
	uint8_t *to = c->payload ? c->payload + c->n_payload : c->head + c->n_head;
	size_t wanted = c->payload ? c->size - c->n_payload : MESSAGE_HEAD - c->n_head;
	ssize_t n = recv(c->fd, to, wanted, 0);
	if (n < 0) return errno == EAGAIN || errno == EINTR;
	if (n == 0) return false;
	c->since = clock_seconds();
	if (c->payload) {
		c->n_payload += (size_t)n;
	} else {
		c->n_head += (size_t)n;
		if (c->n_head < MESSAGE_HEAD) return true;
		size_t size;
		if (!message_head(c->head, false, &c->kind, &size) || size > MAX_WAITING - s->waiting) return false;
		c->payload = memory_new(size + 1, 1);
		if (!c->payload) return false;
		c->size = size;
		s->waiting += size;
	}
	if (c->n_payload < c->size) return true;
	answer(s, c);
	let_owner_in(clock_seconds() - c->since);
	c->since = clock_seconds();
	return !c->answer.failed;
}

static bool send_answer(struct client *c)
{
	ssize_t n = send(c->fd, c->answer.bytes + c->sent, c->answer.size - c->sent, MSG_NOSIGNAL);
	if (n < 0) return errno == EAGAIN || errno == EINTR;
	c->sent += (size_t)n;
	c->since = clock_seconds();
	if (c->sent == c->answer.size) message_free(&c->answer);
	return true;
}

/* While an answer waits to be taken nothing more is read, so that each client has one request here at most. */
static void serve_client(struct vault_service *s, struct client *c, short events)
{
	bool ok = !(events & (POLLERR | POLLNVAL));
	if (ok && c->answer.size)
		ok = !(events & POLLOUT) || send_answer(c);
	else if (ok && events & (POLLIN | POLLHUP))
		ok = receive(s, c);
	if (ok && is_busy(c)) ok = clock_seconds() - c->since < patience;
	if (!ok) drop(s, c);
}

static void *serve(void *data)
{
	struct vault_service *s = data;
	for (;;) {
		struct pollfd fds[2 + MAX_CLIENTS] = { { .fd = s->stop, .events = POLLIN },
			                               { .fd = s->listener, .events = POLLIN } };
		bool busy = false;
		for (int i = 0; i < MAX_CLIENTS; i++) {
			const struct client *c = s->clients + i;
			fds[2 + i] = (struct pollfd){ .fd = c->fd, .events = c->answer.size ? POLLOUT : POLLIN };
			busy |= c->fd >= 0 && is_busy(c);
		}
		/* An idle owner is not woken; one that waits for the rest of a message looks at the clock. */
		if (poll(fds, 2 + MAX_CLIENTS, busy ? 1000 : -1) < 0 && errno != EINTR) break;
		if (fds[0].revents) break;
		for (int i = 0; i < MAX_CLIENTS; i++) {
			if (s->clients[i].fd >= 0) serve_client(s, s->clients + i, fds[2 + i].revents);
		}
		if (fds[1].revents & POLLIN) take_client(s);
	}
	for (int i = 0; i < MAX_CLIENTS; i++) {
		if (s->clients[i].fd >= 0) drop(s, s->clients + i);
	}
	return NULL;
}

/* ---- start and end */

/* The mode of a socket's file is that of the descriptor when it is bound. */
static bool open_socket(struct vault_service *s)
{
	struct sockaddr_un address;
	int folder;
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener < 0 || !message_address(&address, s->folder, &folder)) return false;
	unlink(address.sun_path);
	bool ok = fchmod(s->listener, 0600) == 0 && bind(s->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
	          listen(s->listener, MAX_CLIENTS) == 0;
	int error = errno;
	if (folder >= 0) close(folder);
	errno = error;
	return ok;
}

static void remove_socket(const struct vault_service *s)
{
	struct sockaddr_un address;
	int folder;
	if (!message_address(&address, s->folder, &folder)) return;
	unlink(address.sun_path);
	if (folder >= 0) close(folder);
}

struct vault_service *vault_service_start(struct vault *v, struct error *e)
{
	struct vault_service *s = memory_new(1, sizeof *s);
	if (!s) {
		error_memory(e);
		return NULL;
	}
	s->vault = v;
	s->listener = -1;
	for (int i = 0; i < MAX_CLIENTS; i++) s->clients[i].fd = -1;
	memcpy(s->folder, vault_name(v), strlen(vault_name(v)) + 1);
	s->stop = eventfd(0, EFD_CLOEXEC);
	if (s->stop >= 0 && open_socket(s) && threads_start(&s->thread, serve, s)) return s;
	error_set(e, "%s/vault.sock: cannot be opened for others: %s", s->folder, strerror(errno));
	if (s->stop >= 0) close(s->stop);
	if (s->listener >= 0) {
		close(s->listener);
		remove_socket(s);
	}
	memory_free(s);
	return NULL;
}

void vault_service_stop(struct vault_service *s)
{
	const uint64_t one = 1;
	if (!s) return;
	if (write(s->stop, &one, sizeof one) == sizeof one) pthread_join(s->thread, NULL);
	remove_socket(s);
	close(s->listener);
	close(s->stop);
	memory_wipe(s, sizeof *s);
	memory_free(s);
}
