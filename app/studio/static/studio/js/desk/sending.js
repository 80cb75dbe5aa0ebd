// Sends the files of a batch, as many at once as the line gains by. All the desk knows of uploads is this: makeSender and its handlers.
import { markOf } from '../mark.js';
import { makeSender } from '../sender.js';
import { data, sizeWords } from '../words.js';
import { cleanPath } from './files.js';
import { makeLanes } from './lanes.js';

/** Find the row of each file: the same path and size, else the same name and size where only one row has them. */
export function matchFiles(rows, chosen) {
  const waiting = rows.filter((row) => !row.state.has_file && (!row.local || row.local.state === 'failed'));
  const matched = [];
  const others = [];
  const name = (path) => path.slice(path.lastIndexOf('/') + 1);
  const taken = new Set();
  for (const { file, path } of chosen) {
    const free = waiting.filter((row) => !taken.has(row) && row.size === file.size);
    const exact = free.find((row) => cleanPath(row.path) === path);
    const named = free.filter((row) => name(row.path) === name(path));
    const row = exact || (named.length === 1 ? named[0] : null);
    if (row) {
      taken.add(row);
      matched.push({ row, file });
    } else if (!rows.some((each) => each.size === file.size && name(each.path) === name(path))) others.push(path);
  }
  return { matched, others };
}

export function makeLine(show) {
  const queue = [];
  const running = new Map();
  const lanes = makeLanes();
  let paused = false;
  // One start after the other: the sender asks the page's data for what another browser began, one file at a time.
  let starting = Promise.resolve();

  function mark(row, state, extra = {}) {
    row.local = { state, ...extra };
    show(row);
  }

  function next() {
    while (!paused && running.size < lanes.now() && queue.length) begin(queue.shift());
    show(null);
  }

  function end(row, state, extra) {
    running.delete(row.id);
    mark(row, state, extra);
    next();
  }

  function sent(upload, bytes, total) {
    // What was there before a resumption was not sent now.
    if (upload.sent !== null && bytes > upload.sent) lanes.sent(bytes - upload.sent, running.size >= lanes.now());
    upload.sent = bytes;
    mark(upload.row, 'sending', { percent: Math.floor((100 * bytes) / total) });
    if (running.size < lanes.now() && queue.length) next();
  }

  async function begin({ row, file }) {
    const upload = { row, file, sender: null, sent: null };
    running.set(row.id, upload);
    mark(row, 'sending', { percent: 0 });
    const recognised = await markOf(file);
    upload.sender = makeSender(file, row.id, recognised, {
      onProgress: (bytes, total) => !paused && sent(upload, bytes, total),
      onRetry: () => {
        lanes.broke();
        upload.sent = null;
        mark(row, 'retrying');
      },
      onResumed: () => {},
      onNight: (isWaiting) => mark(row, isWaiting ? 'queued' : 'sending', { percent: 0 }),
      onDone: () => end(row, 'sent'),
      onError: (status, sentence) => end(row, 'failed', { status, sentence, file }),
    });
    starting = starting.then(() => {
      data.unfinished = row.state.unfinished;
      return paused ? undefined : upload.sender.start();
    });
  }

  return {
    add(pairs) {
      for (const { row, file } of pairs) {
        if (file.size === 0) mark(row, 'failed', { problem: 'empty_file' });
        else if (file.size > data.max_bytes) mark(row, 'failed', { problem: 'too_large', limit: sizeWords(data.max_bytes) });
        else {
          mark(row, 'queued');
          queue.push({ row, file });
        }
      }
      next();
    },
    pause() {
      paused = true;
      for (const { row, sender } of running.values()) {
        if (sender) sender.pause();
        mark(row, 'paused');
      }
      show(null);
    },
    resume() {
      paused = false;
      for (const { row, sender } of running.values()) {
        if (sender) sender.resume();
        mark(row, 'sending', { percent: 0 });
      }
      next();
    },
    isPaused: () => paused,
    isBusy: () => running.size + queue.length > 0,
  };
}
