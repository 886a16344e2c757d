/**
 * A throw-away project of somebody who uses the browser SDK: a folder of its own in which the tarball is installed.
 *
 * @module
 */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What npm or a build may take on a busy machine. */
const LIMIT_MS = 120_000;

/** Vite's command, as this repository has it installed. */
const VITE = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin', 'vite.js');

/**
 * Builds the project into its `dist/`, without any settings.
 *
 * @param {Project} project
 */
export async function buildWithVite(project) {
  await project.run(process.execPath, [VITE, 'build', '--logLevel', 'warn']);
}

export class Project {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
  }

  /**
   * A project with these files and with the tarball among its dependencies. Nothing is fetched: a tarball that
   * needed more than itself would fail here.
   *
   * @param {string} tarball
   * @param {Record<string, string>} files by path
   */
  static async create(tarball, files) {
    const project = new Project(await mkdtemp(join(tmpdir(), 'realtime-relay-project-')));
    const manifest = { name: 'somebodys-project', private: true, type: 'module' };
    await project.write({ 'package.json': JSON.stringify(manifest), ...files });
    await project.run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball]);
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
  async readJson(path) {
    return JSON.parse(await readFile(join(this.folder, path), 'utf8'));
  }

  /**
   * Runs a command in the project's folder. Rejects with what it printed when it fails.
   *
   * @param {string} command
   * @param {readonly string[]} args
   */
  async run(command, args) {
    await run(command, args, { cwd: this.folder, timeout: LIMIT_MS });
  }

  async remove() {
    await rm(this.folder, { recursive: true });
  }
}
