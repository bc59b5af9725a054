/* messages: any bytes as what crosses between hearth and its engine: refused, or taken and put again as the same bytes. */
#include "wire/messages.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lists(const uint8_t *data, size_t size, struct buffer *b)
{
	struct wire_lists l;
	if (!wire_get_lists(data, size, &l)) return;
	wire_put_lists(b, &l);
	wire_lists_free(&l);
}

/* Those that are one struct each; the first byte chooses. */
static void check(uint8_t kind, const uint8_t *data, size_t size, struct wire_room *room, struct buffer *b)
{
	struct wire_start start;
	struct wire_jailed jailed;
	struct wire_adapt adapt;
	struct hearth_options options;
	struct hearth_info info;
	struct hearth_file_info facts;
	struct hearth_file_plan plan;
	struct hearth_request request;
	struct hearth_event event;
	struct hearth_importance importance;
	const char *text;
	switch (kind % 12) {
	case 0:
		if (wire_get_start(data, size, &start)) wire_put_start(b, &start);
		break;
	case 1:
		if (wire_get_jailed(data, size, &jailed)) wire_put_jailed(b, &jailed);
		break;
	case 2:
		if (wire_get_adapt(data, size, &adapt)) wire_put_adapt(b, &adapt);
		break;
	case 3:
		if (wire_get_options(data, size, &options)) wire_put_options(b, &options);
		break;
	case 4:
		if (wire_get_info(data, size, &info)) wire_put_info(b, &info);
		break;
	case 5:
		if (wire_get_file_info(data, size, &facts)) wire_put_file_info(b, &facts);
		break;
	case 6:
		if (wire_get_request(data, size, &request, room)) wire_put_request(b, &request);
		break;
	case 7:
		if (wire_get_event(data, size, &event, room)) wire_put_event(b, &event);
		break;
	case 8: check_lists(data, size, b); break;
	case 10:
		if (wire_get_file_plan(data, size, &plan)) wire_put_file_plan(b, &plan);
		break;
	case 11:
		if (wire_get_importance(data, size, &importance, room)) wire_put_importance(b, &importance);
		break;
	default:
		if (wire_get_text(data, size, &text)) wire_put_text(b, text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) return 0;
	struct wire_room room = wire_room_new();
	struct buffer b = buffer_new(SIZE_MAX / 4);
	check(data[0], data + 1, size - 1, &room, &b);
	/* A NaN may come back with another bit; what is refused is put nowhere. */
	if (b.size != 0 && b.size != size - 1) abort();
	wire_room_free(&room);
	buffer_free(&b);
	return 0;
}
