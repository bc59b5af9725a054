/*
 * vault: the lock screen, making a vault, and its recovery code.
 *
 * A passphrase goes to hearth and is in no element any more when it was sent. When hearth is locked, nothing of a conversation is left in
 * the page.
 */
import { el, fill, icon, copyText, fold } from "./dom.js";
import { ask } from "./api.js";
import { dialog } from "./dialog.js";

const secretField = (label, more = {}) => el("input", { type: "password", maxlength: 1000, "aria-label": label, ...more });

/* A card in place of everything. */
export function screen(sign, title, ...children) {
	return el("main.lock-screen", el("div.lock-card", sign && el("div.lock-sign", icon(sign)), el("h1", title), children));
}

/* The one while the vault is locked. */
export function lockScreen(app, why) {
	const field = secretField("Passphrase");
	const line = el("p.error", { role: "alert" });
	const open = el("button", { type: "submit", class: "main" }, "Unlock");
	let failed = 0;
	const form = el("form", {
		onsubmit: async (event) => {
			event.preventDefault();
			const words = field.value;
			field.value = "";
			line.textContent = "";
			open.disabled = true;
			open.textContent = "Opening...";
			try {
				await ask("vault/unlock", { passphrase: words });
				await app.opened();
			} catch (error) {
				failed++;
				line.textContent = error.message + (failed > 2 ? " If you forgot the passphrase, type the recovery code in its place." : "");
				open.disabled = false;
				open.textContent = "Unlock";
				field.focus();
			}
		},
	}, el("label.unseen", { for: "passphrase" }, "Passphrase"), Object.assign(field, { id: "passphrase", placeholder: "Passphrase" }), open);
	return screen("lock", "Locked",
		el("p.quiet", why || "Your conversations are sealed. hearth holds no key while it is locked."), form, line,
		app.state.opens_alone && el("p.quiet", "This vault opens by itself: press Unlock."),
		el("button.plain", { onclick: () => app.startPrivate() }, icon("mask"), "A private conversation instead"));
}

function showRecovery(code) {
	const copy = el("button", { onclick: () => copyText(code, copy) }, "Copy");
	return dialog("Your recovery code", [
		el("p", "It is shown only now. Write it on paper and keep it where you keep your passport."),
		el("p.recovery", { tabindex: "0" }, code),
		el("p.quiet", "If you forget the passphrase, type this code in its place. Without both, nobody can open your conversations again, not even the makers of hearth."),
	], [copy, el("button.main", { onclick: (event) => event.target.closest("dialog").close() }, "I have written it down")]);
}

/* Asks for a passphrase and makes the vault. Resolves to whether there is one now. */
export function makeVault(app) {
	return new Promise((resolve) => {
		let made = false;
		const first = secretField("New passphrase", { placeholder: "Four words or more are good" });
		const second = secretField("The same once more", { placeholder: "The same once more" });
		const line = el("p.error", { role: "alert" });
		const button = el("button", { type: "submit", class: "main" }, "Keep them, encrypted");
		const make = async (body) => {
			button.disabled = true;
			line.textContent = "";
			try {
				const said = await ask("vault/create", body);
				made = true;
				first.value = second.value = "";
				box.close();
				if (said.recovery) showRecovery(said.recovery);
			} catch (error) {
				line.textContent = error.message;
				button.disabled = false;
			}
		};
		const hint = el("p.quiet");
		first.addEventListener("input", () => {
			hint.textContent = first.value && first.value.length < 10 ? "That is short, and short ones are guessed." : "";
		});
		const form = el("form", {
			onsubmit: (event) => {
				event.preventDefault();
				if (!first.value) line.textContent = "Choose a passphrase.";
				else if (first.value !== second.value) line.textContent = "These two are not the same.";
				else make({ kind: "passphrase", passphrase: first.value });
			},
		}, el("label", "Passphrase", first), hint, el("label", "Once more", second), line, el("footer", button));
		const other = fold("Other ways",
			app.state.has_keyring && el("button.plain", { onclick: () => make({ kind: "keyring", passphrase: "" }) }, "A key that this desktop's keyring keeps"),
			el("button.plain", { onclick: () => make({ kind: "unencrypted", passphrase: "" }) }, "Keep them unencrypted: whoever can read this disk can read them"));
		const box = dialog("Keep your conversations", [
			el("p", "They stay on this machine, sealed under a passphrase that only you know. hearth asks for it when it starts and after a while without you."),
			form, other,
		], null);
		box.addEventListener("close", () => resolve(made));
		first.focus();
	});
}

/* The question of a first start, when there is something to keep. */
export function keepQuestion(app, place) {
	const leave = async () => {
		fill(place);
		await ask("settings", { keep: false }).catch(() => {});
		app.state.asked = true;
	};
	return el("div.card.ask-keep", { role: "region", "aria-label": "Keep conversations" },
		el("p", el("strong", "Shall hearth keep your conversations? "), "They stay on this machine, encrypted. Now they are gone when you close this page."),
		el("div.row", el("button", { onclick: leave }, "No, forget them"),
			el("button.main", { onclick: async () => { if (await app.createVault()) fill(place); } }, "Keep them")));
}
