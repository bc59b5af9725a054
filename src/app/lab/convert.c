/* hearth-lab convert DIR OUT.gguf [--type TYPE]: a Hugging Face folder as one GGUF file, in its own weight types or in others. */
#include "app/lab/lab.h"
#include "app/lab/quantize.h"
#include "base/file.h"

#include <string.h>

static int run(const char *folder, const char *out, const struct mix *mix)
{
	struct error e = { "" };
	if (!file_is_folder(folder)) {
		error_set(&e, "%s: is no folder; convert takes the folder with config.json and the weights in it", folder);
		return lab_fail(&e);
	}
	struct gguf *in = gguf_open(folder, &e);
	bool ok = in && quantize_file(in, mix, out, NULL, 0, &e);
	gguf_close(in);
	return ok ? LAB_DONE : lab_fail(&e);
}

int lab_convert(int argc, char **argv)
{
	const char *folder = NULL, *out = NULL;
	const struct mix *mix = NULL;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--type") == 0) {
			if (i + 1 == argc) return lab_misuse("convert: --type needs a weight type");
			mix = mix_named(argv[++i]);
			if (!mix) return lab_misuse("convert: there is no type '%.40s'", argv[i]);
		} else if (argv[i][0] == '-' || out) {
			return lab_misuse("convert: '%s' is not understood", argv[i]);
		} else {
			*(folder ? &out : &folder) = argv[i];
		}
	}
	if (!out) return lab_misuse("convert: DIR and OUT.gguf are needed");
	return run(folder, out, mix);
}
