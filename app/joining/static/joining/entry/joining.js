// Copies a link that is shown once. Without this script, or where the browser refuses, a tap selects the whole of it.
for (const button of document.querySelectorAll('[data-copies]')) {
  const source = document.getElementById(button.dataset.copies);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      document.getElementById(button.dataset.tells).textContent = button.dataset.done;
    } catch {
      getSelection().selectAllChildren(source);
    }
  });
}
