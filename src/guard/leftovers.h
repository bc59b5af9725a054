/*
 * leftovers: what of a text stays in a process's memory although nobody holds it any more.
 *
 * Three places: blocks that were freed, by whichever library; the stack below the function that runs; and the buffer of standard
 * output. This program's free() and realloc() wipe what they give back (leftovers.c), so that the first never has anything; the
 * other two are wiped by leftovers_wipe.
 */
#ifndef HEARTH_GUARD_LEFTOVERS_H
#define HEARTH_GUARD_LEFTOVERS_H

/* At the program's start, before anything is written to standard output. */
void leftovers_begin(void);

/* To be called far up, by a function that holds nothing secret itself. */
void leftovers_wipe(void);

#endif
