// What the device remembers without an account: places in lectures, and how this person likes to listen.
const PLACES = 'player.places';
const HABITS = 'player.habits';
const PLACES_KEPT = 60;

function read(key) {
  try {
    return JSON.parse(window.localStorage.getItem(key)) || {};
  } catch {
    return {}; // blocked or damaged storage: the player simply forgets
  }
}

function write(key, value) {
  try {
    window.localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // private windows and full storage refuse to write; playing goes on
  }
}

export function recallPlace(lecture) {
  const place = read(PLACES)[lecture];
  return place && Number.isFinite(place.timeS) ? place.timeS : 0;
}

export function rememberPlace(lecture, timeS) {
  const places = read(PLACES);
  places[lecture] = { timeS: Math.round(timeS * 10) / 10, at: Date.now() };
  const newestFirst = Object.keys(places).sort((a, b) => places[b].at - places[a].at);
  newestFirst.slice(PLACES_KEPT).forEach((stale) => delete places[stale]);
  write(PLACES, places);
}

export function forgetPlace(lecture) {
  const places = read(PLACES);
  delete places[lecture];
  write(PLACES, places);
}

/** {choice, rate, volume, captions: {isOn, lang, size}}, whatever was chosen before. */
export function recallHabits() {
  return read(HABITS);
}

export function rememberHabit(name, value) {
  write(HABITS, Object.assign(read(HABITS), { [name]: value }));
}
