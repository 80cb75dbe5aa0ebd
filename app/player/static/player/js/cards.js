// When the player speaks up: a remembered place, a slow network, the end, a failure.
import { forgetPlace, recallPlace, rememberPlace } from './memory.js';
import { fill, rememberedPlace } from './words.js';
import { watchStalls } from './stalls.js';

const SAVE_EVERY_S = 5;

export class Cards {
  /** `isSent`: the address names a second, so the remembered place is not offered. */
  constructor({ card, playback, settings, media, words, limits, say, isSent }) {
    Object.assign(this, { card, playback, settings, media, words, limits, say });
    this.savedAtS = 0;
    this.isPatient = false; // the person said they would rather wait for the picture
    this.stateBefore = 'idle';
    if (!isSent) this.offerToResume();
    window.addEventListener('pagehide', () => this.save());
    document.addEventListener('visibilitychange', () => document.hidden && this.save());
    watchStalls({
      probe: () => ({ isWanted: playback.isWanted && !playback.isAwaitingMore, timeS: playback.currentS }),
      offerS: limits.offerS,
      switchS: limits.switchS,
      onSlow: () => this.offerSound(),
      onStuck: () => this.fallToSound(),
      onMoving: () => {
        this.isPatient = false;
        this.card.hide('slow');
      },
    });
  }

  static startOf(media, limits) {
    const placeS = recallPlace(media.position_key);
    return placeS >= limits.rememberAfterS && placeS < media.duration_s - limits.nearEndS ? placeS : 0;
  }

  offerToResume() {
    const { playback, words } = this;
    if (!playback.targetS) return;
    const restart = () => {
      playback.seek(0);
      playback.play();
    };
    this.card.show('resume', rememberedPlace(playback.targetS, words), [
      { word: words.resume, run: () => playback.play() },
      { word: words.restart, run: restart },
    ]);
  }

  offerSound() {
    const { playback, words } = this;
    if (playback.mode === 'audio') return;
    this.say(words.slow);
    this.card.show('slow', words.slow, [
      { word: words.listen_first, run: () => this.listen() },
      { word: words.keep_waiting, run: () => this.keepWaiting() },
    ]);
  }

  keepWaiting() {
    this.isPatient = true;
    this.card.hide('slow');
  }

  listen() {
    this.card.hide('slow');
    this.settings.listen();
  }

  /** The long wait: sound comes by itself, the way back to the picture is one tap. */
  fallToSound() {
    const { playback, words } = this;
    if (playback.mode === 'audio' || this.isPatient) return;
    this.settings.listen();
    this.say(words.fallen);
    const back = () => {
      this.card.hide('fallen');
      this.settings.toggleListening();
    };
    this.card.show('fallen', words.fallen, [{ word: words.picture_back, run: back }]);
  }

  /** The place somebody wanted is not made yet: nothing moves, and the way on is one tap. */
  showMissing() {
    const { playback, words } = this;
    const goOn = () => {
      this.card.hide('missing');
      playback.play();
    };
    this.say(words.not_made);
    this.card.show('missing', words.not_made, [{ word: words.resume, run: goOn }]);
  }

  /** The viewer has caught up with the encoder: a calm word, and it goes on by itself. */
  followGrowth() {
    const { playback, card, words } = this;
    if (!playback.isAwaitingMore) card.hide('growing');
    else if (card.box.hidden) {
      this.say(words.more_coming);
      card.show('growing', words.more_coming, []);
    }
  }

  /** Follows the playback's state into cards and into the device's memory. */
  follow() {
    const { playback, card } = this;
    const { state } = playback;
    if (card.kind === 'resume' && state !== 'idle') card.hide();
    if (card.kind === 'fallen' && playback.mode === 'video') card.hide();
    if (card.kind === 'slow' && !playback.isWanted) card.hide();
    this.followGrowth();
    if (state !== this.stateBefore) this.enter(state);
    this.stateBefore = state;
  }

  enter(state) {
    if (state === 'playing' && ['ended', 'error'].includes(this.card.kind)) this.card.hide();
    if (state === 'loading' && ['ended', 'error'].includes(this.card.kind)) this.card.hide();
    if (state === 'paused') this.save();
    if (state === 'ended') this.showEnd();
    if (state === 'error') this.showFailure();
  }

  showEnd() {
    const { words, media } = this;
    forgetPlace(media.position_key);
    this.say(words.ended);
    const again = { word: words.again, run: () => this.playback.play() };
    const { next } = media;
    const actions = next ? [{ word: words.next, href: next.url }, again] : [again];
    this.card.show('ended', next ? fill(words.next_title, { title: next.title }) : words.ended, actions);
  }

  showFailure() {
    this.say(this.words.broken);
    this.card.show('error', this.words.broken, [{ word: this.words.retry, run: () => this.playback.retry() }]);
  }

  tick() {
    if (this.playback.state === 'playing' && Math.abs(this.playback.currentS - this.savedAtS) >= SAVE_EVERY_S) this.save();
  }

  save() {
    const { playback, media, limits } = this;
    const timeS = playback.currentS;
    if (playback.state === 'idle' || playback.state === 'ended') return;
    this.savedAtS = timeS;
    if (timeS >= limits.rememberAfterS) rememberPlace(media.position_key, timeS);
  }
}
