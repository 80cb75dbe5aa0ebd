// The only module that knows Plyr: captions drawn over the picture, and full screen with its fallbacks.
// Our own deck holds the controls, so Plyr gets none, and css/stage.css dresses the little it draws; its icon sprite and blank video never come from elsewhere.
import Plyr from 'plyr';
import blankVideo from '../blank.mp4';

const OPTIONS = {
  controls: [],
  settings: [],
  loadSprite: false,
  iconUrl: '',
  blankVideo,
  storage: { enabled: false },
  keyboard: { focused: false, global: false },
  tooltips: { controls: false, seek: false },
  captions: { active: false, language: 'auto', update: true },
  fullscreen: { enabled: true, fallback: true, iosNative: true, container: '[data-player]' },
  previewThumbnails: { enabled: false },
  mediaMetadata: null,
  clickToPlay: false,
  hideControls: false,
  disableContextMenu: false,
  autopause: false,
};

export class Surface {
  constructor(element) {
    const { volume, muted, playbackRate } = element;
    this.plyr = new Plyr(element, OPTIONS);
    Object.assign(element, { volume, muted, playbackRate }); // Plyr resets them to its own defaults
    this.ready = new Promise((resolve) => {
      this.plyr.once('ready', resolve);
    });
  }

  get isFull() {
    return this.plyr.fullscreen.active;
  }

  toggleFull() {
    this.plyr.fullscreen.toggle();
  }

  onFull(listener) {
    this.plyr.on('enterfullscreen', listener);
    this.plyr.on('exitfullscreen', listener);
  }

  /** Shows the caption track with this index, or none for -1. */
  async showCaption(index) {
    await this.ready;
    this.plyr.currentTrack = index;
    this.plyr.toggleCaptions(index >= 0);
  }
}
