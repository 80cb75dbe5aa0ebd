// What the teacher sees of an upload: name, bar, per cent, time left, pause, what went wrong.
import { sizeWords, timeWords, words } from './words.js';

const WINDOW_MS = 15000; // speed is that of the last seconds, not of the whole upload

export function makePanel() {
  const root = document.getElementById('upload-panel');
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  let samples = [];
  let spokenTenth = -1;

  function progress(sent, total) {
    const now = Date.now();
    samples = samples.filter(([at]) => now - at < WINDOW_MS);
    samples.push([now, sent]);
    const percent = Math.floor((100 * sent) / total);
    part('bar').value = percent;
    part('percent').textContent = `${percent}%`;
    part('amount').textContent = words('sent', { sent: sizeWords(sent), total: sizeWords(total) });
    const [at, before] = samples[0];
    if (now - at > 2000 && sent > before) {
      part('left').textContent = timeWords(((total - sent) * (now - at)) / (sent - before) / 1000);
    }
    if (Math.floor(percent / 10) > spokenTenth) {
      spokenTenth = Math.floor(percent / 10);
      part('spoken').textContent = words('spoken', { percent });
    }
  }

  /** Put a question in place of the bar; resolves to whether the first of two buttons was pressed. */
  function ask(block, sentence, yes, no) {
    root.hidden = false;
    part(`${block}-text`).textContent = sentence;
    part(block).hidden = false;
    part('moving').hidden = true;
    part(yes).focus();
    return new Promise((resolve) => {
      const answer = (isYes) => () => {
        part(block).hidden = true;
        part('moving').hidden = false;
        resolve(isYes);
      };
      part(yes).addEventListener('click', answer(true), { once: true });
      part(no).addEventListener('click', answer(false), { once: true });
    });
  }

  return {
    open(filename) {
      root.hidden = false;
      part('name').textContent = filename;
      root.scrollIntoView({ block: 'center' });
    },
    progress,
    label(text) {
      part('label').textContent = text;
    },
    note(text) {
      part('left').textContent = text;
    },
    /** 'sending', 'paused', 'stopped' or 'done' decides which buttons are there. */
    state(name) {
      part('pause').hidden = name !== 'sending';
      part('resume').hidden = name !== 'paused' && name !== 'stopped';
      samples = [];
    },
    problem(text) {
      part('problem').hidden = !text;
      part('problem-text').textContent = text;
    },
    /** Ask about a file that is here already; resolves to true for "use it". */
    offer: (sentence) => ask('offer', sentence, 'use', 'send'),
    /** Ask before another file takes the place of one that is half sent; resolves to true for "keep that one". */
    keepsUnfinished: (sentence) => ask('abandon', sentence, 'keep', 'replace'),
    onPause(handler) {
      part('pause').addEventListener('click', handler);
    },
    onResume(handler) {
      part('resume').addEventListener('click', handler);
    },
  };
}
