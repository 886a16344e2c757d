/** The browser's part of the API in Firefox. */
import { conformanceIn } from './harness/run.mjs';

conformanceIn('Firefox');
