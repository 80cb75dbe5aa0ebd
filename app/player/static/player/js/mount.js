// Puts the parts of one player together and keeps the page in step with its state.
// The root tells styles and tests what goes on: data-player-state (idle loading playing paused waiting ended error),
// -engine (hls native mp4), -level (240p … audio, mp4), -mode (video audio), -choice, -wanted, -full,
// -card (resume slow fallen growing missing ended error), -caption-size. It reads -limits; ?player=hls|native|mp4 forces an engine.
import { Card } from './card.js';
import { Cards } from './cards.js';
import { Chapters, askedStart } from './chapters.js';
import { Deck } from './deck.js';
import { Playback } from './playback.js';
import { Settings } from './settings.js';
import { Storyboard } from './storyboard.js';
import { firstChoice } from './choices.js';
import { followGrowth } from './growth.js';
import { keepAwake } from './awake.js';
import { offerLockScreen } from './lock_screen.js';
import { recallHabits } from './memory.js';
import { showFull } from './full_screen.js';
import { tellPlays } from './plays.js';
import { surfaceLoader, warmUp } from './loading.js';
import { wireKeys } from './keys.js';

/** Waiting times and places in seconds; a data-player-limits attribute (JSON) on the root or around it may change them. */
function readLimits(root) {
  const holder = root.closest('[data-player-limits]');
  const usual = { offerS: 4, switchS: 12, rememberAfterS: 15, nearEndS: 10, lookS: 15 };
  return Object.assign(usual, holder ? JSON.parse(holder.dataset.playerLimits) : {});
}

/** One element for pictures and sound: an <audio> becomes a <video>, which can also show captions over a still. */
function takeOver(root) {
  const found = root.querySelector('[data-player-media]');
  let element = found;
  if (found.tagName === 'AUDIO') {
    element = document.createElement('video');
    for (const { name, value } of Array.from(found.attributes)) element.setAttribute(name, value);
    element.setAttribute('playsinline', '');
    element.append(...Array.from(found.querySelectorAll('track')));
    found.replaceWith(element);
  }
  element.querySelectorAll('source').forEach((source) => source.remove());
  element.removeAttribute('controls');
  root.querySelectorAll('[data-player-pending]').forEach((part) => part.removeAttribute('data-player-pending'));
  return element;
}

function mirrorState(root, playback) {
  root.dataset.playerState = playback.state;
  root.dataset.playerEngine = playback.engineKind;
  root.dataset.playerLevel = playback.level;
  root.dataset.playerMode = playback.mode;
  root.dataset.playerChoice = playback.choice;
  root.dataset.playerWanted = String(playback.isWanted);
}

/** The verbs that need Plyr, and the loader that fetches it. */
function surfaceVerbs(root, element, words, captionWanted) {
  const prepare = surfaceLoader(element, (surface) => {
    surface.onFull(() => showFull(root, surface.isFull, words));
    surface.showCaption(captionWanted());
  });
  return {
    prepare,
    toggleFull: () => prepare().then((surface) => surface && surface.toggleFull()),
    showCaption: (index) => prepare().then((surface) => surface && surface.showCaption(index)),
  };
}

function wireStage(root, playback) {
  const { element } = playback;
  element.addEventListener('resize', () => {
    // 426 x 240 is not quite 16:9; nearly fitting pictures fill the box, so that no hairline shows beside them
    root.dataset.playerFit = String(Math.abs((element.videoWidth / element.videoHeight / 16) * 9 - 1) < 0.015);
  });
  root.querySelector('[data-player-stage]').addEventListener('click', (event) => {
    if (!event.target.closest('button, a, [data-player-card]')) playback.toggle();
  });
}

export function mount(root) {
  const { media, words } = JSON.parse(root.querySelector('[data-player-config]').textContent);
  const element = takeOver(root);
  const limits = readLimits(root);
  const habits = recallHabits();
  const live = root.querySelector('[data-player-announce]');
  const say = (sentence) => {
    live.textContent = sentence;
  };
  const parts = [];
  const askedS = askedStart(window.location.search, media.duration_s);
  const verbs = surfaceVerbs(root, element, words, () => settings.caption);
  const playback = new Playback({
    element,
    media,
    forced: new URLSearchParams(window.location.search).get('player'),
    choice: firstChoice(media, habits.choice, navigator.connection),
    startS: askedS === null ? Cards.startOf(media, limits) : askedS,
    prepare: verbs.prepare,
    notify: () => parts.forEach((part) => part()),
    missing: () => cards.showMissing(),
  });
  const settings = new Settings(root, playback, { habits, words, say, ...verbs });
  const storyboard = new Storyboard(media.storyboard_url);
  const deck = new Deck(root, playback, { words, storyboard });
  const cards = new Cards({ card: new Card(root), playback, settings, media, words, limits, say, isSent: askedS !== null });
  const chapters = new Chapters(root, playback, { words, say });
  parts.push(() => mirrorState(root, playback), () => deck.render(), () => settings.render(), () => cards.follow(), () => chapters.render());
  if (media.watch) parts.push(tellPlays(playback, media));
  parts.push(keepAwake(() => playback.state === 'playing'), offerLockScreen(playback, media));
  element.addEventListener('timeupdate', () => {
    deck.render();
    cards.tick();
    chapters.render();
  });
  wireStage(root, playback);
  wireKeys(root, playback, verbs.toggleFull);
  warmUp(root, playback, verbs.prepare);
  followGrowth(media, limits.lookS, (finished) => {
    Object.assign(media, finished);
    storyboard.url = media.storyboard_url;
    playback.takeNewer();
    playback.notify();
  });
  playback.notify();
}
