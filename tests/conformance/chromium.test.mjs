/** The browser's part of the API in Chromium. */
import { conformanceIn } from './harness/run.mjs';

conformanceIn('Chromium');
