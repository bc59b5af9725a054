/*
 * sleep: what hearth-sleep says to hearth over descriptor 3, a byte each. hearth says nothing: it closes its end when the vault is
 * locked, or nobody needs to be told any more, and hearth-sleep ends, which lets the machine sleep.
 */
#ifndef HEARTH_WIRE_SLEEP_H
#define HEARTH_WIRE_SLEEP_H

enum sleep_word {
	SLEEP_WATCHED = 'w', /* from now on a suspend waits until hearth-sleep has ended */
	SLEEP_COMES = 's'    /* the machine is about to sleep */
};

#endif
