// HLS through hls.js. Loaded on demand: this module is what pulls the library in.
import Hls from 'hls.js';
import { playableFrom } from './place.js';

const CONFIG = {
  autoStartLoad: false, // the chosen rung is set before the first segment is asked for
  enableWorker: false, // fMP4 needs no transmuxing, and the page's policy then needs no blob: workers
  capLevelToPlayerSize: true,
  startLevel: -1,
  abrEwmaDefaultEstimate: 300000,
  maxBufferLength: 30,
  maxMaxBufferLength: 60,
  backBufferLength: 30, // phones with 2 GB
  renderTextTracksNatively: false, // captions are <track> files of ours, hls.js keeps its hands off them
  enableWebVTT: false,
  enableIMSC1: false,
  enableCEA708Captions: false,
};

export function isSupported() {
  return Hls.isSupported();
}

export class HlsEngine {
  /** `on` is told: ready(), placed(timeS), level(name), fatal(reason); while the lecture grows also grown(), missing(), more(). */
  constructor(element, media, on) {
    this.element = element;
    this.media = media;
    this.on = on;
    this.hls = null;
    this.listed = {};
  }

  /** Until which second there is something to play of a lecture still being made; Infinity once it is whole. */
  get madeS() {
    const growing = Object.values(this.listed).filter((list) => list.isGrowing);
    return growing.reduce((endS, list) => Math.min(endS, list.endS), Infinity);
  }

  open({ choice, positionS }) {
    this.close();
    this.isAudio = choice === 'audio';
    this.recoveries = { network: 1, media: 1 };
    this.listed = {};
    const hls = new Hls(CONFIG);
    this.hls = hls;
    this.url = this.isAudio ? this.media.audio_url : this.media.master_url;
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      if (!this.isAudio) this.holdLevel(choice);
      // A manifest that grows would be joined at its end: a lecture begins at its beginning.
      hls.startLoad(positionS || (this.media.is_growing ? 0 : -1));
      this.on.ready();
    });
    hls.once(Hls.Events.LEVEL_LOADED, (_event, data) => this.stayBeforeEnd(choice, positionS, data.details));
    hls.on(Hls.Events.LEVEL_LOADED, (_event, data) => this.note('main', data.details));
    hls.on(Hls.Events.AUDIO_TRACK_LOADED, (_event, data) => this.note('sound', data.details));
    hls.on(Hls.Events.LEVEL_SWITCHED, (_event, data) => this.on.level(this.nameOf(data.level)));
    hls.on(Hls.Events.ERROR, (_event, data) => this.recover(data));
    hls.loadSource(this.url);
    hls.attachMedia(this.element);
  }

  /** Picture and sound differ in length: the place of one may lie at or behind the end of the other. */
  stayBeforeEnd(choice, positionS, details) {
    if (details.live && positionS > details.edge) {
      this.on.missing();
      return;
    }
    const placeS = playableFrom(positionS, details.edge);
    if (placeS === positionS) return;
    this.on.placed(placeS);
    this.open({ choice, positionS: placeS }); // hls.js cannot be moved once its first fragment is on the way
  }

  note(name, details) {
    this.listed[name] = { endS: details.edge, isGrowing: details.live };
    this.on.grown();
    this.lookForMore();
  }

  /** The list of rungs is read once, and at first a lecture still being made has only its lowest. */
  async lookForMore() {
    const { hls, isAudio, isLooking, media } = this;
    if (isLooking || isAudio || hls.levels.length >= media.videos.length || this.madeS === Infinity) return;
    this.isLooking = true;
    const response = await fetch(this.url).catch(() => null); // the next refresh asks again
    const text = response && response.ok ? await response.text() : '';
    this.isLooking = false;
    if (this.hls === hls && text.split('#EXT-X-STREAM-INF').length - 1 > hls.levels.length) this.on.more();
  }

  holdLevel(choice) {
    const index = this.indexOf(choice);
    this.hls.startLevel = index;
    this.hls.loadLevel = index;
  }

  choose(choice) {
    const index = this.indexOf(choice);
    if (index < 0) this.hls.loadLevel = -1; // also for a rung that is not made yet: `more` will tell
    else this.hls.nextLevel = index; // what is already on the screen plays on, the rest is fetched anew
  }

  /** True unless one rung is wanted that this list does not have. */
  has(choice) {
    return this.isAudio || choice === 'auto' || this.indexOf(choice) >= 0;
  }

  indexOf(choice) {
    const at = this.media.videos.indexOf(choice);
    if (at < 0) return -1;
    const heightPx = this.media.heights_px[at];
    return this.hls.levels.findIndex((level) => level.height === heightPx);
  }

  nameOf(index) {
    if (this.isAudio) return 'audio';
    const at = this.media.heights_px.indexOf(this.hls.levels[index].height);
    return at < 0 ? `${this.hls.levels[index].height}p` : this.media.videos[at];
  }

  recover(data) {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR && this.recoveries.network > 0) {
      this.recoveries.network -= 1;
      if (this.hls.levels.length) this.hls.startLoad();
      else this.hls.loadSource(this.url);
    } else if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.recoveries.media > 0) {
      this.recoveries.media -= 1;
      this.hls.recoverMediaError();
    } else {
      this.on.fatal(data.details);
    }
  }

  close() {
    if (this.hls) this.hls.destroy();
    this.hls = null;
  }
}
