// Which pictures there are, which one to begin with, and which engine can play them here. Pure decisions, no DOM changes.

/** A connection that costs money or is slow: begin with the smallest picture. */
export function isCostly(connection) {
  if (!connection) return false;
  return Boolean(connection.saveData) || connection.type === 'cellular' || /(2g|3g)$/.test(connection.effectiveType || '');
}

/** The choice to begin with: 'auto', 'audio' or a rendition's name. media.videos is ordered from high to low. */
export function firstChoice(media, rememberedChoice, connection) {
  if (media.is_audio_only || !media.videos.length) return 'audio';
  if (isCostly(connection)) return media.videos[media.videos.length - 1];
  return media.videos.includes(rememberedChoice) ? rememberedChoice : 'auto';
}

/** Native HLS has no way to hold one rung, except the saver manifest; a plain file is what it is. */
export function possibleChoices(engineKind, media) {
  const lowest = media.videos.slice(-1);
  if (engineKind === 'hls') return ['auto', ...media.videos, 'audio'];
  if (engineKind === 'native') return ['auto', ...(media.saver_url ? lowest : []), 'audio'];
  return media.mp4_url && !media.is_audio_only ? ['auto', 'audio'] : ['audio'];
}

/**
 * 'native' only where ManagedMediaSource exists or MSE does not: Chromium says "maybe" to HLS and then fails some streams.
 * `forced` comes from ?player= or data-player-force.
 */
export function pickEngine(element, media, forced) {
  if (['hls', 'native', 'mp4'].includes(forced)) return forced;
  const playsHls = element.canPlayType('application/vnd.apple.mpegurl') !== '';
  const hasSource = 'MediaSource' in window;
  if (media.master_url && playsHls && ('ManagedMediaSource' in window || !hasSource)) return 'native';
  return media.master_url && hasSource ? 'hls' : 'mp4';
}
