/** Pages in Firefox, in a world where networks break, computers sleep and tabs are put away. */
import { worldIn } from './harness/run.mjs';

worldIn('Firefox');
