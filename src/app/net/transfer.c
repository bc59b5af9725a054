/* transfer: libcurl and what it calls back (see transfer.h). */
#include "app/net/transfer.h"

#include "app/net/address.h"
#include "app/net/headers.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"

#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	MAX_AUTHORITIES = 16 << 20,
	MAX_LISTING = 16 << 20,
	MAX_HEADERS = 64 << 10,
	CONNECT_SECONDS = 30,
	LEAST_SPEED = 100, /* bytes a second, below which a host counts as dead after ... */
	SLOW_SECONDS = 30,
	LISTING_SECONDS = 120,
	RECEIVE_PIECE = 256 << 10,
};

/* ---- before the jail ---- */

static bool read_authorities(struct transfer *t, struct error *e)
{
	static const char *const places[] = { "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
		                              "/etc/ssl/cert.pem" };
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (!file_exists(places[i])) continue;
		t->authorities = file_read(places[i], MAX_AUTHORITIES, &t->authorities_size, e);
		return t->authorities != NULL;
	}
	return error_set(e, "this machine has no list of certificate authorities to know hosts by; on Debian: "
	                    "apt-get install ca-certificates");
}

bool transfer_prepare(struct transfer *t, struct error *e)
{
	t->body = buffer_new(MAX_LISTING);
	if (!read_authorities(t, e)) return false;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || !(t->curl = curl_easy_init()))
		return error_set(e, "libcurl cannot be started");
	return true;
}

void transfer_free(struct transfer *t)
{
	if (t->curl) curl_easy_cleanup(t->curl);
	memory_free(t->authorities);
	buffer_free(&t->body);
}

/* ---- what libcurl calls ---- */

/* The first reason counts: what follows it is libcurl's way out. */
static void fail(struct transfer *t, const struct error *why)
{
	if (!t->error.text[0]) t->error = *why;
}

/* A socket for this address, or none. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *t = context;
	const struct fetch_request *r = &t->request;
	const char *why = "another proxy than the one that was named";
	char text[FETCH_ADDRESS];
	address_text(&a->addr, a->addrlen, text, sizeof text);
	bool good = r->proxy[0] ? address_equals(&a->addr, a->addrlen, r->proxy, r->proxy_version, r->proxy_port)
	                        : address_is_public(&a->addr, a->addrlen, &why);
	int fd = good && purpose == CURLSOCKTYPE_IPCXN ? socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol) : -1;
	if (fd >= 0) {
		memcpy(t->end.address, text, sizeof text);
		return fd;
	}
	struct error e;
	error_set(&e, "its name leads to %s, %s; hearth connects to public addresses alone", text[0] ? text : "an address", why);
	if (!good) fail(t, &e);
	return CURL_SOCKET_BAD;
}

/* Every byte that goes over the wire, inside the encryption. */
static int account(CURL *curl, curl_infotype type, char *bytes, size_t size, void *context)
{
	struct transfer *t = context;
	(void)curl;
	if (type == CURLINFO_HEADER_IN || type == CURLINFO_DATA_IN) t->end.down += size;
	if (type != CURLINFO_HEADER_OUT && type != CURLINFO_DATA_OUT) return 0;
	size_t room = sizeof t->end.request - t->end.sent, n = size < room ? size : room;
	memcpy(t->end.request + t->end.sent, bytes, n);
	t->end.sent += (uint32_t)n;
	t->end.up += size;
	return 0;
}

static size_t take_header(char *bytes, size_t one, size_t size, void *context)
{
	struct transfer *t = context;
	struct error e;
	(void)one;
	t->header_bytes += size;
	if (t->header_bytes > MAX_HEADERS)
		error_set(&e, "its answer begins with more than %d KiB of headers", MAX_HEADERS >> 10);
	else if (headers_take(&t->head, bytes, size, &e))
		return size;
	fail(t, &e);
	return 0;
}

/* Tells hearth what the host answered, and waits for its word. */
static bool tell_head(struct transfer *t)
{
	struct fetch_message m = { .kind = FETCH_HEAD };
	long status = 0;
	curl_off_t size = -1;
	char *location = NULL;
	struct error e;
	t->head_told = true;
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
	curl_easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &location);
	t->head.status = (uint32_t)status;
	t->head.size = size >= 0 ? (uint64_t)size : FETCH_UNKNOWN;
	if (location && !headers_text(t->head.location, sizeof t->head.location, location, strlen(location))) {
		error_set(&e, "it redirects to an address that is too long or no text");
		fail(t, &e);
		return false;
	}
	m.head = t->head;
	return fetch_send(t->socket, &m);
}

static bool wait_for_go(struct transfer *t)
{
	struct fetch_message m;
	enum fetch_got got;
	while ((got = fetch_receive(t->socket, &m, -1)) == FETCH_NOTHING_YET) continue;
	if (got != FETCH_CAME || m.kind != FETCH_GO) return false;
	t->go = m.go;
	t->started = true;
	return true;
}

static bool is_wanted(const struct transfer *t)
{
	long status = 0;
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	return status == 200 || (status == 206 && !t->listing);
}

static bool write_file(struct transfer *t, const char *bytes, size_t size, struct error *e)
{
	if (size > t->go.most || t->end.written > t->go.most - size)
		return error_set(e, "it sends more than the %llu bytes that it announced", (unsigned long long)t->go.most);
	while (size > 0) {
		ssize_t n = pwrite(t->file, bytes, size, (off_t)(t->go.at + t->end.written));
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return error_set(e, "cannot write: %s", strerror(n < 0 ? errno : ENOSPC));
		bytes += n;
		size -= (size_t)n;
		t->end.written += (uint64_t)n;
	}
	return true;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *context)
{
	struct transfer *t = context;
	struct error e;
	(void)one;
	/* What stands below a redirect or an error is of no use. */
	if (!is_wanted(t)) return 0;
	if (t->listing) {
		if (buffer_append(&t->body, bytes, size)) return size;
		error_set(&e, "its list of files is longer than %d MiB", MAX_LISTING >> 20);
	} else {
		if (!t->head_told && !tell_head(t)) return 0;
		if (!t->started && !wait_for_go(t)) return 0;
		if (write_file(t, bytes, size, &e)) return size;
	}
	fail(t, &e);
	return 0;
}

/* Does the host send next to nothing? Time counts while this program runs: when the machine slept, or something stopped it, the
 * host is not to blame. */
static bool is_slow(struct transfer *t, double now)
{
	static const double most_between = 2; /* seconds from one look to the next of a program that runs */
	double passed = now - t->looked_at;
	if (t->looked_at > 0) t->quiet += passed < most_between ? passed : most_between;
	t->looked_at = now;
	double came = (double)(t->end.down - t->down_before);
	if (t->quiet >= 1 && came >= LEAST_SPEED * t->quiet) {
		t->quiet = 0;
		t->down_before = t->end.down;
	}
	return t->quiet > SLOW_SECONDS;
}

/* Several times a second: is hearth still there, and how far is it? */
static int go_on(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	enum { TELLS_A_SECOND = 5 };
	struct transfer *t = context;
	struct fetch_message m;
	(void)a, (void)b, (void)c, (void)d;
	double now = clock_seconds();
	if (now - t->told_at < 1.0 / TELLS_A_SECOND) return 0;
	t->told_at = now;
	if (is_slow(t, now)) {
		struct error e;
		error_set(&e, "it does not answer, or sends next to nothing");
		fail(t, &e);
		return 1;
	}
	/* Nothing is expected from hearth now but that it is there. */
	if (fetch_receive(t->socket, &m, 0) != FETCH_NOTHING_YET) return 1;
	m = (struct fetch_message){ .kind = FETCH_PROGRESS, .progress.written = t->end.written };
	return t->started && !fetch_send(t->socket, &m) ? 1 : 0;
}

/* ---- the exchange ---- */

#define SET(option, value) (curl_easy_setopt(t->curl, option, value) == CURLE_OK)

static bool set_safety(struct transfer *t, char *told)
{
	struct curl_blob authorities = { .data = t->authorities, .len = t->authorities_size, .flags = CURL_BLOB_NOCOPY };
	return SET(CURLOPT_PROTOCOLS_STR, "https") && SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_SSL_VERIFYPEER, 1L) &&
	       SET(CURLOPT_SSL_VERIFYHOST, 2L) && SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       SET(CURLOPT_CAINFO, NULL) && SET(CURLOPT_CAPATH, NULL) && SET(CURLOPT_CAINFO_BLOB, &authorities) &&
	       SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(CURLOPT_OPENSOCKETDATA, t) && SET(CURLOPT_NOSIGNAL, 1L) &&
	       SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && SET(CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS) &&
	       SET(CURLOPT_BUFFERSIZE, (long)RECEIVE_PIECE) && SET(CURLOPT_ERRORBUFFER, told) &&
	       (!t->listing || SET(CURLOPT_TIMEOUT, (long)LISTING_SECONDS));
}

/* The same lines for everybody: Host, Range, User-Agent, Accept, If-Range. */
static bool set_request(struct transfer *t, struct curl_slist **lines)
{
	const struct fetch_request *r = &t->request;
	char range[32], proxy[FETCH_ADDRESS + 32], condition[FETCH_ETAG + 16];
	bool ok = SET(CURLOPT_URL, r->url) && SET(CURLOPT_USERAGENT, "hearth") && SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	if (r->from) {
		snprintf(range, sizeof range, "%llu-", (unsigned long long)r->from);
		ok = ok && SET(CURLOPT_RANGE, range);
	}
	if (r->from && r->etag[0]) {
		snprintf(condition, sizeof condition, "If-Range: %s", r->etag);
		*lines = curl_slist_append(NULL, condition);
		ok = ok && *lines && SET(CURLOPT_HTTPHEADER, *lines);
	}
	/* An empty proxy means none, whatever the environment says; so does an empty list of hosts to reach without. */
	snprintf(proxy, sizeof proxy, r->proxy_version == 6 ? "socks5h://[%s]:%u" : "socks5h://%s:%u", r->proxy,
	         (unsigned)r->proxy_port);
	return ok && SET(CURLOPT_PROXY, r->proxy[0] ? proxy : "") && SET(CURLOPT_NOPROXY, "");
}

static bool set_calls(struct transfer *t)
{
	return SET(CURLOPT_VERBOSE, 1L) && SET(CURLOPT_DEBUGFUNCTION, account) && SET(CURLOPT_DEBUGDATA, t) &&
	       SET(CURLOPT_HEADERFUNCTION, take_header) && SET(CURLOPT_HEADERDATA, t) && SET(CURLOPT_WRITEFUNCTION, take_body) &&
	       SET(CURLOPT_WRITEDATA, t) && SET(CURLOPT_XFERINFOFUNCTION, go_on) && SET(CURLOPT_XFERINFODATA, t) &&
	       SET(CURLOPT_NOPROGRESS, 0L);
}

/* libcurl's reason in hearth's words; `told` is its own line. */
static void explain(CURLcode code, const char *told, bool proxied, struct error *e)
{
	static const struct {
		CURLcode code;
		const char *words;
	} reasons[] = {
		{ CURLE_COULDNT_RESOLVE_HOST, "its name cannot be resolved; is there a network, and is the name right?" },
		{ CURLE_COULDNT_RESOLVE_PROXY, "the proxy cannot be reached" },
		{ CURLE_PROXY, "the proxy refuses to connect to it" },
		{ CURLE_PARTIAL_FILE, "the connection ended before the end of the file" },
		{ CURLE_GOT_NOTHING, "it closed the connection without an answer" },
		{ CURLE_SEND_ERROR, "the connection broke" },
		{ CURLE_RECV_ERROR, "the connection broke" },
		{ CURLE_OPERATION_TIMEDOUT, "it does not answer, or sends next to nothing" },
		{ CURLE_UNSUPPORTED_PROTOCOL, "only https is used" },
		{ CURLE_URL_MALFORMAT, "is no URL" },
		{ CURLE_OUT_OF_MEMORY, "not enough memory" },
	};
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (reasons[i].code != code) continue;
		error_set(e, "%s", reasons[i].words);
		return;
	}
	if (code == CURLE_COULDNT_CONNECT)
		error_set(e, "cannot connect%s", proxied ? " through the proxy; does it run?" : "; is there a network?");
	else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR)
		error_set(e, "no safe connection, so nothing was asked: %s", told[0] ? told : curl_easy_strerror(code));
	else
		error_set(e, "%s", told[0] ? told : curl_easy_strerror(code));
}

/* After libcurl has done its part: what is left to be told. */
static void finish(struct transfer *t, CURLcode code, const char *told)
{
	struct error e;
	bool stopped = code == CURLE_WRITE_ERROR && !is_wanted(t); /* by take_body, on purpose */
	bool ok = code == CURLE_OK || stopped;
	if (!ok) {
		explain(code, told, t->request.proxy[0] != 0, &e);
		fail(t, &e);
	}
	/* An answer without a body, or with one that was left alone. */
	if (ok && !t->error.text[0] && !t->head_told) ok = tell_head(t) && (t->listing || !is_wanted(t) || wait_for_go(t));
	t->end.ok = ok && !t->error.text[0];
	memcpy(t->end.error, t->error.text, sizeof t->end.error);
}

void transfer_run(struct transfer *t)
{
	char told[CURL_ERROR_SIZE] = "";
	struct curl_slist *lines = NULL;
	struct error e;
	headers_begin(&t->head);
	if (set_safety(t, told) && set_request(t, &lines) && set_calls(t)) {
		CURLcode code = curl_easy_perform(t->curl);
		finish(t, code, told);
	} else {
		error_set(&e, "libcurl is too old: 7.85 or newer is needed");
		memcpy(t->end.error, e.text, sizeof e.text);
	}
	curl_slist_free_all(lines);
}
