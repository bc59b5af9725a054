/* web_address: what hearth asks of a URL and of a proxy before it starts anything. */
#ifndef HEARTH_APP_HEARTH_WEB_ADDRESS_H
#define HEARTH_APP_HEARTH_WEB_ADDRESS_H

#include "wire/fetch.h"

enum { WEB_HOST = 256 };

/* The host of a URL in small letters. False when it is not https, names a user or another port than 443, or is no plain ASCII. */
bool web_host(const char *url, char host[WEB_HOST], struct error *e);

/* The file's name at the end of a URL's path, its %XX undone. False when it has none, or one that is no plain file name. */
bool web_file(const char *url, char *file, size_t room, struct error *e);

/* Appends `text` as part of a URL's path: what is not plain becomes %XX, slashes stay. False when there is no room. */
bool web_append_path(char *url, size_t room, const char *text);

/* A file's name that is nothing but that: letters, digits and a few signs, no path, nothing hidden, ending in .gguf. */
bool web_is_plain_name(const char *file);

/* "socks5h://127.0.0.1:9050": the proxy of a request. No name of a machine but localhost: resolving it would tell the network. */
bool web_proxy(const char *text, struct fetch_request *r, struct error *e);

#endif
