// What can be done to lines: pure functions from an array of lines to a new one. A line never changes: {id, s, e, t, x}
// (start and end in ms, text, settings); a changed one is a new object, so that what differs is found by identity.
let lastId = 0;

export function makeLine(s, e, t, x = '') {
  lastId += 1;
  return { id: lastId, s, e, t, x };
}

export const fromRows = (rows) => rows.map(([s, e, t, x]) => makeLine(s, e, t, x));
export const toRow = ({ s, e, t, x }) => [s, e, t, x];

export function put(lines, at, changes) {
  const changed = lines.slice();
  changed[at] = { ...lines[at], ...changes };
  return changed;
}

export function remove(lines, at) {
  return [...lines.slice(0, at), ...lines.slice(at + 1)];
}

/** Splits at the caret; the time is shared by length, or ends where the player is when that is inside of the line. */
export function split(lines, at, caret, playerMs) {
  const line = lines[at];
  const [before, after] = [line.t.slice(0, caret).trim(), line.t.slice(caret).trim()];
  const share = line.t.length ? caret / line.t.length : 0.5;
  const isInside = playerMs !== null && playerMs > line.s + 200 && playerMs < line.e - 200;
  const cut = Math.round(isInside ? playerMs : line.s + (line.e - line.s) * Math.min(0.9, Math.max(0.1, share)));
  return [...lines.slice(0, at), { ...line, t: before, e: cut }, makeLine(cut, line.e, after, line.x), ...lines.slice(at + 1)];
}

const isLatin = (letter) => /[A-Za-z0-9]/.test(letter || '');

export function merge(lines, at) {
  const [line, next] = [lines[at], lines[at + 1]];
  const gap = isLatin(line.t.slice(-1)) && isLatin(next.t[0]) ? ' ' : '';
  const both = { ...line, e: Math.max(line.e, next.e), t: line.t + gap + next.t };
  return [...lines.slice(0, at), both, ...lines.slice(at + 2)];
}

/** A new line after `at` (before the first for -1): at the player's clock where there is room, else behind the line before. */
export function insert(lines, at, playerMs, lengthMs) {
  const before = lines[at];
  const next = lines[at + 1];
  const earliest = before ? before.e : 0;
  const latest = next ? next.s : Infinity;
  const isRoomy = playerMs !== null && playerMs >= earliest && playerMs < latest;
  const s = Math.round(isRoomy ? playerMs : earliest);
  const e = Math.max(s + 1, Math.min(s + lengthMs, latest === Infinity ? s + lengthMs : latest));
  return [...lines.slice(0, at + 1), makeLine(s, e, ''), ...lines.slice(at + 1)];
}

/** [lines, how many places]. */
export function replaceAll(lines, find, replacement) {
  let count = 0;
  const changed = lines.map((line) => {
    const pieces = line.t.split(find);
    if (pieces.length === 1) return line;
    count += pieces.length - 1;
    return { ...line, t: pieces.join(replacement) };
  });
  return [changed, count];
}

/** The one stretch in which two arrays differ: {at, remove, lines}; null when they do not. */
export function splice(before, after) {
  let at = 0;
  const shorter = Math.min(before.length, after.length);
  while (at < shorter && before[at] === after[at]) at += 1;
  let tail = 0;
  while (tail < shorter - at && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const remaining = before.length - at - tail;
  const lines = after.slice(at, after.length - tail);
  return remaining || lines.length ? { at, remove: remaining, lines } : null;
}

export const isSame = (a, b) => a.s === b.s && a.e === b.e && a.t === b.t && a.x === b.x;
