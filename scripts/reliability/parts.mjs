/**
 * What `npm run reliability` can do: its parts, what each is started with, and what is kept of it.
 */

/**
 * @typedef {object} Verdict
 * @property {{ kind: string, client: number | null, channel: string, detail: string }[]} violations
 * @property {number} published
 * @property {number} acknowledged
 * @property {number} putOff
 * @property {number} refused
 * @property {number} unknown
 * @property {number} delivered
 * @property {number} outages
 * @property {number} whole
 * @property {number} gapsTold
 * @property {number} denied
 * @property {number} relaysEnded
 */

/** @typedef {'memory' | 'process' | 'machine'} Keeps */

/**
 * @typedef {object} Trial
 * @property {number} seed
 * @property {Keeps} keeps
 * @property {number} seconds
 * @property {Record<string, number>} deeds
 * @property {string[]} lacks
 * @property {Verdict} verdict
 */

/** @typedef {{ count: number, p50Ms: number, p95Ms: number, p99Ms: number, maxMs: number }} Spread */
/** @typedef {{ delivered: number, doubled: number, missedAndTold: number, missedUntold: number }} Counts */

/**
 * @typedef {object} Jitter
 * @property {number} clients
 * @property {number} seconds
 * @property {number} published
 * @property {number} cuts
 * @property {number} whole
 * @property {Counts} counts
 * @property {Spread} normal
 * @property {Spread} returnedTold
 * @property {Spread} returnedAlone
 * @property {number} relayCpuS
 */

/**
 * @typedef {object} Avalanche
 * @property {number} clients
 * @property {boolean} isKilled
 * @property {Keeps} keeps
 * @property {number} back
 * @property {number} goneS
 * @property {Spread} backAfter
 * @property {number} published
 * @property {Counts} counts
 * @property {number} relayCpuS
 */

/**
 * @typedef {object} Gauges
 * @property {number} residentBytes
 * @property {number} descriptors
 * @property {number} tasks
 * @property {number} sessions
 * @property {number} subscriptions
 * @property {number} channels
 */

/**
 * @typedef {object} Soak
 * @property {number} seconds
 * @property {number} warmUpSeconds
 * @property {number} clients
 * @property {number} neverThere
 * @property {number} published
 * @property {number} delivered
 * @property {Gauges} fresh
 * @property {Gauges} before
 * @property {Gauges} after
 * @property {(Gauges & { s: number })[]} samples
 * @property {string[]} grown
 */

/**
 * One part that was carried out.
 *
 * @template T
 * @typedef {object} Part
 * @property {string} command that did it
 * @property {string} began day and time, UTC
 * @property {string} commit of the sources, with a plus where they were changed
 * @property {string} machine
 * @property {string} relay its version
 * @property {T} result
 */

/**
 * Everything that the page is made of. A part that is carried out again replaces itself, and leaves the others.
 *
 * @typedef {object} Figures
 * @property {1} format
 * @property {{ faults?: Part<Trial[]>, jitter?: Part<Jitter>, avalanche?: Part<Avalanche[]>, soak?: Part<Soak> }} parts
 */

/** @typedef {keyof Figures['parts']} PartName */

/**
 * @typedef {object} Request
 * @property {number | undefined} minutes
 * @property {number | undefined} seed
 * @property {number | undefined} clients
 * @property {boolean} quick
 */

/** A minute of clients that are cut off again and again shows the same as three, with fewer of the rare delays. */
const QUICK_CLIENTS = { jitter: 200, avalanche: 500 };

/**
 * Each part: what it is, how long it takes, and what the program is started with.
 *
 * @type {Record<PartName, { does: string, minutes: number, quickMinutes: number,
 *   args: (request: Request, minutes: number) => string[] }>}
 */
export const PARTS = {
  faults: {
    does: 'relays are killed and networks fail while every message is accounted for',
    minutes: 20,
    quickMinutes: 1,
    args: ({ seed, quick }, minutes) => [
      ...['check', '--minutes', String(minutes), '--seed', String(seed ?? 1)],
      ...['--trial-seconds', quick ? '12' : '30'],
    ],
  },
  jitter: {
    does: 'clients whose TCP is cut hard every 15 s and away for 2 s',
    minutes: 3,
    quickMinutes: 0.5,
    args: ({ seed, clients, quick }, minutes) => [
      ...['jitter', '--minutes', String(minutes), '--seed', String(seed ?? 1)],
      ...['--clients', String(clients ?? (quick ? QUICK_CLIENTS.jitter : 2_000))],
    ],
  },
  avalanche: {
    does: 'the relay restarts and everybody comes back',
    minutes: 2,
    quickMinutes: 1,
    args: ({ seed, clients, quick }) => [
      ...['avalanche', '--seed', String(seed ?? 1)],
      ...['--clients', String(clients ?? (quick ? QUICK_CLIENTS.avalanche : 5_000))],
    ],
  },
  soak: {
    does: 'clients come and go, and what the relay holds afterwards is what it held before',
    minutes: 30,
    quickMinutes: 0.5,
    args: ({ seed }, minutes) => ['soak', '--minutes', String(minutes), '--seed', String(seed ?? 1)],
  },
};

/** @type {PartName[]} */
export const PART_NAMES = ['faults', 'jitter', 'avalanche', 'soak'];

/** Whether a part did what it should. @param {PartName} name @param {Figures['parts']} parts */
export function isGood(name, { faults, jitter, avalanche, soak }) {
  switch (name) {
    case 'faults':
      return faults?.result.every(({ verdict }) => verdict.violations.length === 0) ?? false;
    case 'jitter':
      return jitter ? missed(jitter.result.counts) === 0 : false;
    case 'avalanche':
      return avalanche?.result.every(isWholeAvalanche) ?? false;
    case 'soak':
      return soak?.result.grown.length === 0;
  }
}

/** @param {Counts} counts */
const missed = ({ doubled, missedAndTold, missedUntold }) => doubled + missedAndTold + missedUntold;

/** What is in memory ends with the relay; then it is enough that everybody was told. @param {Avalanche} avalanche */
function isWholeAvalanche({ back, clients, keeps, counts }) {
  const { doubled, missedUntold } = counts;
  const isComplete = keeps === 'memory' ? doubled + missedUntold === 0 : missed(counts) === 0;
  return back === clients && isComplete;
}
