// The plain player beside the lines: where it is, playing one line, playing it over and over.
export class Player {
  /** `media` may be missing: everything then does nothing. onTime(ms) is called while it plays and after jumps. */
  constructor(media, model, onTime) {
    Object.assign(this, { media, model, onTime });
    this.loopId = null;
    if (!media) return;
    const tick = () => {
      this.turnBack();
      onTime(this.nowMs);
      if (!media.paused) window.requestAnimationFrame(tick);
    };
    media.addEventListener('play', tick);
    for (const name of ['timeupdate', 'seeked']) media.addEventListener(name, () => onTime(this.nowMs));
  }

  /** null without a player, or before anything of it is there. */
  get nowMs() {
    return this.media && this.media.readyState > 0 ? Math.round(this.media.currentTime * 1000) : null;
  }

  get looped() {
    return this.model.lines.find((line) => line.id === this.loopId);
  }

  turnBack() {
    const line = this.looped;
    if (!line) return;
    const now = this.media.currentTime * 1000;
    if (now >= line.e || now < line.s - 300) this.media.currentTime = line.s / 1000;
  }

  play() {
    const promise = this.media.play();
    if (promise) promise.catch(() => {}); // replaced by the next wish, or not allowed without a tap
  }

  toggle() {
    if (!this.media) return;
    if (this.media.paused) this.play();
    else this.media.pause();
  }

  goTo(ms) {
    if (this.media) this.media.currentTime = Math.max(0, ms) / 1000;
  }

  playFrom(line) {
    if (!this.media || !line) return;
    this.goTo(line.s);
    this.play();
  }

  skip(byMs) {
    if (this.nowMs !== null) this.goTo(this.nowMs + byMs);
  }

  /** Returns whether it loops now. */
  toggleLoop(line) {
    if (!this.media || !line) return false;
    this.loopId = this.loopId === null ? line.id : null;
    if (this.loopId !== null) this.playFrom(line);
    return this.loopId !== null;
  }

  /** Sound alone is a tenth of the bytes. */
  swapSource(isSoundOnly) {
    const { media } = this;
    const at = media.currentTime;
    const wasPlaying = !media.paused;
    media.src = isSoundOnly ? media.dataset.sound : media.dataset.picture;
    media.addEventListener('loadedmetadata', () => {
      media.currentTime = at;
      if (wasPlaying) this.play();
    }, { once: true });
  }
}
