// Milliseconds to what people read and type, and back.

/** 1:02.5 or 1:00:02.500: tenths while reading, all digits where they count. */
export function clock(ms, isExact = false) {
  const hours = Math.floor(ms / 3600000);
  const minutes = Math.floor(ms / 60000) % 60;
  const seconds = Math.floor(ms / 1000) % 60;
  const rest = isExact ? String(ms % 1000).padStart(3, '0') : String(Math.floor((ms % 1000) / 100));
  const head = hours ? `${hours}:${String(minutes).padStart(2, '0')}` : String(minutes);
  return `${head}:${String(seconds).padStart(2, '0')}.${rest}`;
}

/** What somebody typed, with any colon or point of an input method; null when it is no time. */
export function parseClock(text) {
  const plain = text.trim().replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0)).replace(/：/g, ':').replace(/[。．，,]/g, '.');
  const found = /^(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5})(?:\.(\d{1,3}))?$/.exec(plain);
  if (!found) return null;
  const [, hours, minutes, seconds, rest] = found;
  if (minutes !== undefined && Number(seconds) > 59) return null;
  return ((Number(hours || 0) * 60 + Number(minutes || 0)) * 60 + Number(seconds)) * 1000 + Number((rest || '').padEnd(3, '0'));
}
