/*
 * view: the chat as a person sees it: answers with light Markdown, thoughts folded to one line, notes, and a line of progress
 * that goes away when text comes.
 */
#ifndef HEARTH_APP_HEARTH_VIEW_H
#define HEARTH_APP_HEARTH_VIEW_H

#include "app/hearth/answer.h"
#include "app/hearth/markdown.h"
#include "app/hearth/screen.h"
#include "app/hearth/terminal.h"
#include "text/thoughts.h"

struct view {
	struct terminal terminal;
	struct screen screen;
	struct buffer out; /* finished bytes, written at the end of each step */
	struct markdown markdown;
	struct thoughts thoughts;
	struct buffer thought;  /* the last answer's, for /why */
	double started;         /* when the request was submitted */
	double thought_started; /* 0: there was no thought yet */
	double progress_shown;  /* when the line of progress was written last; 0: there is none */
	bool text_shown;        /* the answer itself has begun */
	bool thinking;
	bool lost; /* standard output did not take all of it */
	uint32_t n_prompt, n_done, n_cached;
};

/* Makes a view of standard output. It must stay where it is until view_close. */
void view_open(struct view *v, const struct terminal *t);
void view_close(struct view *v);

/* A paragraph in dim type, such as a note of the program's own; texts in it may be untrusted. */
void view_note(struct view *v, const char *format, ...) ERROR_FORMAT(2, 3);

/* A paragraph in plain type. */
void view_say(struct view *v, const char *format, ...) ERROR_FORMAT(2, 3);

/* A row of a list: `name` in a column of its own, `text` beside it. */
void view_row(struct view *v, const char *name, const char *text);

/* Untrusted text as it is, line ends kept, without Markdown, each line behind `gutter`. */
void view_block(struct view *v, const char *gutter, unsigned style, const char *text, size_t length);

/* An answer: begins, goes on with every event of answer_run (through view_watch), ends with a line end. */
void view_answer_begin(struct view *v);
struct answer_watch view_watch(struct view *v);
void view_answer_end(struct view *v);

/* An answer of another day, whole, as it was shown then. */
void view_answer_again(struct view *v, const char *text, size_t length);

#endif
