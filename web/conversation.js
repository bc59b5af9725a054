/*
 * conversation: what was said, where it is kept, and which part of it the model sees. It knows no elements.
 *
 * A conversation is kept (in the vault, written as it happens), open (in this page alone, since there is no vault) or private (the
 * same, because the person wants it so). What could not be written is written with the next message.
 */
import { ask, chat, Refusal } from "./api.js";
import { splitThought, joinThought } from "./thoughts.js";
import { titleOf } from "./words.js";

const SECONDS_BETWEEN = 2;

/* Words of an answer come faster than they can be drawn: about as many tokens as bytes by four, for what was never counted. */
const guess = (text) => Math.ceil(text.length / 4) + 8;

export class Conversation {
	constructor(kind) {
		this.kind = kind; /* "kept", "open", "private" */
		this.id = null; /* of a kept one that is in the vault */
		this.title = "";
		this.parent = null;
		this.system = "";
		this.messages = []; /* { role, text, thought, position, unfinished, tokens, stats } */
		this.first = 0; /* of the messages that the model sees */
		this.used = 0; /* tokens of the context that the last answer left taken; 0: not known */
		this.unsaved = false;
		this.running = null; /* the AbortController of an answer that comes */
	}

	get next() {
		return this.offset + this.messages.length;
	}

	/* The system message has the first place in the vault, where there is one. */
	get offset() {
		return this.system ? 1 : 0;
	}

	/* `entry` is its line in the list of conversations. */
	static async load(entry) {
		const kept = await ask("chats/" + entry.number);
		const c = new Conversation("kept");
		c.id = entry.number;
		c.title = entry.title;
		c.parent = entry.branch_of;
		for (const m of kept.items) {
			if (m.role === "system") {
				c.system = m.text;
				continue;
			}
			const parts = m.role === "assistant" ? splitThought(m.text) : { thought: "", answer: m.text };
			c.messages.push({ role: m.role, text: parts.answer, thought: parts.thought, position: m.position, unfinished: m.unfinished, made: m.made, tokens: guess(m.text), saved: true });
		}
		return c;
	}

	/* Writes a message in the vault, with all before it that are not there yet. */
	async save(upTo = this.messages.length, unfinished = false) {
		if (this.kind !== "kept") return;
		const write = async (message, role, text, open) => {
			const said = await ask("chats/write", { number: this.id ?? 0, title: this.title, position: message.position, role, text, unfinished: open });
			this.id = said.number;
			message.saved = !open;
		};
		if (!this.title) this.title = titleOf(this.messages[0]?.text ?? "");
		if (this.system && !this.id) await write({ position: 0 }, "system", this.system, false);
		for (let i = 0; i < upTo; i++) {
			const m = this.messages[i];
			if (m.saved || (m.role === "assistant" && !m.text && !m.thought)) continue;
			if (m.position === undefined) m.position = i ? this.messages[i - 1].position + 1 : this.offset;
			const open = unfinished && i === upTo - 1;
			await write(m, m.role, m.role === "assistant" ? joinThought(m.thought, m.text) : m.text, open);
		}
		this.unsaved = false;
	}

	/* What the model is given: a thought belongs to its answer alone. */
	prompt(upTo) {
		const messages = this.system ? [{ role: "system", content: this.system }] : [];
		for (let i = this.first; i < upTo; i++) {
			const m = this.messages[i];
			if (m.role === "user" || (m.role === "assistant" && m.text)) messages.push({ role: m.role, content: m.text });
		}
		return messages;
	}

	/* How many of the oldest messages have to leave so that about `wanted` tokens are left: whole exchanges, never the last. Of what is
	 * far too long hearth counts only a part. */
	surplus(tokens, wanted) {
		let left = Math.max(tokens, this.messages.slice(this.first).reduce((sum, m) => sum + m.tokens, 0)), i = this.first;
		const last = this.lastQuestion();
		while (i < last && (left > wanted || i === this.first)) {
			do left -= this.messages[i++].tokens;
			while (i < last && this.messages[i].role !== "user");
		}
		return i - this.first;
	}

	lastQuestion() {
		let i = this.messages.length - 1;
		while (i > 0 && this.messages[i].role !== "user") i--;
		return Math.max(i, 0);
	}

	/*
	 * Brings the last question to its answer. `on`: changed(message) while it comes, progress(done, all), note(text). The answer stays
	 * when it is stopped. Throws what went wrong; then the answer is as far as it came.
	 */
	async answer(settings, on) {
		const message = { role: "assistant", text: "", thought: "", position: undefined, unfinished: true, tokens: 0 };
		const before = this.messages.length;
		this.messages.push(message);
		this.running = new AbortController();
		let began = 0, written = performance.now(), writing = Promise.resolve();
		const saying = () => {
			began = began || performance.now();
			on.changed(message);
			if (this.kind !== "kept" || performance.now() - written < SECONDS_BETWEEN * 1000) return;
			written = performance.now();
			writing = writing.then(() => this.save(before + 1, true)).catch(() => { this.unsaved = true; });
		};
		try {
			await chat({ messages: this.prompt(before), ...settings }, {
				progress: (p) => on.progress(p.processed, p.total),
				thought: (text) => { message.thought += text; saying(); },
				text: (text) => { message.text += text; saying(); },
				finish: (reason) => { message.finish = reason; },
				counts: (usage, timings) => this.count(message, usage, timings, began),
			}, this.running.signal);
			message.unfinished = false;
			if (!message.finish) throw new Refusal("The answer ended before it was whole.", "failed");
		} catch (error) {
			if (error.name !== "AbortError") throw error;
			message.finish = "stopped";
			message.unfinished = false;
		} finally {
			this.running = null;
			await writing;
			if (!message.text && !message.thought) this.messages.splice(this.messages.indexOf(message), 1);
		}
		return message;
	}

	count(message, usage, timings, began) {
		const seconds = began ? (performance.now() - began) / 1000 : 0;
		const n = usage.completion_tokens ?? timings.predicted_n ?? 0;
		const speed = timings.predicted_per_second ?? message.stats?.speed ?? (seconds > 0.2 && n > 4 ? n / seconds : 0);
		message.stats = { speed, prompt: usage.prompt_tokens ?? timings.prompt_n ?? 0, cached: usage.prompt_tokens_details?.cached_tokens ?? timings.cache_n ?? 0 };
		message.tokens = n;
		if (!message.stats.prompt) return;
		let before = 0;
		const last = this.lastQuestion();
		for (let i = this.first; i < last; i++) before += this.messages[i].tokens;
		this.messages[last].tokens = Math.max(message.stats.prompt - before, 1);
		this.used = message.stats.prompt + n;
	}

	stop() {
		this.running?.abort();
	}

	/* The first `n` messages as a conversation of its own; this one stays as it is. */
	async branch(n) {
		const c = new Conversation(this.kind);
		c.system = this.system;
		c.title = this.title;
		c.first = Math.min(this.first, n);
		c.messages = this.messages.slice(0, n).map((m) => ({ ...m }));
		if (this.kind !== "kept") return c;
		await this.save();
		if (n === 0) {
			c.title = "";
			return c;
		}
		const made = await ask("chats/branch", { number: this.id, messages: this.messages[n - 1].position + 1 });
		c.id = made.number;
		c.parent = this.id;
		return c;
	}

	/* Takes the last answer away, so that another can come; it stays in the vault until the new one is written there. */
	takeAnswerBack() {
		const last = this.messages[this.messages.length - 1];
		return last && last.role === "assistant" ? this.messages.pop() : null;
	}
}
