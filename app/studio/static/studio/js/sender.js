// Sends one file by tus and survives what networks do: cuts, restarts of the server, a reload, another computer.
import { Upload } from 'tus-js-client';

import { makePace, readHabits } from './habits.js';
import { makePieceSize } from './pieces.js';
import { data } from './words.js';

// About six minutes in all; any progress starts the count again.
const RETRY_DELAYS_MS = [0, 1000, 3000, 5000, 10000, 20000, 30000, 30000, 60000, 60000, 60000, 60000];
// Waiting does not help against these: too large, gone, refused, no such place, disk full.
const HOPELESS = new Set([400, 401, 403, 404, 410, 412, 413, 415, 422, 507]);

const never = () => new Promise(() => {});

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

/**
 * Make an upload of `file` for `lecture`; `mark` is what it is recognised by.
 * Handlers: onProgress, onRetry, onResumed, onNight(isWaiting), onDone, onError(status, sentence).
 * `unfinishedNow` gives what the server said it has of the lecture's file, when it is started.
 */
export function makeSender(file, lecture, mark, handlers, unfinishedNow = () => data.unfinished) {
  let habits = readHabits();
  let isPaused = false;
  let isReady = false; // it was looked for what is there already
  // Counts starts and pauses. The client's own abort() does not hold back a request that waits in onBeforeRequest.
  let run = 0;
  const size = makePieceSize(() => habits.capBytes);
  const pace = makePace(() => habits, handlers.onNight);

  const upload = new Upload(file, {
    endpoint: data.uploads_url,
    chunkSize: size.now(),
    retryDelays: RETRY_DELAYS_MS,
    removeFingerprintOnSuccess: true,
    fingerprint: () => Promise.resolve(`upload|${lecture}|${mark}`),
    metadata: { filename: file.name, lecture, fingerprint: mark },
    headers: { 'X-CSRFToken': data.csrf_token, Accept: 'application/json' },
    onBeforeRequest: async (request) => {
      const mine = run;
      const isLeft = () => isPaused || mine !== run;
      const isPiece = request.getMethod() === 'PATCH';
      if (isPiece) await pace.turn(Math.min(upload.options.chunkSize, file.size), isLeft);
      if (isLeft()) await never(); // the next start makes its own request
      if (isPiece) size.begins();
    },
    onProgress: handlers.onProgress,
    onChunkComplete: (sent) => {
      size.arrived(sent);
      upload.options.chunkSize = size.now();
    },
    onSuccess: handlers.onDone,
    onError: (error) => handlers.onError(statusOf(error), problemOf(error)),
    onShouldRetry: (error) => {
      const again = !HOPELESS.has(statusOf(error));
      if (again) handlers.onRetry();
      size.broke();
      upload.options.chunkSize = size.now();
      return again;
    },
  });

  /** Go on with what is there: begun in another browser, on another computer, or here before a reload. */
  function takeUp(previous) {
    const unfinished = unfinishedNow();
    if (unfinished && unfinished.fingerprint === mark && !unfinished.is_in_pieces) {
      upload.options.uploadUrl = unfinished.url;
      handlers.onResumed();
    } else if (previous) {
      upload.resumeFromPreviousUpload(previous);
      handlers.onResumed();
    }
  }

  async function start() {
    run += 1;
    const mine = run;
    isPaused = false;
    if (!isReady) {
      const [previous] = await upload.findPreviousUploads();
      if (mine !== run) return;
      takeUp(previous);
      isReady = true;
    }
    upload.start();
  }

  return {
    start,
    pause() {
      run += 1;
      isPaused = true;
      upload.abort();
    },
    /** Also for an upload that was paused before it was started: a new one would take the place of what is there. */
    resume: start,
    follow(changed) {
      habits = changed;
      upload.options.chunkSize = size.now();
      pace.look();
    },
  };
}
