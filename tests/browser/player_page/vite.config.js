// The house's build, cut down to what the player's test page needs and written where the test says.
import house from '../../../vite.config.js';

const wanted = ['base.css', 'player.js', 'player.css'];
const { input } = house.build.rollupOptions;

export default {
  ...house,
  plugins: [],
  publicDir: false,
  build: {
    ...house.build,
    outDir: process.env.PLAYER_PAGE_ASSETS,
    rollupOptions: {
      ...house.build.rollupOptions,
      input: Object.fromEntries(wanted.map((name) => [name, input[name]])),
    },
  },
};
