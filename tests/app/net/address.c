/* address: public addresses are told from all others, whatever form hides them. */
#include "app/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static socklen_t make(struct sockaddr_storage *s, const char *text)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)s;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)s;
	memset(s, 0, sizeof *s);
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(443);
		return sizeof *v4;
	}
	assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(443);
	return sizeof *v6;
}

static bool is_public(const char *text)
{
	struct sockaddr_storage s;
	const char *why = NULL;
	socklen_t size = make(&s, text);
	return address_is_public((struct sockaddr *)&s, size, &why);
}

/* The first and the last of each block, and what lies before and behind it. */
static void version_4(void **state)
{
	(void)state;
	static const char *const inside[] = {
		"0.0.0.0",        "0.255.255.255",  "10.0.0.0",        "10.255.255.255",  "100.64.0.0",      "100.127.255.255",
		"127.0.0.0",      "127.0.0.1",      "127.255.255.255", "169.254.0.0",     "169.254.169.254", "172.16.0.0",
		"172.31.255.255", "192.0.0.0",      "192.0.0.255",     "192.88.99.1",     "192.168.0.0",     "192.168.255.255",
		"198.18.0.0",     "198.19.255.255", "224.0.0.1",       "239.255.255.255", "240.0.0.0",       "255.255.255.255",
	};
	static const char *const outside[] = {
		"1.0.0.0",      "9.255.255.255",   "11.0.0.0",    "100.63.255.255", "100.128.0.0", "126.255.255.255",
		"128.0.0.0",    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",  "192.0.1.0",
		"192.88.98.1",  "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",  "223.255.255.255",
		"203.0.113.10", "198.51.100.7",    "192.0.2.1",
	};
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
		if (is_public(inside[i])) fail_msg("%s", inside[i]);
	}
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
		if (!is_public(outside[i])) fail_msg("%s", outside[i]);
	}
}

static void version_6_and_what_hides_in_it(void **state)
{
	(void)state;
	static const char *const inside[] = {
		"::",
		"::1",
		"::127.0.0.1",
		"::ffff:127.0.0.1",
		"::ffff:10.0.0.1",
		"::ffff:169.254.169.254",
		"::ffff:0:10.0.0.1",
		"64:ff9b::10.0.0.1",
		"64:ff9b::127.0.0.1",
		"64:ff9b:1::1.2.3.4",
		"100::1",
		"fc00::1",
		"fdff::1",
		"fe80::1",
		"febf::1",
		"fec0::1",
		"ff02::1",
		"2002:a00:1::1",
		"2002:7f00:1::",
		"2001::1",
		"2001:10::1",
		"2001:1ff::1",
		"4000::1",
		"5f00::1",
		"1fff::1",
		"2600::5efe:10.0.0.1",
		"2600::200:5efe:192.168.0.1",
	};
	static const char *const outside[] = {
		"2001:db8::10",
		"2600::1",
		"2a00:1450:4001::1",
		"2001:200::1",
		"3fff::1",
		"2003::1",
		"::ffff:203.0.113.10",
		"64:ff9b::203.0.113.10",
		"2600::5efe:203.0.113.10",
	};
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
		if (is_public(inside[i])) fail_msg("%s", inside[i]);
	}
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
		if (!is_public(outside[i])) fail_msg("%s", outside[i]);
	}
}

static void other_families_and_short_ones_are_not_public(void **state)
{
	(void)state;
	struct sockaddr_storage s = { .ss_family = AF_UNIX };
	const char *why;
	assert_false(address_is_public((struct sockaddr *)&s, sizeof s, &why));
	socklen_t size = make(&s, "203.0.113.10");
	assert_true(address_is_public((struct sockaddr *)&s, size, &why));
	assert_false(address_is_public((struct sockaddr *)&s, size - 1, &why));
}

static void a_proxy_is_one_address_and_one_port(void **state)
{
	(void)state;
	struct sockaddr_storage s;
	socklen_t size = make(&s, "127.0.0.1");
	const struct sockaddr *a = (const struct sockaddr *)&s;
	assert_true(address_equals(a, size, "127.0.0.1", 4, 443));
	assert_false(address_equals(a, size, "127.0.0.1", 4, 9050));
	assert_false(address_equals(a, size, "127.0.0.2", 4, 443));
	assert_false(address_equals(a, size, "::1", 6, 443));
	assert_false(address_equals(a, size, "localhost", 4, 443));
	size = make(&s, "::1");
	assert_true(address_equals(a, size, "::1", 6, 443));
	assert_false(address_equals(a, size, "::2", 6, 443));
	assert_false(address_equals(a, size, "127.0.0.1", 4, 443));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_4),
		cmocka_unit_test(version_6_and_what_hides_in_it),
		cmocka_unit_test(other_families_and_short_ones_are_not_public),
		cmocka_unit_test(a_proxy_is_one_address_and_one_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
