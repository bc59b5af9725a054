/*
 * ask: one question to one model, with nothing but hearth.h.
 *
 *     cc ask.c $(pkg-config --cflags --libs hearth) -o ask
 *     ./ask MODEL.gguf "What is a hearth?"
 */
#include <hearth.h>

#include <stdio.h>
#include <string.h>

/* The question as a JSON text: hearth_submit takes a conversation in the form that chat templates know. */
static size_t write_chat(char *chat, size_t room, const char *question)
{
	size_t n = (size_t)snprintf(chat, room, "{\"messages\": [{\"role\": \"user\", \"content\": \"");
	for (const char *c = question; *c && n + 16 < room; c++) {
		if (*c == '"' || *c == '\\')
			n += (size_t)snprintf(chat + n, room - n, "\\%c", *c);
		else if ((unsigned char)*c < 0x20)
			n += (size_t)snprintf(chat + n, room - n, "\\u%04x", (unsigned)*c);
		else
			chat[n++] = *c;
	}
	return n + (size_t)snprintf(chat + n, room - n, "\"}]}");
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: ask MODEL.gguf QUESTION\n");
		return 2;
	}
	struct hearth_options options = { .size = sizeof options, .model = argv[1] };
	struct hearth *h;
	struct hearth_error error;
	if (!hearth_open(&options, &h, &error)) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	char chat[4096];
	struct hearth_request request = hearth_request_new(HEARTH_CHAT);
	request.text = chat;
	request.text_length = write_chat(chat, sizeof chat, argv[2]);
	request.max_tokens = 64;
	request.sampling.temperature = 0;
	uint64_t id;
	bool good = hearth_submit(h, &request, &id, &error);
	if (!good) fprintf(stderr, "%s\n", error.text);
	struct hearth_event event;
	while (good && hearth_next(h, -1, &event) && event.kind != HEARTH_DONE) {
		if (event.kind == HEARTH_ANSWER) {
			fwrite(event.text, 1, event.text_length, stdout);
			fflush(stdout);
		} else if (event.kind == HEARTH_FAILED) {
			fprintf(stderr, "%.*s\n", (int)event.text_length, event.text);
			good = false;
		}
	}
	if (good) puts("");
	hearth_close(h);
	return good ? 0 : 1;
}
