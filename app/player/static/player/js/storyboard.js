// Small pictures above the seek bar, from the storyboard's WebVTT. Fetched only once the bar is touched while playing.

/** "00:00:05.000 --> 00:00:10.000\nsprite.jpg#xywh=160,0,160,90" -> [{startS, endS, url, x, y, width, height}] */
export function parseStoryboard(text, baseUrl) {
  const scenes = [];
  for (const block of text.split(/\r?\n\r?\n/)) {
    const match = /([\d:.]+)\s+-->\s+([\d:.]+)[^\n]*\n\s*(\S+?)#xywh=(\d+),(\d+),(\d+),(\d+)/.exec(block);
    if (!match) continue;
    const [x, y, width, height] = match.slice(4).map(Number);
    const url = new URL(match[3], baseUrl).href;
    scenes.push({ startS: seconds(match[1]), endS: seconds(match[2]), url, x, y, width, height });
  }
  return scenes;
}

function seconds(stamp) {
  return stamp.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

export class Storyboard {
  constructor(url) {
    this.url = url;
    this.scenes = null;
  }

  /** Draws the scene at this second into `box`; leaves it hidden while there is none. */
  async draw(box, timeS) {
    if (!this.url) return;
    if (!this.scenes) this.scenes = this.fetchScenes();
    const scene = (await this.scenes).find((one) => timeS >= one.startS && timeS < one.endS);
    box.hidden = !scene;
    if (!scene) return;
    box.style.width = `${scene.width}px`;
    box.style.height = `${scene.height}px`;
    box.style.backgroundImage = `url("${scene.url}")`;
    box.style.backgroundPosition = `-${scene.x}px -${scene.y}px`;
  }

  async fetchScenes() {
    const base = new URL(this.url, document.baseURI).href;
    const response = await fetch(base).catch(() => null); // no previews on a broken line, nothing else is lost
    return response && response.ok ? parseStoryboard(await response.text(), base) : [];
  }
}
