/* assets: the files of the page (web/), which the build makes into arrays (tools/web-files), so that hearth-front needs no files.
 */
#ifndef HEARTH_APP_FRONT_ASSETS_H
#define HEARTH_APP_FRONT_ASSETS_H

#include <stddef.h>

struct asset {
	const char *path; /* "/app.js"; "/" is index.html */
	const char *type; /* of the content, by the name's ending */
	const char *etag; /* with its quotes: of the SHA-256 */
	const unsigned char *bytes;
	size_t size;
};

extern const struct asset assets[]; /* ends with one without a path */

#endif
