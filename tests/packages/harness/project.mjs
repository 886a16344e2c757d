/**
 * A throw-away project of somebody who uses the packages: a folder of its own in which their tarballs are installed.
 *
 * @module
 */

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** npm, a compiler and a program of the project take a few seconds; what has not ended by then hangs. */
const LIMIT_MS = 180_000;

export class Project {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
  }

  /**
   * A project with these packages as its dependencies: tarballs, or `NAME@file:TARBALL` for another name. Nothing is
   * fetched: a package that needed more than these would fail here.
   *
   * @param {readonly string[]} packages
   */
  static async create(packages) {
    const project = new Project(await mkdtemp(join(tmpdir(), 'realtime-relay-project-')));
    const manifest = { name: 'somebodys-project', private: true, type: 'module' };
    await project.write({ 'package.json': JSON.stringify(manifest) });
    await project.run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...packages]);
    return project;
  }

  /** @param {Record<string, string>} files by path */
  async write(files) {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  }

  /** @param {string} path */
  readFile(path) {
    return readFile(join(this.folder, path), 'utf8');
  }

  /**
   * @param {string} from outside the project
   * @param {string} to
   */
  async copy(from, to) {
    await cp(from, join(this.folder, to), { recursive: true });
  }

  /**
   * Runs a command in the project's folder and gives what it printed. Rejects with that when it fails.
   *
   * @param {string} command
   * @param {readonly string[]} args
   */
  async run(command, args) {
    try {
      const { stdout, stderr } = await run(command, args, { cwd: this.folder, timeout: LIMIT_MS });
      return stdout + stderr;
    } catch (cause) {
      const { stdout, stderr } = /** @type {{ stdout?: string, stderr?: string }} */ (cause);
      const said = `${stdout ?? ''}${stderr ?? ''}`.trim();
      throw new Error(`${command} ${args.join(' ')}: ${said || cause}`, { cause });
    }
  }

  async remove() {
    await rm(this.folder, { recursive: true, maxRetries: 10, retryDelay: 100 });
  }
}
