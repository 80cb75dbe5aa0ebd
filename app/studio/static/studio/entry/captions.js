// The captions desk: lines edited against the player.
import { start } from '../js/captions/page.js';

start();
