/* hearth-lab dequantize TYPE < RAW > FLOATS: whole blocks of a weight type to little-endian float32, by the type's definition. */
#include "app/lab/lab.h"

#include "nn/format.h"

#include <stdint.h>
#include <stdio.h>

enum { BLOCKS = 64, BLOCK_BYTES_MOST = 512, BLOCK_WEIGHTS_MOST = 256 };

int lab_dequantize(int argc, char **argv)
{
	static uint8_t packed[BLOCKS * BLOCK_BYTES_MOST];
	static float values[BLOCKS * BLOCK_WEIGHTS_MOST];
	struct error e;
	if (argc != 1) return lab_misuse("dequantize takes one argument, the name of a weight type");
	const struct tensor_type *type = tensor_type_named(argv[0]);
	if (!type) return lab_misuse("dequantize: there is no weight type '%.40s'", argv[0]);
	const struct format *format = format_find(type->id);
	if (!format) {
		error_set(&e, "dequantize: weight type %s: not in this version", type->name);
		return lab_fail(&e);
	}
	for (;;) {
		size_t bytes = fread(packed, 1, BLOCKS * (size_t)type->bytes, stdin);
		if (ferror(stdin)) {
			error_set(&e, "standard input: cannot read");
			return lab_fail(&e);
		}
		if (bytes % type->bytes != 0) {
			error_set(&e, "standard input: ends within a block of %u bytes of type %s", type->bytes, type->name);
			return lab_fail(&e);
		}
		size_t n = bytes / type->bytes;
		format->unpack(packed, n, values);
		if (n > 0 && lab_print((const char *)values, n * type->weights * sizeof(float)) != LAB_DONE) return LAB_FAILED;
		if (n < BLOCKS) return LAB_DONE;
	}
}
