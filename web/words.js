/* words: numbers, sizes and times as people say them. */

export function bytes(n) {
	const units = ["bytes", "KB", "MB", "GB", "TB"];
	let unit = 0;
	while (n >= 1000 && unit < units.length - 1) {
		n /= 1000;
		unit++;
	}
	return (unit > 1 && n < 100 ? n.toFixed(1) : Math.round(n)) + " " + units[unit];
}

/* How fast a model writes, for people: a word is one token and a third. */
export function speedWords(tokens) {
	const words = tokens * 0.75;
	return (words < 10 ? words.toFixed(1) : count(words)) + " words a second";
}

export function count(n) {
	return Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/* "12 seconds", "6 minutes", "2 hours": rounded as one would say it. */
export function duration(seconds) {
	const say = (n, unit) => n + " " + unit + (n === 1 ? "" : "s");
	if (!(seconds < 3e7)) return "very long";
	if (seconds < 1) return "a moment";
	if (seconds < 90) return say(Math.round(seconds), "second");
	if (seconds < 5400) return say(Math.round(seconds / 60), "minute");
	if (seconds < 129600) return say(Math.round(seconds / 3600), "hour");
	return say(Math.round(seconds / 86400), "day");
}

const clock = (date) => date.toTimeString().slice(0, 5);

/* Days for the list of conversations: the heading that a moment stands under. */
export function dayName(seconds, now = new Date()) {
	const date = new Date(seconds * 1000);
	const start = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
	if (date.getTime() >= start) return "Today";
	if (date.getTime() >= start - 86400e3) return "Yesterday";
	if (date.getTime() >= start - 6 * 86400e3) return "This week";
	return date.toLocaleDateString("en", { month: "long", year: "numeric" });
}

export function moment(seconds, now = new Date()) {
	const date = new Date(seconds * 1000);
	const day = dayName(seconds, now);
	if (day === "Today" || day === "Yesterday") return day.toLowerCase() + " " + clock(date);
	return date.toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" }) + ", " + clock(date);
}

/* A title from the first words of a message, as hearth makes it on the terminal. */
export function titleOf(text) {
	const words = [...text.trim().replace(/\s+/g, " ")];
	if (words.length <= 60) return words.join("");
	const cut = words.slice(0, 60).join("");
	const space = cut.lastIndexOf(" ");
	return (space > 30 ? cut.slice(0, space) : cut) + "...";
}
