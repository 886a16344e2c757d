/**
 * Hello Realtime: starts the parts of the page.
 *
 * @module
 */

import { startAuthor } from './author.js';
import { startClub } from './club.js';
import { startIndicator } from './connection.js';
import { startHello } from './hello.js';
import { refreshIdentity } from './identity.js';
import { startStreams } from './streams.js';

startIndicator();
startAuthor();
startHello();
startStreams();
startClub();
await refreshIdentity();
