/**
 * The relay's WebSocket layer against Autobahn's test suite, by way of a small server that echoes.
 */
import { join } from 'node:path';
import { runAutobahn } from './autobahn.mjs';
import { TestsFailed } from './failure.mjs';
import { step } from './log.mjs';
import { root } from './project.mjs';
import { cargo } from './rust.mjs';
import { withScratchFolder } from './scratch.mjs';
import { startService } from './services.mjs';
import { judge } from './websocket-verdicts.mjs';

const EXAMPLE = 'websocket-echo';

/** The sub-protocol without which the relay's handshake refuses. */
const PROTOCOL = 'realtime.v1.json';

/** All cases of RFC 6455. */
export const websocketTests = () =>
  step(
    'WebSocket conformance',
    async (busyWith) => {
      const args = ['build', '--package', 'realtime-relay', '--example', EXAMPLE];
      await cargo(args, { log: 'websocket-echo', busyWith });
      const { counts, complaints } = judge(await withScratchFolder((folder) => verdicts(folder, busyWith)));
      if (counts.failed + counts.skipped === 0) return counts;
      const lack = counts.failed > 0 ? `${counts.failed} failed` : `${counts.skipped} did not run`;
      throw new TestsFailed([`WebSocket conformance: ${lack}`, ...complaints].join('\n  '), { counts });
    },
    { hint: 'about a minute', note: ({ passed }) => `${passed} cases passed` },
  );

/**
 * @param {string} folder
 * @param {(activity: string) => void} busyWith
 */
async function verdicts(folder, busyWith) {
  const server = await startService({ command: join(root, 'target/debug/examples', EXAMPLE), args: [] });
  try {
    const url = server.url.replace('http:', 'ws:');
    return await runAutobahn({
      url,
      protocols: [PROTOCOL],
      folder,
      onLine: (line) => busyWith(caseOf(line)),
    });
  } finally {
    await server.stop();
  }
}

/** @param {string} line */
const caseOf = (line) => /case ID (\S+)/.exec(line)?.[0] ?? '';
