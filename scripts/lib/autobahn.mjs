/**
 * Autobahn's test suite for WebSocket (RFC 6455), which is a program for Python 2.7: installed into the tools cache
 * from packages of an older Debian, which are unpacked there and leave the system as it is, and run.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDebianPackages } from './debian-archive.mjs';
import { ensureToolFolder, makeEnvironment, pipInstall } from './python.mjs';
import { run } from './run.mjs';

/** The last Debian with Python 2.7. */
const SUITE = 'bullseye';

const DEBIAN_PACKAGES = [
  'python2.7',
  'python2.7-minimal',
  'libpython2.7-minimal',
  'libpython2.7-stdlib',
  'libssl1.1',
  'libffi7',
];

/** The last that makes environments for Python 2.7. */
const VIRTUALENV = 'virtualenv==20.21.1';

const PYTHON_PACKAGES = [
  'autobahn==0.10.9',
  'twisted==20.3.0',
  'pyopenssl==19.1.0',
  'service-identity==18.1.0',
  'klein==19.6.0',
  'werkzeug==0.16.1',
  'markupsafe==1.1.1',
  'jinja2==2.11.3',
  'unittest2==1.1.0',
];

/** What they name as their own requirements does not exist any more for Python 2.7, and is not used. */
const PYTHON_PACKAGES_ALONE = ['autobahntestsuite==25.10.1', 'txaio==2.1.0'];

/** The suite takes a minute and a half; a server that does not answer makes it wait for much longer. */
const LIMIT_MS = 15 * 60_000;

/**
 * @typedef {object} Verdict
 * @property {string} behavior OK, NON-STRICT, INFORMATIONAL, UNIMPLEMENTED, UNCLEAN or FAILED
 * @property {string} behaviorClose the same, of the closing handshake
 */

/**
 * Runs all cases but those of compression against a server, and resolves to the verdict on each, by its number.
 *
 * @param {object} options
 * @param {string} options.url of the server, `ws://…`
 * @param {readonly string[]} options.protocols the sub-protocols to offer
 * @param {string} options.folder for the report
 * @param {(line: string) => void} options.onLine
 * @returns {Promise<Map<string, Verdict>>}
 */
export async function runAutobahn({ url, protocols, folder, onLine }) {
  const tools = await ensureAutobahn();
  const report = join(folder, 'report');
  const specification = join(folder, 'specification.json');
  writeFileSync(
    specification,
    JSON.stringify({
      outdir: report,
      servers: [{ agent: 'relay', url, protocols, options: { version: 18 } }],
      cases: ['*'],
      'exclude-cases': ['12.*', '13.*'],
      'exclude-agent-cases': {},
    }),
  );
  await run(join(tools, 'env', 'bin', 'wstest'), ['--mode', 'fuzzingclient', '--spec', specification], {
    cwd: folder,
    env: librariesOf(tools),
    log: 'test-websocket',
    limitMs: LIMIT_MS,
    onLine,
  });
  const index = JSON.parse(readFileSync(join(report, 'index.json'), 'utf8'));
  return new Map(Object.entries(index.relay ?? {}));
}

/** @returns {Promise<string>} the folder of the tool */
function ensureAutobahn() {
  const recipe = [SUITE, ...DEBIAN_PACKAGES, VIRTUALENV, ...PYTHON_PACKAGES, ...PYTHON_PACKAGES_ALONE].join(
    '\n',
  );
  return ensureToolFolder('autobahn', recipe, 'half a minute, once per machine', async (folder, onLine) => {
    const purpose = 'the tests of the WebSocket layer';
    const packages = DEBIAN_PACKAGES;
    await unpackDebianPackages({ folder, into: 'python', release: SUITE, packages, purpose, onLine });
    await makeEnvironment(join(folder, 'maker'), [VIRTUALENV], onLine);
    const [python, environment] = [join(folder, 'python/usr/bin/python2.7'), join(folder, 'env')];
    const options = { env: librariesOf(folder), onLine, log: 'install-autobahn' };
    await run(join(folder, 'maker/bin/virtualenv'), ['--python', python, environment], options);
    await pipInstall(environment, PYTHON_PACKAGES, options);
    await pipInstall(environment, ['--no-deps', ...PYTHON_PACKAGES_ALONE], options);
  });
}

/** @param {string} tools */
function librariesOf(tools) {
  const libraries = join(tools, 'python/usr/lib');
  return {
    LD_LIBRARY_PATH: readdirSync(libraries)
      .map((name) => join(libraries, name))
      .join(':'),
  };
}
