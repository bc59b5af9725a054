/*
 * select: the largest of many keys, without sorting the rest.
 *
 * A key is 64 bits: a float, made to compare as an integer, above the complement of an index. So no two keys are equal, larger
 * floats come first and equal floats in order of their index, and every order made here is the only one possible.
 */
#ifndef HEARTH_ENGINE_SELECT_H
#define HEARTH_ENGINE_SELECT_H

#include <stddef.h>
#include <stdint.h>

uint64_t select_key(float value, uint32_t index); /* `value` must not be NaN */
float select_value(uint64_t key);
uint32_t select_index(uint64_t key);

/* Moves the `count` largest of keys[0..n) to the front, in any order. Time is linear in n, whatever the keys are. */
void select_largest(uint64_t *keys, size_t n, size_t count);

/* A number for a logit: not a number is the least, and infinities the largest and the least that there are. */
float select_bounded(float logit);

/* The keys of the k largest of n logits, sorted; how many they are. `keys` has room for n. Time is linear in n for any order of the
 * logits, for k much below n. */
size_t select_top(uint64_t *keys, const float *logits, uint32_t n, size_t k);

/* Sorts, the largest first. Time is n log n, whatever the keys are; nothing is allocated. */
void select_sort(uint64_t *keys, size_t n);

#endif
