// The page's JSON block of the desk: columns, rows, addresses and words in the reader's language.
export function readDesk() {
  return JSON.parse(document.getElementById('desk-data').textContent);
}

let words = null;

/** The words called `name`, with {…} filled in. */
export function say(name, values = {}) {
  words = words || readDesk().words;
  return words[name].replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
}

export function element(tag, className = '', text = '') {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}
