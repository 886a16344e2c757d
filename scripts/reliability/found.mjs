/**
 * What the runs found, in sentences for the page: each fault with what became of it.
 */

/** @type {readonly string[]} */
export const FOUND = [
  'The channels that clients have asked for are remembered for five minutes after the last of them has left, however ' +
    'short `--history-seconds` is, since publish ids are kept for as long: that looked like a leak in a short soak, and is ' +
    'bounded by `--max-history-bytes`. A soak of a minute or more now waits for it.',
  'A soak of 14 minutes began with 26.0 MB and ended with 37.5. No leak: after six of them it had been 37.4, and 50,000 ' +
    'clients later it was no more. But what the most channels had taken stayed with the relay for ever, in tables and with ' +
    'the allocator. **Mended:** tables shrink, and free memory goes back to the system when a crowd has left.',
  'A wall clock that is set while the relay runs changes nothing: ages count evenly from its start. One that is set ' +
    'forward by more than `--history-seconds` **before a relay with `--data-dir` is started anew** makes what is on the ' +
    'disk too old, and publish ids too if it was more than five minutes: clients are told of the gap. The trials’ jumps ' +
    'stay within four minutes.',
  'A client that was cut off again within ten seconds counted its failures on, so that a network that broke every 15 ' +
    'seconds ended with the longest waits, up to 30 s, wherever nobody tells the page that it is online. **Mended:** each ' +
    'two seconds that a connection lasts make up for one failure.',
  'A relay that stopped gave each client a moment within a window for those who were **still** there: the window shrank ' +
    'while they left, and 227 of 1,000 clients came back in its first tenth. **Mended:** the window is that of those who ' +
    'were there when the stop began, and a tenth of them comes back in each tenth of it.',
];
