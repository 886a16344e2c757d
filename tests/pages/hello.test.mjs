/**
 * Part 1 of the demo: one channel that everyone hears.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeSite } from './harness/describe-site.mjs';
import { eventually } from './harness/eventually.mjs';

const HELLO = { name: 'hello' };

/**
 * What is published, as it is written in the request, and what a reader of the page sees. Where they differ, it is
 * JavaScript's own parser that makes the difference.
 */
const PAYLOADS = [
  ['null', 'null'],
  ['false', 'false'],
  ['0', '0'],
  ['-0', '-0'],
  ['""', '""'],
  ['[]', '[]'],
  ['{}', '{}'],
  ['3.141592653589793', '3.141592653589793'],
  ['1e400', 'Infinity'],
  ['12345678901234567890', '12345678901234567000'],
  ['"a text, \\"quoted\\", with\\na line break"', '"a text, \\"quoted\\", with\\na line break"'],
  ['"\\u00e4\\ud83c\\udf3b 漢字 \\u0000"', '"ä🌻 漢字 \\u0000"'],
  ['{"b":1,"a":[true,null,{"deep":[[]]}]}', '{ "b": 1, "a": [true, null, { "deep": [[]] }] }'],
  ['{"__proto__":{"x":1},"constructor":2}', '{ "__proto__": { "x": 1 }, "constructor": 2 }'],
  ['{"author":"A","text":"T","more":1}', '{ "author": "A", "text": "T", "more": 1 }'],
  ['{"author":"A","text":7}', '{ "author": "A", "text": 7 }'],
  [
    '{"temperatures":[19.5,20,20.5,21,21.5],"station":"on the roof"}',
    '{\n  "temperatures": [19.5, 20, 20.5, 21, 21.5],\n  "station": "on the roof"\n}',
  ],
];

describeSite('one channel', (stage) => {
  it('carries a message to every open page, the sender’s included', async () => {
    const [anna, ben, cleo] = [await stage.openPage(), await stage.openPage(), await stage.openPage()];
    await anna.callOneself('Anna');
    await anna.send('hello', 'Good morning');
    for (const page of [anna, ben, cleo]) await page.shows('hello', ['Anna: Good morning']);
  });

  it('tells each reader which messages are their own and which are another’s', async () => {
    const [anna, ben] = [await stage.openPage(), await stage.openPage()];
    await anna.send('hello', 'mine');
    for (const page of [anna, ben])
      await eventually(async () => assert.equal((await page.messagesOn('hello')).length, 1));
    const { id } = await anna.identity();
    assert.deepEqual(await anna.publishersOn('hello'), ['you']);
    assert.deepEqual(await ben.publishersOn('hello'), [id.slice(0, 8)]);
  });

  it('keeps the order in which messages were sent one quickly after the other', async () => {
    const [anna, ben] = [await stage.openPage(), await stage.openPage()];
    await anna.callOneself('Anna');
    const texts = Array.from({ length: 12 }, (_, index) => `number ${index + 1}`);
    for (const text of texts) await anna.send('hello', text);
    for (const page of [anna, ben])
      await page.shows(
        'hello',
        texts.map((text) => `Anna: ${text}`),
      );
  });

  it('shows every JSON value that a program publishes, exactly as the browser parsed it', async () => {
    const page = await stage.openPage();
    for (const [published = ''] of PAYLOADS) await stage.site.publishJson(HELLO, published);
    await page.shows(
      'hello',
      PAYLOADS.map(([, shown = '']) => shown),
    );
  });

  it('passes the text of a payload on untouched, numbers that JavaScript cannot hold included', async () => {
    const page = await stage.openPage();
    const payloads = [
      '1e400',
      '12345678901234567890',
      '[1.0,-0,0.10,1E+2]',
      '{"b":1,"a":2,"b":3}',
      '"\\u00e4\\/"',
    ];
    for (const payload of payloads) await stage.site.publishJson(HELLO, payload);
    await eventually(() => {
      const text = page.frames.join('\n');
      for (const payload of payloads)
        assert.ok(text.includes(`,${payload}]`), `${payload} is not in ${text}`);
    });
  });

  it('survives a payload that is nested too deeply to be shown', async () => {
    const page = await stage.openPage();
    const depth = 30_000;
    await stage.site.publishJson(HELLO, '['.repeat(depth) + ']'.repeat(depth));
    await stage.site.publishJson(HELLO, '"next"');
    await page.shows('hello', ['(nested too deeply to be shown)', '"next"']);
  });

  it('shows markup in a message as text', async () => {
    const page = await stage.openPage();
    const markup = '<img src=x onerror="document.title=1"><b>bold</b>';
    await page.callOneself(markup.slice(0, 20));
    await page.send('hello', markup);
    await page.shows('hello', [`${markup.slice(0, 20)}: ${markup}`]);
    assert.equal(await page.page.title(), 'Hello Realtime');
  });

  it('keeps the latest 200 messages of many', async () => {
    const page = await stage.openPage();
    const publishes = Array.from({ length: 230 }, (_, index) => index);
    for (const number of publishes) await stage.site.publishJson(HELLO, String(number));
    await page.shows('hello', publishes.slice(-200).map(String));
  });

  it('gives a name that is kept over a reload', async () => {
    const page = await stage.openPage();
    await page.callOneself('Anna');
    await page.reload();
    await page.send('hello', 'still me');
    await page.shows('hello', ['Anna: still me']);
  });
});
