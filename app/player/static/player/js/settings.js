// The tiles below the transport: picture, listening, captions, speed, sound. What is chosen here is remembered.
import { rememberHabit } from './memory.js';

const CAPTION_SIZES = ['medium', 'large', 'huge'];

export class Settings {
  /** `surface` answers a promise of the Plyr surface, or null while nothing has been played; `say` is the live region. */
  constructor(root, playback, { habits, words, say, showCaption, toggleFull }) {
    Object.assign(this, { root, playback, words, say, showCaption });
    this.find = (name) => root.querySelector(`[data-player-${name}]`);
    this.all = (name) => Array.from(root.querySelectorAll(`[data-player-${name}]`));
    this.captions = Object.assign({ isOn: false, lang: '', size: '' }, habits.captions);
    this.onClick('choice', (value) => this.choose(value));
    this.onClick('caption', (value) => this.chooseCaption(Number(value)));
    this.onClick('caption-size', (value) => this.resizeCaptions(value));
    this.onClick('rate', (value) => this.setRate(Number(value)));
    this.onClick('full', toggleFull);
    this.onClick('listen', () => this.toggleListening());
    this.wirePanels();
    this.wireSound(habits);
    this.setUpCaptions();
    if ([0.8, 1, 1.25].includes(habits.rate)) playback.setRate(habits.rate);
  }

  onClick(name, run) {
    const key = `player${name.replace(/(^|-)(\w)/g, (_all, _dash, letter) => letter.toUpperCase())}`;
    for (const button of this.all(name)) button.addEventListener('click', () => run(button.dataset[key]));
  }

  wirePanels() {
    const buttons = this.all('panel-button');
    for (const button of buttons) {
      button.addEventListener('click', (event) => {
        const isOpen = button.getAttribute('aria-expanded') === 'true';
        this.openPanel(isOpen ? null : button);
        if (!isOpen && event.detail === 0) this.focusPanel(button); // pressed by keyboard: go on where the choices are
      });
    }
    this.root.addEventListener('keydown', (event) => {
      const open = buttons.find((button) => button.getAttribute('aria-expanded') === 'true');
      if (event.key !== 'Escape' || !open) return;
      this.openPanel(null);
      open.focus();
    });
  }

  focusPanel(button) {
    const panel = this.root.querySelector(`[data-player-panel="${button.dataset.playerPanelButton}"]`);
    (panel.querySelector('[aria-pressed="true"]') || panel.querySelector('button')).focus();
  }

  openPanel(wanted) {
    for (const button of this.all('panel-button')) {
      button.setAttribute('aria-expanded', String(button === wanted));
      this.root.querySelector(`[data-player-panel="${button.dataset.playerPanelButton}"]`).hidden = button !== wanted;
    }
  }

  wireSound(habits) {
    const { element } = this.playback;
    const volume = this.find('volume');
    const isFixed = () => {
      element.volume = 0.5;
      return element.volume !== 0.5; // iPhones: the phone's own buttons decide
    };
    volume.hidden = isFixed();
    element.volume = habits.volume > 0 && habits.volume <= 1 ? habits.volume : 1;
    volume.addEventListener('input', () => {
      element.muted = false;
      element.volume = Number(volume.value) / 100;
      rememberHabit('volume', element.volume);
    });
    this.onClick('mute', () => {
      element.muted = !element.muted;
    });
    element.addEventListener('volumechange', () => this.render());
  }

  choose(choice) {
    const { playback } = this;
    if (choice === playback.choice) return;
    const wasMode = playback.mode;
    if (choice !== 'audio') rememberHabit('choice', choice);
    playback.choose(choice);
    if (playback.mode === wasMode) this.say(this.words.now_choice.replace('{choice}', this.nameOf(choice)));
    else this.say(choice === 'audio' ? this.words.now_listening : this.words.now_watching);
  }

  toggleListening() {
    if (this.playback.mode === 'audio') this.choose(this.lastPicture || this.playback.choices[0]);
    else this.listen();
  }

  /** Sound only, keeping in mind which picture to come back to. */
  listen() {
    this.lastPicture = this.playback.choice;
    this.choose('audio');
  }

  setRate(rate) {
    rememberHabit('rate', rate);
    this.playback.setRate(rate);
  }

  setUpCaptions() {
    const tracks = Array.from(this.playback.element.querySelectorAll('track'));
    const isElder = document.documentElement.dataset.mode === 'elder';
    const remembered = tracks.findIndex((track) => track.srclang === this.captions.lang);
    const isOn = this.captions.lang ? this.captions.isOn : isElder;
    this.caption = tracks.length && isOn ? Math.max(0, remembered) : -1;
    const size = CAPTION_SIZES.includes(this.captions.size) ? this.captions.size : CAPTION_SIZES[isElder ? 1 : 0];
    this.root.dataset.playerCaptionSize = size;
  }

  chooseCaption(index) {
    const track = this.playback.element.querySelectorAll('track')[Math.max(0, index)];
    this.caption = index;
    this.captions = { isOn: index >= 0, lang: track.srclang, size: this.root.dataset.playerCaptionSize };
    rememberHabit('captions', this.captions);
    this.showCaption(index);
    this.render();
  }

  resizeCaptions(size) {
    this.root.dataset.playerCaptionSize = size;
    this.captions.size = size;
    rememberHabit('captions', this.captions);
    this.render();
  }

  nameOf(choice) {
    const button = this.root.querySelector(`button[data-player-choice="${choice}"] span`);
    return button ? button.textContent : choice;
  }

  press(name, value) {
    for (const button of this.all(name)) {
      button.setAttribute('aria-pressed', String(button.getAttribute(`data-player-${name}`) === String(value)));
    }
  }

  showValue(name, text) {
    const value = this.root.querySelector(`[data-player-value="${name}"]`);
    if (value) value.textContent = text;
  }

  render() {
    const { playback } = this;
    const { element } = playback;
    this.press('choice', playback.choice);
    this.press('caption', this.caption);
    this.press('caption-size', this.root.dataset.playerCaptionSize);
    this.press('rate', playback.rate);
    for (const button of this.all('choice')) button.parentElement.hidden = !playback.choices.includes(button.dataset.playerChoice);
    this.showValue('choice', playback.mode === 'audio' ? this.words.listening : this.nameOf(playback.choice));
    this.showValue('rate', playback.rate === 1 ? '1.0' : String(playback.rate));
    const caption = this.root.querySelector(`button[data-player-caption="${this.caption}"] span`);
    this.showValue('captions', this.caption >= 0 ? caption.textContent : this.words.off);
    for (const button of this.all('listen')) button.setAttribute('aria-pressed', String(playback.mode === 'audio'));
    const volume = this.find('volume');
    const percent = element.muted ? 0 : Math.round(element.volume * 100);
    volume.value = String(percent);
    volume.style.setProperty('--fill', String(percent / 100));
    this.find('mute').setAttribute('aria-pressed', String(element.muted));
  }
}
