/* web_address: reading URLs (see web_address.h). */
#include "app/hearth/web_address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static bool is_letter(char c)
{
	return c && strchr(letters, c);
}

bool web_host(const char *url, char host[WEB_HOST], struct error *e)
{
	static const char scheme[] = "https://";
	for (const char *c = url; *c; c++) {
		if (*c <= ' ' || *c > '~') return error_set(e, "a URL is plain ASCII without spaces: write other letters as %%XX");
	}
	if (strlen(url) >= FETCH_URL) return error_set(e, "the URL is longer than %d characters", (int)FETCH_URL - 1);
	if (strncmp(url, scheme, sizeof scheme - 1) != 0) return error_set(e, "'%.100s': only https:// is used", url);
	const char *begin = url + sizeof scheme - 1;
	size_t length = strcspn(begin, "/?#");
	if (memchr(begin, '@', length)) return error_set(e, "'%.100s': a URL with a user's name or password is not used", url);
	size_t name = *begin == '[' ? strcspn(begin, "]") + 1 : strcspn(begin, ":/?#");
	if (name == 0 || name > length || name >= WEB_HOST) return error_set(e, "'%.100s': no host is named", url);
	if (name < length && (length - name != 4 || strncmp(begin + name, ":443", 4) != 0))
		return error_set(e, "'%.100s': only port 443 is used", url);
	for (size_t i = 0; i < name; i++) {
		bool good = is_letter(begin[i]) || strchr(*begin == '[' ? "[]:." : ".-", begin[i]);
		if (!good) return error_set(e, "'%.100s': this is no name of a host", url);
		host[i] = (char)(begin[i] >= 'A' && begin[i] <= 'Z' ? begin[i] - 'A' + 'a' : begin[i]);
	}
	host[name] = 0;
	return true;
}

bool web_is_plain_name(const char *file)
{
	size_t length = strlen(file);
	if (length < 6 || length > 200 || file[0] == '.' || file[0] == '-' || strcmp(file + length - 5, ".gguf") != 0) return false;
	for (size_t i = 0; i < length; i++) {
		if (!is_letter(file[i]) && !strchr("._-+=@,()~", file[i])) return false;
	}
	return true;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool web_file(const char *url, char *file, size_t room, struct error *e)
{
	char host[WEB_HOST];
	if (!web_host(url, host, e)) return false;
	const char *path = strchr(url + strlen("https://"), '/'), *end = path ? path + strcspn(path, "?#") : NULL, *begin = end;
	while (path && begin > path && begin[-1] != '/') begin--;
	size_t n = 0;
	bool ok = path != NULL;
	for (const char *c = begin; ok && c < end; c++) {
		int high = *c == '%' ? digit(c[1]) : -1, low = high < 0 ? -1 : digit(c[2]);
		ok = (*c != '%' || low >= 0) && n + 1 < room && (*c != '%' || high * 16 + low != 0);
		if (ok) file[n++] = (char)(low >= 0 ? high * 16 + low : *c);
		if (low >= 0) c += 2;
	}
	file[ok ? n : 0] = 0;
	if (ok && web_is_plain_name(file)) return true;
	return error_set(e, "'%.200s': does not end in the plain name of a model file (NAME.gguf)", url);
}

bool web_append_path(char *url, size_t room, const char *text)
{
	size_t n = strlen(url);
	for (; *text; text++) {
		bool plain = is_letter(*text) || strchr("-._~/", *text);
		if (n + 4 > room) return false;
		n += (size_t)snprintf(url + n, room - n, plain ? "%c" : "%%%02X", (unsigned char)*text);
	}
	return true;
}

bool web_proxy(const char *text, struct fetch_request *r, struct error *e)
{
	static const char scheme[] = "socks5h://";
	char machine[FETCH_ADDRESS], *end;
	unsigned char bytes[16];
	if (strncmp(text, scheme, sizeof scheme - 1) != 0)
		return error_set(e,
		                 "--proxy '%.80s': only socks5h:// is used, where the proxy resolves names, as in "
		                 "socks5h://127.0.0.1:9050 (Tor)",
		                 text);
	const char *begin = text + sizeof scheme - 1;
	bool bracket = *begin == '[';
	size_t length = strcspn(begin += bracket, bracket ? "]" : ":/");
	const char *port = begin + length + bracket;
	if (length == 0 || length >= sizeof machine || (bracket && begin[length] != ']'))
		return error_set(e, "--proxy '%.80s': no machine is named", text);
	memcpy(machine, begin, length);
	machine[length] = 0;
	if (strcmp(machine, "localhost") == 0) snprintf(machine, sizeof machine, "127.0.0.1");
	r->proxy_version = inet_pton(AF_INET, machine, bytes) == 1 ? 4 : inet_pton(AF_INET6, machine, bytes) == 1 ? 6 : 0;
	if (r->proxy_version == 0)
		return error_set(e, "--proxy '%.80s': name the machine by its address, so that no name has to be resolved", text);
	unsigned long number = *port == ':' && is_letter(port[1]) ? strtoul(port + 1, &end, 10) : 0;
	if (number < 1 || number > 65535 || (*end && strcmp(end, "/") != 0))
		return error_set(e, "--proxy '%.80s': a port is missing, as in socks5h://127.0.0.1:9050", text);
	r->proxy_port = (uint32_t)number;
	memcpy(r->proxy, machine, sizeof machine);
	return true;
}
