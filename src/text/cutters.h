/*
 * cutters: the tokenizers that do not merge, one stretch of text without special tokens at a time (private to the tokenizer).
 *
 *   wordpiece (BERT)  a text is brought into plain small letters and cut into words and signs; a word is cut into the longest
 *                     tokens from its beginning, of which only the first may begin with a space; a word that cannot be cut is the
 *                     unknown token
 *   unigram (T5)      a text is normalized by the model's own map; of all ways to cut it the one with the best sum of
 *                     scores counts (Kudo 2018, "Subword Regularization"), found from left to right
 *   longest (RWKV)    the longest token at each place
 *
 * Each takes time linear in the text for a given vocabulary.
 */
#ifndef HEARTH_TEXT_CUTTERS_H
#define HEARTH_TEXT_CUTTERS_H

#include "base/buffer.h"
#include "text/tokenizer.h"

/* Appends the ids of a stretch to `out`. `work` is memory that may be used from call to call; `options` of enum tokenizer_option.
 */
typedef bool (*cutter)(const struct vocab *v, const char *text, size_t length, unsigned options, struct buffer *work,
                       struct token_list *out, struct error *e);

bool wordpiece_cut(const struct vocab *v, const char *text, size_t length, unsigned options, struct buffer *work,
                   struct token_list *out, struct error *e);
bool unigram_cut(const struct vocab *v, const char *text, size_t length, unsigned options, struct buffer *work,
                 struct token_list *out, struct error *e);
bool longest_cut(const struct vocab *v, const char *text, size_t length, unsigned options, struct buffer *work,
                 struct token_list *out, struct error *e);

#endif
