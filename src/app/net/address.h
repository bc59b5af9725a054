/*
 * address: which addresses belong to the public internet.
 *
 * A host's name may lead anywhere: to the machine itself, to the router's page, to a cloud's metadata service. hearth-net asks
 * this for every address in the moment in which a socket is made for it, after resolving, so that it does not matter what a name
 * meant before. The lists follow IANA's registries of special-purpose addresses (RFC 6890 and its successors). An address that
 * carries another one inside (v4-mapped, NAT64) is as good as that one. The blocks that are reserved for documentation stay
 * allowed: no machine has them, and networks without an uplink use them in the place of public ones.
 */
#ifndef HEARTH_APP_NET_ADDRESS_H
#define HEARTH_APP_NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* False, with a few words for people in *why, when it is no address of the public internet. */
bool address_is_public(const struct sockaddr *a, socklen_t size, const char **why);

/* The address as text ("192.0.2.7", "2001:db8::1"); empty for a family that hearth does not use. */
void address_text(const struct sockaddr *a, socklen_t size, char *out, size_t room);

/* Is it this literal address and port? `version` is 4 or 6. */
bool address_equals(const struct sockaddr *a, socklen_t size, const char *literal, unsigned version, unsigned port);

#endif
