/*
 * ask: the smallest useful program over libhearth: one question, one answer.
 *
 *     cc ask.c $(pkg-config --cflags --libs hearth) -o ask
 *     ./ask model.gguf "Why is the sky blue?"
 */
#include <hearth.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* {"messages": [{"role": "user", "content": QUESTION}]}, to be freed; NULL when memory is out. */
static char *make_chat(const char *question)
{
	static const char head[] = "{\"messages\": [{\"role\": \"user\", \"content\": \"", tail[] = "\"}]}";
	char *chat = malloc(sizeof head + 6 * strlen(question) + sizeof tail);
	if (!chat) return NULL;
	memcpy(chat, head, sizeof head);
	char *out = chat + sizeof head - 1;
	for (const char *p = question; *p; p++) { /* JSON: quotes, backslashes and control characters are escaped */
		if (*p == '"' || *p == '\\' || (unsigned char)*p < 0x20) {
			out += snprintf(out, 7, "\\u%04x", (unsigned)*p);
		} else {
			*out++ = *p;
		}
	}
	memcpy(out, tail, sizeof tail);
	return chat;
}

/* Prints the answer as it comes; returns the program's exit status. */
static int print_answer(struct hearth *h)
{
	struct hearth_event event;
	while (hearth_next(h, -1, &event)) {
		switch (event.kind) {
		case HEARTH_ANSWER:
			fwrite(event.text, 1, event.text_length, stdout);
			fflush(stdout);
			break;
		case HEARTH_DONE: puts(""); return 0;
		case HEARTH_FAILED: fprintf(stderr, "ask: %.*s\n", (int)event.text_length, event.text); return 1;
		default: break;
		}
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct hearth_error error;
	struct hearth *h;
	if (argc != 3) {
		fputs("usage: ask MODEL.gguf QUESTION\n", stderr);
		return 2;
	}
	struct hearth_options options = { .size = sizeof options, .model = argv[1] };
	if (!hearth_open(&options, &h, &error)) {
		fprintf(stderr, "ask: %s\n", error.text);
		return 1;
	}
	int status = 1;
	char *chat = make_chat(argv[2]);
	if (chat) {
		struct hearth_request request = hearth_request_new(HEARTH_CHAT);
		request.text = chat;
		request.text_length = strlen(chat);
		uint64_t id;
		if (hearth_submit(h, &request, &id, &error)) {
			status = print_answer(h);
		} else {
			fprintf(stderr, "ask: %s\n", error.text);
		}
	}
	free(chat);
	hearth_close(h);
	return status;
}
