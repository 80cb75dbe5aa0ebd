// The one message that may lie over the picture: it says what happened and offers at most two ways on.

export class Card {
  constructor(root) {
    this.box = root.querySelector('[data-player-card]');
    this.root = root;
  }

  get kind() {
    return this.root.dataset.playerCard || '';
  }

  /** actions: [{word, run} or {word, href}], the first is the recommended one; none where waiting is all there is to do. */
  show(kind, text, actions) {
    const wasFocused = this.box.contains(document.activeElement);
    this.root.dataset.playerCard = kind;
    const sentence = document.createElement('p');
    sentence.textContent = text;
    const row = document.createElement('div');
    row.className = 'player__card-actions';
    actions.forEach((action, index) => row.append(this.actionElement(action, index === 0)));
    this.box.textContent = '';
    this.box.append(sentence, ...(actions.length ? [row] : []));
    this.box.hidden = false;
    if (wasFocused) (row.firstElementChild || this.root.querySelector('[data-player-toggle]')).focus();
  }

  actionElement(action, isFirst) {
    const element = document.createElement(action.href ? 'a' : 'button');
    element.className = isFirst ? 'player__answer player__answer--first' : 'player__answer';
    element.textContent = action.word;
    if (action.href) element.href = action.href;
    else {
      element.type = 'button';
      element.addEventListener('click', action.run);
    }
    return element;
  }

  /** Hides the card, or only this kind of card when one is named. Focus goes on to the play button, never into the void. */
  hide(kind) {
    if (kind && kind !== this.kind) return;
    const wasFocused = this.box.contains(document.activeElement);
    this.box.hidden = true;
    delete this.root.dataset.playerCard;
    if (wasFocused) this.root.querySelector('[data-player-toggle]').focus();
  }
}
