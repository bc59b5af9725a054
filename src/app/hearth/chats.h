/* chats: the words of `hearth chats`. */
#ifndef HEARTH_APP_HEARTH_CHATS_H
#define HEARTH_APP_HEARTH_CHATS_H

#include "app/hearth/options.h"

extern const struct word_row chats_words[]; /* ends with a row without name */

#endif
