/*
 * messages: how a conversation looks.
 *
 * Only a stretch of a long conversation is there as elements; scrolling moves it. An answer that comes is drawn at most once a frame,
 * and the view follows it unless the person has scrolled away.
 */
import { el, fill, icon, iconButton, copyText } from "./dom.js";
import { appendVisible, plainLines, withoutHidden } from "./visible.js";
import { Rendering } from "./markdown.js";
import { moment, speedWords } from "./words.js";

const AT_ONCE = 60, MOST = 180, NEAR = 600, FOLLOW = 80;

function thoughtNode(message, open) {
	const body = el("div.thought-body");
	const summary = el("summary", icon("down"), el("span", message.text || !message.unfinished ? "What it thought first" : "Thinking..."));
	const node = el("details.thought", summary, body);
	node.open = open;
	appendVisible(body, plainLines(message.thought));
	return node;
}

function footnote(message) {
	const parts = [];
	if (message.finish === "stopped") parts.push("You stopped this answer.");
	if (message.finish === "length") parts.push("The answer ends here because the model cannot see more at once.");
	if (message.unfinished && message.saved !== false && !message.live) parts.push("hearth ended before this answer was whole. “Try again” asks anew.");
	return parts.join(" ");
}

export class Messages {
	/* `acts`: edit(i, text), again(i), branch(i): what the buttons do. */
	constructor(acts) {
		this.acts = acts;
		this.list = el("div.messages", { role: "log", "aria-label": "Conversation", "aria-live": "off" });
		this.down = el("button.to-end", { hidden: true, "aria-label": "To the newest message", onclick: () => this.toEnd() }, icon("down"));
		this.place = el("div.scroll", { tabindex: "-1" }, this.list);
		this.place.addEventListener("scroll", () => this.scrolled(), { passive: true });
		this.conversation = null;
		this.nodes = new Map(); /* of the messages that are there, by message */
		this.from = this.to = 0;
		this.following = true;
		this.top = 0; /* where it was scrolled to */
		this.frame = 0;
	}

	show(conversation, at = -1) {
		this.conversation = conversation;
		this.nodes.clear();
		this.list.replaceChildren();
		const n = conversation.messages.length;
		this.following = at < 0;
		const to = at < 0 ? n : Math.min(n, at + AT_ONCE / 2);
		this.stretch(Math.max(0, to - AT_ONCE), to);
		if (at < 0) {
			this.toEnd();
			return;
		}
		const node = this.nodes.get(conversation.messages[at]);
		if (!node) return;
		node.scrollIntoView({ block: "center" });
		node.classList.add("found");
		node.tabIndex = -1;
		node.focus({ preventScroll: true });
	}

	clear() {
		cancelAnimationFrame(this.frame);
		this.frame = 0;
		this.conversation = null;
		this.nodes.clear();
		this.list.replaceChildren();
	}

	/* Makes the elements of the messages [from, to) be there, and no others. What stays, stays where it is seen. */
	stretch(from, to) {
		const messages = this.conversation.messages;
		this.from = from;
		this.to = to;
		const wanted = new Set(messages.slice(from, to));
		for (const [message, node] of this.nodes) {
			if (wanted.has(message)) continue;
			node.remove();
			this.nodes.delete(message);
		}
		let next = this.list.firstChild;
		for (let i = from; i < to; i++) {
			let node = this.nodes.get(messages[i]);
			if (!node) {
				node = this.make(messages[i]);
				this.list.insertBefore(node, next);
			} else {
				next = node.nextSibling;
			}
		}
		this.divide();
	}

	/* A line above the first message that the model still sees, where that is not the first of all. */
	divide() {
		this.list.querySelector(".divider")?.remove();
		const c = this.conversation;
		const node = c.first > 0 && this.nodes.get(c.messages[c.first]);
		if (node) node.before(el("div.divider", { role: "separator" }, "The model no longer sees what is above this line"));
	}

	/* The messages have changed behind the last one that is there. */
	refresh() {
		const n = this.conversation.messages.length;
		this.stretch(Math.min(this.from, Math.max(0, n - 1)), this.following || this.to >= n - 2 ? n : Math.min(this.to, n));
		if (this.to - this.from > MOST) this.stretch(this.to - AT_ONCE, this.to);
		if (this.following) this.toEnd();
	}

	make(message) {
		const mine = message.role === "user";
		const body = el("div.body", { dir: "auto" });
		const foot = el("p.foot");
		const tools = el("div.tools");
		const node = el("article", { class: mine ? "message mine" : "message", "aria-label": mine ? "You" : "Answer" }, body, foot, tools);
		this.nodes.set(message, node);
		this.draw(message, node);
		return node;
	}

	draw(message, node) {
		const body = node.querySelector(".body");
		if (message.role === "user") {
			fill(body);
			appendVisible(body, plainLines(message.text));
		} else {
			this.drawAnswer(message, node, body);
		}
		node.querySelector(".foot").textContent = footnote(message);
		node.classList.toggle("live", Boolean(message.live));
		if (!message.live) fill(node.querySelector(".tools"), this.tools(message));
	}

	drawAnswer(message, node, body) {
		if (!node.answer) {
			node.answer = el("div.answer");
			node.rendering = new Rendering(node.answer);
			fill(body, node.answer);
		}
		const before = body.querySelector(".thought");
		if (message.thought) {
			const fresh = thoughtNode(message, Boolean(before && before.open));
			if (before) before.replaceWith(fresh);
			else body.prepend(fresh);
		}
		if (node.drawn === message.text) return;
		node.drawn = message.text;
		node.rendering.update(message.text);
	}

	tools(message) {
		const at = () => this.conversation.messages.indexOf(message);
		const copy = iconButton("copy", "Copy", () => copyText(withoutHidden(message.text), copy));
		const when = message.made ? el("time", moment(message.made)) : null;
		const speed = message.stats && message.stats.speed ? el("span.speed", speedWords(message.stats.speed)) : null;
		if (message.role === "user") return [iconButton("edit", "Edit", () => this.edit(message)), copy, when];
		return [copy, iconButton("again", "Try again", () => this.acts.again(at())), iconButton("branch", "Go on from here in a new conversation", () => this.acts.branch(at())), speed, when];
	}

	/* The question becomes a field; asking it again goes on from there. */
	edit(message) {
		const node = this.nodes.get(message);
		const field = el("textarea", { value: message.text, rows: Math.min(14, message.text.split("\n").length + 1), "aria-label": "Your message" });
		const leave = () => {
			this.draw(message, node);
			node.querySelector(".tools button")?.focus();
		};
		const send = () => {
			const text = field.value.trim();
			if (text) this.acts.edit(this.conversation.messages.indexOf(message), text);
		};
		field.addEventListener("keydown", (event) => {
			if (event.key === "Escape") leave();
			if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
				event.preventDefault();
				send();
			}
		});
		fill(node.querySelector(".body"), el("div.editing", field,
			el("div.row", el("button", { onclick: leave }, "Cancel"), el("button.main", { onclick: send }, "Ask this instead")),
			this.conversation.kind === "kept" ? el("p.quiet", "The conversation as it is now stays in the list.") : null));
		fill(node.querySelector(".tools"));
		field.focus();
	}

	/* While an answer comes: once a frame. */
	changed(message) {
		if (this.frame) return;
		this.frame = requestAnimationFrame(() => {
			this.frame = 0;
			const node = this.nodes.get(message);
			if (!node) return;
			this.draw(message, node);
			if (this.following) this.toEnd();
		});
	}

	toEnd() {
		const c = this.conversation;
		if (c && this.to < c.messages.length) this.stretch(Math.max(0, c.messages.length - AT_ONCE), c.messages.length);
		this.following = true;
		this.down.hidden = true;
		this.place.scrollTop = this.place.scrollHeight;
	}

	scrolled() {
		const c = this.conversation;
		if (!c) return;
		const box = this.place, end = box.scrollHeight - box.scrollTop - box.clientHeight, n = c.messages.length;
		/* Only a person scrolls up; an answer that grows is behind for a moment. */
		if (end < FOLLOW && this.to === n) this.following = true;
		else if (box.scrollTop < this.top - 4) this.following = false;
		this.top = box.scrollTop;
		this.down.hidden = this.following || (end < NEAR && this.to === n);
		if (box.scrollTop < NEAR && this.from > 0) this.move(Math.max(0, this.from - AT_ONCE), Math.min(this.to, this.from - AT_ONCE + MOST));
		else if (end < NEAR && this.to < n) this.move(Math.max(this.from, this.to + AT_ONCE - MOST), Math.min(n, this.to + AT_ONCE));
	}

	/* Another stretch, with what is seen at the same place. */
	move(from, to) {
		const top = this.place.getBoundingClientRect().top;
		const anchor = [...this.list.children].find((node) => node.getBoundingClientRect().bottom > top && node.matches(".message"));
		const before = anchor ? anchor.getBoundingClientRect().top : 0;
		this.stretch(from, Math.max(to, from));
		if (anchor && anchor.isConnected) this.place.scrollTop += anchor.getBoundingClientRect().top - before;
	}
}

