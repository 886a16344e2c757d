/** Pages in Chromium, in a world where networks break, computers sleep and tabs are put away. */
import { worldIn } from './harness/run.mjs';

worldIn('Chromium');
