/* config_recurrent: which layers carry a state, and its sizes (see config.h). */
#include "model/recurrent.h"

/* A layer without keys and values has the recurrent block, unless it is one for feed-forward alone. */
static void mark_layers(struct config *c)
{
	const struct family *f = c->family;
	bool alone = false; /* a layer is either this or that */
	for (uint32_t i = 0; i < c->n_layer; i++) alone |= c->layer[i].n_ff == 0;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		struct config_layer *l = &c->layer[i];
		if (f->recurrent_layers == RECURRENT_EVERYWHERE) l->n_head = l->n_head_kv = 0;
		if (l->n_head_kv == 0 && (l->n_ff == 0 || !alone)) l->recurrent = f->recurrent;
	}
}

bool config_recurrent(const struct config_source *s, struct config *c)
{
	if (c->family->recurrent == RECURRENT_NONE) return true;
	mark_layers(c);
	return recurrent_block(c->family->recurrent)->configure(s, c);
}
