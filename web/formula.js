/*
 * formula: TeX as models write it, to MathML, which browsers draw by themselves.
 *
 * Read are fractions, roots, indices, letters of other scripts, operators, brackets that grow, accents, text, matrices and cases. What
 * is not known stays visible as it was written. The elements are made here, from a closed set; a formula of any length or depth costs
 * a bounded amount.
 */
import { el, elIn } from "./dom.js";
import { visibleText } from "./visible.js";

const MOST = 4000, MOST_DEPTH = 30;

const has = Object.hasOwn; /* commands are named by strangers */
const m = (name, ...rest) => elIn("math", name, ...rest);

/* "word character word character": a table. */
const pairs = (text) => Object.fromEntries([...text.matchAll(/(\S+) (\S+)/g)].map((m) => [m[1], m[2]]));

/* The Greek alphabet stands in Unicode as it is recited; the shapes that TeX calls plain are further ones. */
const greek = "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau upsilon varphi chi psi omega".split(" ")
	.map((name, i) => [name, String.fromCodePoint(0x3b1 + i)]);

const letters = {
	...Object.fromEntries(greek.flatMap(([name, c]) => [[name, c], [name[0].toUpperCase() + name.slice(1), c.toUpperCase()]])),
	...pairs("epsilon ϵ vartheta ϑ phi ϕ Phi Φ infty ∞ partial ∂ nabla ∇ hbar ℏ ell ℓ Re ℜ Im ℑ emptyset ∅ varnothing ∅ circ ∘ prime ′ angle ∠"),
};

const operators = pairs(("times × div ÷ cdot ⋅ pm ± mp ∓ leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ approx ≈ equiv ≡ sim ∼ simeq ≃ cong ≅ propto ∝ " +
	"to → rightarrow → leftarrow ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ iff ⇔ implies ⇒ mapsto ↦ longrightarrow ⟶ uparrow ↑ downarrow ↓ " +
	"in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ cup ∪ cap ∩ setminus ∖ land ∧ wedge ∧ lor ∨ vee ∨ neg ¬ lnot ¬ " +
	"forall ∀ exists ∃ mid ∣ parallel ∥ perp ⊥ ldots … dots … cdots ⋯ vdots ⋮ ddots ⋱ ll ≪ gg ≫ ast ∗ star ⋆ bullet • oplus ⊕ otimes ⊗ " +
	"langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lbrace { rbrace } vert | Vert ‖ colon :"));

const large = { sum: "∑", prod: "∏", int: "∫", iint: "∬", oint: "∮", bigcup: "⋃", bigcap: "⋂" };
const named = new Set("sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp lim max min sup inf det dim ker gcd deg arg Pr mod".split(" "));
const below = new Set("lim max min sup inf det gcd Pr".split(" "));
const accents = { hat: "^", widehat: "^", bar: "¯", overline: "¯", vec: "→", dot: "˙", ddot: "¨", tilde: "~", widetilde: "~", overrightarrow: "→" };
const variants = { mathbf: "bold", boldsymbol: "bold", bm: "bold", mathrm: null, mathbb: null, mathcal: "italic", mathscr: "italic", mathit: "italic", operatorname: null };
const spaces = { ",": "0.17em", ":": "0.22em", ";": "0.28em", "!": "-0.17em", " ": "0.25em", quad: "1em", qquad: "2em" };
const fences = { pmatrix: "()", bmatrix: "[]", Bmatrix: "{}", vmatrix: "||", Vmatrix: "‖‖", matrix: "", smallmatrix: "", cases: "{", aligned: "", align: "", "align*": "", gathered: "", array: "", split: "" };

const doubled = { N: "ℕ", Z: "ℤ", Q: "ℚ", R: "ℝ", C: "ℂ", P: "ℙ", H: "ℍ" };

class Reader {
	constructor(text) {
		this.text = text;
		this.at = 0;
		this.depth = 0;
	}

	peek() {
		while (/\s/.test(this.text[this.at] ?? "")) this.at++;
		const c = this.text[this.at];
		if (c !== "\\") return c;
		const match = this.text.slice(this.at, this.at + 40).match(/^\\([a-zA-Z]+\*?|[^])/);
		return match ? "\\" + match[1] : "\\";
	}

	take() {
		const token = this.peek();
		this.at += token ? token.length : 0;
		return token;
	}

	/* What stands in braces, as text. */
	group() {
		if (this.peek() !== "{") return this.take() ?? "";
		let depth = 0;
		const from = this.at + 1;
		for (; this.at < this.text.length; this.at++) {
			if (this.text[this.at] === "\\") this.at++;
			else if (this.text[this.at] === "{") depth++;
			else if (this.text[this.at] === "}" && --depth === 0) break;
		}
		return this.text.slice(from, this.at++);
	}

	row(nodes) {
		return nodes.length === 1 ? nodes[0] : m("mrow", nodes);
	}

	/* Terms up to a mark that ends them. */
	terms(ends) {
		const nodes = [];
		for (let token = this.peek(); token !== undefined && !ends.includes(token); token = this.peek()) nodes.push(this.term());
		return nodes;
	}

	argument() {
		if (this.peek() !== "{") return this.peek() === undefined ? m("mrow") : this.atom();
		this.take();
		const nodes = this.terms(["}"]);
		this.take();
		return this.row(nodes);
	}

	/* An atom with what stands above and below it. */
	term() {
		if (++this.depth > MOST_DEPTH) {
			const rest = this.text.slice(this.at);
			this.at = this.text.length;
			this.depth--;
			return m("mtext", visibleText(rest));
		}
		const base = this.atom();
		let under = null, over = null;
		for (let token = this.peek(); token === "_" || token === "^" || token === "'"; token = this.peek()) {
			if (token === "'") {
				let marks = "";
				while (this.peek() === "'") marks += this.take() && "′";
				over = m("mo", marks);
				continue;
			}
			this.take();
			if (token === "_") under = this.argument();
			else over = this.argument();
		}
		this.depth--;
		if (!under && !over) return base;
		const limits = base.hasAttribute("data-limits");
		const names = limits ? ["munder", "mover", "munderover"] : ["msub", "msup", "msubsup"];
		return m(under && over ? names[2] : under ? names[0] : names[1], {}, base, under, over);
	}

	atom() {
		const token = this.take();
		if (token === undefined) return m("mrow");
		if (token === "{") {
			const nodes = this.terms(["}"]);
			this.take();
			return this.row(nodes);
		}
		if (token[0] === "\\" && token.length > 1) return this.command(token.slice(1));
		if (/\d/.test(token)) {
			const more = this.text.slice(this.at, this.at + 40).match(/^[\d.,]*\d/);
			this.at += more ? more[0].length : 0;
			return m("mn", token + (more ? more[0] : ""));
		}
		if (/\p{L}/u.test(token)) return m("mi", token);
		if (token === "&") return m("mrow");
		if (token === "~") return m("mspace", { width: "0.3em" });
		return m("mo", { stretchy: "false" }, token === "-" ? "−" : visibleText(token));
	}

	command(name) {
		if (has(letters, name)) return m("mi", letters[name]);
		if (has(operators, name)) return m("mo", { stretchy: "false" }, operators[name]);
		if (has(large, name)) return m("mo", { largeop: "true", "data-limits": name.includes("int") ? null : "" }, large[name]);
		if (named.has(name)) return m("mi", { "data-limits": below.has(name) ? "" : null, mathvariant: "normal" }, name);
		if (has(accents, name)) return m("mover", { accent: "true" }, this.argument(), m("mo", { stretchy: name.length > 4 ? "true" : "false" }, accents[name]));
		if (has(variants, name)) return m("mi", { mathvariant: "normal", class: variants[name] }, visibleText(this.group().replace(/[A-Z]/g, (c) => (name === "mathbb" && doubled[c]) || c)));
		if (has(spaces, name)) return m("mspace", { width: spaces[name] });
		switch (name) {
		case "frac": case "dfrac": case "tfrac": case "cfrac": return m("mfrac", this.argument(), this.argument());
		case "binom": return m("mrow", m("mo", "("), m("mfrac", { linethickness: "0" }, this.argument(), this.argument()), m("mo", ")"));
		case "sqrt": return this.root();
		case "text": case "textrm": case "textbf": case "textit": case "mbox": case "tag": return m("mtext", visibleText(this.group()));
		case "left": return this.fenced();
		case "begin": return this.environment();
		case "underbrace": return m("munder", this.argument(), m("mo", "⏟"));
		case "boxed": return this.argument();
		case "displaystyle": case "textstyle": case "limits": case "nolimits": case "big": case "Big": case "bigl": case "bigr": case "right": case "middle": case "nonumber": return m("mrow");
		case "\\": return m("mspace", { linebreak: "newline" });
		case "{": case "}": case "%": case "$": case "#": case "&": case "_": return m("mo", { stretchy: "false" }, name);
		case "|": return m("mo", { stretchy: "false" }, "‖");
		default: return m("mtext", visibleText("\\" + name));
		}
	}

	root() {
		if (this.peek() !== "[") return m("msqrt", this.argument());
		this.take();
		const degree = this.row(this.terms(["]"]));
		this.take();
		return m("mroot", this.argument(), degree);
	}

	fence() {
		const token = this.take() ?? ".";
		const mark = token[0] === "\\" ? (has(operators, token.slice(1)) && operators[token.slice(1)]) || (token === "\\|" ? "‖" : token.slice(1)) : token;
		return mark === "." ? "" : visibleText(mark);
	}

	fenced() {
		const open = this.fence();
		const nodes = this.terms(["\\right"]);
		this.take();
		return m("mrow", m("mo", open), nodes, m("mo", this.fence()));
	}

	environment() {
		const name = this.group();
		if (!has(fences, name)) return m("mtext", visibleText("\\begin{" + name + "}"));
		if (name === "array" && this.peek() === "{") this.group();
		const rows = [[]];
		while (this.peek() !== undefined && this.peek() !== "\\end") {
			const nodes = this.terms(["&", "\\\\", "\\end"]);
			rows[rows.length - 1].push(m("mtd", nodes));
			if (this.peek() === "\\\\") rows.push([]);
			if (this.peek() !== "\\end") this.take();
		}
		this.take();
		this.group();
		const side = /align|split/.test(name) ? "aligned" : name === "cases" ? "left" : null;
		const table = m("mtable", { class: side }, rows.filter((r) => r.length > 1 || (r[0] && r[0].childNodes.length)).map((r) => m("mtr", r)));
		const marks = fences[name];
		return marks ? m("mrow", m("mo", marks[0]), table, marks[1] ? m("mo", marks[1]) : null) : table;
	}
}

/* A formula as an element: `block` for one that stands alone. The source is its title and what is copied. */
export function formula(text, block) {
	text = text.trim();
	if (text.length > MOST) return el("code", visibleText(text));
	const reader = new Reader(text);
	const nodes = [];
	while (reader.peek() !== undefined) {
		const at = reader.at;
		nodes.push(...reader.terms([]));
		if (reader.at === at) break;
	}
	const math = m("math", { display: block ? "block" : "inline", "aria-label": visibleText(text) }, m("mrow", nodes));
	return block ? el("div.formula", { tabindex: "0", role: "group", "aria-label": "Formula" }, math) : math;
}
