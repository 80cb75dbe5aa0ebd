// Sends the files of a batch, as many at once as the line gains by. All the desk knows of uploads is this: makeSender and its handlers.
import { findKnown, useKnown } from '../known.js';
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

  function mark(row, state, extra = {}) {
    row.local = { state, ...extra };
    show(row);
  }

  /** Say how a file under way is; while all are paused, that is what is said. */
  function tell(row, state, percent = 0) {
    mark(row, paused ? 'paused' : state, { percent });
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
    tell(upload.row, 'sending', Math.floor((100 * bytes) / total));
    if (running.size < lanes.now() && queue.length) next();
  }

  function senderOf(upload, file, recognised) {
    const { row } = upload;
    return makeSender(file, row.id, recognised, {
      onProgress: (bytes, total) => !paused && sent(upload, bytes, total),
      onRetry: () => {
        lanes.broke();
        upload.sent = null;
        tell(row, 'retrying');
      },
      onResumed: () => {},
      onNight: (isWaiting) => tell(row, isWaiting ? 'night' : 'sending', row.local.percent),
      onDone: () => end(row, 'sent'),
      onError: (status, sentence) => end(row, 'failed', { status, sentence, file }),
    }, () => row.state.unfinished);
  }

  /** What the institution has of the file already, asked before its first byte; not of one that is half here. */
  async function knownOf(row, file, recognised) {
    const { unfinished } = row.state;
    if (unfinished && unfinished.fingerprint === recognised) return null;
    const known = await findKnown(file, row.id, (bytes, total) => tell(row, 'checking', Math.floor((100 * bytes) / total)));
    return known && { ...known, file };
  }

  async function begin({ row, file, isAsked = false }) {
    const upload = { row, sender: null, sent: null };
    running.set(row.id, upload);
    tell(row, 'sending');
    const recognised = await markOf(file);
    const known = isAsked ? null : await knownOf(row, file, recognised);
    if (known) {
      end(row, 'known', known); // the answer may take its time; the other files go on
      return;
    }
    tell(row, 'sending');
    upload.sender = senderOf(upload, file, recognised);
    if (!paused) upload.sender.start();
  }

  function enqueue(item) {
    mark(item.row, 'queued');
    queue.push(item);
  }

  return {
    add(pairs) {
      for (const { row, file } of pairs) {
        if (file.size === 0) mark(row, 'failed', { problem: 'empty_file' });
        else if (file.size > data.max_bytes) mark(row, 'failed', { problem: 'too_large', limit: sizeWords(data.max_bytes) });
        else enqueue({ row, file });
      }
      next();
    },
    /** The answer about a file that is here already: take that one, or send it all the same. */
    async answer(row, isUsed) {
      const { file, sha256 } = row.local;
      if (isUsed) {
        mark(row, 'taking');
        try {
          await useKnown(file, row.id, sha256);
          mark(row, 'sent');
          return;
        } catch {
          // Sending it is always possible.
        }
      }
      enqueue({ row, file, isAsked: true });
      next();
    },
    /** Habits changed: for the files under way; those that follow read them when they begin. */
    follow(habits) {
      for (const { sender } of running.values()) if (sender) sender.follow(habits);
    },
    pause() {
      paused = true;
      for (const { row, sender } of running.values()) {
        if (sender) sender.pause();
        tell(row, 'paused');
      }
      show(null);
    },
    resume() {
      paused = false;
      for (const { row, sender } of running.values()) {
        tell(row, 'sending');
        if (sender) sender.resume(); // a file still being looked at starts by itself
      }
      next();
    },
    isPaused: () => paused,
    isBusy: () => running.size + queue.length > 0,
  };
}
