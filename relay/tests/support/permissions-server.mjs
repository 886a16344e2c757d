/**
 * A program for the tests of the webhook: answers questions about permissions by the realtime-permissions.js of a site folder.
 *
 *     node permissions-server.mjs DIR
 *
 * It prints its address, and what is wrong with handlers on standard error, and ends with its standard input.
 *
 * @module
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { permissionsEndpoint } from '../../../sdk-backend/src/endpoint/endpoint.js';
import { loadHook } from '../../../sdk-backend/src/host/permissions.js';
import { loadWebModules } from '../../../sdk-backend/src/host/web-modules.js';

const [dir = ''] = process.argv.slice(2);
const log = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);

await loadWebModules(dir);
const server = createServer(permissionsEndpoint({ check: await loadHook(dir, log), log }).node);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
process.stdout.write(`http://127.0.0.1:${port}\n`);

process.stdin.resume().once('end', () => process.exit(0));
