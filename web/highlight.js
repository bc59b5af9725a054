/*
 * highlight: colours for code: comments, strings, numbers, keywords and names that are called.
 *
 * One reader for all languages, told apart by a row each: how comments and strings look, and the words that it has for itself. It
 * goes over the text once with patterns that cannot backtrack, and leaves what is very long as it is.
 */
import { el } from "./dom.js";
import { appendVisible, shown } from "./visible.js";

const MOST = 60000;

const words = (text) => new Set(text.split(" "));

/* One set for all that look like C: a word that only a relative has is coloured too, which costs nothing. */
const likeC = words("abstract as async await auto bool boolean break byte case catch char class const constexpr continue crate debugger default defer delete do double dyn else enum export extends extern false final finally float fn for from func function go goto if impl implements import in inline instanceof int interface let long loop map match mod module mut namespace new nil null NULL nullptr of operator override package private protected pub public range register return self short signed sizeof static string struct super switch template this throw throws trait true try type typedef typename typeof undefined union unsafe unsigned use using val var virtual void volatile when where while yield");

const languages = {
	c: { line: ["//"], block: ["/*", "*/"], quotes: "\"'`", words: likeC },
	python: { line: ["#"], quotes: "\"'", triple: true, words: words("and as assert async await begin break case class continue def del do elif else elsif end except False finally for from global if import in is lambda match module nil None nonlocal not or pass raise require rescue return self then True try unless until while with yield") },
	shell: { line: ["#"], quotes: "\"'", words: words("case cd do done echo elif else esac exit export fi for function if in local read return set shift source sudo test then unset while") },
	sql: { line: ["--"], block: ["/*", "*/"], quotes: "'\"", fold: true, words: words("add all alter and as between by case create date default delete desc distinct drop else end exists from full group having in index inner insert integer into is join key left like limit not null offset on or order outer primary references returning right select set table text then union unique update values varchar view when where with") },
	css: { block: ["/*", "*/"], quotes: "\"'", words: words("important media import supports keyframes font-face root var calc") },
	json: { quotes: "\"", words: words("true false null") },
	ini: { line: ["#", ";"], quotes: "\"'", words: words("true false yes no null on off") },
	html: { block: ["<!--", "-->"], quotes: "\"'", tags: true, words: words("") },
	diff: { diff: true },
};

const other = Object.fromEntries(Object.entries({
	c: "c++ cpp cc h hpp objective-c js javascript ts typescript jsx tsx mjs java kotlin kt scala c# csharp cs swift php dart go golang rust rs zig",
	python: "py python3 ruby rb r julia lua", shell: "sh bash zsh console powershell dockerfile makefile", css: "scss less", json: "jsonc json5",
	ini: "yaml yml toml conf properties", html: "xml svg vue", diff: "patch", sql: "mysql postgresql sqlite",
}).flatMap(([row, names]) => names.split(" ").map((name) => [name, row])));

/* The end of a string that begins at `at`: its mark on the same line, or the line's end. */
function stringEnd(text, at, row) {
	const mark = text[at];
	if (row.triple && text.startsWith(mark.repeat(3), at)) {
		const end = text.indexOf(mark.repeat(3), at + 3);
		return end < 0 ? text.length : end + 3;
	}
	let i = at + 1;
	while (i < text.length && text[i] !== mark && (text[i] !== "\n" || mark === "`")) i += text[i] === "\\" ? 2 : 1;
	return Math.min(i + 1, text.length);
}

/* What begins at `at`: its kind and its end; null: nothing of interest. */
function piece(text, at, row) {
	const here = text[at];
	for (const mark of row.line ?? []) {
		if (!text.startsWith(mark, at) || (mark === "#" && at && !/[\s;(]/.test(text[at - 1]))) continue;
		const end = text.indexOf("\n", at);
		return { kind: "comment", to: end < 0 ? text.length : end };
	}
	if (row.block && text.startsWith(row.block[0], at)) {
		const end = text.indexOf(row.block[1], at + row.block[0].length);
		return { kind: "comment", to: end < 0 ? text.length : end + row.block[1].length };
	}
	if (row.tags && here === "<") {
		let to = at + (text[at + 1] === "/" ? 2 : 1);
		const from = to;
		while (to < text.length && /[\w:-]/.test(text[to])) to++;
		return to > from ? { kind: "keyword", to } : null;
	}
	if (row.quotes && row.quotes.includes(here)) {
		/* An apostrophe inside a word is none. */
		if (here === "'" && at && /\w/.test(text[at - 1])) return null;
		return { kind: "string", to: stringEnd(text, at, row) };
	}
	if (/\d/.test(here)) {
		let to = at + 1;
		while (to < text.length && /[\w.]/.test(text[to])) to++;
		return { kind: "number", to };
	}
	if (!/[A-Za-z_@$\\]/.test(here)) return null;
	let to = at + 1;
	while (to < text.length && /[\w$]/.test(text[to])) to++;
	const word = text.slice(at, to);
	if (row.words.has(row.fold ? word.toLowerCase() : word) || here === "\\") return { kind: "keyword", to };
	return { kind: text[to] === "(" ? "call" : null, to };
}

function lines(text) {
	return text.split("\n").map((line, i) => {
		const kind = /^(\+\+\+|---|diff |index )/.test(line) ? "comment" : line[0] === "+" ? "added" : line[0] === "-" ? "removed" : line.startsWith("@@") ? "keyword" : null;
		const node = appendVisible(kind ? el("span", { class: "hl-" + kind }) : document.createDocumentFragment(), line);
		return i ? ["\n", node] : node;
	});
}

/* Nodes for a piece of code. */
export function highlight(text, language) {
	const row = languages[other[language] ?? language];
	if (!row || text.length > MOST) return shown(text);
	if (row.diff) return lines(text);
	const out = document.createDocumentFragment();
	let plain = 0;
	for (let at = 0; at < text.length;) {
		const found = piece(text, at, row);
		if (found && found.kind) {
			if (plain < at) appendVisible(out, text.slice(plain, at));
			out.append(appendVisible(el("span", { class: "hl-" + found.kind }), text.slice(at, found.to)));
			plain = found.to;
		}
		at = found ? found.to : at + 1;
	}
	if (plain < text.length) appendVisible(out, text.slice(plain));
	return out;
}
