// Times and sentences as people read them. The sentences themselves come translated from the page.

/** Put values into a sentence: fill('第{minutes}分钟', {minutes: 12}). */
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (hole, name) => (name in values ? String(values[name]) : hole));
}

/** 754.2 -> "12:34", and with hours "1:02:03". */
export function clock(timeS) {
  const whole = Math.max(0, Math.floor(timeS || 0));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const seconds = String(whole % 60).padStart(2, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

/** 754.2 -> "12分34秒", for screen readers. */
export function spokenTime(timeS, words) {
  const whole = Math.max(0, Math.floor(timeS || 0));
  return fill(words.clock, { minutes: Math.floor(whole / 60), seconds: whole % 60 });
}

/** "上次听到第12分钟", in seconds when it is less than a minute. */
export function rememberedPlace(timeS, words) {
  const minutes = Math.floor(timeS / 60);
  return minutes
    ? fill(words.resume_minutes, { minutes })
    : fill(words.resume_seconds, { seconds: Math.floor(timeS) });
}
