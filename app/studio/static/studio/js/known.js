// Files that need not be sent: asks the server before the first byte. Any doubt or fault means: send it.
import { data } from './words.js';

async function ask(url, options = {}) {
  const response = await fetch(url, {
    credentials: 'same-origin',
    ...options,
    headers: { Accept: 'application/json', 'X-CSRFToken': data.csrf_token },
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

function hash(file, onProgress) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./hash_worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data: told }) => {
      if (told.done) onProgress(told.done, file.size);
      if (!told.sha256) return;
      worker.terminate();
      resolve(told.sha256);
    };
    worker.onerror = (event) => {
      worker.terminate();
      reject(new Error(event.message));
    };
    worker.postMessage(file);
  });
}

function knownUrl(lecture) {
  return data.known_url.replace('LECTURE', lecture);
}

/** What the institution has of this file: `{ sha256, found: { filename, lecture, date } }` or null. */
export async function findKnown(file, lecture, onProgress) {
  try {
    const { is_possible: isPossible } = await ask(`${knownUrl(lecture)}?size=${file.size}`);
    if (!isPossible) return null; // no file of this size: nothing is worth hashing for
    const sha256 = await hash(file, onProgress);
    const { found } = await ask(`${knownUrl(lecture)}?sha256=${sha256}`);
    return found ? { sha256, found } : null;
  } catch {
    return null;
  }
}

/** Give the lecture the file that is here already; returns the page to go to. */
export async function useKnown(file, lecture, sha256) {
  const form = new FormData();
  form.append('sha256', sha256);
  form.append('filename', file.name);
  const { page_url: pageUrl } = await ask(knownUrl(lecture), { method: 'POST', body: form });
  return pageUrl;
}

/** My file on its way that has this mark, or null. */
export async function findUnfinished(mark) {
  try {
    const { uploads } = await ask(data.uploads_url);
    return uploads.find((each) => each.fingerprint === mark) || null;
  } catch {
    return null;
  }
}
