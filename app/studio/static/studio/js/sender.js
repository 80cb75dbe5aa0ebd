// Sends one file by tus and survives what networks do: cuts, restarts of the server, a reload of the page.
import { Upload } from 'tus-js-client';

import { data } from './words.js';

const CHUNK_BYTES = 8 * 1024 * 1024;
// About six minutes in all; any progress starts the count again.
const RETRY_DELAYS_MS = [0, 1000, 3000, 5000, 10000, 20000, 30000, 30000, 60000, 60000, 60000, 60000];
// Waiting does not help against these: too large, gone, refused, no such place, disk full.
const HOPELESS = new Set([400, 401, 403, 404, 410, 412, 413, 415, 422, 507]);

export function fingerprintOf(file, lecture) {
  return [lecture, file.name, file.size, file.lastModified].join('|').slice(-200);
}

function statusOf(error) {
  return error.originalResponse ? error.originalResponse.getStatus() : 0;
}

/** The server's own sentence, when it sent one. */
function problemOf(error) {
  try {
    return JSON.parse(error.originalResponse.getBody()).detail || '';
  } catch {
    return '';
  }
}

/** Make an upload of `file` for `lecture`; handlers: onProgress, onRetry, onResumed, onDone, onError(status, sentence). */
export function makeSender(file, lecture, handlers) {
  const fingerprint = fingerprintOf(file, lecture);
  const upload = new Upload(file, {
    endpoint: data.uploads_url,
    chunkSize: CHUNK_BYTES,
    retryDelays: RETRY_DELAYS_MS,
    removeFingerprintOnSuccess: true,
    fingerprint: () => Promise.resolve(`upload|${fingerprint}`),
    metadata: { filename: file.name, lecture, fingerprint },
    headers: { 'X-CSRFToken': data.csrf_token, Accept: 'application/json' },
    onProgress: handlers.onProgress,
    onSuccess: handlers.onDone,
    onError: (error) => handlers.onError(statusOf(error), problemOf(error)),
    onShouldRetry: (error) => {
      const again = !HOPELESS.has(statusOf(error));
      if (again) handlers.onRetry();
      return again;
    },
  });

  async function start() {
    const [previous] = await upload.findPreviousUploads();
    if (previous) {
      upload.resumeFromPreviousUpload(previous);
      handlers.onResumed();
    } else if (data.unfinished && data.unfinished.fingerprint === fingerprint) {
      upload.options.uploadUrl = data.unfinished.url; // begun in another browser
      handlers.onResumed();
    }
    upload.start();
  }

  return { start, pause: () => upload.abort(), resume: () => upload.start() };
}
