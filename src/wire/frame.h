/*
 * frame: whole messages over a stream socket, each with a kind, a length and at most one descriptor.
 *
 *     u32 kind, bit 31: a descriptor comes with it | u32 length | `length` bytes
 *
 * Little-endian. Neither end trusts the other's lengths: memory grows with the bytes that came, up to a limit, and not with what a
 * header claims. A reader that takes no descriptors gets none, whatever is sent.
 */
#ifndef HEARTH_WIRE_FRAME_H
#define HEARTH_WIRE_FRAME_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEADER = 8, FRAME_MOST = 384 << 20, FRAME_MOST_DESCRIPTORS = 8 };

struct frame {
	uint32_t kind;
	const uint8_t *data; /* valid until the next frame_receive */
	size_t size;
	int descriptor; /* -1: none came; else the caller's to close */
};

struct frame_reader {
	int socket, wake; /* wake: an eventfd that ends a wait early; -1: none */
	bool takes_descriptors;
	struct buffer bytes; /* that came and were not taken: from `at` on */
	size_t at;
	int descriptors[FRAME_MOST_DESCRIPTORS]; /* that came with them, in order */
	size_t n_descriptors;
};

enum frame_result {
	FRAME_CAME,
	FRAME_NOT_YET, /* nothing whole came in that time, or before the wait was ended */
	FRAME_ENDED,   /* the other end is gone */
	FRAME_BROKEN   /* what came is no frame, or memory is out: nothing can follow */
};

struct frame_reader frame_reader_new(int socket, bool takes_descriptors);
void frame_reader_free(struct frame_reader *r);
void frame_reader_wipe(struct frame_reader *r);
/* what was taken; no frame of it may be used any more */ /* what came is wiped; socket and wake stay open */

/* Waits for a whole frame, at most `timeout_ms` (for ever when negative) for each of its pieces. */
enum frame_result frame_receive(struct frame_reader *r, int timeout_ms, struct frame *f, struct error *e);

/* Begins a frame in `out` and ends it when its bytes have been appended; several may stand in one buffer. False: no memory, or
 * more than FRAME_MOST. */
size_t frame_begin(struct buffer *out, uint32_t kind);
bool frame_end(struct buffer *out, size_t begun);

/* Sends all bytes, which are whole frames, with a descriptor at the first one (-1: none). False when the other end is gone. */
bool frame_send(int socket, const struct buffer *frames, int descriptor);

#endif
