// Playback the browser does by itself: its own HLS ("native") or the progressive files ("mp4").
import { playableFrom } from './place.js';

export class FileEngine {
  /** `on` is told: ready(), placed(timeS), level(name), fatal(reason). */
  constructor(kind, element, media, on) {
    this.kind = kind;
    this.element = element;
    this.media = media;
    this.on = on;
    this.opened = null;
    this.handleError = () => this.on.fatal(`media error ${this.element.error ? this.element.error.code : ''}`);
  }

  /** Until which second there is something to play; a browser gives no length to a lecture still being made. */
  get madeS() {
    const { duration, seekable } = this.element;
    return duration === Infinity && seekable.length ? seekable.end(seekable.length - 1) : Infinity;
  }

  open({ choice, positionS }) {
    this.close();
    this.opened = this.addressOf(choice);
    const { element } = this;
    element.addEventListener('error', this.handleError);
    this.handleMetadata = () => {
      const placeS = playableFrom(positionS, element.duration);
      if (placeS || element.duration === Infinity) element.currentTime = placeS; // not at the end of what is made
      this.on.placed(placeS);
      this.on.level(this.levelOf(choice));
    };
    element.addEventListener('loadedmetadata', this.handleMetadata, { once: true });
    element.preload = 'auto'; // set only now: the page itself asks for nothing
    element.src = this.opened;
    element.load();
    this.on.ready();
  }

  /** True when the choice could be made without opening again; a file cannot change its picture. */
  choose(choice) {
    return this.addressOf(choice) === this.opened;
  }

  addressOf(choice) {
    const { media } = this;
    if (this.kind === 'mp4') return choice === 'audio' || !media.mp4_url ? media.m4a_url : media.mp4_url;
    if (choice === 'audio') return media.audio_url;
    return this.isLowest(choice) && media.saver_url ? media.saver_url : media.master_url;
  }

  levelOf(choice) {
    if (choice === 'audio') return 'audio';
    if (this.kind === 'mp4') return 'mp4';
    return this.isLowest(choice) ? choice : 'auto';
  }

  isLowest(choice) {
    return choice === this.media.videos[this.media.videos.length - 1];
  }

  close() {
    this.element.removeEventListener('error', this.handleError);
    this.element.removeEventListener('loadedmetadata', this.handleMetadata);
  }
}
