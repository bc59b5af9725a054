/* pretokenizer_step: what the steps of pretokenizer.c are made of (private to the pre-tokenizers). */
#ifndef HEARTH_TEXT_PRETOKENIZER_STEP_H
#define HEARTH_TEXT_PRETOKENIZER_STEP_H

#include "text/pretokenizer.h"

/* Where a step stands: the rest of its piece, and its mark. */
struct pretokenizer_view {
	const char *text; /* from the step's position on */
	size_t length;    /* to the end of the piece */
	size_t known;     /* bytes from `text` on that an earlier call has settled; steps say what that means to them */
};

/* Bytes that match at the view's beginning; 0: no match there. */
typedef size_t (*pretokenizer_match)(const struct pretokenizer_step *s, struct pretokenizer_view *v);

/* Contractions: 's 't 're 've 'm 'll 'd. */
enum contractions { CONTRACTIONS_NONE, CONTRACTIONS_LOWER, CONTRACTIONS_ANY };

/* The large alternatives that most models use; every field is one difference between them. */
struct pretokenizer_words {
	enum contractions first;  /* as an alternative of their own, before all others */
	enum contractions behind; /* behind letters, in the same word */
	bool sign_then_ascii;     /* first alternative: one ASCII sign and ASCII letters */
	bool han_apart;           /* Han characters are words of their own, never letters */
	bool cased;               /* upper case before lower case: "HelloWorld" is two words */
	bool spaced;              /* single spaces between letters stay inside the word */
	bool lead_any;            /* one character before letters: any but `lead_not`; else a space only */
	uint16_t lead_not;
	uint16_t letters;                                /* classes of a run of letters */
	unsigned numbers;                                /* most in a word; 0: none, NUMBERS_ALL: any */
	bool numbers_space;                              /* a space before numbers stays with them */
	uint16_t signs;                                  /* classes of a run of signs, a space before it allowed */
	const char *tail;                                /* ASCII characters that may follow the signs */
	bool tail_once;                                  /* at most one of them */
	enum { LINES_NONE, LINES_RUN, LINES_ONE } lines; /* spaces up to a line end: none; all; one line end alone */
	bool halves;                                     /* spaces go in 512, 256, ... 4 and 1 or 2 */
};

enum { NUMBERS_ALL = ~0u };

struct pretokenizer_step {
	pretokenizer_match match;
	uint16_t classes;                        /* of a run */
	bool space_before;                       /* one white-space character may stand before the run */
	unsigned most;                           /* longest run in characters; 0: any */
	bool exact;                              /* only runs of `most` */
	const struct unicode_range *ranges;      /* also in the run; instead of classes when those are 0 */
	const struct unicode_range *const *sets; /* runs of one of these sets, the first that fits */
	const struct pretokenizer_words *words;
};

size_t pretokenizer_match_words(const struct pretokenizer_step *s, struct pretokenizer_view *v);

size_t pretokenizer_match_run(const struct pretokenizer_step *s, struct pretokenizer_view *v);
size_t pretokenizer_match_sets(const struct pretokenizer_step *s, struct pretokenizer_view *v);
size_t pretokenizer_match_not(const struct pretokenizer_step *s, struct pretokenizer_view *v);
size_t pretokenizer_match_lines(const struct pretokenizer_step *s, struct pretokenizer_view *v);
size_t pretokenizer_match_spaces_at_end(const struct pretokenizer_step *s, struct pretokenizer_view *v);
size_t pretokenizer_match_digits_from_right(const struct pretokenizer_step *s, struct pretokenizer_view *v);
size_t pretokenizer_match_thousands(const struct pretokenizer_step *s, struct pretokenizer_view *v);
size_t pretokenizer_match_digit_cuts(const struct pretokenizer_step *s, struct pretokenizer_view *v);
size_t pretokenizer_match_sentinel(const struct pretokenizer_step *s, struct pretokenizer_view *v);
size_t pretokenizer_match_image(const struct pretokenizer_step *s, struct pretokenizer_view *v);
size_t pretokenizer_match_indent(const struct pretokenizer_step *s, struct pretokenizer_view *v);

extern const struct unicode_range pretokenizer_han[];

static inline struct unicode_char view_char(const struct pretokenizer_view *v, size_t at)
{
	return unicode_char_at(v->text + at, v->length - at);
}

#endif
