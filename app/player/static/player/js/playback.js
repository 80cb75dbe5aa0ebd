// The state of one playing lecture: which engine, which choice, playing or not. Knows nothing of buttons.
import { FileEngine } from './engine_file.js';
import { pickEngine, possibleChoices } from './choices.js';
import { playableFrom } from './place.js';

const EDGE_S = 1; // this near to the end of what is made, waiting is for more of it, not for the network
const STATE_EVENTS = ['playing', 'pause', 'waiting', 'ended', 'canplay', 'seeked'];

export class Playback {
  /**
   * `notify` is called after every change; `prepare` once, before the first playback (it loads the surface); `missing`
   * when the place somebody wanted is not made yet.
   */
  constructor({ element, media, forced, choice, startS, prepare, notify, missing }) {
    Object.assign(this, { element, media, forced, choice, prepare, notify, missing });
    this.engineKind = pickEngine(element, media, forced);
    this.engine = null;
    this.state = 'idle';
    this.level = '';
    this.isWanted = false; // the person wants it to play, whatever the network says
    this.isOpening = false;
    this.targetS = startS; // where to begin or to go on while the engine is opening
    this.rate = 1;
    this.fellToFile = false;
    this.hasNewer = false; // there are better manifests than those that are playing; taken at the next break
    this.choiceBefore = choice;
    this.ticket = 0; // the newest open() wins
    for (const name of STATE_EVENTS) element.addEventListener(name, () => this.follow(name));
  }

  get mode() {
    return this.choice === 'audio' ? 'audio' : 'video';
  }

  get choices() {
    return possibleChoices(this.engineKind, this.media);
  }

  get currentS() {
    return this.isOpening || !this.engine ? this.targetS : this.element.currentTime;
  }

  get durationS() {
    const known = this.element.duration;
    const isKnown = this.engine && this.madeS === Infinity && Number.isFinite(known) && known > 0;
    return isKnown ? known : this.media.duration_s;
  }

  /** Until which second the lecture is made; Infinity when all of it is, or nothing is known yet. */
  get madeS() {
    return this.engine ? this.engine.madeS : Infinity;
  }

  /** Waiting because what comes next is still being made. */
  get isAwaitingMore() {
    return this.isWanted && this.state !== 'playing' && this.madeS - this.currentS < EDGE_S;
  }

  set(state) {
    this.state = state;
    this.notify();
  }

  /** Reads the media element's events; while an engine opens, its resets are not the person's pauses. */
  follow(event) {
    const { element } = this;
    if (this.isOpening) {
      if (event !== 'playing' && (event !== 'canplay' || element.seeking) && event !== 'seeked') return;
      if (event !== 'playing' && Math.abs(element.currentTime - this.targetS) > 2) return;
      this.isOpening = false;
    }
    if (event === 'ended') this.isWanted = false;
    if (event === 'pause' && !element.ended) this.isWanted = false;
    if (element.ended) this.set('ended');
    else if (element.paused) this.set(this.isWanted ? 'loading' : 'paused');
    else if (event === 'waiting') this.wait();
    else if (event === 'playing' || element.readyState > 2) this.set('playing');
  }

  wait() {
    this.set('waiting');
    if (this.hasNewer && this.isAwaitingMore) this.open();
  }

  toggle() {
    if (this.isWanted) this.pause();
    else this.play();
  }

  play() {
    this.isWanted = true;
    if (this.state === 'ended') this.seek(0);
    if (!this.engine && !this.isOpening) {
      this.element.load(); // inside the tap: older phones unlock the element only for what a tap did
      this.open();
    } else if (this.hasNewer && !this.isOpening) {
      this.open();
    } else {
      this.playElement();
    }
  }

  pause() {
    this.isWanted = false;
    this.element.pause();
    if (this.isOpening) this.set('paused');
  }

  playElement() {
    const promise = this.element.play();
    if (promise) promise.catch((error) => this.refused(error));
  }

  /** play() rejects when a newer load replaced it (nothing to do) or when the browser wants another tap. */
  refused(error) {
    if (error.name === 'NotAllowedError') this.pause();
  }

  /** Goes there and answers true, or stays and answers false where nothing is made yet. */
  seek(timeS) {
    const target = Math.min(Math.max(0, timeS), Math.max(0, this.durationS - 0.2));
    const isMade = target <= this.madeS;
    if (isMade) this.goTo(playableFrom(target, this.madeS));
    else this.missing();
    this.notify();
    return isMade;
  }

  goTo(timeS) {
    this.targetS = timeS;
    if (this.engine && !this.isOpening && !this.hasNewer) this.element.currentTime = timeS;
    else if (this.engine) this.open(timeS);
  }

  skip(byS) {
    this.seek(this.currentS + byS);
  }

  choose(choice) {
    if (choice === this.choice) return;
    const wasMode = this.mode;
    this.choiceBefore = this.choice;
    this.choice = choice;
    const stays = wasMode === this.mode && this.engine && !this.isOpening;
    if (stays && (this.isOfferedByNewer(choice) || this.engine.choose(choice) === false)) this.open();
    else if (!stays && this.engine) this.open();
    this.notify();
  }

  setRate(rate) {
    this.rate = rate;
    this.element.defaultPlaybackRate = rate;
    this.element.playbackRate = rate;
    this.notify();
  }

  async open(timeS = this.currentS) {
    this.targetS = timeS;
    this.isOpening = true;
    this.hasNewer = false;
    this.ticket += 1;
    const { ticket } = this;
    this.set('loading');
    try {
      await this.prepare();
      const engine = this.engine || (await this.makeEngine());
      if (ticket !== this.ticket) return;
      this.engine = engine;
    } catch (error) {
      if (ticket === this.ticket) this.fail(String(error));
      return;
    }
    this.engine.open({ choice: this.choice, positionS: this.targetS });
  }

  async makeEngine() {
    const on = {
      ready: () => this.isWanted && this.playElement(),
      placed: (timeS) => {
        this.targetS = timeS;
      },
      level: (name) => {
        this.level = name;
        this.notify();
      },
      fatal: (reason) => this.fail(reason),
      grown: () => this.notify(),
      missing: () => this.beginElsewhere(),
      more: () => this.takeNewer(),
    };
    if (this.engineKind === 'hls') {
      const { HlsEngine, isSupported } = await import('./engine_hls.js');
      if (isSupported()) return new HlsEngine(this.element, this.media, on);
      this.engineKind = 'mp4';
    }
    return new FileEngine(this.engineKind, this.element, this.media, on);
  }

  /** Not made yet where it shall begin: who was listening listens on, all others get the beginning. */
  beginElsewhere() {
    if (this.choiceBefore === 'audio' && this.choice !== 'audio') {
      this.choice = 'audio';
      this.open();
    } else {
      this.open(0);
    }
    this.missing();
  }

  /** Better manifests are there: read at once when they hold what is asked for, else when playing is interrupted anyway. */
  takeNewer() {
    this.hasNewer = true;
    if (this.engine && !this.isOpening && this.isOfferedByNewer(this.choice)) this.open();
  }

  isOfferedByNewer(choice) {
    return this.hasNewer && Boolean(this.engine.has) && !this.engine.has(choice);
  }

  /** An engine gave up: the progressive file is the last resort, then the person decides. */
  fail(reason) {
    const positionS = this.currentS;
    this.reason = reason;
    if (this.engine) this.engine.close();
    this.engine = null;
    this.targetS = positionS;
    if (this.engineKind !== 'mp4' && (this.media.mp4_url || this.media.m4a_url)) {
      this.engineKind = 'mp4';
      this.fellToFile = true;
      if (!this.choices.includes(this.choice)) this.choice = this.choices[0];
      this.open();
    } else {
      this.isOpening = false;
      this.set('error');
    }
  }

  retry() {
    this.engineKind = pickEngine(this.element, this.media, this.forced);
    this.isWanted = true;
    this.open();
  }
}
