/* model_caches: what is found in the caches of other programs, by which names, and what hostile ones cost. */
#include "app/hearth/model_caches.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char home[64];
static struct error e;
static struct model_caches c;

static const char *at(const char *path)
{
	static char whole[8][PATHS_ROOM];
	static unsigned turn;
	char *out = whole[turn++ % 8];
	snprintf(out, PATHS_ROOM, "%s/%s", home, path);
	return out;
}

static void make_folders(const char *path)
{
	char part[PATHS_ROOM];
	snprintf(part, sizeof part, "%s", path);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/') continue;
		*p = 0;
		mkdir(part, 0700);
		*p = '/';
	}
}

static void write_file(const char *path, const char *text)
{
	make_folders(at(path));
	FILE *f = fopen(at(path), "wb");
	assert_true(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void write_manifest(const char *path, const char *type, const char *digest)
{
	char text[512];
	snprintf(text, sizeof text,
	         "{\"schemaVersion\": 2, \"layers\": [{\"mediaType\": \"x\", \"digest\": \"sha256:" HEX_B
	         "\"}, {\"mediaType\": \"application/vnd.ollama.image.%s\", \"digest\": \"%s\", \"size\": 8}]}",
	         type, digest);
	write_file(path, text);
}

static void scan(void)
{
	model_caches_free(&c);
	if (!model_caches_scan(&c, &e)) fail_msg("%s", e.text);
}

static const struct cached_model *find(const char *name)
{
	for (size_t i = 0; i < c.n; i++) {
		if (strcmp(c.models[i].name, name) == 0) return &c.models[i];
	}
	return NULL;
}

static void expect(const char *name, const char *source, const char *path)
{
	const struct cached_model *m = find(name);
	if (!m) fail_msg("%s was not found", name);
	assert_string_equal(m->source, source);
	assert_string_equal(m->path, at(path));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int begin(void **state)
{
	static const char *const others[] = { "OLLAMA_MODELS", "LLAMA_CACHE",    "HF_HUB_CACHE",    "HUGGINGFACE_HUB_CACHE",
		                              "HF_HOME",       "XDG_CACHE_HOME", "XDG_DOWNLOAD_DIR" };
	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) unsetenv(others[i]);
	snprintf(home, sizeof home, "/tmp/hearth-caches-XXXXXX");
	return mkdtemp(home) && setenv("HOME", home, 1) == 0 ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	model_caches_free(&c);
	return nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void every_cache_is_found(void **state)
{
	(void)state;
	write_manifest(".ollama/models/manifests/registry.ollama.ai/library/llama3.2/3b", "model", "sha256:" HEX_A);
	write_file(".ollama/models/blobs/sha256-" HEX_A, "GGUF the one");
	write_file(".ollama/models/blobs/sha256-" HEX_B, "GGUF the other");
	write_manifest(".ollama/models/manifests/hf.co/some/repo-GGUF/Q4_K_M", "model", "sha256:" HEX_B);
	write_file(".lmstudio/models/maker/repo/Wise-7B-Q4_K_M.gguf", "GGUF wise");
	write_file(".lmstudio/models/maker/repo/mmproj-Wise-7B.gguf", "GGUF a projector");
	write_file(".cache/llama.cpp/ggml-org_small-Q8_0.gguf", "GGUF small");
	write_file(".cache/llama.cpp/notes.json", "{}");
	write_file(".cache/huggingface/hub/models--a--b/blobs/" HEX_A, "GGUF from the hub");
	make_folders(at(".cache/huggingface/hub/models--a--b/snapshots/1234/x"));
	assert_int_equal(symlink("../../blobs/" HEX_A, at(".cache/huggingface/hub/models--a--b/snapshots/1234/Hub-4B.gguf")), 0);
	write_file("Downloads/saved.gguf", "GGUF saved");
	write_file("Downloads/page.gguf", "<!doctype html>");
	write_file("models/deep/er/Split-Q4_K_M-00001-of-00002.gguf", "GGUF first");
	write_file("models/deep/er/Split-Q4_K_M-00002-of-00002.gguf", "GGUF second");
	scan();
	expect("llama3.2:3b", "Ollama", ".ollama/models/blobs/sha256-" HEX_A);
	expect("hf.co/some/repo-GGUF:Q4_K_M", "Ollama", ".ollama/models/blobs/sha256-" HEX_B);
	expect("Wise-7B-Q4_K_M", "LM Studio", ".lmstudio/models/maker/repo/Wise-7B-Q4_K_M.gguf");
	expect("ggml-org_small-Q8_0", "llama.cpp", ".cache/llama.cpp/ggml-org_small-Q8_0.gguf");
	expect("Hub-4B", "Hugging Face", ".cache/huggingface/hub/models--a--b/snapshots/1234/Hub-4B.gguf");
	expect("saved", "Downloads", "Downloads/saved.gguf");
	expect("Split-Q4_K_M", "models folder", "models/deep/er/Split-Q4_K_M-00001-of-00002.gguf");
	assert_int_equal(c.n, 7);
	assert_int_equal(c.outside, 0);
	assert_false(c.cut);
	assert_int_equal(find("saved")->bytes, strlen("GGUF saved"));
}

static void models_are_found_by_name(void **state)
{
	(void)state;
	char path[PATHS_ROOM];
	bool several;
	assert_true(model_caches_find(path, "LLAMA3.2:3b", &several, &e));
	assert_string_equal(path, at(".ollama/models/blobs/sha256-" HEX_A));
	assert_true(model_caches_find(path, "wise", &several, &e));
	assert_true(model_caches_find(path, "Hub-4B.gguf", &several, &e));
	assert_false(model_caches_find(path, "nobody", &several, &e));
	assert_false(several);
	assert_false(model_caches_find(path, "", &several, &e));
	assert_false(model_caches_find(path, "q4_k_m", &several, &e));
	assert_true(several);
	assert_non_null(strstr(e.text, "3 models of other programs"));
	write_file("Downloads/Wise-7B-Q4_K_M.gguf", "GGUF the same again");
	assert_true(model_caches_find(path, "wise", &several, &e)); /* two copies of one name are no question */
	unlink(at("Downloads/Wise-7B-Q4_K_M.gguf"));
}

static void one_file_is_listed_once(void **state)
{
	(void)state;
	scan();
	size_t before = c.n;
	assert_int_equal(link(at("Downloads/saved.gguf"), at("models/again.gguf")), 0);
	setenv("HF_HUB_CACHE", at(".cache/huggingface/hub"), 1);
	scan();
	assert_int_equal(c.n, before);
	unlink(at("models/again.gguf"));
	unsetenv("HF_HUB_CACHE");
}

static void the_environment_moves_a_cache(void **state)
{
	(void)state;
	write_manifest("else/manifests/registry.ollama.ai/me/mine/latest", "model", "sha256:" HEX_A);
	write_file("else/blobs/sha256-" HEX_A, "GGUF mine");
	setenv("OLLAMA_MODELS", at("else"), 1);
	scan();
	expect("me/mine:latest", "Ollama", "else/blobs/sha256-" HEX_A);
	assert_null(find("llama3.2:3b"));
	setenv("OLLAMA_MODELS", "not/absolute", 1);
	scan();
	assert_non_null(find("llama3.2:3b"));
	unsetenv("OLLAMA_MODELS");
}

static void manifests_are_not_trusted(void **state)
{
	(void)state;
	char deep[20001], *big;
	scan();
	size_t before = c.n;
	write_manifest(".ollama/models/manifests/registry.ollama.ai/library/a/1", "model", "sha256:../../../../etc/passwd");
	write_manifest(".ollama/models/manifests/registry.ollama.ai/library/a/2", "model", "sha256:" HEX_A "a");
	write_manifest(".ollama/models/manifests/registry.ollama.ai/library/a/3", "model", HEX_A);
	write_manifest(".ollama/models/manifests/registry.ollama.ai/library/a/4", "license", "sha256:" HEX_A);
	write_file(".ollama/models/manifests/registry.ollama.ai/library/a/5", "");
	write_file(".ollama/models/manifests/registry.ollama.ai/library/a/6", "[1, {\"layers\": 3}]");
	memset(deep, '[', sizeof deep - 1);
	deep[sizeof deep - 1] = 0;
	write_file(".ollama/models/manifests/registry.ollama.ai/library/a/7", deep);
	big = calloc(1 << 20, 1);
	assert_non_null(big);
	memset(big, ' ', (1 << 20) - 1);
	write_file(".ollama/models/manifests/registry.ollama.ai/library/a/8", big);
	free(big);
	assert_int_equal(symlink("/dev/zero", at(".ollama/models/manifests/registry.ollama.ai/library/a/9")), 0);
	assert_int_equal(mkfifo(at(".ollama/models/manifests/registry.ollama.ai/library/a/fifo"), 0600), 0);
	scan();
	assert_int_equal(c.n, before);
}

static void links_that_lead_out_are_not_followed(void **state)
{
	(void)state;
	scan();
	size_t before = c.n;
	write_file("private/secret.gguf", "GGUF elsewhere");
	assert_int_equal(symlink(at("private/secret.gguf"), at(".cache/llama.cpp/out.gguf")), 0);
	assert_int_equal(symlink(at("private"), at("models/folder-out")), 0);
	assert_int_equal(symlink("..", at("models/deep/loop")), 0);
	assert_int_equal(symlink("self.gguf", at("models/self.gguf")), 0);
	assert_int_equal(symlink("/dev/zero", at("models/zero.gguf")), 0);
	assert_int_equal(mkfifo(at("models/fifo.gguf"), 0600), 0);
	assert_int_equal(mkdir(at("models/folder.gguf"), 0700), 0);
	write_file("models/.hidden/hidden.gguf", "GGUF hidden");
	write_file("models/1/2/3/4/too-deep.gguf", "GGUF deep");
	write_file("models/tiny.gguf", "GG");
	scan();
	assert_int_equal(c.n, before);
	assert_int_equal(c.outside, 2);
}

static void a_huge_folder_is_cut(void **state)
{
	(void)state;
	char name[64];
	for (int i = 0; i < MODEL_CACHES_MOST + 10; i++) {
		snprintf(name, sizeof name, ".lmstudio/models/many/%d.gguf", i);
		write_file(name, "GGUF one of many");
	}
	scan();
	assert_int_equal(c.n, MODEL_CACHES_MOST);
	assert_true(c.cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cache_is_found),      cmocka_unit_test(models_are_found_by_name),
		cmocka_unit_test(one_file_is_listed_once),   cmocka_unit_test(the_environment_moves_a_cache),
		cmocka_unit_test(manifests_are_not_trusted), cmocka_unit_test(links_that_lead_out_are_not_followed),
		cmocka_unit_test(a_huge_folder_is_cut),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
