/**
 * What the runs found, in sentences for the page: each fault with what became of it.
 */

/** @type {readonly string[]} */
export const FOUND = [
  'The channels that clients have asked for are remembered for five minutes after the last of them has left, however ' +
    'short `--history-seconds` is, since publish ids are kept for as long: that looked like a leak in a short soak, and is ' +
    'bounded by `--max-history-bytes`. A soak of a minute or more now waits for it.',
  'A soak of 14 minutes was measured by what the relay held after three, when half as many channels were remembered as ' +
    'later, and failed: 26.0 MB, and 37.5 MB in the end. Its curve shows no leak: 37.4 MB after six minutes with 30,000 ' +
    'channels, 37.5 MB after fourteen, 50,000 clients later. The allocator keeps what the most channels took. A soak now ' +
    'warms up until there are as many as there ever will be.',
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
