// The batch desk: choosing files, or the page of a batch that is there already.
import { startBatch } from '../js/desk/batch_page.js';
import { startChoosing } from '../js/desk/choose_page.js';

const form = document.getElementById('desk-form');
if (form) startChoosing(form);
else startBatch(null);
