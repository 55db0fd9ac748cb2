// What the page knows of the transcript: by id, the data of each entry and the node that shows it.

const CURSOR = "▌"; // the bot's sign that an answer is still growing

export const entries = new Map();

export function isGrowing({ kind, text }) {
  return kind === "post" && text.endsWith(CURSOR);
}

export function finished(text) { // what there is of it so far
  return text.endsWith(CURSOR) ? text.slice(0, -CURSOR.length).trimEnd() : text;
}

/** The id of the newest entry; 0 where there is none. */
export function newestId() {
  return Math.max(0, ...[...entries.keys()].map(Number));
}

/** The answer that grows, if one does; the last of several. */
export function growingAnswer() {
  return [...entries.values()].reverse().find(({ data }) => isGrowing(data))?.data;
}
