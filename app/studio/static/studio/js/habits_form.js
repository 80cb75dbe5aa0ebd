// The two choices of how this computer sends, as a page shows them: studio/_habits.html.
import { keepHabits, readHabits } from './habits.js';

/** Show what is remembered; remember every change and tell of it. */
export function bindHabits(onChange) {
  const root = document.querySelector('.upload-habits');
  const night = root.querySelector('[data-part="night"]');
  const cap = root.querySelector('[data-part="cap"]');
  const shown = readHabits();
  night.checked = shown.isNightOnly;
  cap.value = String(shown.capBytes);
  root.addEventListener('change', () => {
    const habits = { isNightOnly: night.checked, capBytes: Number(cap.value) };
    keepHabits(habits);
    onChange(habits);
  });
}
