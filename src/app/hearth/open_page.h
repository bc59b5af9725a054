/*
 * open_page: `hearth open`: the page in the person's browser, of the hearth that serves already or of this one.
 *
 * A browser is started by xdg-open, with the person's rights and not in a jail: so a small process is forked for it before hearth
 * gives its rights away, and waits for one path. That is a file of the settings folder that only its owner may read and that leads
 * to the address: an address on a command line, with the token in it, could be seen by every user of the machine.
 */
#ifndef HEARTH_APP_HEARTH_OPEN_PAGE_H
#define HEARTH_APP_HEARTH_OPEN_PAGE_H

#include "app/hearth/paths.h"

#include <stdbool.h>

/* Forks the process that will open a page, where there is a desktop to open it on; before the jail. */
void open_page_begin(void);

/* Opens URL#token=TOKEN. False: there is no desktop, or the file cannot be written; the address is to be shown instead. */
bool open_page_show(const struct paths *p, const char *url, const char *token);

/* The same for what went wrong, when there is no terminal to say it on. */
bool open_page_fail(const struct paths *p, const char *text);

#endif
