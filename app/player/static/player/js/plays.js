// Tells the library that somebody watches: how many seconds were played and covered so far, under a name made at random
// for this one play. Nothing is remembered on the device, nothing says who it is.
const PIECE_S = 5; // what is covered is counted in pieces of the lecture
const NEW_AFTER_MS = 4 * 3600 * 1000; // a page left open is another play on another occasion

function randomName() {
  const bytes = Array.from(window.crypto.getRandomValues(new Uint8Array(12)), (byte) => String.fromCharCode(byte));
  return window.btoa(bytes.join('')).replace(/\+/g, '-').replace(/\//g, '_');
}

function isThin() {
  const line = navigator.connection || {};
  return Boolean(line.saveData) || /2g/.test(line.effectiveType || '');
}

class Play {
  constructor() {
    this.name = randomName();
    this.beganMs = performance.now();
    this.number = 0;
    this.playedS = 0;
    this.pieces = new Set();
    this.toldMs = -Infinity;
    this.toldS = -1;
  }

  cover(fromS, toS) {
    for (let piece = Math.floor(fromS / PIECE_S); piece * PIECE_S <= toS; piece += 1) this.pieces.add(piece);
  }
}

/** Returns a part of the player that follows its state. */
export function tellPlays(playback, media) {
  const { watch } = media;
  const everyMs = (isThin() ? watch.thin_every_s : watch.every_s) * 1000;
  let play = null;
  let last = null; // {ms, timeS} while it plays
  let isOver = true;

  function tell() {
    if (!play || play.toldS === play.playedS) return;
    const told = { p: play.name, n: play.number, l: watch.lecture, s: Math.round(play.playedS), c: Math.round(Math.min(play.pieces.size * PIECE_S, media.duration_s)) };
    if (watch.playlist) told.q = watch.playlist;
    if (playback.mode === 'audio') told.a = 1;
    play.number += 1;
    play.toldS = play.playedS;
    play.toldMs = performance.now();
    const body = JSON.stringify([told]);
    const isSent = navigator.sendBeacon && navigator.sendBeacon(watch.url, body);
    if (!isSent) fetch(watch.url, { method: 'POST', body, keepalive: true, credentials: 'same-origin' }).catch(() => {});
  }

  function begin() {
    play = new Play();
    isOver = false;
    tell();
  }

  /** Adds what was played since the last look; a jump adds nothing. */
  function look() {
    const now = { ms: performance.now(), timeS: playback.element.currentTime };
    if (last && play) {
      const [passedS, movedS] = [(now.ms - last.ms) / 1000, now.timeS - last.timeS];
      if (movedS > 0 && movedS <= passedS * playback.rate * 1.5 + 1) {
        play.playedS += Math.min(passedS, movedS / playback.rate + 0.5);
        play.cover(last.timeS, now.timeS);
      }
    }
    last = playback.state === 'playing' ? now : null;
    if (play && now.ms - play.toldMs >= everyMs) tell();
  }

  let before = '';
  function follow() {
    const { state } = playback;
    if (state === before) return;
    look();
    if (state === 'playing' && (isOver || performance.now() - play.beganMs > NEW_AFTER_MS)) begin();
    if (state === 'paused' || state === 'ended') tell();
    if (state === 'ended') isOver = true;
    before = state;
  }

  playback.element.addEventListener('timeupdate', look);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) return;
    look();
    tell();
  });
  window.addEventListener('pagehide', () => {
    look();
    tell();
  });
  return follow;
}
