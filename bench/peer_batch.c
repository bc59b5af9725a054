/*
 * peer_batch: llama.cpp's library with several sequences in one batch, as its server computes them; for bench/serve.sh, which compiles it
 * behind the reference data's tools/peer_bench.c (that opens the library and knows its structs).
 *
 *     peer_batch LIBRARIES MODEL CLIENTS PROMPT TOKENS THREADS
 *
 * CLIENTS prompts of PROMPT random tokens, then TOKENS steps with a row for each, the likeliest token taken. Prints the seconds until the
 * first tokens are there, and the tokens a second of all together over the whole time.
 */
int main(int argc, char **argv);
static struct batch (*batch_new)(int32_t n_tokens, int32_t embd, int32_t n_seq_max);

static void put(struct batch *b, int32_t token, int32_t pos, int32_t seq, bool wanted)
{
	int32_t i = b->n_tokens++;
	b->token[i] = token;
	b->pos[i] = pos;
	b->n_seq_id[i] = 1;
	b->seq_id[i][0] = seq;
	b->logits[i] = wanted;
}

static void compute(struct engine *e, struct batch *b)
{
	if (b->n_tokens && api.decode(e->context, *b) != 0) fail("decode failed", NULL);
	api.synchronize(e->context);
}

int main(int argc, char **argv)
{
	if (argc != 7) fail("usage: peer_batch LIBRARIES MODEL CLIENTS PROMPT TOKENS THREADS", NULL);
	struct options o = { .dir = argv[1], .model = argv[2], .flash = -1 };
	int clients = atoi(argv[3]), prompt = atoi(argv[4]), tokens = atoi(argv[5]), threads = atoi(argv[6]);
	if (clients < 1 || clients > 64 || prompt < 2 || prompt > 2048) fail("a number is out of range", NULL);
	open_library(&o);
	bind(library(o.dir, "libllama.v0.5.0.so"), "llama_batch_init", &batch_new);
	void *model = api.model_load(o.model, api.model_defaults());
	if (!model) fail("cannot load model", o.model);
	struct context_params p = api.context_defaults();
	p.n_ctx = (uint32_t)(clients * (prompt + tokens + 8) + 64);
	p.n_seq_max = (uint32_t)clients;
	p.n_threads = p.n_threads_batch = threads;
	p.kv_unified = true;
	struct engine e = { .context = api.context_new(model, p), .vocab = api.n_vocab(api.get_vocab(model)) };
	if (!e.context) fail("cannot make a context", o.model);
	struct batch b = batch_new(2048, 0, 1);
	int32_t next[64];
	uint32_t state = 1;
	feed(&e, 64, 64); /* a warm-up */
	api.memory_clear(api.get_memory(e.context), false);
	double start = now();
	for (int c = 0; c < clients; c++) {
		b.n_tokens = 0;
		for (int i = 0; i < prompt; i++) {
			state = state * 1664525u + 1013904223u;
			put(&b, (int32_t)((state >> 8) % (uint32_t)e.vocab), i, c, i == prompt - 1);
		}
		compute(&e, &b);
		next[c] = argmax(api.logits(e.context, -1), e.vocab);
	}
	double first = now() - start;
	for (int t = 1; t < tokens; t++) {
		b.n_tokens = 0;
		for (int c = 0; c < clients; c++) put(&b, next[c], prompt + t - 1, c, true);
		compute(&e, &b);
		for (int c = 0; c < clients; c++) next[c] = argmax(api.logits(e.context, c), e.vocab);
	}
	double took = now() - start;
	printf("%.3f %.2f\n", first, clients * tokens / took);
	return 0;
}
