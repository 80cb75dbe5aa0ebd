// The controls below the picture: reads the playback into them, and turns taps and keys into its verbs.
import { clock, spokenTime } from './words.js';

const ARROW_S = 5;
const PAGE_S = 60;

export class Deck {
  constructor(root, playback, { words, storyboard }) {
    Object.assign(this, { root, playback, words, storyboard });
    this.find = (name) => root.querySelector(`[data-player-${name}]`);
    this.all = (name) => Array.from(root.querySelectorAll(`[data-player-${name}]`));
    this.isScrubbing = false;
    this.wireTransport();
    this.wireSeek();
  }

  wireTransport() {
    const { playback } = this;
    this.find('toggle').addEventListener('click', () => playback.toggle());
    this.find('cover').addEventListener('click', () => playback.toggle());
    for (const button of this.all('skip')) {
      button.addEventListener('click', () => playback.skip(Number(button.dataset.playerSkip)));
    }
  }

  wireSeek() {
    const seek = this.find('seek');
    seek.addEventListener('input', () => {
      this.isScrubbing = true;
      this.drawTime(Number(seek.value));
      this.preview(Number(seek.value));
    });
    seek.addEventListener('change', () => {
      this.isScrubbing = false;
      this.hidePreview();
      this.playback.seek(Number(seek.value));
    });
    seek.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -ARROW_S, ArrowDown: -ARROW_S, ArrowRight: ARROW_S, ArrowUp: ARROW_S, PageDown: -PAGE_S, PageUp: PAGE_S };
      if (!(event.key in step)) return;
      event.preventDefault();
      this.playback.skip(step[event.key]);
    });
    seek.addEventListener('pointermove', (event) => {
      if (event.pointerType !== 'mouse' || this.isScrubbing) return;
      const box = seek.getBoundingClientRect();
      const part = Math.min(Math.max(0, (event.clientX - box.left) / box.width), 1);
      this.preview(part * this.playback.durationS);
    });
    seek.addEventListener('pointerleave', () => this.hidePreview());
  }

  async preview(timeS) {
    const preview = this.find('preview');
    preview.hidden = this.playback.state === 'idle';
    if (preview.hidden) return;
    this.find('preview-time').textContent = clock(timeS);
    const picture = this.find('preview-picture');
    const isPictureWanted = this.playback.mode === 'video' && this.playback.choice !== this.playback.media.videos.slice(-1)[0];
    if (isPictureWanted) await this.storyboard.draw(picture, timeS);
    else picture.hidden = true;
    const bar = preview.parentElement.clientWidth;
    const half = preview.offsetWidth / 2;
    const centre = (timeS / (this.playback.durationS || 1)) * bar;
    preview.style.left = `${Math.min(Math.max(half, centre), Math.max(half, bar - half))}px`;
  }

  hidePreview() {
    this.find('preview').hidden = true;
  }

  drawTime(timeS) {
    const { durationS } = this.playback;
    const seek = this.find('seek');
    const total = Math.floor(durationS);
    if (seek.max !== String(total)) seek.max = String(total);
    if (!this.isScrubbing) seek.value = String(Math.floor(timeS));
    seek.style.setProperty('--fill', String(total ? Math.min(1, Number(seek.value) / total) : 0));
    seek.style.setProperty('--made', String(total ? Math.min(1, this.playback.madeS / total) : 1));
    seek.setAttribute('aria-valuetext', this.spokenPlace(timeS, durationS));
    this.find('elapsed').textContent = clock(timeS);
    this.find('total').textContent = clock(durationS);
  }

  spokenPlace(timeS, durationS) {
    const { words } = this;
    return words.position.replace('{now}', spokenTime(timeS, words)).replace('{total}', spokenTime(durationS, words));
  }

  render() {
    const { playback, words } = this;
    const word = playback.state === 'ended' ? words.again : playback.isWanted ? words.pause : words.play;
    this.find('toggle-word').textContent = word;
    this.find('cover-word').textContent = word;
    if (!this.isScrubbing) this.drawTime(playback.currentS);
  }
}
