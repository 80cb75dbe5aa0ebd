// Keeps the draft: every change goes to the server soon, and into this browser at once until the server has it.
import { fromRows, isSame, splice, toRow } from './edits.js';

const PAUSE_MS = 1200;
const RETRY_MS = [3000, 6000, 15000, 30000];
const BACKUP_PAUSE_MS = 300;
const KEEPALIVE_BYTES = 60000; // browsers let no more than 64 KiB outlive a page

export class Saver {
  /** on: state(name, text), learnt(lines, at, findings), clash({mine, theirs, name}), version(number). */
  constructor(model, data, on) {
    Object.assign(this, { model, data, on });
    this.version = data.version;
    this.saved = model.lines;
    this.isBusy = false;
    this.failures = 0;
    this.clashed = null;
    this.key = '';
    this.waiting = [];
    model.listen((kind) => kind === 'lines' && this.noteChange());
    window.addEventListener('pagehide', () => this.sendLast());
    document.addEventListener('visibilitychange', () => document.hidden && this.backUp());
  }

  get hasUnsaved() {
    return this.model.lines !== this.saved && splice(this.saved, this.model.lines) !== null;
  }

  noteChange() {
    clearTimeout(this.backupTimer);
    this.backupTimer = setTimeout(() => this.backUp(), BACKUP_PAUSE_MS);
    if (this.hasUnsaved) this.on.state('unsaved');
    this.schedule(PAUSE_MS);
  }

  schedule(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), delay);
  }

  /** What the browser keeps in case the page, the network or the power goes. */
  backUp() {
    try {
      if (!this.hasUnsaved) window.localStorage.removeItem(this.data.store_key);
      else window.localStorage.setItem(this.data.store_key, JSON.stringify({ version: this.version, lines: this.model.lines.map(toRow) }));
    } catch {
      // private windows and full storage refuse: the server's copy is all there is then
    }
  }

  /** What an earlier visit could not send: {version, lines} or null. */
  recall() {
    try {
      return JSON.parse(window.localStorage.getItem(this.data.store_key));
    } catch {
      return null;
    }
  }

  forget() {
    this.saved = this.model.lines;
    this.backUp();
  }

  body(patch) {
    return JSON.stringify({ version: this.version, key: this.key, at: patch.at, remove: patch.remove, lines: patch.lines.map(toRow) });
  }

  /** One change has one key, however often it is sent: a lost answer must not make it count twice. */
  keyOf(lines) {
    if (this.keyedLines !== lines) {
      this.keyedLines = lines;
      this.key = Array.from(window.crypto.getRandomValues(new Uint8Array(10)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    }
    return this.key;
  }

  request(body, options = {}) {
    return fetch(this.data.save_url, {
      method: 'POST', credentials: 'same-origin', body, ...options,
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRFToken': this.data.csrf_token },
    });
  }

  /** The page goes: what is not kept is sent once more, and stays in this browser until the next visit sees it kept. */
  sendLast() {
    this.backUp();
    const patch = this.clashed || this.isBusy ? null : splice(this.saved, this.model.lines);
    if (!patch) return;
    this.keyOf(this.model.lines);
    const body = this.body(patch);
    if (body.length < KEEPALIVE_BYTES / 3) this.request(body, { keepalive: true }).catch(() => {});
  }

  async save() {
    clearTimeout(this.timer);
    if (this.isBusy || this.clashed) return;
    const sent = this.model.lines;
    const patch = splice(this.saved, sent);
    if (!patch) {
      this.settle(sent);
      return;
    }
    this.keyOf(sent);
    this.isBusy = true;
    this.on.state('saving');
    let status = 0;
    let answer = {};
    try {
      const response = await this.request(this.body(patch));
      status = response.status;
      answer = await response.json();
    } catch {
      status = status === 200 ? 0 : status; // half an answer is none
    }
    this.isBusy = false;
    if (status === 200) this.accept(sent, patch, answer);
    else if (status === 412) this.meet(answer);
    else if (status === 0 || status >= 500 || status === 429) this.retry();
    else this.on.state('refused', answer.detail || String(status));
  }

  accept(sent, patch, answer) {
    this.failures = 0;
    this.version = answer.version;
    this.on.version(answer.version);
    this.on.learnt(patch.lines, patch.at, answer.findings);
    this.settle(sent);
  }

  settle(sent) {
    this.saved = sent;
    this.backUp();
    if (this.hasUnsaved) this.schedule(0);
    else {
      this.on.state('saved');
      this.waiting.splice(0).forEach((done) => done());
    }
  }

  retry() {
    this.failures += 1;
    this.on.state('offline');
    this.schedule(RETRY_MS[Math.min(this.failures, RETRY_MS.length) - 1]);
  }

  /** Somebody else's draft is newer; when it says the same, there is nothing to decide. */
  meet(answer) {
    const theirs = fromRows(answer.lines);
    const mine = this.model.lines;
    const isEqual = theirs.length === mine.length && theirs.every((line, at) => isSame(line, mine[at]));
    this.clashed = { version: answer.version, theirs, findings: answer.findings };
    if (isEqual) this.decide(true);
    else this.on.clash({ mine, theirs, name: answer.name });
  }

  /** Ends a clash: mine over theirs, or theirs, from which undoing leads back to mine. */
  decide(keepMine, word = '') {
    const { version, theirs, findings } = this.clashed;
    this.clashed = null;
    this.version = version;
    this.on.version(version);
    this.saved = theirs;
    this.on.learnt(theirs, 0, findings);
    if (keepMine) this.model.tell('lines');
    else this.model.change(word, theirs);
    this.save();
  }

  /** Resolves when everything is kept. */
  whenSaved() {
    return new Promise((done) => {
      this.waiting.push(done);
      this.save();
    });
  }
}
