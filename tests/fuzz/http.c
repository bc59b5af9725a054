/*
 * http: any bytes as what a client sends to hearth-front, from the connection to what would be handed to hearth and back.
 *
 * The first byte chooses: 0: the rest is sent as it is; else a request with the token to one of the paths that take a body, the
 * rest being the body. What is submitted or asked gets an answer made of the same bytes. Whatever comes, the connection ends, all
 * that belonged to it is gone, and what was handed over can be read.
 */
#include "app/front/front.h"
#include "app/front/routes.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROUNDS = 1000, MOST = 1 << 20 };

static const char *const paths[] = { "/v1/chat/completions",
	                             "/v1/completions",
	                             "/v1/embeddings",
	                             "/v1/messages",
	                             "/v1/messages/count_tokens",
	                             "/infill",
	                             "/api/chat",
	                             "/api/generate",
	                             "/api/show",
	                             "/tokenize",
	                             "/detokenize",
	                             "/apply-template",
	                             "/api/embed",
	                             "/v1/responses",
	                             "/completion",
	                             "/hearth/enter" };

static struct front front;
static int hearth; /* the other end of its way to hearth */
static struct frame_reader reader;

static void begin(void)
{
	static const char *const origins[] = { "https://notes.example" };
	struct error e;
	int pair[2];
	if (front.http) return;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) abort();
	front.post = post_new(pair[0]);
	hearth = pair[1];
	reader = frame_reader_new(hearth, false);
	front.room = wire_room_new();
	front.gate = (struct gate){ .token = "token", .cookie = "cookie", .origins = origins, .n_origins = 1 };
	gate_add_name(&front.gate, "h", 0);
	const struct http_settings s = { -1, NULL, NULL, front_headers, http_usual_limits, front_handler(&front) };
	front.http = http_start(&s, &e);
	if (!front.http) abort();
}

/* As hearth would: a prompt, some text, an end. What was handed over has to be sound. */
static void answer(const uint8_t *data, size_t size)
{
	struct error e;
	struct frame f;
	struct buffer out = buffer_new(4 * MOST);
	struct wire_room room = wire_room_new();
	size_t some = size < 64 ? size : 64;
	while (frame_receive(&reader, 0, &f, &e) == FRAME_CAME) {
		struct serve_submit s;
		struct serve_ask a;
		if (f.kind == SERVE_SUBMIT) {
			if (!serve_get_submit(f.data, f.size, &s, &room)) abort();
			const struct hearth_event events[] = {
				{ .kind = HEARTH_PROMPT, .n_prompt = 3, .n_context = 100 },
				{ .kind = HEARTH_ANSWER, .text = "{\"a\": <tool_call>", .text_length = 17 },
				{ .kind = HEARTH_DONE, .stop = 1 + (uint32_t)(size % 5), .n_prompt = 3, .n_generated = 2 },
				{ .kind = HEARTH_FAILED, .failure = 1 + (uint32_t)(size % 4), .text = "no", .text_length = 2 },
			};
			for (int i = 0; i < 3; i++) {
				struct hearth_event event = events[i == 2 && size % 7 == 0 ? 3 : i];
				size_t begun = frame_begin(&out, SERVE_EVENT);
				serve_put_event(&out, s.call, &event);
				if (!frame_end(&out, begun)) abort();
			}
		} else if (f.kind == SERVE_ASK) {
			if (!serve_get_ask(f.data, f.size, &a)) abort();
			size_t begun = frame_begin(&out, SERVE_DENIED);
			serve_put_denied(&out, a.call, (enum serve_denial)(1 + some % SERVE_FAILED), "no");
			if (!frame_end(&out, begun)) abort();
		} else if (f.kind != SERVE_CANCEL) {
			abort();
		}
	}
	if (out.size && !frame_send(hearth, &out, -1)) abort();
	wire_room_free(&room);
	buffer_free(&out);
	(void)data;
}

static bool turn(int client)
{
	char bytes[65536];
	ssize_t n;
	http_run(front.http);
	while ((n = recv(client, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) continue;
	return n == 0;
}

static void say(int client, const void *bytes, size_t size)
{
	const char *at = bytes;
	for (int i = 0; size && i < ROUNDS; i++) {
		ssize_t n = send(client, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			at += n;
			size -= (size_t)n;
		}
		if (turn(client)) return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int pair[2];
	if (size == 0 || size > MOST) return 0;
	begin();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0 || !http_adopt(front.http, pair[0])) abort();
	if (data[0]) {
		char head[512];
		const char *path = paths[data[0] % (sizeof paths / sizeof *paths)];
		int n = snprintf(head, sizeof head,
		                 "POST %s HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer token\r\nConnection: "
		                 "close\r\nContent-Length: %zu\r\n\r\n",
		                 path, size - 1);
		say(pair[1], head, (size_t)n);
	}
	say(pair[1], data + 1, size - 1);
	bool over = false;
	for (int i = 0; i < 20 && !over; i++) {
		over = turn(pair[1]);
		answer(data, size);
		front_take(&front);
		front_tick(&front);
	}
	close(pair[1]);
	for (int i = 0; i < ROUNDS && http_connections(front.http); i++) http_run(front.http);
	answer(data, size);
	front_take(&front);
	if (http_connections(front.http) || front.calls || front.bodies || front.n_work || front.post.ended) abort();
	return 0;
}
