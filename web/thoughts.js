/*
 * thoughts: a model's thinking aloud, told from its answer.
 *
 * Answers that are kept have their thoughts in front, between marks, as the terminal writes them; what comes from the API has them
 * apart already.
 */
const marks = [["<think>", "</think>"], ["<thinking>", "</thinking>"], ["<|channel>thought", "<channel|>"], ["[THINK]", "[/THINK]"]];

export function splitThought(text) {
	const start = text.trimStart();
	for (const [open, close] of marks) {
		const end = text.indexOf(close);
		if (start.startsWith(open)) {
			if (end < 0) return { thought: start.slice(open.length).trim(), answer: "" };
			return { thought: text.slice(text.indexOf(open) + open.length, end).trim(), answer: text.slice(end + close.length).trimStart() };
		}
		if (end >= 0 && !text.slice(0, end).includes(open) && open === "<think>") return { thought: text.slice(0, end).trim(), answer: text.slice(end + close.length).trimStart() };
	}
	return { thought: "", answer: text };
}

export function joinThought(thought, answer) {
	return thought ? "<think>\n" + thought + "\n</think>\n\n" + answer : answer;
}
