// The resident's player: takes over every [data-player] on the page. Plyr and hls.js come only when playback starts.
import { mount } from '../js/mount.js';

document.querySelectorAll('[data-player]').forEach(mount);
