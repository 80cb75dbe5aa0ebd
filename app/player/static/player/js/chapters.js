// The list of chapters beside the player: a tap goes there, the one being played is marked, the seek bar shows where
// each begins. The list is the page's own and works without this file: its links open the page at that second.
import { fill } from './words.js';

const LAST_S = 1; // nothing begins later than this before the end

/** The second the address asks for (?t=200), or null. */
export function askedStart(search, durationS) {
  const text = new URLSearchParams(search).get('t');
  const timeS = text ? Number(text) : NaN;
  return Number.isFinite(timeS) && timeS >= 0 && timeS < durationS - LAST_S ? timeS : null;
}

export class Chapters {
  constructor(root, playback, { words, say }) {
    Object.assign(this, { root, playback, words, say });
    this.links = Array.from(document.querySelectorAll('[data-player-chapters] a[data-player-chapter]'));
    this.startsS = this.links.map((link) => Number(link.dataset.playerChapter));
    this.current = -1;
    this.ticks = [];
    this.links.forEach((link, index) => link.addEventListener('click', (event) => this.go(event, index)));
    this.drawTicks();
  }

  go(event, index) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; // another tab or window is wanted
    event.preventDefault();
    const { playback, links, words } = this;
    const title = links[index].lastElementChild.textContent;
    if (!playback.seek(this.startsS[index])) return;
    if (!playback.isWanted) playback.play();
    this.say(fill(words.chapter, { title }));
    this.showPlayer();
  }

  /** On a phone the list is below the picture: bring the picture back without moving the focus. */
  showPlayer() {
    const stage = this.root.querySelector('[data-player-stage]');
    if (stage.getBoundingClientRect().top < 0) stage.scrollIntoView({ block: 'start' });
  }

  /** A lecture that is still being made grows, and the bar with it. */
  drawTicks() {
    const { durationS } = this.playback;
    if (durationS === this.drawnS) return;
    this.drawnS = durationS;
    this.ticks.forEach((tick) => tick.remove());
    this.ticks = this.startsS.filter((startS) => startS > 0 && startS < durationS).map((startS) => this.tickAt(startS / durationS));
    this.root.querySelector('.player__bar').append(...this.ticks);
  }

  tickAt(share) {
    const tick = document.createElement('span');
    tick.className = 'player__tick';
    tick.style.setProperty('--at', String(share));
    return tick;
  }

  render() {
    this.drawTicks();
    const { currentS } = this.playback;
    const isBegun = this.playback.state !== 'idle';
    let index = -1;
    if (isBegun) {
      this.startsS.forEach((startS, at) => {
        if (currentS >= startS - 0.25) index = at; // a jump may land a little before
      });
    }
    if (index === this.current) return;
    if (this.current >= 0) this.links[this.current].removeAttribute('aria-current');
    if (index >= 0) this.links[index].setAttribute('aria-current', 'true');
    this.current = index;
  }
}
