/*
 * mock: hearth's endpoints as the page sees them, from memory and with a model that answers what a test wants. For tests of the page
 * alone; tests/long/page.sh runs the page against hearth itself too.
 */
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { join, extname, basename } from "node:path";

const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png", ".webmanifest": "application/manifest+json" };

export const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const now = () => Math.floor(Date.now() / 1000);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Mock {
	constructor(folder) {
		this.folder = folder;
		this.chats = [];
		this.vault = { state: "none", passphrase: "", asked: false };
		this.number = 0;
		this.context = 4096;
		this.reply = (messages) => "You said: " + messages[messages.length - 1].content;
		this.delay = 5; /* ms a piece */
		this.models = [];
		this.prompts = []; /* what the model was given */
		this.requests = [];
		this.lockMinutes = 15;
	}

	state() {
		return { version: "0.1.0", vault: this.vault.state, protected: true, asked: this.vault.asked, opens_alone: false, has_keyring: false, lock_minutes: this.lockMinutes, lock_in: this.lockMinutes * 60,
			model: "SmolLM2 135M", builtin: !this.models.some((m) => m.current && !m.builtin), context: this.context, memory_used: 214e6, memory_total: 16.6e9, memory_free: 9.8e9, threads_low: false };
	}

	add(title, messages, changed = now()) {
		const chat = { number: ++this.number, title, made: changed, changed, branch_of: null, messages: messages.map(([role, text], i) => ({ role, text, made: changed, position: i, unfinished: false })) };
		this.chats.push(chat);
		return chat;
	}

	find(number) {
		const chat = this.chats.find((c) => c.number === number);
		if (!chat) throw [404, "there is no conversation " + number];
		return chat;
	}

	/* POST hearth/NAME and GET hearth/NAME. */
	tell(name, body) {
		const parts = name.split("/");
		if (name === "state") return { items: [this.state()] };
		if (name === "here") return {};
		if (name === "settings") {
			if (body.keep === false) this.vault.asked = true;
			if ("lock_minutes" in body) this.lockMinutes = body.lock_minutes;
			return {};
		}
		if (name === "vault/create") {
			this.vault = { state: "open", passphrase: body.passphrase, asked: true };
			return { recovery: "K7QD-2MXV-9PLA-TT4E-ZB6R-H3WN-C8YU" };
		}
		if (name === "vault/unlock") {
			if (body.passphrase !== this.vault.passphrase) throw [403, "this is not the passphrase"];
			this.vault.state = "open";
			return {};
		}
		if (name === "vault/lock") {
			this.vault.state = "locked";
			return {};
		}
		if (name === "models") return { items: this.models };
		if (name === "models/use") {
			for (const m of this.models) m.current = m.id === body.model;
			return {};
		}
		if (name === "network") return { items: this.network ?? [] };
		if (parts[0] === "chats") return this.tellChats(parts, body);
		throw [404, "there is nothing here"];
	}

	tellChats(parts, body) {
		if (this.vault.state !== "open") throw [423, "the vault is locked"];
		const what = parts[1];
		if (!what) return { items: [...this.chats].sort((a, b) => b.changed - a.changed).map(({ messages, ...c }) => ({ ...c, messages: messages.length })) };
		if (/^\d+$/.test(what)) return { items: this.find(Number(what)).messages };
		if (what === "write") {
			const chat = body.number ? this.find(body.number) : this.add(body.title, []);
			chat.messages.length = Math.min(chat.messages.length, body.position);
			chat.messages.push({ role: body.role, text: body.text, unfinished: body.unfinished, position: body.position, made: now() });
			chat.changed = now();
			return { number: chat.number };
		}
		if (what === "branch") {
			const from = this.find(body.number);
			const made = this.add(from.title, []);
			made.branch_of = from.number;
			made.messages = from.messages.slice(0, body.messages).map((m) => ({ ...m }));
			return { number: made.number };
		}
		if (what === "rename") this.find(body.number).title = body.title;
		if (what === "delete") this.chats.splice(this.chats.indexOf(this.find(body.number)), 1);
		if (what !== "search") return {};
		const words = body.words.toLowerCase().split(/\s+/);
		const hits = this.chats.flatMap((c) => c.messages.filter((m) => words.every((w) => m.text.toLowerCase().includes(w))).map((m) => ({ number: c.number, position: m.position, title: c.title, role: m.role, made: m.made, text: m.text.slice(0, 120) })));
		return { items: hits.slice(0, 50) };
	}

	async chat(body, response) {
		this.prompts.push(body.messages);
		const prompt = body.messages.reduce((n, m) => n + Math.ceil(m.content.length / 4) + 8, 0);
		if (prompt + 32 > this.context) throw [400, "the prompt has " + prompt + " tokens, and the context holds " + this.context, { code: "context_length_exceeded" }];
		response.writeHead(200, { "Content-Type": "text/event-stream" });
		const put = (object) => response.write("data: " + JSON.stringify(object) + "\n\n");
		const said = this.reply(body.messages);
		const { thought = "", text } = typeof said === "string" ? { text: said } : said;
		put({ prompt_progress: { total: prompt, processed: prompt, cache: 0, time_ms: 1 } });
		for (const piece of thought.match(/[^]{1,9}/g) ?? []) {
			put({ choices: [{ delta: { reasoning_content: piece } }] });
			await sleep(this.delay);
		}
		for (const piece of text.match(/[^]{1,9}/gu) ?? []) {
			if (response.destroyed || response.socket.destroyed) return;
			put({ choices: [{ delta: { content: piece } }] });
			if (this.delay) await sleep(this.delay);
		}
		const n = Math.ceil(text.length / 4);
		put({ choices: [{ delta: {}, finish_reason: "stop" }], timings: { predicted_per_second: 41.7 } });
		put({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: n, prompt_tokens_details: { cached_tokens: 0 } } });
		response.end("data: [DONE]\n\n");
	}

	async lines(rows, response) {
		response.writeHead(200, { "Content-Type": "application/x-ndjson" });
		for (const row of rows) {
			if (response.socket.destroyed) return;
			response.write(JSON.stringify(row) + "\n");
			await sleep(this.delay * 4);
		}
		response.end();
	}

	file(path, response) {
		const name = path === "/" ? "index.html" : basename(path);
		response.setHeader("Content-Security-Policy", policy);
		response.setHeader("X-DNS-Prefetch-Control", "off");
		response.setHeader("Content-Type", types[extname(name)] ?? "text/plain");
		response.end(readFileSync(join(this.folder, name)));
	}

	async answer(request, response) {
		const path = new URL(request.url, "http://localhost").pathname;
		this.requests.push(request.method + " " + path);
		let text = "";
		for await (const piece of request) text += piece;
		const body = text ? JSON.parse(text) : undefined;
		try {
			if (path === "/hearth/enter") return response.writeHead(204).end();
			if (path === "/v1/chat/completions") return await this.chat(body, response);
			if (path === "/hearth/prove") return await this.lines(this.proof ?? [], response);
			if (path === "/hearth/models/pull") return await this.lines(this.pull ?? [], response);
			if (!path.startsWith("/hearth/")) return this.file(path, response);
			const said = JSON.stringify(this.tell(path.slice(8), body));
			return response.writeHead(200, { "Content-Type": "application/json" }).end(said);
		} catch (error) {
			const [status, message, more] = Array.isArray(error) ? error : [error.code === "ENOENT" ? 404 : 500, String(error)];
			return response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify({ error: { message, ...more } }));
		}
	}

	listen() {
		return new Promise((resolve) => {
			this.server = createServer((request, response) => this.answer(request, response).catch(() => response.destroy()));
			this.server.listen(0, "127.0.0.1", () => resolve("http://127.0.0.1:" + this.server.address().port + "/"));
		});
	}

	close() {
		this.server.closeAllConnections();
		this.server.close();
	}
}
