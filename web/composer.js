/* composer: the field for a message, with send and stop, and the quiet line below it. */
import { el, fill, icon } from "./dom.js";
import { count } from "./words.js";

export const NEARLY_FULL = 0.8; /* of the context */

export class Composer {
	constructor(app) {
		this.app = app;
		this.field = el("textarea", { id: "message", rows: 1, placeholder: "Ask anything", "aria-label": "Your message", dir: "auto" });
		this.button = el("button", { type: "submit", class: "send", "aria-label": "Send", title: "Send" }, icon("send"));
		this.note = el("div.note");
		this.status = el("p.status");
		this.form = el("form.composer", { onsubmit: (event) => { event.preventDefault(); this.submit(); } }, this.field, this.button);
		this.node = el("div.composer-place", this.note, this.form, this.status);
		this.field.addEventListener("input", () => {
			this.size();
			app.here();
		});
		this.field.addEventListener("keydown", (event) => {
			const touch = matchMedia("(pointer: coarse)").matches;
			if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch) return;
			event.preventDefault();
			if (!app.answering) this.submit();
		});
	}

	submit() {
		if (this.app.answering) return this.app.stop();
		const text = this.field.value.trim();
		if (!text) return this.field.focus();
		this.field.value = "";
		this.size();
		return this.app.say(text);
	}

	/* As tall as its text, up to a third of the page. */
	size() {
		this.field.style.height = "auto";
		this.field.style.height = Math.min(this.field.scrollHeight, innerHeight / 3) + "px";
		this.draw();
	}

	draw() {
		const busy = this.app.answering;
		this.button.setAttribute("aria-label", busy ? "Stop" : "Send");
		this.button.title = busy ? "Stop (Esc)" : "Send";
		this.button.classList.toggle("busy", busy);
		this.button.classList.toggle("ready", busy || Boolean(this.field.value.trim()));
		if (this.button.dataset.drawn !== String(busy)) fill(this.button, icon(busy ? "stop" : "send"));
		this.button.dataset.drawn = String(busy);
		fill(this.status, this.app.statusLine());
	}

	say(...children) {
		fill(this.note, ...children);
	}
}

/* How full the context is, as a small bar with words behind it. */
export function contextMark(used, all) {
	const share = Math.min(1, used / all);
	const words = count(used) + " of " + count(all) + " tokens that the model can see at once are taken";
	return el("span", { class: share >= NEARLY_FULL ? "sight full" : "sight", title: words },
		el("meter", { value: share, high: NEARLY_FULL, optimum: 0, "aria-label": words }), " " + Math.round(share * 100) + " %");
}
