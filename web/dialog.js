/* dialog: a question in front of the page; the browser keeps the focus inside and Escape closes it. */
import { el, iconButton } from "./dom.js";

let number = 0;

/* Shows it; `content` and `buttons` are nodes. The dialog, which goes away when it is closed. */
export function dialog(title, content, buttons) {
	const id = "dialog-" + ++number;
	const box = el("dialog", { "aria-labelledby": id },
		el("header", el("h2", { id }, title), iconButton("close", "Close", () => box.close())),
		el("div.dialog-body", content),
		buttons && el("footer", buttons));
	const before = document.activeElement;
	box.addEventListener("close", () => {
		box.remove();
		if (before && before.isConnected) before.focus();
	});
	box.addEventListener("click", (event) => {
		if (event.target === box) box.close();
	});
	document.body.append(box);
	box.showModal();
	return box;
}

/* Yes or no. */
export function confirmDialog(title, text, yes, danger = false) {
	return new Promise((resolve) => {
		let answer = false;
		const box = dialog(title, el("p", text), [
			el("button", { onclick: () => box.close() }, "Cancel"),
			el("button", { class: danger ? "main danger" : "main", onclick: () => { answer = true; box.close(); } }, yes),
		]);
		box.addEventListener("close", () => resolve(answer));
	});
}

/* A line of text; null when the person left. */
export function askLine(title, label, value, yes) {
	return new Promise((resolve) => {
		let answer = null;
		const input = el("input", { type: "text", value, maxlength: 200, "aria-label": label });
		const form = el("form", { method: "dialog", onsubmit: (event) => { event.preventDefault(); answer = input.value.trim(); box.close(); } },
			el("label", label, input), el("footer", el("button", { type: "submit", class: "main" }, yes)));
		const box = dialog(title, form, null);
		input.select();
		box.addEventListener("close", () => resolve(answer));
	});
}
