// Counts the seconds in which the person waits for the network although they asked to play.
const TICK_MS = 500;

/**
 * Calls onSlow() once after `offerS` waiting seconds in a row, onStuck() once after `switchS`, onMoving() when it goes on.
 * `probe` answers {isWanted, timeS}.
 */
export function watchStalls({ probe, offerS, switchS, onSlow, onStuck, onMoving }) {
  let lastTimeS = -1;
  let waitedS = 0;
  window.setInterval(() => {
    const { isWanted, timeS } = probe();
    const isStuck = isWanted && timeS === lastTimeS && !document.hidden;
    const waitedBefore = waitedS;
    waitedS = isStuck ? waitedS + TICK_MS / 1000 : 0;
    lastTimeS = timeS;
    if (!isStuck && waitedBefore >= offerS) onMoving();
    if (waitedBefore < offerS && waitedS >= offerS) onSlow();
    if (waitedBefore < switchS && waitedS >= switchS) onStuck();
  }, TICK_MS);
}
