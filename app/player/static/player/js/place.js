// Where opened media may begin. Nothing plays from its very end: a browser then waits for ever or starts again from zero.
const LAST_S = 0.5;

/** The place to begin at in media that end at `endS`: the wanted one, or shortly before the end, which then ends as it should. */
export function playableFrom(positionS, endS) {
  return Number.isFinite(endS) ? Math.min(positionS, Math.max(0, endS - LAST_S)) : positionS;
}
