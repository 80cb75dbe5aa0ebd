// The page's JSON block: addresses, limits and words in the reader's language.
export const data = JSON.parse(document.getElementById('uploader-data').textContent);

/** The words called `name`, with {…} filled in. */
export function words(name, values = {}) {
  return data.words[name].replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
}

export function sizeWords(bytes) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function timeWords(seconds) {
  if (seconds < 60) return words('left_seconds', { count: Math.max(1, Math.ceil(seconds)) });
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return words('left_minutes', { count: minutes });
  return words('left_hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}
