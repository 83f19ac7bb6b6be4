// What the tests of the simulator's page need: Debian's Chromium, and a font that has Chinese.
import { ensureSystemPackages } from './system-packages.mjs';

ensureSystemPackages('the tests of the simulator’s page', ['chromium', 'fonts-noto-cjk']);
