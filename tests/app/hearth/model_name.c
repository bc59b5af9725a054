/* model_name, web_address: what a person types becomes a URL and a plain file name, or a line. */
#include "app/hearth/model_name.h"
#include "app/hearth/web_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct model_name n;
static struct error e;

static void names_become_urls(void **state)
{
	(void)state;
	static const struct {
		const char *typed, *url, *file;
	} cases[] = {
		{ "Qwen/Qwen3-4B-GGUF:Qwen3-4B-Q4_K_M.gguf",
		  "https://huggingface.co/Qwen/Qwen3-4B-GGUF/resolve/main/Qwen3-4B-Q4_K_M.gguf", "Qwen3-4B-Q4_K_M.gguf" },
		{ "a/b:sub dir/x.gguf", "https://huggingface.co/a/b/resolve/main/sub%20dir/x.gguf", "x.gguf" },
		{ "a/b:x+y.gguf", "https://huggingface.co/a/b/resolve/main/x%2By.gguf", "x+y.gguf" },
		{ "https://host.example/a/b.gguf?download=true#top", "https://host.example/a/b.gguf?download=true", "b.gguf" },
		{ "https://host.example/a%2Db.gguf", "https://host.example/a%2Db.gguf", "a-b.gguf" },
		{ "https://HOST.example:443/b.gguf", "https://HOST.example:443/b.gguf", "b.gguf" },
		{ "a/b:Q4_K_M", "", "" },
		{ "a/b", "", "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (!model_name_read(&n, cases[i].typed, &e)) fail_msg("%s: %s", cases[i].typed, e.text);
		assert_string_equal(n.url, cases[i].url);
		assert_string_equal(n.file, cases[i].file);
	}
}

static void what_leads_elsewhere_is_a_line(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"x",
		"x.gguf",
		"/",
		"a/",
		"/b:x.gguf",
		"a/b/c:x.gguf",
		"../b:x.gguf",
		"a/..:x.gguf",
		"a/b:../x.gguf",
		"a/b:/x.gguf",
		"a/b:x//y.gguf",
		"a/b:./x.gguf",
		"a/b:.x.gguf",
		"a/b:-x.gguf",
		"a/b:x\n.gguf",
		"a/b:\xc3\xb6.gguf",
		"a b/c:x.gguf",
		"http://h/x.gguf",
		"ftp://h/x.gguf",
		"HTTPS://h/x.gguf",
		"https://h",
		"https://h/",
		"https://h/x",
		"https://h/x.gguf/",
		"https://h/.gguf",
		"https://h/..%2fx.gguf",
		"https://h/x%00.gguf",
		"https://h/%2e%2e/.x.gguf",
		"https://h/x%0a.gguf",
		"https://u@h/x.gguf",
		"https://u:p@h/x.gguf",
		"https://h:80/x.gguf",
		"https://h:/x.gguf",
		"https://h:4430/x.gguf",
		"https:///x.gguf",
		"https://[/x.gguf",
		"https://h\\@g/x.gguf",
		"https://h%2fg/x.gguf",
		"https://h /x.gguf",
		"https://?/x.gguf",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		e.text[0] = 0;
		if (model_name_read(&n, wrong[i], &e)) fail_msg("'%s' became %s, %s", wrong[i], n.url, n.file);
		assert_true(strlen(e.text) > 10);
	}
}

static struct fetch_entry entries[] = {
	{ "m-Q4_K_M.gguf", 1, "" },        { "m-Q4_K_S.gguf", 2, "" }, { "sub/m.Q8_0.gguf", 3, "" },
	{ "mmproj-m-Q4_K_M.gguf", 4, "" }, { "m_q6_k.gguf", 5, "" },
};

static void expect(const char *typed, const char *file)
{
	struct buffer choices = buffer_new(1 << 20);
	assert_true(model_name_read(&n, typed, &e));
	bool chosen = model_name_choose(&n, entries, sizeof entries / sizeof *entries, &choices, &e);
	if (chosen != (file != NULL)) fail_msg("%s: %s", typed, chosen ? n.file : e.text);
	if (file) assert_string_equal(n.file, file);
	if (!file) assert_true(choices.size > 0);
	buffer_free(&choices);
}

static void a_quantization_names_the_one_file_that_has_it(void **state)
{
	(void)state;
	expect("a/b:Q4_K_M", "m-Q4_K_M.gguf");
	expect("a/b:q4_k_s", "m-Q4_K_S.gguf");
	expect("a/b:Q8_0", "m.Q8_0.gguf");
	expect("a/b:Q6_K", "m_q6_k.gguf");
	expect("a/b:Q4_K", NULL);
	expect("a/b:Q4", NULL);
	expect("a/b", NULL);
	expect("a/b:m", NULL);
	assert_true(model_name_read(&n, "a/b:Q8_0", &e));
	struct buffer choices = buffer_new(1 << 20);
	assert_false(model_name_choose(&n, entries, 0, &choices, &e));
	buffer_free(&choices);
}

static void a_proxy_is_an_address(void **state)
{
	(void)state;
	static const char *const wrong[] = { "",
		                             "127.0.0.1:9050",
		                             "socks5://127.0.0.1:9050",
		                             "http://127.0.0.1:9050",
		                             "socks5h://tor.example:9050",
		                             "socks5h://127.0.0.1",
		                             "socks5h://127.0.0.1:0",
		                             "socks5h://127.0.0.1:65536",
		                             "socks5h://127.0.0.1:9x",
		                             "socks5h://[::1:9050",
		                             "socks5h://u:p@127.0.0.1:9050",
		                             "socks5h://:9050" };
	struct fetch_request r = { .proxy_port = 0 };
	assert_true(web_proxy("socks5h://127.0.0.1:9050", &r, &e));
	assert_true(r.proxy_port == 9050 && r.proxy_version == 4);
	assert_string_equal(r.proxy, "127.0.0.1");
	assert_true(web_proxy("socks5h://localhost:1080/", &r, &e));
	assert_string_equal(r.proxy, "127.0.0.1");
	assert_true(web_proxy("socks5h://[::1]:9150", &r, &e));
	assert_true(r.proxy_port == 9150 && r.proxy_version == 6);
	assert_string_equal(r.proxy, "::1");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		if (web_proxy(wrong[i], &r, &e)) fail_msg("%s", wrong[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_urls),
		cmocka_unit_test(what_leads_elsewhere_is_a_line),
		cmocka_unit_test(a_quantization_names_the_one_file_that_has_it),
		cmocka_unit_test(a_proxy_is_an_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
