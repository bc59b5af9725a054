/* address: the lists of what is not public (see address.h). */
#include "app/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

struct block {
	uint8_t bytes[16];
	unsigned bits;
	const char *what;
};

static const struct block v4_blocks[] = {
	{ { 0 }, 8, "no address of a machine" },
	{ { 10 }, 8, "inside a private network" },
	{ { 100, 64 }, 10, "inside a provider's network" },
	{ { 127 }, 8, "this machine itself" },
	{ { 169, 254 }, 16, "on the local link" },
	{ { 172, 16 }, 12, "inside a private network" },
	{ { 192, 0, 0 }, 24, "reserved" },
	{ { 192, 88, 99 }, 24, "a retired relay" },
	{ { 192, 168 }, 16, "inside a private network" },
	{ { 198, 18 }, 15, "inside a test network" },
	{ { 224 }, 4, "a group of machines" },
	{ { 240 }, 4, "reserved" },
};

/* Of 2000::/3, outside of which nothing is public but NAT64's well-known prefix. */
static const struct block v6_blocks[] = {
	{ { 0x20, 0x01, 0x00 }, 23, "reserved" },  /* Teredo, ORCHID, benchmarking ... */
	{ { 0x20, 0x02 }, 16, "a retired relay" }, /* 6to4 */
};

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };

static bool within(const uint8_t *address, const struct block *b)
{
	unsigned whole = b->bits / 8, rest = b->bits % 8;
	if (memcmp(address, b->bytes, whole) != 0) return false;
	return rest == 0 || (uint8_t)(address[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

static bool is_public(const uint8_t *address, const struct block *blocks, size_t n, const char **why)
{
	for (size_t i = 0; i < n; i++) {
		if (!within(address, &blocks[i])) continue;
		*why = blocks[i].what;
		return false;
	}
	return true;
}

static bool is_public_v4(const uint8_t *address, const char **why)
{
	return is_public(address, v4_blocks, sizeof v4_blocks / sizeof v4_blocks[0], why);
}

static bool is_public_v6(const uint8_t *address, const char **why)
{
	static const uint8_t self[16] = { [15] = 1 };
	if (memcmp(address, mapped, sizeof mapped) == 0 || memcmp(address, nat64, sizeof nat64) == 0)
		return is_public_v4(address + 12, why);
	*why = memcmp(address, self, 16) == 0             ? "this machine itself"
	       : address[0] == 0xfe && address[1] >= 0x80 ? "on the local link or inside a private network"
	       : (address[0] & 0xfe) == 0xfc              ? "inside a private network"
	       : address[0] == 0xff                       ? "a group of machines"
	                                                  : "reserved";
	if (address[0] >> 5 != 1) return false;
	/* ISATAP hides a v4 address behind a fixed middle. */
	if ((address[8] & 0xfd) == 0 && address[9] == 0 && address[10] == 0x5e && address[11] == 0xfe)
		return is_public_v4(address + 12, why);
	return is_public(address, v6_blocks, sizeof v6_blocks / sizeof v6_blocks[0], why);
}

/* The bytes of the address; NULL for other families or a size that does not fit. */
static const uint8_t *bytes_of(const struct sockaddr *a, socklen_t size)
{
	if (a->sa_family == AF_INET && size >= (socklen_t)sizeof(struct sockaddr_in))
		return (const uint8_t *)&((const struct sockaddr_in *)(const void *)a)->sin_addr;
	if (a->sa_family == AF_INET6 && size >= (socklen_t)sizeof(struct sockaddr_in6))
		return (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
	return NULL;
}

bool address_is_public(const struct sockaddr *a, socklen_t size, const char **why)
{
	const uint8_t *bytes = bytes_of(a, size);
	*why = "of another kind of network";
	if (!bytes) return false;
	return a->sa_family == AF_INET ? is_public_v4(bytes, why) : is_public_v6(bytes, why);
}

void address_text(const struct sockaddr *a, socklen_t size, char *out, size_t room)
{
	const uint8_t *bytes = bytes_of(a, size);
	out[0] = 0;
	if (bytes) inet_ntop(a->sa_family, bytes, out, (socklen_t)room);
}

bool address_equals(const struct sockaddr *a, socklen_t size, const char *literal, unsigned version, unsigned port)
{
	const uint8_t *bytes = bytes_of(a, size);
	uint8_t wanted[16];
	int family = version == 6 ? AF_INET6 : AF_INET;
	if (!bytes || a->sa_family != family || inet_pton(family, literal, wanted) != 1) return false;
	/* The port lies at the same place in both. */
	return ntohs(((const struct sockaddr_in *)(const void *)a)->sin_port) == port &&
	       memcmp(bytes, wanted, version == 6 ? 16 : 4) == 0;
}
