/* link: before an address outside of this machine is opened, it is shown whole, and the person decides. */
import { el, copyText } from "./dom.js";
import { dialog } from "./dialog.js";

export function askToOpen(url) {
	const shown = url.href;
	const open = () => {
		box.close();
		const way = el("a", { href: shown, target: "_blank", rel: "noopener noreferrer" });
		way.click();
	};
	const copy = el("button", { onclick: () => copyText(shown, copy) }, "Copy the address");
	const box = dialog("This leaves your machine", [
		el("p", "The model wrote this address. If you open it, your browser connects to it, and whoever runs it can see that."),
		el("p.address", { tabindex: "0" }, shown),
		url.protocol === "mailto:" ? null : el("p.quiet", "Host: ", el("strong", url.hostname)),
	], [copy, el("button.main", { onclick: open }, "Open in a new tab")]);
}
